"""What is painted below and above a curve: grid, bounds, violations, and where jobs came and went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from zeligui.gui.marks import NOTHING, Mark, Traces, Way, merged
from zeligui.gui.plotted import Line
from zeligui.gui.series import Scale
from zeligui.gui.time_window import Span
from zeligui.gui.tones import colour, contrast
from zeligui.gui.words import visible

SHADE = 0.22
"""How much of its colour a violation lays over the base."""
FAINT = 0.13
VIOLATED = "violated"
LEAST_CONTRAST = 3.0
"""Of lines, WCAG 2.1, success criterion 1.4.11."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What plots are painted with, all of it from a palette."""

    base: QColor
    text: QColor
    dim: QColor
    grid: QColor
    curve: QColor
    bound: QColor
    good: QColor
    bad: QColor

    @classmethod
    def of(cls, palette: QPalette) -> Colours:
        base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        accents = (palette.color(role) for role in (QPalette.ColorRole.Highlight, QPalette.ColorRole.Link))
        curve = next((one for one in accents if contrast(one, base) >= LEAST_CONTRAST), text)
        dim, warn = colour("dim", palette), colour("warn", palette)
        good, bad = colour("good", palette), colour("bad", palette)
        return cls(base, text, dim, faded(text, FAINT), curve, warn, good, bad)


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

    def marks(self) -> Iterator[tuple[float, Mark]]:
        """The marks that are seen; of many in one place the last."""
        inside = {int(self.x(mark.time)): mark for mark in self.traces.marks if self._seen(mark.time)}
        yield from ((x + 0.5, mark) for x, mark in inside.items())

    def _seen(self, time: float) -> bool:
        return self.span.start <= time <= self.span.end


class Layer(QGraphicsItem):
    """Covers the area of a plot, in pixels, and paints a sheet; one of them for a plot's whole life."""

    def __init__(self, sheet: Sheet, parent: QGraphicsItem, *, above: bool) -> None:
        super().__init__(parent)
        self.sheet = sheet
        self.setZValue(10 if above else -10)
        self._paint = _paint_above if above else _paint_below

    def show_sheet(self, sheet: Sheet) -> None:
        """Paint this from now on."""
        if sheet.area != self.sheet.area:
            self.prepareGeometryChange()
        self.sheet = sheet
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        return self.sheet.area

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self._paint(painter, self.sheet)


def _paint_below(painter: QPainter, sheet: Sheet) -> None:
    area, colours = sheet.area, sheet.colours
    painter.setPen(QPen(colours.grid, 1))
    for time in sheet.times:
        _upright(painter, sheet, sheet.x(time))
    for value in sheet.scale.ticks:
        _level(painter, sheet, sheet.y(value))
    for shade in sheet.shades():
        painter.fillRect(shade, faded(colours.bad, SHADE))
        painter.setPen(QPen(colours.bad, 1))
        if shade.left() > area.left():
            painter.drawLine(shade.topLeft(), shade.bottomLeft())
    for line in sheet.lines:
        style = Qt.PenStyle.SolidLine if line.in_force else Qt.PenStyle.DashLine
        painter.setPen(QPen(colours.bound, 1, style))
        _level(painter, sheet, sheet.y(line.value))


def _upright(painter: QPainter, sheet: Sheet, x: float) -> None:
    painter.drawLine(QPointF(x, sheet.area.top()), QPointF(x, sheet.area.bottom()))


def _level(painter: QPainter, sheet: Sheet, y: float) -> None:
    painter.drawLine(QPointF(sheet.area.left(), y), QPointF(sheet.area.right(), y))


def _paint_above(painter: QPainter, sheet: Sheet) -> None:
    metrics = QFontMetricsF(sheet.font)
    painter.setFont(sheet.font)
    taken = _Taken(sheet.area)
    _paint_marks(painter, sheet, metrics, taken)
    _name_shades(painter, sheet, metrics, taken)
    _paint_bounds(painter, sheet, metrics, taken)
    if sheet.focused:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(sheet.colours.curve, 1))
        painter.drawRect(sheet.area.adjusted(0, 0, -1, -1))


