"""A read-only text that grows at its end and is cut at its beginning, followed until the user looks further up."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontDatabase,
    QKeyEvent,
    QKeySequence,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from zeligui.gui.tones import colour

MOST_LINES = 10_000
"""Cut by hand: with Qt's own maximumBlockCount, 2,400 short lines take 19 ms instead of 4."""
MOST_SIGNS = 512 * 1024


class StreamText(QPlainTextEdit):
    """Plain text only. While `following` its end is seen; else the lines and the selection stay where they are."""

    following_changed = Signal(bool)
    menu_asked = Signal(QContextMenuEvent)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.following = True
        self._moving = False
        self._asides: list[QTextCursor] = []
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setTabStopDistance(8 * self.fontMetrics().horizontalAdvance(" "))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        option = self.document().defaultTextOption()
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        self.document().setDefaultTextOption(option)
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(lambda *_: self._grown())

    def add(self, text: str) -> None:
        """More text at the end; of more than is kept, the end."""
        upright, level = self.verticalScrollBar(), self.horizontalScrollBar()
        top, across = self.firstVisibleBlock(), level.value()
        line, within = top.blockNumber(), upright.value() - top.firstLineNumber()
        before, self._moving = self._moving, True
        self._insert(_end_of(text))
        line -= self._cut()
        upright.setValue(upright.maximum() if self.following else self._place(line, within))
        level.setValue(across)
        self._moving = before

    def add_aside(self, words: str) -> None:
        """A line that is ours, not the stream's: dim, on a line of its own."""
        fresh = self.document().lastBlock().length() == 1
        self.add(words if fresh else f"\n{words}")
        cursor = QTextCursor(self.document().lastBlock())
        cursor.setKeepPositionOnInsert(True)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        self._asides.append(cursor)
        self.add("\n")
        self._decorate()

    def forget(self) -> None:
        """Be empty, and follow."""
        self._asides.clear()
        self.clear()
        self._decorate()
        self.follow(True)

    def follow(self, follow: bool) -> None:
        """Go to the end and stay there; or stay here."""
        if follow:
            self._to_end()
        self._say_following(follow)

    def set_wrapped(self, wrapped: bool) -> None:
        """Break long lines at the edge of the view."""
        mode = QPlainTextEdit.LineWrapMode
        self.setLineWrapMode(mode.WidgetWidth if wrapped else mode.NoWrap)

    # --- where it is looked at --------------------------------------------------------------------------------------

    def _insert(self, text: str) -> None:
        """Put text at the end; a selection that reaches to the end does not grow with it."""
        chosen = self.textCursor()
        ends = chosen.anchor(), chosen.position()
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        chosen = self.textCursor()
        if (chosen.anchor(), chosen.position()) != ends:
            chosen.setPosition(ends[0])
            chosen.setPosition(ends[1], QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(chosen)

    def _cut(self) -> int:
        """Keep no more than there is room for: the first lines go; how many did."""
        whole = self.document()
        lines, signs = whole.blockCount() - MOST_LINES, whole.characterCount() - MOST_SIGNS
        first = max(lines, whole.findBlock(signs).blockNumber() + 1 if signs > 0 else 0)
        if first <= 0:
            return 0
        cursor = QTextCursor(whole)
        cursor.setPosition(whole.findBlockByNumber(first).position(), QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        return first

    def _place(self, line: int, within: int) -> int:
        """Where the scroll bar stands when this line, wrapped or not, is the first that is seen."""
        return self.document().findBlockByNumber(line).firstLineNumber() + within if line >= 0 else 0

    def _scrolled(self, value: int) -> None:
        if not self._moving:
            self._say_following(value >= self.verticalScrollBar().maximum())

    def _grown(self) -> None:
        if self.following:
            self._to_end()

    def _to_end(self) -> None:
        before, self._moving = self._moving, True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self._moving = before

    def _say_following(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.following_changed.emit(following)

    def _decorate(self) -> None:
        self._asides = [cursor for cursor in self._asides if cursor.hasSelection()]
        self.setExtraSelections([_dim(cursor) for cursor in self._asides])

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._decorate()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        super().keyPressEvent(event)
        if event.matches(QKeySequence.StandardKey.MoveToEndOfDocument):
            self.follow(True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        self.menu_asked.emit(event)


def _end_of(text: str) -> str:
    """Of a text that is longer than what is kept, the whole lines at its end."""
    at = len(text)
    for _ in range(MOST_LINES):
        at = text.rfind("\n", 0, at)
        if at < 0:
            break
    else:
        text = text[at + 1 :]
    return text[-MOST_SIGNS:].partition("\n")[2] if len(text) > MOST_SIGNS else text


def _dim(cursor: QTextCursor) -> QTextEdit.ExtraSelection:
    selection = QTextEdit.ExtraSelection()
    form = QTextCharFormat()
    form.setForeground(colour("dim"))
    selection.cursor = cursor
    selection.format = form
    return selection
