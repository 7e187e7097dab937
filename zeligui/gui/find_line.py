"""A line below a text that finds words in it: next and previous, and how many there are."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QWidget

COUNT_AGAIN_MS = 200
"""After the text has grown."""


class FindLine(QWidget):
    """Finds in a text without regard to case. Enter goes on, Shift+Enter back, Esc closes."""

    def __init__(self, text: QPlainTextEdit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Find")
        self.line.setAccessibleName("Find in the text")
        self.line.setClearButtonEnabled(True)
        self.counts = QLabel(self)
        self.counts.setTextFormat(Qt.TextFormat.PlainText)
        self.previous = self._button("Previous", "To the one before (Shift+Enter)", lambda: self.go(back=True))
        self.next = self._button("Next", "To the next one (Enter)", self.go)
        self.closing = self._button("Close", "Close this line (Esc)", self.close_line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        for widget in (self.counts, self.previous, self.next, self.closing):
            layout.addWidget(widget)
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.setInterval(COUNT_AGAIN_MS)
        self._counting.timeout.connect(self._count)
        self.line.textChanged.connect(self._typed)
        text.document().contentsChanged.connect(self._changed)
        self.hide()

    def open_line(self) -> None:
        """Be there, with what is selected in the text."""
        chosen = self._text.textCursor().selectedText()
        if chosen and "\u2029" not in chosen and len(chosen) <= 200:
            self.line.setText(chosen)
        self.show()
        self.line.setFocus()
        self.line.selectAll()
        self._count()

    def close_line(self) -> None:
        """Go, and leave the focus to the text."""
        self.hide()
        self._text.setFocus()

    def go(self, *, back: bool = False) -> None:
        """To the next one, round the end; or to the one before."""
        words = self.line.text()
        if not words:
            return
        how = QTextDocument.FindFlag.FindBackward if back else QTextDocument.FindFlag(0)
        if not self._text.find(words, how):
            before, across = self._text.textCursor(), self._text.horizontalScrollBar().value()
            edge = QTextCursor.MoveOperation.End if back else QTextCursor.MoveOperation.Start
            self._text.moveCursor(edge)
            if not self._text.find(words, how):
                self._text.setTextCursor(before)
                self._text.horizontalScrollBar().setValue(across)
        self._count()

    def _typed(self) -> None:
        """Find from where the last one begins, so that typing on does not leave it."""
        cursor = self._text.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._text.setTextCursor(cursor)
        self.go()
        self._count()

    def _changed(self) -> None:
        if self.isVisible() and not self._counting.isActive():
            self._counting.start()

    def _count(self) -> None:
        """Which of how many is selected."""
        words, text = self.line.text(), self._text.toPlainText()
        for button in (self.previous, self.next):
            button.setEnabled(bool(words))
        if not words:
            self.counts.setText("")
            return
        pattern = re.compile(re.escape(words), re.IGNORECASE)
        number = len(pattern.findall(text))
        chosen = self._text.textCursor()
        if chosen.hasSelection() and pattern.fullmatch(chosen.selectedText()):
            until = text.encode("utf-16-le")[: 2 * chosen.selectionEnd()].decode("utf-16-le")
            self.counts.setText(f"{len(pattern.findall(until)):,} of {number:,}")
        else:
            self.counts.setText(f"{number:,} found" if number else "Not found")

    def _button(self, text: str, words: str, act: object) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(words)
        button.setAccessibleName(f"{text} found" if text != "Close" else "Close the find line")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAutoRaise(True)
        button.clicked.connect(lambda _checked=False: act())  # type: ignore[operator]
        return button

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.close_line()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.go(back=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)
