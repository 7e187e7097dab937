"""Nothing is lost and nothing is started twice: claims, tombstones, orphans, lost replies, other machines."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.performing import conformance
from tests.jobs.places import Place
from zeligui.errors import InDoubt, LinkError, SubmissionRefused, Unreachable, ZeliGridError
from zeligui.jobs.adaptors import Ability
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.posix import PosixService
from zeligui.jobs.scripts import REAPERS
from zeligui.links.link import Link, Reply
from zeligui.links.local import LocalLink
from zeligui.testbed.grid import Grid

TRUE = JobDescription("true")
SLEEP = ("sleep", "1000")
APPEND = JobDescription("sh", ("-c", "echo ran; sleep 1000"))


@conformance()
async def test_a_fresh_service_finds_steers_and_reads_the_job(place: Place) -> None:
    attempt = await place.start("sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done")
    await place.says(attempt, b"up")
    place.service = place.fresh()
    assert (await place.status(attempt)).state is JobState.RUNNING
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED
    assert await place.output(attempt) == b"up\nbye\n"


async def test_a_cancel_outlives_the_connection_that_asked_for_it(machine: Place) -> None:
    attempts = [await machine.start(*SLEEP) for _ in range(5)]
    for attempt in attempts:
        await machine.until(attempt, JobState.RUNNING)
        await machine.service.cancel(attempt)
        await machine.service._link.close()
        machine.service = machine.fresh()
    for attempt in attempts:
        assert (await machine.ended(attempt)).state is JobState.CANCELED


@conformance(Ability.OUTPUT, Ability.CANCEL)
async def test_a_fresh_process_finds_the_job_by_its_id(place: Place) -> None:
    attempt = await place.start("sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done")
    await place.says(attempt, b"up")
    assert await place.elsewhere(attempt) == ["Running", "up", "canceled"]
    assert (await place.ended(attempt)).state is JobState.CANCELED


async def test_the_job_goes_on_when_the_connection_ends(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", "sleep 0.5; echo through; exit 5")
    await machine.service._link.close()
    machine.service = machine.fresh()
    assert (await machine.ended(attempt)).exit_code == 5
    assert await machine.output(attempt) == b"through\n"


@conformance()
async def test_commit_and_prepare_may_be_repeated(place: Place) -> None:
    attempt = secrets.token_hex(16)
    handle = await place.service.prepare(attempt, APPEND)
    assert await place.service.prepare(attempt, APPEND) == handle
    place.handles[attempt] = handle
    await place.service.commit(attempt)
    await place.service.commit(attempt)
    await place.says(attempt, b"ran")
    assert await place.service.prepare(attempt, APPEND) == handle
    await place.service.cancel(attempt)
    await place.ended(attempt)
    await place.service.commit(attempt)
    with pytest.raises(SubmissionRefused):
        await place.service.prepare(attempt, APPEND)
    assert await place.output(attempt) == b"ran\n"


async def test_a_repeated_preparation_leaves_the_files_of_a_running_job(here: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("first")
    job = JobDescription("sh", ("-c", "read x; cat file"), input=("file",), folder=tmp_path, interactive=True)
    attempt = secrets.token_hex(16)
    here.handles[attempt] = await here.service.prepare(attempt, job)
    await here.service.commit(attempt)
    (tmp_path / "file").write_text("second")
    assert await here.service.prepare(attempt, job) == here.handles[attempt]
    await here.service.send(attempt, b"\n")
    await here.ended(attempt)
    assert await here.output(attempt) == b"first"


async def test_only_one_wrapper_of_many_wins(here: Place) -> None:
    attempt = secrets.token_hex(16)
    services = [here.fresh() for _ in range(4)]
    handles = await asyncio.gather(*(service.prepare(attempt, APPEND) for service in services))
    assert len(set(handles)) == 1
    here.handles[attempt] = handles[0]
    await asyncio.gather(*(service.commit(attempt) for service in services))
    await here.says(attempt, b"ran")
    await asyncio.sleep(0.1)
    assert await here.output(attempt) == b"ran\n"


async def test_none_of_many_who_prepare_it_at_once_stumbles_over_what_another_writes(here: Place) -> None:
    services = [here.fresh() for _ in range(6)]
    for _ in range(8):
        attempt = secrets.token_hex(16)
        await asyncio.gather(*(service.prepare(attempt, APPEND) for service in services))
        await here.service.cancel(attempt)


async def test_an_uncommitted_preparation_ends_by_itself(machine: Place, tmp_path: Path) -> None:
    machine.service = machine.fresh(prepared_s=0.3)
    (tmp_path / "file").write_text("x")
    attempt = await machine.prepare("cat", "file", input=("file",), folder=tmp_path)
    status = await machine.ended(attempt)
    assert status.state is JobState.FAILED
    assert "certainly not started" in status.detail
    with pytest.raises(SubmissionRefused, match="too late"):
        await machine.service.commit(attempt)
    await machine.quiet_folder(machine.handles[attempt])
    assert await machine.shell(f"ls {machine.handles[attempt]}/work 2>&1 || :") != "file\n"


@conformance(Ability.CANCEL)
async def test_a_tombstone_refuses_an_attempt_that_was_never_seen(place: Place) -> None:
    attempt = secrets.token_hex(16)
    await place.service.cancel(attempt)
    await place.service.cancel(attempt)
    with pytest.raises(SubmissionRefused, match="canceled"):
        await place.service.prepare(attempt, TRUE)
    with pytest.raises(SubmissionRefused):
        await place.service.commit(attempt)
    assert (await place.status(attempt)).state is JobState.CANCELED


@conformance()
async def test_unknown_attempts_are_left_out_and_not_committed(place: Place) -> None:
    assert await place.service.find(["1" * 32, "2" * 32]) == {}
    with pytest.raises(SubmissionRefused):
        await place.service.commit("1" * 32)
    with pytest.raises(ZeliGridError, match="not known"):
        await place.service.suspend("1" * 32)
    await place.service.discard("1" * 32)


@conformance(Ability.CANCEL)
async def test_a_job_that_is_over_can_be_discarded(place: Place) -> None:
    attempt = await place.start("sleep", "1000")
    with pytest.raises(ZeliGridError, match="not over"):
        await place.service.discard(attempt)
    await place.service.cancel(attempt)
    await place.ended(attempt)
    await place.service.discard(attempt)
    await place.service.discard(attempt)
    assert await place.service.find([attempt]) == {}
    with pytest.raises(SubmissionRefused):
        await place.service.prepare(attempt, TRUE)


async def test_discard_leaves_only_a_tombstone(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", "mkdir -p a/b; touch a/b/c; chmod 500 a/b; read x", interactive=True)
    with pytest.raises(ZeliGridError, match="not over"):
        await machine.service.discard(attempt)
    await machine.service.send(attempt, b"", end=True)
    await machine.ended(attempt)
    await machine.service.discard(attempt)
    await machine.service.discard(attempt)
    assert await machine.service.find([attempt]) == {}
    assert await machine.shell(f"[ -e {machine.handles[attempt]} ] && echo there || echo gone") == "gone\n"
    with pytest.raises(SubmissionRefused):
        await machine.service.prepare(attempt, TRUE)


async def test_an_orphan_runs_on_is_steered_and_its_exit_is_unknown(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", "echo up; sleep 1000")
    await machine.says(attempt, b"up")
    job, wrapper = await machine.ids(attempt)
    await machine.shell(f"kill -s KILL {wrapper}")
    await machine.quiet_process(wrapper)
    status = await machine.status(attempt)
    assert (status.state, status.detail.split(",")[0]) == (JobState.RUNNING, "orphaned")
    await machine.service.suspend(attempt)
    assert (await machine.status(attempt)).state is JobState.SUSPENDED
    await machine.service.resume(attempt)
    await machine.shell(f"kill -s KILL {job}")
    status = await machine.ended(attempt)
    assert (status.state, status.exit_code, status.signal) == (JobState.FAILED, None, None)
    assert "exit unknown" in status.detail


async def test_an_orphan_can_be_canceled(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", "trap '' TERM; setsid sleep 1000 & echo up; while :; do sleep 0.1; done")
    await machine.says(attempt, b"up")
    _, wrapper = await machine.ids(attempt)
    await machine.shell(f"kill -s KILL {wrapper}")
    await machine.service.cancel(attempt, grace_s=0.2)
    assert (await machine.ended(attempt)).state is JobState.CANCELED
    await machine.quiet(attempt)


async def test_a_preparation_whose_wrapper_was_killed_is_refused(machine: Place) -> None:
    attempt = await machine.prepare("true")
    wrapper = (await machine.shell(f"cat {machine.handles[attempt]}/wrapper")).split()[0]
    await machine.shell(f"kill -s KILL {wrapper}")
    await machine.quiet_process(int(wrapper))
    assert (await machine.status(attempt)).state is JobState.FAILED
    with pytest.raises(SubmissionRefused, match="ended"):
        await machine.service.commit(attempt)
    assert (await machine.status(attempt)).state is JobState.FAILED


async def test_the_fence_ends_a_job_that_nobody_polls(own_home: Path) -> None:
    places = [Place("local://", reaper) for reaper in REAPERS]
    try:
        await asyncio.gather(*map(fenced, places))
    finally:
        for place in places:
            await place.close()


async def fenced(watched: Place) -> None:
    attempt = await watched.start("sh", "-c", "setsid sleep 1000 & wait", fence_s=3.0)
    begun, gaps = time.monotonic(), []
    while time.monotonic() - begun < 4:  # polls renew it
        before = time.monotonic()
        status = await watched.status(attempt)
        await asyncio.sleep(0.2)
        gaps.append(time.monotonic() - before)
    assert max(gaps) > 2 or not (status.state and status.state.final)
    await watched.quiet(attempt)
    status = await watched.status(attempt)
    assert status.state is JobState.FAILED
    assert "fence" in status.detail


async def test_another_boot_is_host_rebooted_and_another_machine_is_not_judged(here: Place) -> None:
    attempt = await here.start("sleep", "1000")
    await here.until(attempt, JobState.RUNNING)
    claim = Path(here.handles[attempt]).parent / "claims" / attempt
    was = claim.read_text().split()
    claim.write_text(" ".join([*was[:2], "another-boot", *was[3:]]) + "\n")
    status = await here.status(attempt)
    assert (status.state, status.detail) == (JobState.FAILED, "host rebooted")
    await here.service.cancel(attempt)  # nothing of it can be alive
    claim.write_text(" ".join([*was[:3], "4711", *was[4:]]) + "\n")
    status = await here.status(attempt)
    assert (status.state, status.detail) == (None, "wrong machine")
    with pytest.raises(Unreachable, match="another machine"):
        await here.service.cancel(attempt)
    with pytest.raises(SubmissionRefused):
        await here.service.commit("3" * 32)
    claim.write_text("")
    assert (await here.status(attempt)).state is None
    claim.write_text(" ".join(was) + "\n")


async def test_a_node_that_was_powered_off_and_on_has_rebooted(grid: Grid, node: Place) -> None:
    attempt = await node.start("sleep", "1000")
    await node.until(attempt, JobState.RUNNING)
    await grid.stop(grid.names[1])
    with pytest.raises(LinkError):
        await node.status(attempt)
    await grid.start(grid.names[1])
    node.service = node.fresh()  # the old link waits a while before it tries again
    status = await node.status(attempt)
    assert (status.state, status.detail) == (JobState.FAILED, "host rebooted")
    await node.service.discard(attempt)


async def test_a_home_shared_with_another_machine(here: Place, monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    attempt = await here.start("sh", "-c", "read x; exit 6", interactive=True)
    await here.until(attempt, JobState.RUNNING)
    monkeypatch.setenv("ZELIGRID_HOSTNAME", "the other/node")
    other = here.fresh()
    status = (await other.find([attempt]))[attempt]
    assert (status.state, status.detail) == (None, "wrong machine")
    with pytest.raises(Unreachable):
        await other.cancel(attempt)
    with pytest.raises(SubmissionRefused):
        await other.prepare(attempt, TRUE)
    await here.service.send(attempt, b"", end=True)
    await here.ended(attempt)
    assert (await other.find([attempt]))[attempt].exit_code == 6  # a last word is true wherever it is read


@pytest.mark.parametrize("cut", ["", "en", "12"])
async def test_a_cut_last_word_is_unknown_never_0(here: Place, cut: str) -> None:
    attempt = await here.start("true")
    await here.ended(attempt)
    (Path(here.handles[attempt]) / "exit.0").write_text(cut)
    status = await here.status(attempt)
    assert (status.state, status.exit_code) == (None, None)


class Losing:
    """A link whose answers get lost, after or before what was sent arrived."""

    url = "local://"

    def __init__(self, link: Link, *, arrives: bool, after: int) -> None:
        self._link, self._arrives, self._after = link, arrives, after

    async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
        self._after -= 1
        if self._after >= 0:
            return await self._link.run(script, data=data, limit_s=limit_s)
        if self._arrives:
            await self._link.run(script, data=data, limit_s=limit_s)
        raise Unreachable("The connection broke.")


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_lost_answer_leaves_a_preparation_in_doubt_and_find_tells(here: Place, *, arrives: bool) -> None:
    attempt = secrets.token_hex(16)
    losing = PosixService("local://", Losing(here.link(), arrives=arrives, after=1))  # type: ignore[arg-type]
    with pytest.raises(InDoubt):
        await losing.prepare(attempt, TRUE)
    found = await here.service.find([attempt])
    assert [status.state for status in found.values()] == ([JobState.NEW] if arrives else [])
    await here.service.cancel(attempt)
    with pytest.raises(InDoubt):
        await losing.commit(attempt)


async def test_an_answer_without_a_word_is_in_doubt_too(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = await here.prepare("true")
    run = LocalLink.run

    async def mute(link: LocalLink, script: str, **how: Any) -> Reply:
        return Reply((await run(link, script, **how)).status, b"")

    monkeypatch.setattr(LocalLink, "run", mute)
    with pytest.raises(InDoubt):
        await here.service.commit(attempt)
    monkeypatch.setattr(LocalLink, "run", run)
    assert (await here.ended(attempt)).state is JobState.DONE


async def test_a_machine_that_never_answered_has_nothing_started(here: Place) -> None:
    losing = PosixService("local://", Losing(here.link(), arrives=False, after=0))  # type: ignore[arg-type]
    with pytest.raises(LinkError):
        await losing.prepare(secrets.token_hex(16), TRUE)


@pytest.fixture
def small_disk(own_home: Path) -> Iterator[Path]:
    """A file system of its own under the job directories, which `fill` fills."""
    folder = own_home / ".zeligrid"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a full disk is made by mounting a small one, which needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "filling").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass


async def test_a_full_disk_refuses_what_is_new_and_keeps_every_verdict(small_disk: Path, here: Place) -> None:
    ends = await here.start("sh", "-c", "read x; exit 9", interactive=True)
    await here.service.send(ends, b"", end=False)
    lasts = await here.start("sleep", "1000")
    for attempt in (ends, lasts):
        await here.until(attempt, JobState.RUNNING)
    waits = await here.prepare("sleep", "1000")
    fill(small_disk)
    with pytest.raises(SubmissionRefused, match="could not be written"):
        await here.prepare("true")
    with pytest.raises(ZeliGridError, match="could not be written"):
        await here.service.cancel("4" * 32)  # there is no room for a tombstone
    with pytest.raises(ZeliGridError, match="not all"):
        await here.service.send(ends, b"x" * 100_000)
    await here.service.send(ends, b"", end=True)
    status = await here.ended(ends)
    assert (status.state, status.exit_code) == (JobState.FAILED, 9)
    await here.service.suspend(lasts)
    await here.service.cancel(lasts)
    assert (await here.ended(lasts)).state is JobState.CANCELED
    await here.service.commit(waits)
    status = await here.ended(waits)
    assert (status.state, status.exit_code) == (JobState.FAILED, None)
    for attempt in (ends, lasts, waits):
        await here.service.discard(attempt)
