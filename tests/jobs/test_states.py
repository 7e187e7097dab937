"""States and transitions, the same on every service and with every reaper."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.jobs.performing import conformance
from tests.jobs.places import Place
from tests.jobs.refusals import REFUSALS
from zeligui.errors import SubmissionRefused, ZeliGridError
from zeligui.jobs.adaptors import Ability
from zeligui.jobs.job import JobState

SLEEP = ("sleep", "1000")
TICKING = "while :; do echo tick; sleep 0.05; done"
STUBBORN = "trap '' TERM INT; echo ready; while :; do sleep 0.1; done"


@conformance()
async def test_a_job_goes_from_new_over_running_to_done(place: Place) -> None:
    before = time.time()
    attempt = await place.prepare("sh", "-c", f"until [ -e {place.gate} ]; do sleep 0.1; done")
    assert (await place.status(attempt)).state is JobState.NEW
    await place.service.commit(attempt)
    running = await place.until(attempt, JobState.RUNNING)
    place.gate.touch()
    ended = await place.ended(attempt)
    assert (ended.state, ended.exit_code, ended.signal) == (JobState.DONE, 0, None)
    assert ended.started is not None
    assert ended.ended is not None
    assert before - 2 < ended.started <= ended.ended + 1 < time.time() + 2
    assert before - 2 < (running.started or ended.started) <= ended.started + 1  # a site may learn of it later


@conformance()
async def test_another_exit_than_0_is_failed_with_its_code(place: Place) -> None:
    attempts = {code: await place.start("sh", "-c", f"exit {code}") for code in (1, 3, 127, 128)}
    for code, attempt in attempts.items():
        status = await place.ended(attempt)
        assert (status.state, status.exit_code, status.signal) == (JobState.FAILED, code, None)


@conformance()
async def test_a_signal_that_ends_the_job_is_named(place: Place) -> None:
    attempts = {name: await place.start("sh", "-c", f"kill -s {name} $$") for name in ("TERM", "KILL", "SEGV", "USR1")}
    for name, attempt in attempts.items():
        status = await place.ended(attempt)
        assert (status.state, status.exit_code, status.signal) == (JobState.FAILED, None, f"SIG{name}")


@conformance()
async def test_a_missing_executable_is_failed_and_says_so(place: Place) -> None:
    attempts = {name: await place.start(name) for name in ("no-such-program", "./no-such-file", "/no/such/path")}
    for name, attempt in attempts.items():
        status = await place.ended(attempt)
        assert (status.state, status.exit_code, status.signal) == (JobState.FAILED, None, None)
        assert "No such file" in status.detail
        assert name in status.detail


@conformance()
async def test_a_file_that_may_not_be_executed_is_failed_and_says_so(place: Place) -> None:
    status, _ = await place.run("/etc/passwd")
    assert (status.state, status.exit_code) == (JobState.FAILED, None)
    assert "Permission denied" in status.detail


@conformance(Ability.SUSPEND)
async def test_suspended_and_resumed(place: Place) -> None:
    attempt = await place.start("sh", "-c", TICKING)
    await place.says(attempt, b"tick")
    await place.service.suspend(attempt)
    await place.until(attempt, JobState.SUSPENDED)
    said = await still(place, attempt)
    await place.service.resume(attempt)
    await place.says(attempt, b"tick\n" * (said // 5 + 1))
    assert (await place.status(attempt)).state is JobState.RUNNING


@conformance()
async def test_what_is_not_declared_is_refused_in_words(place: Place) -> None:
    for ability in set(REFUSALS) - place.can:
        await REFUSALS[ability](place)


async def test_children_that_left_the_session_are_suspended_too(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", f"setsid sh -c '{TICKING}' & wait")
    await machine.says(attempt, b"tick")
    await machine.service.suspend(attempt)
    assert (await machine.status(attempt)).state is JobState.SUSPENDED
    said = len(await machine.output(attempt))
    await asyncio.sleep(0.2)
    assert len(await machine.output(attempt)) == said
    await machine.service.resume(attempt)
    await machine.says(attempt, b"tick\n" * (said // 5 + 1))


async def still(place: Place, attempt: str) -> int:
    """Wait until a job prints no more, since a batch system takes a moment to halt it; how much it has printed."""
    said = -1

    async def there() -> bool:
        nonlocal said
        before, said = said, len(await place.output(attempt))
        await asyncio.sleep(0.2)
        return said == before

    await place.wait(there, lambda: f"{said} bytes, and more")
    return said


async def test_a_stop_that_came_from_elsewhere_is_suspended_too(machine: Place) -> None:
    attempt = await machine.start(*SLEEP)
    await machine.until(attempt, JobState.RUNNING)
    job, _ = await machine.ids(attempt)
    await machine.shell(f"kill -s STOP {job}")
    assert "stopped by a signal" in (await machine.until(attempt, JobState.SUSPENDED)).detail


@conformance(Ability.CANCEL)
async def test_cancel_ends_a_running_job_by_term(place: Place) -> None:
    attempt = await place.start("sh", "-c", "trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    await place.says(attempt, b"ready")
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED
    assert b"saved" in await place.output(attempt)


@conformance(Ability.CANCEL)
async def test_a_job_that_ignores_term_is_killed_after_the_grace(place: Place) -> None:
    attempt = await place.start("sh", "-c", STUBBORN)
    await place.says(attempt, b"ready")
    begun = time.monotonic()
    await place.service.cancel(attempt, grace_s=0.6)
    assert (await place.ended(attempt)).state is JobState.CANCELED
    assert place.kills_at_once or time.monotonic() - begun >= 0.6
    await place.quiet(attempt)


async def test_a_cancel_is_under_way_when_it_returns_and_not_over(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", STUBBORN)
    await machine.says(attempt, b"ready")
    begun = time.monotonic()
    await machine.service.cancel(attempt, grace_s=3)
    assert (await machine.status(attempt)).state is JobState.RUNNING
    assert time.monotonic() - begun < 3
    await machine.service.cancel(attempt, grace_s=0)
    assert (await machine.ended(attempt)).state is JobState.CANCELED


async def test_children_that_left_the_session_are_ended_too(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", f'setsid sh -c "{STUBBORN}" & setsid sleep 1000 & echo up; wait')
    await machine.says(attempt, b"ready")
    await machine.service.cancel(attempt, grace_s=0.2)
    assert (await machine.ended(attempt)).state is JobState.CANCELED
    await machine.quiet(attempt)


@conformance(Ability.SUSPEND, Ability.CANCEL)
async def test_cancel_reaches_a_suspended_job(place: Place) -> None:
    attempt = await place.start(*SLEEP)
    await place.until(attempt, JobState.RUNNING)
    await place.service.suspend(attempt)
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED


@conformance(Ability.CANCEL)
async def test_cancel_of_a_preparation_refuses_its_commit(place: Place) -> None:
    attempt = await place.prepare("sh", "-c", "echo ran")
    await place.service.cancel(attempt)
    assert (await place.status(attempt)).state is JobState.CANCELED
    with pytest.raises(SubmissionRefused, match="canceled"):
        await place.service.commit(attempt)
    assert await place.output(attempt) == b""


@conformance(Ability.CANCEL)
async def test_cancel_right_after_the_commit_counts(place: Place) -> None:
    attempt = await place.start(*SLEEP)
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED


@conformance()
async def test_a_job_that_is_over_stays_as_it_is(place: Place) -> None:
    attempt = await place.start("true")
    await place.ended(attempt)
    await place.service.cancel(attempt)
    assert (await place.status(attempt)).state is JobState.DONE
    with pytest.raises(ZeliGridError, match="has ended"):
        await place.service.suspend(attempt)


async def test_use_is_counted(machine: Place) -> None:
    attempt = await machine.start(
        "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; echo counted; sleep 1000"
    )
    await machine.says(attempt, b"counted")
    status = await machine.status(attempt)
    assert status.cpu_s is not None
    assert status.memory_mb is not None
    assert 0.02 < status.cpu_s < 60
    assert 0.1 < status.memory_mb < 100


@conformance()
async def test_fifty_jobs_at_once_are_polled_in_one_exchange(place: Place) -> None:
    room = asyncio.Semaphore(8)

    async def start(number: int) -> str:
        async with room:
            return await place.start("sh", "-c", f"exit {number % 3}")

    attempts = await asyncio.gather(*map(start, range(place.many)))

    async def over() -> bool:
        found = await place.service.find(attempts)
        return all(found[attempt].state.final for attempt in attempts)

    await place.wait(over, lambda: "not all are over")
    found = await place.service.find([*attempts, "0" * 32])
    assert [found[attempt].exit_code for attempt in attempts] == [number % 3 for number in range(place.many)]
    assert "0" * 32 not in found
