"""The line above a list that narrows it: what it searches, how much it shows, and how to be rid of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from zeligui.gui.icons import icon
from zeligui.gui.words import tip


class FilterLine(QWidget):
    """Ctrl+F leads here, Esc clears it. `changed` tells the text as it is typed."""

    changed = Signal(str)
    left = Signal()
    """Down or Enter: on to the list."""

    def __init__(self, what: str, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = _Line(self)
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(f"Filter {what}")
        self.line.setAccessibleDescription(placeholder)
        self.line.setClearButtonEnabled(True)
        self.line.addAction(icon("filter"), QLineEdit.ActionPosition.LeadingPosition)
        self.counts = QLabel(self)
        self.counts.setTextFormat(Qt.TextFormat.PlainText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.counts)
        self.line.textChanged.connect(self.changed)
        self.line.moved_on.connect(self.left)
        self.setFocusProxy(self.line)

    @property
    def text(self) -> str:
        return self.line.text()

    def say(self, shown: int, total: int, words: str = "", *, wrong: bool = False) -> None:
        """How much of what there is is shown, while a filter holds; `words` is what it is taken as.

        One that is `wrong` cannot be read, and hides nothing.
        """
        filtering = bool(self.text.strip())
        counts = "not understood" if wrong else f"{shown:,} of {total:,}"
        self.counts.setText(counts if filtering else "")
        self.counts.setVisible(filtering)
        self.counts.setToolTip(tip(words))
        self.line.setToolTip(tip(words))


class _Line(QLineEdit):
    moved_on = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.moved_on.emit()
        else:
            super().keyPressEvent(event)
