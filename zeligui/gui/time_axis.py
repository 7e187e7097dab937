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
DAY_S = 86400.0
LONG_STEP_S = 7200.0
"""From here on ticks are of several days."""
WIDEST = "00-00 00:00"
"""What may be written below a tick."""


def time_of_day(epoch: float) -> str:
    """As a clock shows it here."""
    return f"{here(epoch):%H:%M:%S}"


def here(epoch: float) -> datetime:
    """The time where the user is."""
    return datetime.fromtimestamp(epoch, UTC).astimezone()


def full_time_of(epoch: float, seconds: float) -> str:
    """As it is said of a time within so many seconds: with the day where these may be of several."""
    return time_of_day(epoch) if seconds < DAY_S else f"{here(epoch):%Y-%m-%d %H:%M:%S}"


def tick_words(epoch: float, step: float) -> str:
    """As it is written below a tick, where there is one every so many seconds."""
    if step >= DAY_S:
        return f"{here(epoch):%Y-%m-%d}"
    return f"{here(epoch):%m-%d %H:%M}" if step >= LONG_STEP_S else time_of_day(epoch)


def round_times(span: Span, most: float) -> list[float]:
    """At most so many times within a span of seconds since 1970 that are round on a clock that hangs here."""
    step = next((one for one in STEPS_S if span.seconds / one <= most), 0)
    if not step:
        step = 86400 * math.ceil(span.seconds / 86400 / max(most, 1))
    ahead = here(span.end).utcoffset()
    offset = ahead.total_seconds() if ahead else 0.0
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
        most = max(1.0, (right - left) / (self.fontMetrics().horizontalAdvance(WIDEST) * 1.25))
        shown = span, left, right
        if shown == (self._span, self._left, self._right):
            return
        self._span, self._left, self._right = shown
        times = round_times(span, most)
        step = times[1] - times[0] if len(times) > 1 else span.seconds
        self.ticks = [(time, tick_words(time, step)) for time in times]
        said = f"from {full_time_of(span.start, span.seconds)} to {full_time_of(span.end, span.seconds)}"
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
        width, height = self.fontMetrics().horizontalAdvance(WIDEST) + 2.0, self.fontMetrics().height()
        for time, words in self.ticks:
            x = self.at(time)
            painter.drawLine(int(x), 0, int(x), TICK_SIGNS)
            where = QRectF(x - width / 2, TICK_SIGNS, width, height)
            if where.left() >= 0 and where.right() <= self.width():
                painter.drawText(where, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)
        painter.end()
