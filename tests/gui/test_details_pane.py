"""The details of the selected job, on the loop that the program has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import snapshots
from tests.gui.driving import run
from tests.gui.happenings import event
from zeligui.errors import LinkError, Unreachable
from zeligui.events import Event
from zeligui.experiment.description import Experiment
from zeligui.gui import following
from zeligui.gui.details_pane import DetailsPane
from zeligui.session.snapshot import OpenContract, OpenExperiment, RemoteJob, Standing
from zeligui.session.tail import Piece
from zeligui.settings import JobDefaults, Reconfiguration

JOB = snapshots.job("demo", 1, host="node1.grid")
HOSTILE = snapshots.job("<b>" + "n" * 300, 1, host="h\u202e<i>" + "o" * 300)


def moved(job: RemoteJob, host: str) -> RemoteJob:
    assert job.attempt
    return replace(job, host=host, attempt=replace(job.attempt, id=host.ljust(32, "0"), host=host, restart=1))


@dataclass
class Machine:
    """Where jobs print: what is put into `printed` is read from there, as the session would."""

    printed: dict[tuple[str, str], bytes] = field(default_factory=dict)
    fails: LinkError | None = None
    ended: bool = False
    asked: int = 0
    reading: int = 0
    sent: list[tuple[str, bytes, bool]] = field(default_factory=list)
    refuses: LinkError | None = None
    events: list[Event] = field(default_factory=list)

    def prints(self, job: RemoteJob, data: bytes, stream: str = "stdout") -> None:
        key = _key(job, stream)
        self.printed[key] = self.printed.get(key, b"") + data

    async def follow(self, job: RemoteJob, stream: str) -> AsyncIterator[Piece]:
        self.asked += 1
        self.reading += 1
        try:
            at = 0
            yield Piece(b"", begins=0)
            while True:
                if self.fails:
                    raise self.fails
                data = self.printed.get(_key(job, stream), b"")
                if new := data[at : at + 7]:
                    at += len(new)
                    yield Piece(new)
                elif self.ended:
                    return
                else:
                    await asyncio.sleep(0.005)
        finally:
            self.reading -= 1

    async def send(self, job: RemoteJob, data: bytes, end: bool) -> None:
        await asyncio.sleep(0.001 * (3 - len(self.sent)))
        if self.refuses:
            raise self.refuses
        self.sent.append((job.name, data, end))

    def events_of(self, _experiment: str) -> list[Event]:
        return self.events


def _key(job: RemoteJob, stream: str) -> tuple[str, str]:
    return (job.attempt.id if job.attempt else ""), stream


async def until(look: Callable[[], object], limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not look():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def pane(qtbot: QtBot, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> DetailsPane:
    monkeypatch.setattr(following, "SETTLE_S", 0.0)
    monkeypatch.setattr(following, "FIRST_PAUSE_S", 0.02)
    made = DetailsPane(machine.follow, machine.send, machine.events_of, can_save=True)
    qtbot.addWidget(made)
    made.resize(700, 320)
    return made


Sitting = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def sitting(qapp: QApplication, pane: DetailsPane, machine: Machine) -> Sitting:
    """Runs a coroutine with the pane shown, then closes the pane: nothing may be left."""

    def sit(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            pane.show()
            await work()
            await pane.close_all()
            assert machine.reading == 0

        run(qapp, whole())

    return sit


def output(pane: DetailsPane) -> str:
    return pane.output.text.toPlainText()


def front(pane: DetailsPane, part: QWidget) -> None:
    pane.tabs.setCurrentWidget(part)


def test_without_a_job_it_says_what_to_do(pane: DetailsPane, sitting: Sitting) -> None:
    async def work() -> None:
        assert pane.empty.isVisible()
        assert pane.name.text() == "Details"
        assert not pane.output.tools.isVisible()

    sitting(work)


def test_what_the_job_prints_comes_as_it_is_printed(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        machine.prints(JOB, b"one \xc3")
        pane.look_at(JOB)
        assert pane.name.text() == "demo/1 on node1.grid"
        await until(lambda: output(pane) == "one ")
        machine.prints(JOB, b"\xa9\ntwo\n")
        await until(lambda: output(pane) == "one é\ntwo\n")
        pane.look_at(replace(JOB, cpu=0.5))
        assert machine.asked == 2, "the same start of the same job is read on: its output, and its errors"

    sitting(work)


def test_only_what_is_looked_at_is_read(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        pane.look_at(JOB)
        await until(lambda: machine.reading == 2)
        front(pane, pane.facts)
        await until(lambda: machine.reading == 1)
        pane.hide()
        await until(lambda: machine.reading == 0)
        pane.show()
        await until(lambda: machine.reading == 1)
        pane.look_at(None)
        await until(lambda: machine.reading == 0)

    sitting(work)


def test_taken_up_again_nothing_is_shown_twice_and_nothing_moves(
    pane: DetailsPane, sitting: Sitting, machine: Machine
) -> None:
    async def work() -> None:
        machine.prints(JOB, b"".join(b"line %d\n" % number for number in range(100)))
        pane.look_at(JOB)
        await until(lambda: output(pane).endswith("line 99\n"))
        pane.output.text.verticalScrollBar().setValue(5)
        front(pane, pane.facts)
        machine.prints(JOB, b"more\n")
        front(pane, pane.output)
        await until(lambda: output(pane).endswith("line 99\nmore\n"))
        assert output(pane).count("line 99") == 1
        assert pane.output.text.verticalScrollBar().value() == 5

    sitting(work)


def test_another_start_of_the_job_is_a_section_of_its_own(
    pane: DetailsPane, sitting: Sitting, machine: Machine
) -> None:
    async def work() -> None:
        machine.prints(JOB, b"first")
        pane.look_at(JOB)
        await until(lambda: output(pane) == "first")
        again = moved(JOB, "node2.grid")
        machine.prints(again, b"second\n")
        pane.look_at(again)
        await until(lambda: output(pane) == "first\n— started again on node2.grid —\nsecond\n")
        assert pane.name.text() == "demo/1 on node2.grid"
        other = snapshots.job("demo", 2)
        machine.prints(other, b"other")
        pane.look_at(other)
        await until(lambda: output(pane) == "other")

    sitting(work)


def test_an_error_is_said_and_reading_begins_again(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        machine.prints(JOB, b"one\n")
        pane.look_at(JOB)
        await until(lambda: output(pane) == "one\n")
        machine.fails = Unreachable("node1.grid does not answer.", hint="Is it on?")
        await until(lambda: pane.output.messages.texts == ["node1.grid does not answer."])
        machine.fails = None
        machine.prints(JOB, b"two\n")
        await until(lambda: output(pane) == "one\ntwo\n")
        assert pane.output.messages.texts == []

    sitting(work)


def test_retry_tries_at_once(
    pane: DetailsPane, sitting: Sitting, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FIRST_PAUSE_S", 1000.0)

    async def work() -> None:
        machine.fails = Unreachable("node1.grid does not answer.")
        machine.prints(JOB, b"one\n")
        pane.look_at(JOB)
        await until(lambda: pane.output.messages.texts)
        machine.fails = None
        buttons = pane.output.messages.findChildren(QWidget)
        next(one for one in buttons if one.accessibleName() == "Retry").click()  # type: ignore[attr-defined]
        await until(lambda: output(pane) == "one\n")

    sitting(work)


def test_a_job_that_has_ended_is_read_once(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        machine.ended = True
        machine.prints(JOB, b"all\xff\xc3")
        pane.look_at(JOB)
        await until(lambda: output(pane) == "all\\xff\\xc3")
        await until(lambda: machine.reading == 0)
        front(pane, pane.facts)
        front(pane, pane.output)
        await asyncio.sleep(0)
        assert machine.asked == 2

    sitting(work)


def test_unseen_errors_mark_their_tab(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        title = lambda: pane.tabs.tabText(pane.tabs.indexOf(pane.errors))  # noqa: E731
        pane.look_at(JOB)
        await until(lambda: machine.reading == 2)
        assert title() == "&Errors"
        machine.prints(JOB, b"oh\n", "stderr")
        await until(lambda: title() == "&Errors ●")
        front(pane, pane.errors)
        assert title() == "&Errors"
        assert pane.errors.text.toPlainText() == "oh\n"
        machine.prints(JOB, b"no\n", "stderr")
        await until(lambda: pane.errors.text.toPlainText() == "oh\nno\n")
        assert title() == "&Errors"

    sitting(work)


def test_what_is_typed_is_sent_in_its_order(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        pane.look_at(JOB)
        front(pane, pane.input)
        for text in ("one", "two"):
            pane.input.line.setText(text)
            pane.input.send()
        pane.input.end()
        assert not pane.input.line.isEnabled()
        assert "was ended" in pane.input.reason.text()
        await until(lambda: len(machine.sent) == 3)
        assert machine.sent == [("demo/1", b"one\n", False), ("demo/1", b"two\n", False), ("demo/1", b"", True)]
        await until(lambda: "[end of input]" in pane.input.told.toPlainText())
        pane.look_at(moved(JOB, "node2.grid"))
        assert pane.input.line.isEnabled(), "another start has an input of its own"

    sitting(work)


def test_what_was_not_sent_is_said(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        machine.refuses = Unreachable("node1.grid does not answer.")
        pane.look_at(JOB)
        pane.input.end()
        await until(lambda: "not sent: node1.grid does not answer." in pane.input.told.toPlainText())
        assert pane.input.line.isEnabled()

    sitting(work)


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (None, "No job is selected."),
        (replace(JOB, standing=Standing.DONE), "The job has ended."),
        (replace(JOB, standing=Standing.WAITING, attempt=None), "The job does not run now."),
        (JOB, ""),
    ],
)
def test_where_no_input_is_taken_it_says_why(
    pane: DetailsPane, sitting: Sitting, job: RemoteJob | None, why: str
) -> None:
    async def work() -> None:
        pane.look_at(job)
        assert pane.input.reason.text() == why
        assert pane.input.line.isEnabled() == (not why)

    sitting(work)


def test_the_timeline_is_of_the_job(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        machine.events = [event("placed"), event("placed", instance=2)]
        pane.look_at(JOB)
        front(pane, pane.timeline)
        assert pane.timeline.model.shown == 1
        machine.events.append(event("done"))
        pane.show_snapshot(snapshots.snapshot())
        assert pane.timeline.model.shown == 2

    sitting(work)


def test_the_facts_are_told_as_far_as_they_are_known(pane: DetailsPane, sitting: Sitting) -> None:
    defaults = JobDefaults(executable="./pi", arguments=("--digits", "a b"))
    experiment = Experiment("demo", Path("/w/demo.toml"), Path("/w/c.contract"), (), defaults, Reconfiguration(), "")
    opened = OpenContract(
        Path("/w/c.contract"), experiments=(OpenExperiment(Path("/w/demo.toml"), "demo", experiment),)
    )

    async def work() -> None:
        pane.look_at(JOB)
        front(pane, pane.facts)
        facts = pane.facts
        assert facts.text("Job") == "demo/1"
        assert facts.text("Job service") == "ssh://node1.grid"
        assert (facts.text("Command line"), facts.text("Exit code"), facts.text("Boot")) == ("", "", "")
        pane.show_snapshot(snapshots.snapshot([snapshots.host("node1.grid")], [JOB], [opened]))
        assert facts.text("Boot") == "boot:node1.grid"
        assert facts.text("Command line") == "./pi --digits 'a b'"
        assert facts.text("Results") == "/w/results/demo/1"
        shown = {label.accessibleName() for label in facts.findChildren(QLabel) if label.isVisible()}
        assert "Command line" in shown
        assert "Exit code" not in shown

    sitting(work)


def test_hostile_names_are_text_and_widen_nothing(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        machine.prints(HOSTILE, b"x")
        pane.look_at(HOSTILE)
        await until(lambda: output(pane) == "x")
        assert "\u202e" not in pane.name.text()
        assert "<b>" in pane.name.text()
        front(pane, pane.facts)
        assert pane.minimumSizeHint().width() < 700

    sitting(work)


def test_the_whole_of_a_stream_can_be_asked_for(pane: DetailsPane, sitting: Sitting, qtbot: QtBot) -> None:
    async def work() -> None:
        pane.look_at(JOB)
        with qtbot.waitSignal(pane.save_asked) as asked:
            pane.errors.omitted.save.click()
        assert asked.args == [JOB, "stderr"]

    sitting(work)


def test_a_fault_of_ours_is_reported_and_the_rest_goes_on(
    pane: DetailsPane, sitting: Sitting, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        told: list[str] = []
        pane.failed.connect(lambda doing, details: told.append(f"{doing} {details}"))
        monkeypatch.setattr(pane.output, "append", lambda _: 1 // 0)
        machine.prints(JOB, b"x")
        pane.look_at(JOB)
        await until(lambda: told)
        assert "ZeroDivisionError" in told[0]

    sitting(work)


def test_every_widget_that_takes_the_focus_has_a_name(pane: DetailsPane, sitting: Sitting) -> None:
    async def work() -> None:
        pane.look_at(JOB)
        for place in range(pane.tabs.count()):
            pane.tabs.setCurrentIndex(place)
            widgets = [one for one in pane.findChildren(QWidget) if one.isVisible() and one.focusPolicy().value]
            assert [one for one in widgets if not one.accessibleName()] == []

    sitting(work)
