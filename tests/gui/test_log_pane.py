"""The log of messages."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.happenings import event
from tests.gui.snapshots import snapshot
from zeligui.events import Event
from zeligui.gui.event_words import OUTPUT, VIOLATIONS
from zeligui.gui.log_pane import MOST, MOST_OUTPUT, SLACK, LogPane


@pytest.fixture
def log(qtbot: QtBot) -> LogPane:
    made = LogPane()
    qtbot.addWidget(made)
    QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.resize(900, 240)
    made.show()
    return made


def show(log: LogPane, *events: Event) -> None:
    log.show_snapshot(replace(snapshot(), recent=tuple(events)))


def whats(log: LogPane) -> list[str]:
    return [log.model.index(row, 2).data() for row in range(log.model.rowCount())]


def filtered(log: LogPane, qtbot: QtBot, text: str, shown: int) -> None:
    log.filter.line.setText(text)
    qtbot.waitUntil(lambda: log.model.shown == shown)


def test_empty_it_says_what_it_is_for(log: LogPane) -> None:
    show(log)
    assert log.empty.isVisible()
    assert not log.view.isVisible()


def test_only_what_is_new_is_added(log: LogPane) -> None:
    first, second, third = event("matched"), event("placed"), event("running")
    show(log, first, second)
    rows = [log.model.row_at(row) for row in range(2)]
    log.say("warning", "A file has vanished.")
    show(log, second, third)
    assert whats(log) == ["hosts found", "started on node1.grid", "warning", "running on node1.grid"]
    assert [log.model.row_at(row) for row in range(2)] == rows


def test_output_is_left_out_until_it_is_asked_for(log: LogPane, qtbot: QtBot) -> None:
    show(log, event("placed"), event("output", data={"text": "hello\n"}))
    assert whats(log) == ["started on node1.grid"]
    assert log.kinds.text() == "Kinds (4 of 5)"
    action = next(one for one in log.kinds.menu().actions() if one.text() == OUTPUT)
    action.trigger()
    qtbot.waitUntil(lambda: whats(log) == ["started on node1.grid", "printed"])
    assert log.kinds.text() == "Kinds"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("node2", 1), ("PI/1", 2), ("violated", 1), ("exit code", 1), ("placed", 1), ("vanished", 1), ("zeligrid", 1)],
)
def test_a_filter_looks_at_job_host_kind_and_words(log: LogPane, qtbot: QtBot, text: str, shown: int) -> None:
    show(
        log,
        event("placed", instance=2, host="node2.grid"),
        event("violated", reason="cpuAvail > 0.6"),
        event("failed", reason="exit code 3"),
    )
    log.say("warning", "A file has vanished.")
    filtered(log, qtbot, text, shown)
    assert log.filter.counts.text() == f"{shown} of 4"
    qtbot.keyClick(log.filter.line, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: log.model.shown == 4)


def test_where_a_filter_hides_all_it_can_be_undone(log: LogPane, qtbot: QtBot) -> None:
    show(log, event("placed"))
    next(one for one in log.kinds.menu().actions() if one.text() == VIOLATIONS).trigger()
    filtered(log, qtbot, "nothing like it", 0)
    qtbot.waitUntil(log.empty.isVisible)
    log.show_everything()
    assert whats(log) == ["started on node1.grid"]
    assert log.kinds.text() == "Kinds"


def test_a_cleared_view_is_hidden_and_not_deleted(log: LogPane) -> None:
    show(log, event("placed"), event("running"))
    log.clearing.click()
    assert whats(log) == []
    assert log.hidden.words.text() == "2 older messages are hidden, not deleted."
    log.say("message", "new")
    assert whats(log) == ["message"]
    log.hidden.undo.click()
    assert whats(log) == ["started on node1.grid", "running on node1.grid", "message"]
    assert not log.hidden.isVisible()


def test_the_end_is_followed_until_the_user_looks_further_up(log: LogPane) -> None:
    bar = log.view.verticalScrollBar()
    for _ in range(60):
        log.say("message", "text")
    assert bar.value() == bar.maximum()
    bar.setValue(20)
    log.say("message", "text")
    assert bar.value() == 20


def test_a_chatty_job_drives_nothing_else_away(log: LogPane) -> None:
    show(log, event("placed"), *(event("output", data={"text": "x"}) for _ in range(MOST + SLACK)))
    assert log.model.total == MOST_OUTPUT + 1
    assert whats(log) == ["started on node1.grid"]


def test_a_full_log_and_fifty_new_events_a_second_are_cheap(qtbot: QtBot) -> None:
    """Four snapshots a second, 13 new events each: 3 ms, or 7 with a filter, measured alone."""
    log = LogPane()
    qtbot.addWidget(log)
    log.show()
    events = [event("violated", reason=f"cpuAvail > 0.6 does not hold: it is 0.{number}") for number in range(MOST)]
    show(log, *events)
    filtered(log, qtbot, "cpuAvail", MOST)
    took = []
    for _ in range(20):
        events = [*events[13:], *(event("recovered", reason="cpuAvail > 0.6 holds") for _ in range(13))]
        shown = replace(snapshot(), recent=tuple(events))
        began = time.process_time()
        log.show_snapshot(shown)
        took.append(time.process_time() - began)
        log.show_snapshot(shown)
    assert sorted(took)[len(took) // 2] < 0.1
    assert log.model.total <= MOST + SLACK


def test_rows_are_copied_and_markup_is_text(log: LogPane, qtbot: QtBot) -> None:
    log.say("error", "<b>x</b>\x1b\u202e")
    log.view.selectAll()
    qtbot.keyClick(log.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().split("\t")[1:] == ["ZeliGrid", "error", "<b>x</b>␛�"]


def test_ctrl_f_leads_to_the_filter_and_enter_back(log: LogPane, qtbot: QtBot) -> None:
    log.say("message", "text")
    with qtbot.waitExposed(log):
        log.activateWindow()
    log.view.setFocus()
    qtbot.keyClick(log.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert log.filter.line.hasFocus()
    qtbot.keyClick(log.filter.line, Qt.Key.Key_Return)
    assert log.view.hasFocus()