def _paint_marks(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: _Taken) -> None:
    side = metrics.ascent() * 0.7
    for x, mark in sheet.marks():
        tone = {Way.CAME: sheet.colours.good, Way.WENT: sheet.colours.text, Way.FELL: sheet.colours.bad}[mark.way]
        painter.setPen(QPen(tone, 1))
        _upright(painter, sheet, x)
        painter.setBrush(tone)
        painter.drawPolygon(_glyph(mark.way, QPointF(x, sheet.area.top() + 2), side))
        if sheet.named:
            words = metrics.elidedText(visible(mark.job), Qt.TextElideMode.ElideMiddle, metrics.averageCharWidth() * 16)
            width = metrics.horizontalAdvance(words) + 4
            left = x - side - width if mark.way is Way.WENT else x + side
            place = QRectF(left, sheet.area.top(), width, metrics.height())
            if taken.free(place):
                _write(painter, sheet, taken.take(place), words, sheet.colours.text)


def _name_shades(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: _Taken) -> None:
    """A colour alone says nothing to many: where it fits, the word stands there."""
    width = metrics.horizontalAdvance(VIOLATED) + 4
    for shade in sheet.shades() if sheet.named else ():
        place = QRectF(shade.left() + 1, sheet.area.bottom() - metrics.height(), width, metrics.height())
        if width < shade.width() and taken.free(place):
            _write(painter, sheet, taken.take(place), VIOLATED, sheet.colours.text)


def _glyph(way: Way, top: QPointF, side: float) -> QPolygonF:
    """A triangle into the plot for who came, one out of it for who went, a rhomb for who fell."""
    x, y, half = top.x(), top.y(), side / 2
    if way is Way.CAME:
        return QPolygonF([QPointF(x, y), QPointF(x + side, y + half), QPointF(x, y + side)])
    if way is Way.WENT:
        return QPolygonF([QPointF(x, y), QPointF(x - side, y + half), QPointF(x, y + side)])
    return QPolygonF([QPointF(x, y), QPointF(x + half, y + half), QPointF(x, y + side), QPointF(x - half, y + half)])


def _paint_bounds(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: _Taken) -> None:
    area, height = sheet.area, metrics.height()
    for line in sorted(sheet.lines, key=lambda line: not line.in_force):
        beyond = "↑ " if line.value > sheet.high else "↓ " if line.value < sheet.low else ""
        words = metrics.elidedText(beyond + visible(line.label), Qt.TextElideMode.ElideRight, area.width() * 0.45)
        width = metrics.horizontalAdvance(words) + 4
        y = min(max(sheet.y(line.value), area.top()), area.bottom())
        for place in _places(area, y, width, height):
            if taken.free(place):
                tone = sheet.colours.text if line.in_force else sheet.colours.dim
                _write(painter, sheet, taken.take(place), words, tone)
                break


def _places(area: QRectF, y: float, width: float, height: float) -> Iterator[QRectF]:
    """Where a bound may be named: above its line, or below; at the left edge, or further to the right."""
    left = area.left() + 2
    while left + width <= area.right():
        yield QRectF(left, y - height, width, height)
        yield QRectF(left, y + 1, width, height)
        left += height


def _write(painter: QPainter, sheet: Sheet, place: QRectF, words: str, tone: QColor) -> None:
    painter.fillRect(place, faded(sheet.colours.base, 0.75))
    painter.setPen(tone)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, words)


class _Taken:
    """The places that are written upon."""

    def __init__(self, area: QRectF) -> None:
        self._area = area
        self._places: list[QRectF] = []

    def free(self, place: QRectF) -> bool:
        return self._area.contains(place) and not any(place.intersects(other) for other in self._places)

    def take(self, place: QRectF) -> QRectF:
        self._places.append(place)
        return place
