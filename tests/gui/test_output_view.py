"""The view of a stream: bounded, quick, and still while the user reads."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from zeligui.gui.output_view import OutputView
from zeligui.gui.stream_text import MOST_LINES, MOST_SIGNS

PIECE = 64 * 1024
LINES = b"".join(b"line %d\n" % number for number in range(200))


@pytest.fixture
def view(qtbot: QtBot) -> OutputView:
    made = OutputView("Output", can_save=True)
    qtbot.addWidget(made)
    made.resize(600, 240)
    with qtbot.waitExposed(made):
        made.show()
    made.text.setFocus()
    return made


def seen_first(view: OutputView) -> str:
    return view.text.firstVisibleBlock().text()


def at_end(view: OutputView) -> bool:
    bar = view.text.verticalScrollBar()
    return bar.value() == bar.maximum()


def select(view: OutputView, start: int, end: int) -> None:
    cursor = view.text.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    view.text.setTextCursor(cursor)


def test_it_stays_at_the_end_while_it_is_there(view: OutputView) -> None:
    for _ in range(3):
        view.append(LINES)
        assert at_end(view)
    assert view.following.isChecked()


@pytest.mark.parametrize("wrapped", [False, True])
def test_scrolled_up_it_stays_where_it_is(view: OutputView, wrapped: bool) -> None:
    view.text.set_wrapped(wrapped)
    view.append(LINES * 10 + b"y" * 3000 + b"\n" + LINES * 10)
    view.text.verticalScrollBar().setValue(1200)
    here = seen_first(view)
    assert not view.following.isChecked()
    select(view, 20, 30)
    chosen = view.text.textCursor().selectedText()
    view.text.verticalScrollBar().setValue(1200)
    view.append(LINES)
    assert (seen_first(view), view.text.textCursor().selectedText()) == (here, chosen)


def test_what_is_cut_at_the_beginning_moves_nothing_that_is_seen(view: OutputView) -> None:
    view.append(LINES * 49 + b"".join(b"line A%d\n" % number for number in range(199)))
    view.text.verticalScrollBar().setValue(5050)
    here = seen_first(view)
    for _ in range(10):
        view.append(LINES)
    assert seen_first(view) == here
    assert view.text.document().blockCount() == MOST_LINES
    for _ in range(20):
        view.append(LINES)
    assert view.text.verticalScrollBar().value() == 0, "what was seen is gone"


def test_the_end_is_followed_again_from_there(view: OutputView, qtbot: QtBot) -> None:
    view.append(LINES)
    view.text.verticalScrollBar().setValue(3)
    assert not view.following.isChecked()
    qtbot.keyClick(view.text, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert view.following.isChecked()
    view.text.verticalScrollBar().setValue(3)
    view.following.trigger()
    view.append(LINES)
    assert at_end(view)
    view.following.trigger()
    view.append(LINES)
    assert not at_end(view)


def test_a_selection_up_to_the_end_does_not_grow(view: OutputView) -> None:
    view.append(b"one\ntwo")
    view.text.selectAll()
    view.append(b" three\n")
    assert view.text.textCursor().selectedText() == "one\u2029two"


def test_a_hundred_megabytes_in_one_line_stall_nothing(view: OutputView) -> None:
    began = time.process_time()
    for _ in range(100):
        view.append(b"x" * 2**20)
    assert time.process_time() - began < 10
    assert MOST_SIGNS * 0.9 < view.text.document().characterCount() <= MOST_SIGNS


@pytest.mark.alone
def test_a_piece_of_a_line_without_an_end_takes_a_few_milliseconds(view: OutputView) -> None:
    """10 ms at most, measured alone; of processor time, whatever else runs on the machine, three times as much."""
    took = []
    for _ in range(50):
        began = time.process_time()
        view.append(b"x" * PIECE)
        took.append(time.process_time() - began)
    assert sorted(took)[len(took) // 2] < 0.03


@pytest.mark.parametrize("sign", [b"\n", b"\r", b"\ra", b"\xff", b"\x1b", b"\x00", "\u202e".encode(), b"<b>"])
def test_hostile_output_is_bounded(view: OutputView, sign: bytes) -> None:
    began = time.process_time()
    for _ in range(12):
        view.append(sign * (PIECE // len(sign)))
    assert time.process_time() - began < 3
    assert view.text.document().characterCount() <= MOST_SIGNS
    assert view.text.document().blockCount() <= MOST_LINES
    assert at_end(view)


def test_markup_is_text(view: OutputView) -> None:
    view.append(b"<b>bold</b> <img src='x'> &amp;")
    assert view.text.toPlainText() == "<b>bold</b> <img src='x'> &amp;"


def test_what_is_left_out_is_said_and_can_be_saved(view: OutputView, qtbot: QtBot) -> None:
    view.append(b"old")
    view.begin(99_700_000)
    assert view.text.toPlainText() == ""
    assert view.omitted.words.text() == "The first 99.7 MB are not shown."
    assert view.omitted.isVisible()
    with qtbot.waitSignal(view.save_asked):
        view.omitted.save.click()
    view.begin(0)
    assert not view.omitted.isVisible()


def test_a_new_section_is_dim_and_keeps_what_was_before(view: OutputView) -> None:
    view.append(b"first\xc3")
    view.begin(0, "— started again —")
    view.append(b"second\n")
    assert view.text.toPlainText() == "first\n— started again —\nsecond\n"
    marked = [one.cursor.selectedText() for one in view.text.extraSelections()]
    assert marked == ["— started again —"]
    view.append(LINES * 60)
    view.begin(0, "— again —")
    assert [one.cursor.selectedText() for one in view.text.extraSelections()] == ["— again —"]


def test_words_are_found_round_the_end_and_counted(view: OutputView, qtbot: QtBot) -> None:
    view.append("😀 Alpha beta\nalpha\ngamma ALPHA\n".encode())
    qtbot.keyClick(view.text, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    line, counts = view.finder.line, view.finder.counts
    assert line.hasFocus()
    qtbot.keyClicks(line, "alpha")
    assert counts.text() == "1 of 3"
    steps = [(Qt.Key.Key_Return, "2 of 3"), (Qt.Key.Key_F3, "3 of 3"), (Qt.Key.Key_Return, "1 of 3")]
    for key, words in steps:
        qtbot.keyClick(line, key)
        assert counts.text() == words
    qtbot.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert counts.text() == "3 of 3"
    assert view.text.textCursor().selectedText() == "ALPHA"
    view.append(b"alpha\n")
    qtbot.waitUntil(lambda: counts.text() == "3 of 4")
    line.setText("delta")
    assert counts.text() == "Not found"
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not view.finder.isVisible()
    assert view.text.hasFocus()


def test_a_find_line_begins_with_what_is_selected(view: OutputView) -> None:
    view.append(b"one two three")
    select(view, 4, 7)
    view.finding.trigger()
    assert view.finder.line.text() == "two"


def test_the_windows_own_find_does_not_take_the_key(view: OutputView, qtbot: QtBot) -> None:
    other = view.addAction("Filter")
    other.setShortcut("Ctrl+F")
    with qtbot.assertNotEmitted(other.triggered):
        qtbot.keyClick(view.text, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.finder.isVisible()


def test_trouble_is_said_once_with_retry(view: OutputView) -> None:
    tries: list[int] = []
    retry: Callable[[], None] = lambda: tries.append(1)  # noqa: E731
    for _ in range(2):
        view.say_trouble("node1 does not answer.", "Is it on?", retry)
    assert view.messages.texts == ["node1 does not answer."]
    view.take_back_trouble()
    assert not view.messages.isVisible()


def test_the_menu_has_all_that_can_be_done(view: OutputView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    view.append(b"text")
    view.text.selectAll()
    qtbot.keyClick(view.text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "text"
    assert [one for one in view.findChildren(QLineEdit) if not one.accessibleName()] == []
