"""The timeline of a job."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.happenings import event
from zeligui.gui.timeline import Timeline


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    made = Timeline()
    qtbot.addWidget(made)
    QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.resize(700, 200)
    made.show()
    return made


def cells(timeline: Timeline, column: int) -> list[str]:
    model = timeline.model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_it_tells_of_one_instance_and_of_all_of_them(timeline: Timeline) -> None:
    events = [
        event("matched", instance=None, host=None),
        event("placed"),
        event("placed", instance=2),
        event("output", data={"text": "x"}),
        event("held", instance=None, host=None, reason="no machine is apt"),
        event("relocated", host="node2.grid"),
    ]
    timeline.show_events(events, 1)
    assert cells(timeline, 1) == ["hosts found", "started on node1.grid", "held", "moved to node2.grid"]
    timeline.show_events(events, 2)
    assert cells(timeline, 1) == ["hosts found", "started on node1.grid", "held"]
    timeline.show_events((), None)
    assert cells(timeline, 1) == []


def test_the_newest_is_followed_until_the_user_looks_further_up(timeline: Timeline) -> None:
    events = [event("violated", reason=f"reason {number}") for number in range(100)]
    bar = timeline.view.verticalScrollBar()
    timeline.show_events(events, 1)
    assert bar.value() == bar.maximum()
    timeline.show_events([*events, event("done")], 1)
    assert bar.value() == bar.maximum()
    bar.setValue(10)
    timeline.show_events([*events[5:], event("done")], 1)
    assert bar.value() == 5, "the same event is the first one seen"


def test_rows_are_copied_as_text_and_times_are_whole_in_the_tooltip(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.show_events([event("failed", reason="<b>exit</b>\x1b code 3", profile="p1")], 1)
    timeline.view.selectAll()
    qtbot.keyClick(timeline.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().text().split("\t")
    assert copied[1:] == ["failed on node1.grid", "<b>exit</b>␛ code 3", "node1.grid", "p1"]
    assert "2026-01-02" in timeline.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
