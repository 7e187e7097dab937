"""Events for people: lines in words and the live table."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from zeligui.cli.narration import LiveTable, line
from zeligui.events import Event
from zeligui.experiment.staging import Staging
from zeligui.experiment.state import ExperimentState, fold
from zeligui.files.progress import Progress


def told(event: Event) -> str:
    return line(event).plain


def begun(instances: int, name: str = "pi") -> ExperimentState:
    """An experiment whose instances run on node1, node2, …, the first of which is done."""
    return fold(story(instances, name))[name]


def story(instances: int, name: str) -> Iterator[Event]:
    yield Event("begun", name, data={"digest": "d", "instances": instances})
    yield Event("matched", name, profile="fast")
    for number in range(1, instances + 1):
        about: dict[str, Any] = {"job": f"{number:032x}", "instance": number, "host": f"node{number}"}
        yield Event("intent", name, profile="fast", data={"service": "local://"}, **about)
        yield Event("placed", name, **about)
        yield Event("running", name, **about)
    yield Event("done", name, job=f"{1:032x}", instance=1, host="node1", data={"exit_code": 0, "signal": None})


@pytest.fixture
def staging() -> Staging:
    """How far files are on their way."""
    return Staging()


@pytest.fixture
def shown(staging: Staging, monkeypatch: pytest.MonkeyPatch):
    """What a terminal of 80 columns and 24 lines shows of a state."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")

    def show(state: ExperimentState) -> list[str]:
        machines = SimpleNamespace(host=lambda _name: SimpleNamespace(values={"cpuAvail": 0.5, "freeMemory": 700.0}))
        core = SimpleNamespace(machines=machines, staging=staging)
        table = LiveTable(core, SimpleNamespace(state=state))
        printed = Console(file=io.StringIO(), width=80)
        printed.print(table._drawn())
        return printed.file.getvalue().splitlines()

    return show


def test_files_on_their_way_stand_in_the_place_of_the_state(shown, staging: Staging):
    with staging.following(f"{2:032x}") as tell:
        tell(Progress("pi.dat", 250, 1000, 0, 1))
        (row,) = (row for row in shown(begun(3)) if "node2" in row)
        assert "files 25%" in row
    assert not any("files" in row for row in shown(begun(3)))


def test_an_experiment_that_was_taken_up_shows_all_its_instances(shown):
    text = "\n".join(shown(begun(3)))
    assert "pi: fast" in text
    assert [f"node{number}" in text for number in (1, 2, 3)] == [True, True, True]
    assert "0.50" in text
    assert "700 MB" in text


def test_many_instances_leave_room_for_the_terminal_and_those_that_ended_give_way(shown):
    lines = shown(begun(60))
    assert len(lines) < 24
    text = "\n".join(lines)
    assert "node2 " in text
    assert "node1 " not in text
    assert "and 44 more instances" in text


def test_no_name_is_read_as_markup(shown):
    assert "[red]pi[/nothing]: fast" in "\n".join(shown(begun(1, "[red]pi[/nothing]")))


def test_what_a_job_printed_cannot_command_the_terminal():
    text = "plain\ttab\r\n\x1b]0;title\x07two\n"
    event = Event("output", "pi", instance=1, data={"stream": "stdout", "text": text})
    assert told(event).splitlines() == ["1 stdout | plain\ttab", "1 stdout | \ufffd]0;title\ufffdtwo"]


def test_every_word_of_an_event_stands_apart():
    event = Event("checkpointed", "pi", "fetched\x1b[2J it", instance=1, host="node1\x1b", profile="fast")
    assert told(event)[9:] == "o checkpointed #1 node1\ufffd [fast]  fetched\ufffd[2J it"
