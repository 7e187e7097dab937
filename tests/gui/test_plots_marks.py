"""What events say of a host: marks where jobs came and went, and the time of violations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zeligui.events import Event
from zeligui.gui.marks import Spell, Way, merged, traces

A, B = "a" * 32, "b" * 32


def event(kind: str, at: float, host: str | None = "n1", job: str | None = A, instance: int | None = 1) -> Event:
    time = datetime.fromtimestamp(at, UTC)
    return Event(kind, "pi", f"because of {kind}", job, instance, host, "fast", time=time)


def spells(*events: Event, ended: float | None = None) -> list[tuple[float, float | None]]:
    known = {} if ended is None else {A: datetime.fromtimestamp(ended, UTC)}
    return [(one.start, one.end) for one in traces(events, "n1", known).spells]


VIOLATED = event("violated", 100)


def test_a_violation_lasts_while_nothing_ends_it() -> None:
    assert spells(VIOLATED) == [(100, None)]


@pytest.mark.parametrize("kind", ["recovered", "done", "failed", "canceled", "lost", "degraded", "promoted"])
def test_a_violation_ends_with(kind: str) -> None:
    assert spells(VIOLATED, event(kind, 130)) == [(100, 130)]


def test_a_violation_ends_when_the_job_runs_elsewhere() -> None:
    assert spells(VIOLATED, event("relocated", 130, host="n2", job=B)) == [(100, 130)]


def test_a_job_that_is_to_leave_still_runs_until_its_attempt_has_ended() -> None:
    events = VIOLATED, event("relocating", 101), event("relocated", 130, host="n2", job=B)
    assert spells(*events, ended=120) == [(100, 120)]
    assert spells(VIOLATED, event("held", 101), ended=110) == [(100, 110)]


def test_of_two_violated_constraints_the_last_to_recover_ends_it() -> None:
    events = VIOLATED, event("violated", 110), event("recovered", 120), event("recovered", 130)
    assert spells(*events) == [(100, 130)]


def test_another_master_judges_anew() -> None:
    assert spells(VIOLATED, event("running", 120), event("violated", 140)) == [(100, 120), (140, None)]


def test_what_happens_elsewhere_is_not_of_this_host() -> None:
    found = traces([event("running", 1, host="n2"), event("violated", 2, host="n2"), event("done", 3, host="n2")], "n1")
    assert found.marks == ()
    assert found.spells == ()


def test_marks_say_who_came_and_went_and_why() -> None:
    events = [event("running", 1), event("relocating", 2), event("running", 3, job=B), event("lost", 4, job=B)]
    found = traces(events, "n1").marks
    assert [(mark.time, mark.way) for mark in found] == [(1, Way.CAME), (2, Way.WENT), (3, Way.CAME), (4, Way.FELL)]
    assert found[1].words == "pi/1 relocating: because of relocating"
    assert found[1].job == "pi/1"


def test_running_and_relocated_are_one_arrival() -> None:
    found = traces([event("running", 1), event("relocated", 1.2)], "n1").marks
    assert [mark.words for mark in found] == ["pi/1 relocated: because of relocated"]


def test_an_end_that_names_no_host_is_where_the_job_was() -> None:
    found = traces([event("running", 1), event("done", 2, host=None)], "n1").marks
    assert [mark.way for mark in found] == [Way.CAME, Way.WENT]


def test_violations_of_several_jobs_are_one_shade() -> None:
    each = [Spell(1, 5, ""), Spell(2, 3, ""), Spell(4, None, ""), Spell(50, 60, "")]
    assert merged(each, 20) == [(1, 20), (50, 60)]
    assert merged(each[:2], 20) == [(1, 5)]
