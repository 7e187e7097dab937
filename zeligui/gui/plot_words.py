"""Words in a plot: each where nothing else is written."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from zeligui.gui.sheet import Sheet, faded


class Taken:
    """The places that are written upon."""

    def __init__(self, area: QRectF) -> None:
        self._area = area
        self._places: list[QRectF] = []

    def free(self, place: QRectF) -> bool:
        """Whether it is within the area, and nothing is written there."""
        return self._area.contains(place) and not any(place.intersects(other) for other in self._places)

    def take(self, place: QRectF) -> QRectF:
        """From now on something is."""
        self._places.append(place)
        return place


def write(painter: QPainter, sheet: Sheet, place: QRectF, words: str, tone: QColor) -> None:
    """Write words there, readable over whatever is below."""
    painter.fillRect(place, faded(sheet.colours.base, 0.75))
    painter.setPen(tone)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, words)
