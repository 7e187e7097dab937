"""What a job manager and an attempt's folder say, added up: no silence, and no guess, is ever taken for an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.files.service import Entry, Kind
from zeligui.jobs.gram.folders import Ended, Notes, read
from zeligui.jobs.gram.states import final, judge, parked, unknown
from zeligui.jobs.job import JobState
from zeligui.links.gram.client import State
from zeligui.links.gram.words import (
    ACTIVE,
    CANCELED,
    COMMIT_TIMED_OUT,
    DONE,
    FAILED,
    MANAGER_STOPPED,
    PENDING,
    PROXY_EXPIRED,
    STAGE_IN,
    STAGE_OUT,
    SUSPENDED,
    UNSUBMITTED,
)

STARTED = Notes(committed=True, started=10.0)


def ended(how: str, what: str) -> Notes:
    return Notes(committed=True, started=10.0, ended=Ended(how, what, 12.0, 0.5))


@pytest.mark.parametrize(
    ("state", "notes", "becomes"),
    [
        (UNSUBMITTED, Notes(), JobState.NEW),
        (UNSUBMITTED, Notes(committed=True), JobState.PENDING),
        (STAGE_IN, Notes(committed=True), JobState.PENDING),
        (PENDING, Notes(committed=True), JobState.PENDING),
        (PENDING, STARTED, JobState.RUNNING),
        (ACTIVE, Notes(committed=True), JobState.PENDING),
        (ACTIVE, STARTED, JobState.RUNNING),
        (STAGE_OUT, STARTED, JobState.RUNNING),
        (SUSPENDED, STARTED, JobState.SUSPENDED),
        (512, STARTED, None),
    ],
)
def test_states_on_the_way(state, notes, becomes):
    found = judge(State(state), notes)
    assert found.state is becomes
    assert found.detail.startswith("gram:")
    assert found.exit_code is None


def test_a_site_whose_files_are_silent_is_believed_that_a_job_runs():
    found = judge(State(ACTIVE), Notes(committed=True), note="its files do not answer")
    assert (found.state, found.detail) == (JobState.RUNNING, "gram:ACTIVE, its files do not answer")


@pytest.mark.parametrize(
    ("notes", "state", "code", "signal"),
    [
        (ended("code", "0"), JobState.DONE, 0, None),
        (ended("code", "7"), JobState.FAILED, 7, None),
        (ended("signal", "SEGV"), JobState.FAILED, None, "SIGSEGV"),
        (ended("error", "2"), JobState.FAILED, None, None),
        (ended("code", "SEGV"), JobState.FAILED, None, None),
    ],
)
@pytest.mark.parametrize("said", [State(DONE, 0, 0), State(FAILED, 0, None)])
def test_the_end_is_what_was_written_down_whatever_the_manager_says(notes, state, code, signal, said):
    """A manager that was started again says exit code 0 of all jobs; a scheduler without events says none."""
    found = judge(said, notes)
    assert (found.state, found.exit_code, found.signal) == (state, code, signal)
    assert (found.started, found.ended, found.cpu_s) == (10.0, 12.0, 0.5)


def test_an_end_that_nobody_wrote_down_is_failed_and_never_done():
    for said in (State(DONE, 0, 0), State(DONE, 0, None), State(FAILED, 0, None)):
        assert "ended by the site" in judge(said, STARTED).detail
        assert judge(said, STARTED).state is JobState.FAILED
        assert "before its program was started" in judge(said, Notes(committed=True)).detail
    assert "program is not there" in judge(State(FAILED, 5), Notes(committed=True)).detail


def test_canceled_is_canceled_however_it_ended():
    assert judge(State(FAILED, CANCELED), STARTED).state is JobState.CANCELED
    canceled = Notes(committed=True, canceled=True, ended=Ended("signal", "TERM", 12.0, 0.0))
    assert judge(State(FAILED, 0), canceled).state is JobState.CANCELED


def test_what_was_not_committed_in_time_was_certainly_not_started():
    assert "certainly not started" in judge(State(FAILED, COMMIT_TIMED_OUT), Notes()).detail


def test_a_manager_that_lets_go_of_a_job_says_nothing_of_its_end():
    assert parked(State(FAILED, PROXY_EXPIRED))
    assert parked(State(FAILED, MANAGER_STOPPED))
    assert not parked(State(FAILED, CANCELED))
    assert final(State(DONE))
    assert not final(State(ACTIVE))


def test_what_the_site_does_not_know_is_told_by_its_folder_or_not_at_all():
    assert unknown(Notes(committed=True)) is None
    assert unknown(Notes(gone=True)) is None
    found = unknown(ended("code", "3"))
    assert found is not None
    assert (found.state, found.exit_code) == (JobState.FAILED, 3)
    uncommitted = unknown(Notes())
    assert uncommitted is not None
    assert "certainly not started" in uncommitted.detail


def entry(name: str, modified: float = 0.0) -> Entry:
    return Entry(name, Kind.FILE, modified=modified)


def test_a_listing_says_how_an_attempt_stands():
    names = ["committed", "started.1700000000500", "exit.code.3.1700000002000.150", "stdout", "work"]
    jobs = [entry("job,site.test,40478,1,2", 1.0), entry("job,site.test,40480,1,2", 2.0)]
    notes = read([*map(entry, names), *jobs])
    assert notes.job is not None
    assert notes.job.url == "https://site.test:40480/1/2/"
    assert (notes.committed, notes.canceled, notes.started) == (True, False, 1700000000.5)
    assert notes.ended == Ended("code", "3", 1700000002.0, 1.5)


@pytest.mark.parametrize(
    "name",
    ["job,", "job,h,0,1", "job,h,1", "job,-x,1,../..", "job,h:x,1,2", "started.x", "exit.code.3", "exit.code.\n.1.1"],
)
def test_names_that_are_not_ours_say_nothing(name):
    assert read([entry(name)]) == Notes()


@given(st.lists(st.text(max_size=30)))
def test_whatever_is_listed_is_read(names):
    read(list(map(entry, names)))
