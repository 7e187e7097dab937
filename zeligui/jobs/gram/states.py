"""How an attempt is, by what its job manager says and what its folder says. The two are never mixed up with silence."""

from __future__ import annotations

import os

from zeligui.jobs.gram.folders import Ended, Notes
from zeligui.jobs.job import JobState, JobStatus
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
    meaning,
)

UNCOMMITTED = "certainly not started: its preparation ended without a commit"

_STATES = {
    PENDING: JobState.PENDING,
    ACTIVE: JobState.RUNNING,
    SUSPENDED: JobState.SUSPENDED,
    UNSUBMITTED: JobState.PENDING,
    STAGE_IN: JobState.PENDING,
    STAGE_OUT: JobState.RUNNING,
}


def parked(state: State) -> bool:
    """Whether its manager has let go of a job that goes on, or whose end it still knows."""
    return state.state == FAILED and state.failure in {MANAGER_STOPPED, PROXY_EXPIRED}


def final(state: State) -> bool:
    return state.state in {DONE, FAILED}


def judge(state: State, notes: Notes, *, note: str = "") -> JobStatus:
    """The state of an attempt whose manager answered; of one that has ended, its folder has the last word."""
    if final(state):
        return _over(state, notes)
    if state.state == UNSUBMITTED and not notes.committed:
        return JobStatus(JobState.NEW, "gram:UNSUBMITTED")
    known = _STATES.get(state.state)
    if notes.started is not None and known is JobState.PENDING:
        known = JobState.RUNNING  # some sites ask their scheduler every ten seconds only
    elif notes.started is None and state.state == ACTIVE and not note:
        known = JobState.PENDING  # the wrapper has not started the program yet
    detail = ", ".join(filter(None, (f"gram:{state.name}", "being canceled" if notes.canceled else "", note)))
    started = notes.started if known is not JobState.PENDING else None
    return JobStatus(known, detail, started=started)


def _over(state: State, notes: Notes) -> JobStatus:
    if notes.canceled or state.failure == CANCELED:
        times = (notes.ended.time, notes.ended.cpu_s) if notes.ended else (None, None)
        return JobStatus(JobState.CANCELED, "", None, None, notes.started, *times)
    if notes.ended is not None:
        return ended(notes)
    if state.failure == COMMIT_TIMED_OUT and not notes.committed:
        return JobStatus(JobState.FAILED, UNCOMMITTED)
    if state.failure:
        return JobStatus(JobState.FAILED, meaning(state.failure), started=notes.started)
    if notes.started is None:
        code = f" (exit code {state.exit_code})" if state.exit_code else ""
        why = "perhaps the site's scheduler refused the job later on, or the site's user cannot write its home"
        return JobStatus(JobState.FAILED, f"it was ended before its program was started{code}: {why}")
    return JobStatus(JobState.FAILED, "it was ended by the site, or by its scheduler's limits", started=notes.started)


def unknown(notes: Notes) -> JobStatus | None:
    """The state of an attempt that its site's GRAM does not know; None where nothing is known of it at all."""
    if notes.canceled:
        return JobStatus(JobState.CANCELED, "" if notes.committed else "canceled before it was prepared")
    if notes.ended is not None:
        return ended(notes)
    return None if notes.committed or notes.gone else JobStatus(JobState.FAILED, UNCOMMITTED)


def ended(notes: Notes) -> JobStatus:
    """How it ended by its wrapper's word."""
    end = notes.ended
    if end is None:
        return JobStatus(None, "its end is not known")
    code, signal, detail = _how(end)
    state = JobState.DONE if code == 0 else JobState.FAILED
    return JobStatus(state, detail, code, signal, notes.started, end.time, end.cpu_s)


def _how(end: Ended) -> tuple[int | None, str | None, str]:
    if end.how == "signal":
        return None, f"SIG{end.what}", f"ended by SIG{end.what}"
    if not end.what.isdecimal():
        return None, None, "its end cannot be read"
    if end.how == "error":
        return None, None, f"it could not be started: {os.strerror(int(end.what))}"
    return int(end.what), None, ""
