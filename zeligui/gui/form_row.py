"""One row of a form: a label, an editor, its words, and in their place what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from zeligui.errors import UsageError, WrongValue
from zeligui.gui.editors import editor_for
from zeligui.gui.icons import icon
from zeligui.gui.tones import colour
from zeligui.gui.words import visible

LONGEST_TROUBLE = 500


def expected(error: WrongValue) -> str:
    """What is wrong, as it is said beside the field."""
    return f"Expected: {error.expected}."


class Row(QWidget):
    """One field. `changed` tells that it was edited, and may be right or wrong now."""

    changed = Signal()

    def __init__(self, one: Field[Any], kind: Any, read: Callable[[Any], Any], parent: QWidget) -> None:
        """`read` gives the value for what stands in the editor. UsageError where that can be none."""
        super().__init__(parent)
        self.name = one.name
        self.label: str = one.metadata["label"]
        self.words: str = one.metadata["help"]
        self._read = read
        self._wrong = self._blamed = ""
        self._value: Any = None
        self.title = QLabel(parent)
        self.editor = editor_for(kind, one.metadata, self)
        self.editor.setAccessibleName(self.label)
        self._mark = QLabel(self)
        self._mark.setContentsMargins(0, 0, self.fontMetrics().height() // 3, 0)
        self._note = QLabel(self)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setWordWrap(True)
        self.title.setBuddy(self.editor)
        for widget in (self.title, self.editor):
            widget.setToolTip(self.words)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, self.fontMetrics().height() // 3)
        layout.setVerticalSpacing(1)
        layout.setHorizontalSpacing(0)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self.editor, 0, 0, 1, 2)
        layout.addWidget(self._mark, 1, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._note, 1, 1)
        self.setFocusProxy(self.editor)
        self._say()
        self.editor.edited.connect(self._look)

    @property
    def trouble(self) -> str:
        """What is wrong with it; empty where nothing is."""
        return self._wrong or self._blamed

    @property
    def value(self) -> Any:
        """The last value that could be read."""
        return self._value

    def show_value(self, value: Any) -> None:
        """Fill the field anew."""
        self._value = value
        self._wrong = self._blamed = ""
        self.editor.show_value(value)
        self._say()

    def blame(self, trouble: str) -> None:
        """Say what is wrong with it in the whole, or no longer."""
        if trouble != self._blamed:
            self._blamed = trouble
            self._say()

    def highlight(self, found: bool) -> None:
        """Let its label be seen among the others, or no more."""
        self.title.setAutoFillBackground(found)
        self.title.setBackgroundRole(QPalette.ColorRole.Highlight if found else QPalette.ColorRole.NoRole)
        self.title.setForegroundRole(QPalette.ColorRole.HighlightedText if found else QPalette.ColorRole.NoRole)

    def _look(self) -> None:
        """Read what stands there as a line of the file would be."""
        try:
            self._value = self._read(self.editor.table_value())
            self._wrong = ""
        except WrongValue as error:
            self._wrong = expected(error)
        except (UsageError, ValueError) as error:
            self._wrong = f"{str(error).rstrip('.')}."
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        """Show what is wrong by a sign, in words and in colour; else what the field is."""
        trouble = visible(self.trouble, LONGEST_TROUBLE)
        side = self.fontMetrics().height()
        self._mark.setPixmap(icon("error").pixmap(side, side))
        self._mark.setVisible(bool(trouble))
        self._note.setText(trouble or self.words)
        palette = self._note.palette()
        tone = colour("bad" if trouble else "dim", self.palette(), on=QPalette.ColorRole.Window)
        palette.setColor(self._note.foregroundRole(), tone)
        self._note.setPalette(palette)
        self.editor.setAccessibleDescription(f"{trouble} {self.words}".strip())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_note"):
            self._say()
