"""States and transitions, the same on every service and with every reaper."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.jobs.places import Place
from zeligui.errors import SubmissionRefused, ZeliGridError
from zeligui.jobs.job import JobState

SLEEP = ("sleep", "1000")
STUBBORN = "trap '' TERM INT; echo ready; while :; do sleep 0.1; done"


async def test_a_job_goes_from_new_over_running_to_done(place: Place) -> None:
    before = time.time()
    attempt = await place.prepare("sh", "-c", "sleep 0.3; echo over")
    assert (await place.status(attempt)).state is JobState.NEW
    await place.service.commit(attempt)
    running = await place.until(attempt, JobState.RUNNING)
    ended = await place.ended(attempt)
    assert (ended.state, ended.exit_code, ended.signal) == (JobState.DONE, 0, None)
    assert running.started is not None
    assert ended.ended is not None
    assert before - 2 < running.started <= ended.ended + 1 < time.time() + 2


async def test_another_exit_than_0_is_failed_with_its_code(place: Place) -> None:
    attempts = {code: await place.start("sh", "-c", f"exit {code}") for code in (1, 3, 127, 128)}
    for code, attempt in attempts.items():
        status = await place.ended(attempt)
        assert (status.state, status.exit_code, status.signal) == (JobState.FAILED, code, None)


async def test_a_signal_that_ends_the_job_is_named(place: Place) -> None:
    attempts = {name: await place.start("sh", "-c", f"kill -s {name} $$") for name in ("TERM", "KILL", "SEGV", "USR1")}
    for name, attempt in attempts.items():
        status = await place.ended(attempt)
        assert (status.state, status.exit_code, status.signal) == (JobState.FAILED, None, f"SIG{name}")


async def test_a_missing_executable_is_failed_and_says_so(place: Place) -> None:
    attempts = {name: await place.start(name) for name in ("no-such-program", "./no-such-file", "/no/such/path")}
    for name, attempt in attempts.items():
        status = await place.ended(attempt)
        assert (status.state, status.exit_code, status.signal) == (JobState.FAILED, None, None)
        assert "No such file" in status.detail
        assert name in status.detail


async def test_a_file_that_may_not_be_executed_is_failed_and_says_so(place: Place) -> None:
    status, _ = await place.run("/etc/passwd")
    assert (status.state, status.exit_code) == (JobState.FAILED, None)
    assert "Permission denied" in status.detail


async def test_suspended_and_resumed(place: Place) -> None:
    attempt = await place.start("sh", "-c", "setsid sh -c 'while :; do echo tick; sleep 0.05; done' & wait")
    await place.says(attempt, b"tick")
    await place.service.suspend(attempt)
    assert (await place.status(attempt)).state is JobState.SUSPENDED
    said = len(await place.output(attempt))
    await asyncio.sleep(0.2)
    assert len(await place.output(attempt)) == said  # children that left the session are halted too
    await place.service.resume(attempt)
    await place.says(attempt, b"tick\n" * (said // 5 + 1))
    assert (await place.status(attempt)).state is JobState.RUNNING


async def test_a_stop_that_came_from_elsewhere_is_suspended_too(place: Place) -> None:
    attempt = await place.start(*SLEEP)
    await place.until(attempt, JobState.RUNNING)
    job, _ = await place.ids(attempt)
    await place.shell(f"kill -s STOP {job}")
    assert "stopped by a signal" in (await place.until(attempt, JobState.SUSPENDED)).detail


async def test_cancel_ends_a_running_job_by_term(place: Place) -> None:
    attempt = await place.start("sh", "-c", "trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    await place.says(attempt, b"ready")
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED
    assert b"saved" in await place.output(attempt)


async def test_a_job_that_ignores_term_is_killed_after_the_grace(place: Place) -> None:
    attempt = await place.start("sh", "-c", STUBBORN)
    await place.says(attempt, b"ready")
    begun = time.monotonic()
    await place.service.cancel(attempt, grace_s=0.6)
    assert time.monotonic() - begun < 0.5  # under way, not over
    assert (await place.status(attempt)).state is JobState.RUNNING
    assert (await place.ended(attempt)).state is JobState.CANCELED
    assert time.monotonic() - begun >= 0.6
    await place.quiet(attempt)


async def test_children_that_left_the_session_are_ended_too(place: Place) -> None:
    attempt = await place.start("sh", "-c", f'setsid sh -c "{STUBBORN}" & setsid sleep 1000 & echo up; wait')
    await place.says(attempt, b"ready")
    await place.service.cancel(attempt, grace_s=0.2)
    assert (await place.ended(attempt)).state is JobState.CANCELED
    await place.quiet(attempt)


async def test_cancel_reaches_a_suspended_job(place: Place) -> None:
    attempt = await place.start(*SLEEP)
    await place.until(attempt, JobState.RUNNING)
    await place.service.suspend(attempt)
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED


async def test_cancel_of_a_preparation_refuses_its_commit(place: Place) -> None:
    attempt = await place.prepare("sh", "-c", "echo ran")
    await place.service.cancel(attempt)
    assert (await place.status(attempt)).state is JobState.CANCELED
    with pytest.raises(SubmissionRefused, match="canceled"):
        await place.service.commit(attempt)
    assert await place.output(attempt) == b""


async def test_cancel_right_after_the_commit_counts(place: Place) -> None:
    attempt = await place.start(*SLEEP)
    await place.service.cancel(attempt)
    assert (await place.ended(attempt)).state is JobState.CANCELED


async def test_a_job_that_is_over_stays_as_it_is(place: Place) -> None:
    attempt = await place.start("true")
    await place.ended(attempt)
    await place.service.cancel(attempt)
    assert (await place.status(attempt)).state is JobState.DONE
    with pytest.raises(ZeliGridError, match="has ended"):
        await place.service.suspend(attempt)


async def test_use_is_counted(place: Place) -> None:
    attempt = await place.start(
        "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; echo counted; sleep 1000"
    )
    await place.says(attempt, b"counted")
    status = await place.status(attempt)
    assert status.cpu_s is not None
    assert status.memory_mb is not None
    assert 0.02 < status.cpu_s < 60
    assert 0.1 < status.memory_mb < 100


async def test_fifty_jobs_are_polled_in_one_exchange(here: Place) -> None:
    attempts = [await here.start("sh", "-c", f"exit {number % 3}") for number in range(50)]
    for attempt in attempts:
        await here.ended(attempt)
    found = await here.service.find([*attempts, "0" * 32])
    assert [found[attempt].exit_code for attempt in attempts] == [number % 3 for number in range(50)]
    assert "0" * 32 not in found
