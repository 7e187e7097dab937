"""The details of the selected job, on the loop that the program has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import snapshots
from tests.gui.detailing import JOB, Machine, Sitting, front, made_pane, moved, output, sitting_before, until
from tests.gui.happenings import event
from zeligui.errors import Unreachable
from zeligui.experiment.description import Experiment
from zeligui.gui.details_pane import DetailsPane
from zeligui.session.snapshot import OpenContract, OpenExperiment, RemoteJob, Standing
from zeligui.settings import JobDefaults, Reconfiguration

HOSTILE = snapshots.job("<b>" + "n" * 300, 1, host="h\u202e<i>" + "o" * 300)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def pane(qtbot: QtBot, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> DetailsPane:
    return made_pane(machine, qtbot, monkeypatch)


@pytest.fixture
def sitting(qapp: QApplication, pane: DetailsPane, machine: Machine) -> Sitting:
    return sitting_before(qapp, pane, machine)


def test_without_a_job_it_says_what_to_do(pane: DetailsPane, sitting: Sitting) -> None:
    async def work() -> None:
        assert pane.empty.isVisible()
        assert pane.name.text() == "Details"
        assert not pane.output.tools.isVisible()

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


def test_a_fault_in_showing_a_job_stays_in_the_pane(
    pane: DetailsPane, sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        monkeypatch.setattr(pane.facts, "show_known", lambda _: 1 // 0)
        pane.look_at(JOB)
        place = pane.tabs.indexOf(pane.facts)
        pane.tabs.blockSignals(True)
        pane.tabs.setCurrentIndex(place)
        pane.look_at(replace(JOB, cpu=0.1))
        assert pane.fault.isVisible()
        monkeypatch.undo()

    sitting(work)


def test_every_widget_that_takes_the_focus_has_a_name(pane: DetailsPane, sitting: Sitting) -> None:
    async def work() -> None:
        pane.look_at(JOB)
        for place in range(pane.tabs.count()):
            pane.tabs.setCurrentIndex(place)
            widgets = [one for one in pane.findChildren(QWidget) if one.isVisible() and one.focusPolicy().value]
            assert [one for one in widgets if not one.accessibleName()] == []

    sitting(work)
