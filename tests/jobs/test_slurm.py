"""Jobs of a real Slurm: preparations nobody commits, limits, what happens at the cluster, and what it forgets."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.clusters import SLEEP, TICK, impatient, native, rows, until
from tests.jobs.places import Place
from tests.slurm import CPUS, Slurm
from zeligui.errors import LinkError, SubmissionRefused, Unreachable, UsageError
from zeligui.jobs import open_service
from zeligui.jobs.job import JobDescription, JobState
from zeligui.links import slurm as addresses


@pytest.fixture
async def place(slurm: Slurm, tmp_path: Path) -> AsyncIterator[Place]:
    """The cluster, its default partition."""
    found = Place("slurm://", folder=tmp_path, pause_s=0.2, within_s=40)
    yield found
    await found.close()


async def test_a_preparation_that_nobody_commits_ends_by_itself(place: Place, slurm: Slurm) -> None:
    place.service = impatient(place, 1)
    attempt = await place.prepare("sh", "-c", "echo ran")
    assert (await place.status(attempt)).state is JobState.NEW
    await until(place, lambda: rows(slurm, attempt) == ["COMPLETED"])
    status = await place.status(attempt)
    assert (status.state, status.exit_code) == (JobState.FAILED, None)
    assert "certainly not started" in status.detail
    with pytest.raises(SubmissionRefused, match="too late"):
        await place.service.commit(attempt)
    assert await place.output(attempt) == b""


async def test_what_a_dead_master_prepared_is_taken_back_by_whoever_polls(place: Place, slurm: Slurm) -> None:
    attempt, other = await place.prepare(*SLEEP), await place.start(*SLEEP)
    await impatient(place, 0).find([other])
    assert rows(slurm, attempt) == ["CANCELLED"]
    assert (await place.status(attempt)).state is JobState.FAILED
    assert (await place.status(other)).state in {JobState.PENDING, JobState.RUNNING}


async def test_a_job_of_whose_commit_slurm_did_not_hear_begins_when_it_is_asked_about(place: Place) -> None:
    attempt = await place.prepare("sh", "-c", "echo ran")
    (Path(place.handles[attempt]) / "decided").touch()  # as if the master had died right after it
    assert (await place.status(attempt)).state is JobState.PENDING
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"ran\n"
    await place.service.commit(attempt)


@pytest.mark.parametrize("cancels", [True, False])
async def test_what_was_withheld_by_who_died_then_is_never_let_go(place: Place, slurm: Slurm, *, cancels: bool) -> None:
    attempt = await place.prepare("sh", "-c", "echo ran")
    (Path(place.handles[attempt]) / "decided").mkdir()
    for service in (place.service, place.fresh()):
        with pytest.raises(SubmissionRefused, match="canceled or came too late"):
            await service.commit(attempt)
    if cancels:
        await place.service.cancel(attempt)
    else:
        await impatient(place, 0).find([attempt])
    assert rows(slurm, attempt) == ["CANCELLED"]
    assert (await place.status(attempt)).state is (JobState.CANCELED if cancels else JobState.FAILED)
    assert await place.output(attempt) == b""


async def test_of_a_commit_and_a_cancel_at_once_one_is_obeyed(place: Place) -> None:
    for _ in range(5):
        attempt = await place.prepare("sh", "-c", "echo ran")
        said, _ = await asyncio.gather(
            place.service.commit(attempt), place.fresh().cancel(attempt), return_exceptions=True
        )
        status = await place.ended(attempt)
        assert status.state is JobState.CANCELED
        assert said is None or await place.output(attempt) == b""


async def test_a_preparation_is_found_by_its_comment_where_its_id_was_not_written_down(
    place: Place, slurm: Slurm
) -> None:
    attempt = await place.prepare("sh", "-c", "echo ran")
    (Path(place.handles[attempt]) / "native").unlink()  # as if the connection had broken before
    assert await place.service.prepare(attempt, JobDescription("sh", ("-c", "echo ran"))) == place.handles[attempt]
    assert len(rows(slurm, attempt)) == 1
    (Path(place.handles[attempt]) / "native").unlink()
    assert (await place.status(attempt)).state is JobState.NEW
    await place.service.commit(attempt)
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"ran\n"


async def test_two_preparations_at_once_are_one_job(place: Place, slurm: Slurm) -> None:
    attempt, job = secrets.token_hex(16), JobDescription("sh", ("-c", "echo ran"))
    both = await asyncio.gather(*(one.prepare(attempt, job) for one in (place.service, place.fresh())))
    place.handles[attempt] = both[0]
    assert both[0] == both[1]
    await place.service.commit(attempt)
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"ran\n"
    await until(place, lambda: sorted(set(rows(slurm, attempt)) - {"CANCELLED"}) == ["COMPLETED"])


async def test_a_job_that_was_requeued_waits_and_runs_again(place: Place, slurm: Slurm) -> None:
    attempt = await place.start(*TICK)
    await place.says(attempt, b"begun\n")
    job = native(place, attempt)
    slurm.run("scontrol", "update", f"JobId={job}", "Requeue=1")
    slurm.run("scontrol", "requeue", job)
    waiting = await place.until(attempt, JobState.PENDING)
    assert "BeginTime" in waiting.detail

    def hurried() -> bool:  # it waits for two minutes, which begin once its first run was cleared away
        begins, soon = slurm.run("squeue", "-h", "-o", "%S"), datetime.now(tz=UTC) + timedelta(seconds=9)
        if begins != "N/A" and datetime.fromisoformat(begins).astimezone() > soon:
            slurm.run("scontrol", "update", f"JobId={job}", "StartTime=now+1")
        return "RUNNING" in rows(slurm, attempt)

    await until(place, hurried)
    await place.says(attempt, b"begun\nbegun\n")
    assert (await place.until(attempt, JobState.RUNNING)).state is JobState.RUNNING
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED


async def test_a_job_that_is_canceled_at_the_cluster_is_told_from_one_of_ours(place: Place, slurm: Slurm) -> None:
    attempt, waiting = await place.start(*TICK), await place.start("sleep", "1000", cpus=CPUS)
    await place.says(attempt, b"begun\n")
    await place.until(waiting, JobState.PENDING)

    async def why() -> bool:
        return "Resources" in (await place.status(waiting)).detail

    await place.wait(why, lambda: "Slurm, which looks for room first, does not say why the job waits")
    for one in (attempt, waiting):
        slurm.run("scancel", native(place, one))
        status = await place.ended(one)
        assert (status.state, status.detail) == (JobState.CANCELED, "canceled at the cluster, not from here")


async def test_a_node_that_fails_is_told(place: Place, slurm: Slurm) -> None:
    attempt = await place.start(*TICK)
    await place.says(attempt, b"begun\n")
    try:
        slurm.run("scontrol", "update", f"NodeName={slurm.host}", "State=DOWN", "Reason=test")
        status = await place.ended(attempt)
    finally:
        slurm.resume()
    assert (status.state, status.detail, status.lost) == (JobState.FAILED, "its node failed", True)


async def test_the_end_is_known_after_slurm_forgot_the_job(place: Place, slurm: Slurm) -> None:
    ended = await place.start("sh", "-c", "exit 7")
    await place.ended(ended)
    waiting = await place.prepare(*SLEEP)
    slurm.stop()
    shutil.rmtree(slurm.folder / "state")
    (slurm.folder / "state").mkdir()
    slurm.start()
    assert (await place.status(ended)).exit_code == 7
    status = await place.status(waiting)
    assert (status.state, status.detail[:21]) == (JobState.FAILED, "certainly not started")


async def test_while_the_controller_is_away_no_job_is_taken_for_lost(place: Place, slurm: Slurm) -> None:
    attempt = await place.start(*TICK)
    await place.says(attempt, b"begun\n")
    slurm.stop()
    try:
        for _ in range(2):  # the second time it is asked whether the controller is up before all else
            with pytest.raises(Unreachable, match="controller does not answer") as away:
                await place.service.find([attempt])
            assert "scontrol ping" in away.value.hint
        with pytest.raises(LinkError, match="controller does not answer"):
            await place.fresh().health()
    finally:
        slurm.start()
    assert (await place.status(attempt)).state is JobState.RUNNING


async def test_many_jobs_are_polled_in_one_exchange(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = [await place.start("sh", "-c", f"exit {number % 3}") for number in range(6)]
    for attempt in attempts:
        await place.ended(attempt)
    asked: list[str] = []
    run = place.service._link.run

    async def counted(script: str, **how: Any) -> Any:
        asked.append(script)
        return await run(script, **how)

    monkeypatch.setattr(place.service._link, "run", counted)
    found = await place.service.find([*attempts, "0" * 32])
    assert [found[attempt].exit_code for attempt in attempts] == [number % 3 for number in range(6)]
    assert "0" * 32 not in found
    assert len(asked) == 1


async def test_secrets_of_the_environment_do_not_outlive_the_job(place: Place) -> None:
    attempt = await place.start("sh", "-c", "echo $WORD", environment={"WORD": "open sesame"})
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"open sesame\n"
    files = [path for path in Path(place.handles[attempt]).iterdir() if path.is_file() and path.name != "stdout"]
    assert files
    held = [path.name for path in files if b"open sesame".hex().encode() in path.read_bytes()]
    assert not held


async def test_the_umask_of_the_login_is_that_of_the_job(place: Place) -> None:
    _, said = await place.run("sh", "-c", "umask")
    assert int(said, 8) == int((await place.shell("umask")).strip(), 8)


@pytest.mark.parametrize(
    ("partition", "job", "why"),
    [
        ("nowhere", {}, "has no partition nowhere"),
        ("shut", {}, "is down"),
        ("short", {"limit_s": 3600.0}, "allows 60 s, and the job asks for 3600 s"),
        ("batch", {"cpus": CPUS + 1.0}, f"at most {CPUS} processors"),
        ("batch", {"memory_mb": 1e9}, "MB of memory"),
    ],
)
async def test_what_would_never_start_is_refused_in_words(
    place: Place, slurm: Slurm, partition: str, job: dict[str, float], why: str
) -> None:
    service = open_service(f"slurm:///{partition}", place.links())
    with pytest.raises(SubmissionRefused, match=why) as refused:
        await service.prepare(secrets.token_hex(16), JobDescription("true", **job))  # type: ignore[arg-type]
    assert refused.value.hint
    assert slurm.run("squeue", "-h") == ""


async def test_what_slurm_itself_refuses_is_told_in_its_words(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SBATCH_CONSTRAINT", "no-such-feature")
    with pytest.raises(SubmissionRefused, match="Invalid feature"):
        await place.service.prepare(secrets.token_hex(16), JobDescription("true"))


async def test_a_site_that_says_more_than_the_id_is_understood(
    place: Place, slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sbatch = tmp_path / "sbatch"
    real = shutil.which("sbatch")
    sbatch.write_text(f'#!/bin/sh\necho "sbatch: be kind"\n{real} "$@"\necho "sbatch: 2 * free" >&2\n')
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    attempt = await place.start("sh", "-c", "echo ran")
    assert (await place.ended(attempt)).state is JobState.DONE
    assert len(rows(slurm, attempt)) == 1


async def test_its_health_is_in_words(place: Place) -> None:
    assert f"{CPUS} free slots" in await place.service.health()
    assert "3 partitions" in await place.service.health()
    with pytest.raises(SubmissionRefused, match="no partition nowhere") as refused:
        await open_service("slurm:///nowhere", place.links()).health()
    assert "batch" in refused.value.hint


async def test_without_commands_or_a_configuration_slurm_is_not_asked(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Place("slurm://", folder=tmp_path)
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    with pytest.raises(LinkError, match="cannot be read" if shutil.which("sbatch") else "has no sbatch") as refused:
        await here.service.find(["0" * 32])
    assert refused.value.hint
    await here.close()


@pytest.mark.parametrize("url", ["slurm://host", "slurm:///a/b", "slurm:///-x", "slurm+ssh://", "slurm+ssh://-x/batch"])
def test_what_names_no_cluster_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        addresses.parse(url)


def test_addresses_of_clusters() -> None:
    assert addresses.parse("slurm://") == addresses.Cluster("local://")
    assert addresses.parse("slurm:///batch") == addresses.Cluster("local://", "batch")
    there = addresses.parse("slurm+ssh://me@login:2222/long")
    assert (there.link, there.partition) == ("ssh://me@login:2222", "long")
    assert there.url("short") == "slurm+ssh://me@login:2222/short"
    assert addresses.parse("slurm://").url("short") == "slurm:///short"
