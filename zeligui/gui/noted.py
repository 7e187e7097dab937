"""A text that can be copied, and below it what is wrong with what it says: a sign, words and a tone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from zeligui.gui.icons import icon
from zeligui.gui.tones import colour
from zeligui.gui.words import visible

LONGEST = 1000
SIGNS = {"bad": "error", "warn": "warning", "": "information"}
"""The picture before a note of each tone."""


class Noted(QWidget):
    """One field that is read only. `tone` colours its text, and its note."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = ""
        self.value = _text(self)
        self.value.setAccessibleName(name)
        self._mark = QLabel(self)
        self._mark.setContentsMargins(0, 0, self.fontMetrics().height() // 3, 0)
        self.note = _text(self)
        self.note.setAccessibleName(f"What is wrong with it: {name}")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(1)
        layout.setHorizontalSpacing(0)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self.value, 0, 0, 1, 2)
        layout.addWidget(self._mark, 1, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.note, 1, 1)
        self.setFocusProxy(self.value)
        self.say("")

    def say(self, text: str, note: str = "", tone: str = "") -> None:
        """Show this; a text that stays the same stays selected."""
        text, note = visible(text, LONGEST), visible(note, LONGEST)
        if (text, note, tone) == (self.value.text(), self.note.text(), self._tone):
            return
        self._tone = tone
        for label, words in ((self.value, text), (self.note, note)):
            if label.text() != words:
                label.setText(words)
            label.setVisible(bool(words))
        self._mark.setVisible(bool(note))
        self.value.setAccessibleDescription(note)
        self._colour()

    def _colour(self) -> None:
        side = self.fontMetrics().height()
        self._mark.setPixmap(icon(SIGNS.get(self._tone, "information")).pixmap(side, side))
        for label in (self.value, self.note):
            palette = label.palette()
            tone = colour(self._tone, self.palette(), on=QPalette.ColorRole.Window)
            palette.setColor(label.foregroundRole(), tone)
            label.setPalette(palette)

    # --- what Qt calls ------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "note"):
            self._colour()


def _text(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    room = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    room.setHeightForWidth(True)  # else it is as high as if it were narrow
    label.setSizePolicy(room)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
