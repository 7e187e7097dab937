"""All that is painted around the curves of a plot, and where its times and values lie."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QPalette

from zeligui.gui.inks import colours
from zeligui.gui.marks import NOTHING, Mark, Traces, merged
from zeligui.gui.plotted import Line
from zeligui.gui.series import Scale
from zeligui.gui.time_window import Span
from zeligui.gui.tones import colour

FAINT = 0.13


@dataclass(frozen=True, slots=True)
class Colours:
    """What plots are painted with, all of it from a palette."""

    base: QColor
    text: QColor
    dim: QColor
    grid: QColor
    curves: tuple[QColor, ...]
    bound: QColor
    good: QColor
    bad: QColor

    @property
    def curve(self) -> QColor:
        """Of the first curve."""
        return self.curves[0]

    @classmethod
    def of(cls, palette: QPalette) -> Colours:
        base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        dim, warn = colour("dim", palette), colour("warn", palette)
        good, bad = colour("good", palette), colour("bad", palette)
        return cls(base, text, dim, faded(text, FAINT), colours(palette), warn, good, bad)


def faded(of: QColor, alpha: float) -> QColor:
    """The colour, so much of it laid over what is below."""
    found = QColor(of)
    found.setAlphaF(alpha)
    return found


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is painted around a curve, and where its times and values lie within `area`, in pixels."""

    colours: Colours
    font: QFont
    area: QRectF = field(default_factory=QRectF)
    span: Span = field(default_factory=lambda: Span(0.0, 1.0))
    now: float = 0.0
    scale: Scale = field(default_factory=lambda: Scale(0.0, 1.0, ()))
    low: float = 0.0
    high: float = 1.0
    times: tuple[float, ...] = ()
    lines: tuple[Line, ...] = ()
    traces: Traces = NOTHING
    named: bool = False
    """Whether it is written who came and went: once, of all plots above each other."""
    focused: bool = False
    still: str = ""
    """Since when it stands still, in words."""

    def x(self, time: float) -> float:
        return self.area.left() + (time - self.span.start) / self.span.seconds * self.area.width()

    def y(self, value: float) -> float:
        return self.area.bottom() - (value - self.low) / (self.high - self.low) * self.area.height()

    def time(self, x: float) -> float:
        return self.span.start + (x - self.area.left()) / max(1.0, self.area.width()) * self.span.seconds

    def shades(self) -> list[QRectF]:
        """Where violations lie."""
        found = []
        for start, end in merged(self.traces.spells, self.now):
            if end >= self.span.start and start <= self.span.end:
                left, right = max(self.x(start), self.area.left()), min(self.x(end), self.area.right())
                found.append(QRectF(left, self.area.top(), max(1.0, right - left), self.area.height()))
        return found

    @property
    def looks_ahead(self) -> bool:
        """Whether what is to come is shown as well."""
        return self.now < self.span.end - self.span.seconds * 1e-3

    def marks(self, apart: float = 1.0) -> list[tuple[float, list[Mark]]]:
        """The marks that are seen, by where they lie; what is less than so many pixels from the first is with it."""
        found: list[tuple[float, list[Mark]]] = []
        for mark in self.traces.marks:
            if self.span.start <= mark.time <= self.span.end:
                x = int(self.x(mark.time)) + 0.5
                if found and x - found[-1][0] < apart:
                    found[-1][1].append(mark)
                else:
                    found.append((x, [mark]))
        return found
