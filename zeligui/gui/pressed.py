"""Buttons that stay pressed: that they are is seen in every theme, by the accent of the palette."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication

LOOKS = frozenset({QEvent.Type.ApplicationPaletteChange, QEvent.Type.Polish})


class Pressed(QObject):
    """Paints a button in the accent while it is checked."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self._button = button
        button.installEventFilter(self)
        button.toggled.connect(lambda _on: self._paint())
        self._paint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() in LOOKS:
            self._paint()
        return False

    def _paint(self) -> None:
        palette, role = QPalette(QApplication.palette(self._button)), QPalette.ColorRole
        if self._button.isChecked():
            for text in (role.ButtonText, role.WindowText):
                palette.setColor(text, palette.color(role.HighlightedText))
            palette.setColor(role.Button, palette.color(role.Highlight))
        if palette != self._button.palette():
            self._button.setPalette(palette)
