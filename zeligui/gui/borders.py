"""Borders between panes that can be moved by keys as well: F8 leads from one to the next, arrow keys move it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QSplitter, QSplitterHandle, QWidget

LESS = {Qt.Key.Key_Left, Qt.Key.Key_Up}
MORE = {Qt.Key.Key_Right, Qt.Key.Key_Down}
DONE = {Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter}


class Splitter(QSplitter):
    """A splitter with such borders."""

    def createHandle(self) -> QSplitterHandle:  # noqa: N802
        return Border(self.orientation(), self)


class Border(QSplitterHandle):
    """Takes the focus only when it is given: Tab does not stop there."""

    def __init__(self, orientation: Qt.Orientation, splitter: QSplitter) -> None:
        super().__init__(orientation, splitter)
        self._before: QWidget | None = None

    def take_focus(self, before: QWidget | None) -> None:
        """Be moved by keys; afterwards the focus goes back."""
        self._before = before
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if key in LESS | MORE:
            at = self.x() if self.orientation() == Qt.Orientation.Horizontal else self.y()
            step = self.fontMetrics().height()
            self.moveSplitter(self.closestLegalPosition(at + (step if key in MORE else -step)))
        elif key in DONE and self._before is not None:
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in DONE:
            event.accept()
            return True
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Highlight))
            painter.end()


def next_border(splitters: Sequence[QSplitter]) -> None:
    """Give the focus to the border after the one that has it, by itself to the first that is seen."""
    borders = [border for one in splitters for place in range(1, one.count()) if (border := _seen(one, place))]
    focused = QApplication.focusWidget()
    for place, border in enumerate(borders):
        if border is focused:
            borders[(place + 1) % len(borders)].take_focus(border._before)
            return
    if borders:
        borders[0].take_focus(focused)


def _seen(splitter: QSplitter, place: int) -> Border | None:
    border = splitter.handle(place)
    return border if isinstance(border, Border) and border.isVisible() else None
