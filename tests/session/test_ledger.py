"""What the journal says, kept up to date."""

from __future__ import annotations

from typing import Any

import pytest

from zeligui.events import Event
from zeligui.experiment.journal import Journal
from zeligui.session.ledger import Ledger

JOB = "a" * 32


def event(kind: str, reason: str = "", **data: Any) -> Event:
    return Event(kind, "pi", reason, JOB, 1, "node1", "profile1", data)


def begun() -> list[Event]:
    return [
        Event("begun", "pi", data={"digest": "d", "instances": 1}),
        event("intent", service="ssh://node1"),
        event("prepared", handle="h"),
        event("placed", restart=0),
        event("running"),
    ]


def printed(text: str) -> Event:
    return event("output", stream="stdout", text=text, offset=0, bytes=len(text))


async def test_it_adds_up_what_was_there_and_what_comes(journal: Journal) -> None:
    await journal.append(*begun())
    ledger = Ledger(journal)
    await ledger.load()
    assert ledger.states["pi"].running
    assert not await ledger.catch_up()
    await journal.append(event("done"), Event("finished", "pi", data={"counts": {"done": 1}}))
    assert await ledger.catch_up()
    assert not ledger.states["pi"].running
    assert [one.event for one in ledger.events_of("pi")] == ["placed", "running", "done", "finished"]


@pytest.mark.parametrize(
    "end",
    [event("recovered"), event("done"), Event("degraded", "pi", profile="b"), Event("promoted", "pi", profile="a")],
)
async def test_a_violation_lasts_until_something_ends_it(end: Event, journal: Journal) -> None:
    ledger = Ledger(journal)
    await journal.append(*begun(), event("violated", "too little memory"))
    await ledger.catch_up()
    assert ledger.violated == {JOB: "too little memory"}
    await journal.append(end)
    await ledger.catch_up()
    assert ledger.violated == {}


async def test_the_last_line_is_the_last_with_something_in_it(journal: Journal) -> None:
    await journal.append(*begun(), printed("one\ntwo\n\n"))
    ledger = Ledger(journal)
    await ledger.load()
    assert ledger.last_lines == {JOB: "two"}, "what was printed before the window was opened is known"
    await journal.append(printed("  three  "))
    await ledger.catch_up()
    assert ledger.last_lines == {JOB: "three"}
    await journal.append(printed("x" * 100_000))
    await ledger.catch_up()
    assert len(ledger.recent[-1].data["text"]) < 3000, "a log of thousands of such pieces would fill the memory"
    assert ledger.last_lines[JOB] == "…" + "x" * 200


async def test_a_new_run_begins_with_a_clean_page(journal: Journal) -> None:
    ledger = Ledger(journal)
    await journal.append(*begun(), event("done"), Event("finished", "pi", data={"counts": {"done": 1}}))
    await journal.append(Event("begun", "pi", data={"digest": "d", "instances": 1}))
    await ledger.catch_up()
    assert ledger.events_of("pi") == ()
    assert ledger.last_lines == {}
    assert ledger.events_of("nothing") == ()
    assert "done" in [one.event for one in ledger.recent]
