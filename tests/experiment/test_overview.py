"""What is said of jobs: by the journal's last word, and by machines that answer, or do not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from zeligui.errors import UsageError, ZeliGridError
from zeligui.events import Event
from zeligui.experiment.overview import Job, Overview, ask, overview
from zeligui.experiment.state import AttemptState, Phase
from zeligui.jobs import open_service
from zeligui.jobs.job import JobState, JobStatus
from zeligui.links import open_links

ONE, TWO = "1" * 32, "12" + "2" * 30


def attempt(**changes: Any) -> AttemptState:
    fixed = {"id": ONE, "instance": 1, "host": "h", "service": "local://", "profile": "p", "phase": Phase.RUNNING}
    return AttemptState(**fixed | {"since": datetime.now(UTC)} | changes)


def run(*ids: str, name: str = "a") -> list[Event]:
    """Each attempt follows the one before it, on the same instance."""
    events = [Event("begun", name, data={"digest": "d", "instances": 1})]
    for one in ids:
        events.append(Event("intent", name, "", one, 1, "h", "p", {"service": "local://"}))
        events.append(Event("stopped", name, "a better host", one, 1, "h"))
    return events


@pytest.mark.parametrize(
    ("changes", "state", "detail"),
    [
        ({"phase": Phase.INTENT}, JobState.NEW, "being prepared"),
        ({"phase": Phase.PREPARED}, JobState.NEW, "being prepared"),
        ({"phase": Phase.PLACED}, JobState.RUNNING, "just started"),
        ({"phase": Phase.RUNNING, "reason": "old"}, JobState.RUNNING, ""),
        ({"phase": Phase.SUSPENDED}, JobState.SUSPENDED, ""),
        ({"phase": Phase.STOPPING, "reason": "violated"}, JobState.RUNNING, "being stopped: violated"),
        ({"phase": Phase.ENDED, "outcome": "done"}, JobState.DONE, ""),
        ({"phase": Phase.ENDED, "outcome": "failed", "reason": "exit 1"}, JobState.FAILED, "exit 1"),
        ({"phase": Phase.ENDED, "outcome": "canceled"}, JobState.CANCELED, ""),
        ({"phase": Phase.ENDED, "outcome": "stopped", "reason": "moved"}, JobState.CANCELED, "stopped: moved"),
        ({"phase": Phase.ENDED, "outcome": "released"}, JobState.CANCELED, "never started"),
        ({"phase": Phase.ENDED, "outcome": "refused", "reason": "no"}, JobState.FAILED, "refused: no"),
        ({"phase": Phase.ENDED, "outcome": "lost", "reason": "silent"}, JobState.FAILED, "lost: silent"),
    ],
)
def test_the_journal_s_last_word(changes: dict[str, Any], state: JobState, detail: str) -> None:
    job = Job("a", attempt(**changes))
    assert (job.state, job.detail) == (state, detail)


@pytest.mark.parametrize(
    ("status", "silence", "state", "detail"),
    [
        (JobStatus(JobState.DONE, exit_code=0), "", JobState.DONE, ""),
        (JobStatus(JobState.RUNNING, "orphaned"), "", JobState.RUNNING, "orphaned"),
        (JobStatus(None, "wrong machine"), "", JobState.RUNNING, "last known: wrong machine"),
        (None, "h is silent", JobState.RUNNING, "last known: h is silent"),
    ],
)
def test_the_machine_s_word_counts_where_there_is_one(
    status: JobStatus | None, silence: str, state: JobState, detail: str
) -> None:
    job = Job("a", attempt(), status=status, silence=silence)
    assert (job.state, job.detail) == (state, detail)


def test_times_are_the_machine_s_else_the_journal_s() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    known = Job("a", attempt(started=at))
    told = Job("a", attempt(started=at), status=JobStatus(JobState.DONE, started=0.5, ended=1.5))
    assert known.as_json()["started"] == "2026-01-01T00:00:00.000+00:00"
    assert told.as_json()["started"] == "1970-01-01T00:00:00.500+00:00"
    assert told.as_json()["ended"] == "1970-01-01T00:00:01.500+00:00"


def test_earlier_runs_are_kept_and_marked() -> None:
    seen = overview([*run(ONE), Event("finished", "a", data={"counts": {}}), *run(TWO)])
    assert [(job.attempt.id, job.past) for job in seen.jobs] == [(ONE, True), (TWO, False)]
    assert seen.find("a/1").attempt.id == TWO
    assert seen.find(ONE).past


def test_a_debt_of_an_earlier_run_is_still_open() -> None:
    lost = Event("lost", "a", "silent", ONE, 1, "h", data={"debt": True})
    seen = overview([*run(ONE)[:2], lost, *run(TWO)])
    assert [(job.attempt.id, job.past, job.open) for job in seen.jobs] == [(ONE, True, True), (TWO, False, False)]


def test_a_job_is_found_only_where_one_is_meant() -> None:
    seen = overview(run(ONE, TWO))
    assert seen.find("11").attempt.id == ONE
    assert seen.find("a/1").attempt.id == TWO
    with pytest.raises(UsageError, match="Several jobs"):
        seen.find("1")
    with pytest.raises(ZeliGridError, match=r"There is no job 'b/1'\. The nearest is a/1\."):
        seen.find("b/1")
    with pytest.raises(ZeliGridError, match=r"There is no job ''\."):
        Overview({}, []).find("")


async def test_machines_are_asked_at_once_and_not_for_ever(silent_port: int) -> None:
    urls = [f"ssh://user{n}@127.0.0.1:{silent_port}" for n in range(5)]
    jobs = [Job("a", attempt(id=f"{n:032x}", service=url)) for n, url in enumerate([*urls, "local://"])]
    links = open_links()
    began = time.monotonic()
    told = await ask(jobs, lambda url: open_service(url, links), limit_s=1.5)
    assert time.monotonic() - began < 5
    await links.close()
    assert all(job.silence for job in told[:-1])
    assert told[-1].detail == "last known: h knows nothing of it"


async def test_what_has_ended_is_not_asked_for() -> None:
    def nobody(url: str) -> Any:
        raise AssertionError(f"{url} was asked")

    jobs: Sequence[Job] = [Job("a", attempt(phase=Phase.ENDED, outcome="done"))]
    assert await ask(jobs, nobody) == jobs
