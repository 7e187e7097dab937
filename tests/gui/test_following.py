"""What a job prints, followed while somebody looks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import snapshots
from tests.gui.detailing import JOB, Machine, Sitting, front, made_pane, moved, output, sitting_before, until
from zeligui.errors import Unreachable
from zeligui.gui import following
from zeligui.gui.details_pane import DetailsPane


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def pane(qtbot: QtBot, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> DetailsPane:
    return made_pane(machine, qtbot, monkeypatch)


@pytest.fixture
def sitting(qapp: QApplication, pane: DetailsPane, machine: Machine) -> Sitting:
    return sitting_before(qapp, pane, machine)


def test_what_the_job_prints_comes_as_it_is_printed(pane: DetailsPane, sitting: Sitting, machine: Machine) -> None:
    async def work() -> None:
        machine.prints(JOB, b"one \xc3")
        pane.look_at(JOB)
        assert pane.name.text() == "demo/1 on node1.grid by ssh"
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
        assert pane.name.text() == "demo/1 on node2.grid by ssh"
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
