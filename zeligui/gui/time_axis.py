"""The time axis that all plots share: the time of day where the user is, at round times."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from zeligui.gui.time_window import Span

STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
TICK_SIGNS = 3


def time_of_day(epoch: float) -> str:
    """As a clock shows it here."""
    return f"{datetime.fromtimestamp(epoch, UTC).astimezone():%H:%M:%S}"


def round_times(span: Span, most: float) -> list[float]:
    """At most so many times within a span of seconds since 1970 that are round on a clock that hangs here."""
    step = next((one for one in STEPS_S if span.seconds / one <= most), 0)
    if not step:
        step = 86400 * math.ceil(span.seconds / 86400 / max(most, 1))
    here = datetime.fromtimestamp(span.end, UTC).astimezone().utcoffset()
    offset = here.total_seconds() if here else 0.0
    first, last = math.ceil((span.start + offset) / step), math.floor((span.end + offset) / step)
    return [place * step - offset for place in range(first, last + 1)]


class TimeAxis(QWidget):
    """Ticks below the plots, from `left` to `right` in its own pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Time")
        self.ticks: list[tuple[float, str]] = []
        """Seconds since 1970, and what is written there."""
        self._span = Span(0.0, 1.0)
        self._left = self._right = 0.0

    def show_span(self, span: Span, left: float, right: float) -> None:
        """Show this time, in seconds since 1970, between these edges."""
        most = max(1.0, (right - left) / (self.fontMetrics().horizontalAdvance("00:00:00") * 1.5))
        shown = span, left, right
        if shown == (self._span, self._left, self._right):
            return
        self._span, self._left, self._right = shown
        self.ticks = [(time, time_of_day(time)) for time in round_times(span, most)]
        said = f"from {time_of_day(span.start)} to {time_of_day(span.end)}"
        self.setAccessibleDescription(said)
        self.update()

    def at(self, time: float) -> float:
        """Where a time lies."""
        return self._left + (time - self._span.start) / self._span.seconds * (self._right - self._left)

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance("00:00:00") * 2, metrics.height() + TICK_SIGNS * 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        width, height = self.fontMetrics().horizontalAdvance("00:00:00") + 2.0, self.fontMetrics().height()
        for time, words in self.ticks:
            x = self.at(time)
            painter.drawLine(int(x), 0, int(x), TICK_SIGNS)
            where = QRectF(x - width / 2, TICK_SIGNS, width, height)
            if where.left() >= 0 and where.right() <= self.width():
                painter.drawText(where, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)
        painter.end()
