"""The line that sends standard input."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from zeligui.gui.input_line import InputLine


@pytest.fixture
def line(qtbot: QtBot) -> InputLine:
    made = InputLine()
    qtbot.addWidget(made)
    made.show()
    made.set_reason("")
    return made


def test_enter_sends_a_line(line: InputLine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(line.sent) as sent:
        line.line.setText("héllo")
        qtbot.keyClick(line.line, Qt.Key.Key_Return)
    assert sent.args == ["héllo\n".encode(), False]
    assert line.line.text() == ""


def test_an_empty_line_is_a_line(line: InputLine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(line.sent) as sent:
        line.button.click()
    assert sent.args == [b"\n", False]


def test_the_end_takes_what_stands_on_the_line_with_it(line: InputLine, qtbot: QtBot) -> None:
    line.line.setText("last")
    with qtbot.waitSignal(line.sent) as sent:
        line.ending.click()
    assert sent.args == [b"last", True]


def test_up_and_down_go_through_what_was_sent(line: InputLine, qtbot: QtBot) -> None:
    for text in ("one", "two", "two", ""):
        line.line.setText(text)
        line.send()
    seen = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(line.line, key)
        seen.append(line.line.text())
    assert seen == ["two", "one", "one", "two", "", ""]


def test_where_nothing_can_be_sent_it_says_why(line: InputLine, qtbot: QtBot) -> None:
    line.set_reason("The job has ended.")
    assert line.reason.text() == "The job has ended."
    for widget in (line.line, line.button, line.ending):
        assert not widget.isEnabled()
        assert widget.toolTip() == "The job has ended."
    with qtbot.assertNotEmitted(line.sent):
        line.send()
    line.set_reason("")
    assert line.line.isEnabled()
    assert not line.reason.isVisible()
    assert "once only" in line.ending.toolTip()


def test_what_was_sent_is_told_as_text(line: InputLine) -> None:
    line.tell("<b>/1", b"\x1b[2J <i>\n", "[not sent: no]")
    assert line.told.toPlainText().endswith("<b>/1 < ␛[2J <i> [not sent: no]")
