"""What is painted below and above the curves: grid, bounds, violations, now, and where jobs came and went."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from zeligui.gui.plot_marks import paint_marks
from zeligui.gui.plot_words import Taken, write
from zeligui.gui.sheet import Sheet, faded
from zeligui.gui.words import visible

SHADE = 0.22
"""How much of its colour a violation lays over the base."""
VIOLATED = "violated"
EXPECTED = "expected"


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
        if sheet.low <= line.value <= sheet.high:
            style = Qt.PenStyle.SolidLine if line.in_force else Qt.PenStyle.DashLine
            painter.setPen(QPen(colours.bound, 1, style))
            _level(painter, sheet, sheet.y(line.value))
    if sheet.looks_ahead and sheet.now > sheet.span.start:
        painter.setPen(QPen(colours.dim, 1))
        _upright(painter, sheet, sheet.x(sheet.now))


def _upright(painter: QPainter, sheet: Sheet, x: float) -> None:
    painter.drawLine(QPointF(x, sheet.area.top()), QPointF(x, sheet.area.bottom()))


def _level(painter: QPainter, sheet: Sheet, y: float) -> None:
    painter.drawLine(QPointF(sheet.area.left(), y), QPointF(sheet.area.right(), y))


def _paint_above(painter: QPainter, sheet: Sheet) -> None:
    metrics = QFontMetricsF(sheet.font)
    painter.setFont(sheet.font)
    taken = Taken(sheet.area)
    _say_still(painter, sheet, metrics, taken)
    paint_marks(painter, sheet, metrics, taken)
    _name_shades(painter, sheet, metrics, taken)
    _name_ahead(painter, sheet, metrics, taken)
    _paint_bounds(painter, sheet, metrics, taken)
    if sheet.focused:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(sheet.colours.curve, 1))
        painter.drawRect(sheet.area.adjusted(0, 0, -1, -1))


def _name_shades(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: Taken) -> None:
    """A colour alone says nothing to many: where it fits, the word stands there."""
    width = metrics.horizontalAdvance(VIOLATED) + 4
    for shade in sheet.shades() if sheet.named else ():
        place = QRectF(shade.left() + 1, sheet.area.bottom() - metrics.height(), width, metrics.height())
        if width < shade.width() and taken.free(place):
            write(painter, sheet, taken.take(place), VIOLATED, sheet.colours.text)


def _say_still(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: Taken) -> None:
    """Who looks at a plot that stands still sees that it does."""
    if sheet.named and sheet.still:
        width, height = metrics.horizontalAdvance(sheet.still) + metrics.height(), metrics.height()
        place = QRectF(sheet.area.right() - width - 2, sheet.area.bottom() - height - 1, width, height)
        if taken.free(place):
            taken.take(place)
            painter.fillRect(place, sheet.colours.text)
            painter.setPen(sheet.colours.base)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, sheet.still)


def _name_ahead(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: Taken) -> None:
    width, now = metrics.horizontalAdvance(EXPECTED) + 4, sheet.x(sheet.now)
    place = QRectF(now + 2, sheet.area.bottom() - metrics.height(), width, metrics.height())
    if sheet.named and sheet.looks_ahead and taken.free(place):
        write(painter, sheet, taken.take(place), EXPECTED, sheet.colours.dim)


def _paint_bounds(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: Taken) -> None:
    """Each is named at its line; one whose line is not in the plot at the edge beyond which it lies."""
    area, height = sheet.area, metrics.height()
    for line in sorted(sheet.lines, key=lambda line: not line.in_force):
        beyond = "\u2191 " if line.value > sheet.high else "\u2193 " if line.value < sheet.low else ""
        words = metrics.elidedText(beyond + visible(line.label), Qt.TextElideMode.ElideRight, area.width() * 0.45)
        width = metrics.horizontalAdvance(words) + 4
        y = min(max(sheet.y(line.value), area.top()), area.bottom())
        places = _beyond(area, y, width, height) if beyond else _places(area, y, width, height)
        for place in places:
            if taken.free(place):
                tone = sheet.colours.text if line.in_force and not beyond else sheet.colours.dim
                write(painter, sheet, taken.take(place), words, tone)
                break


def _places(area: QRectF, y: float, width: float, height: float) -> Iterator[QRectF]:
    """Where a bound may be named: above its line, or below; at the left edge, or further to the right."""
    left = area.left() + 2
    while left + width <= area.right():
        yield QRectF(left, y - height, width, height)
        yield QRectF(left, y + 1, width, height)
        left += height


def _beyond(area: QRectF, y: float, width: float, height: float) -> Iterator[QRectF]:
    """Where one may be named that lies beyond the plot: at its edge, on the right, away from those that are in it."""
    left = area.right() - width - 2
    while left >= area.left():
        yield QRectF(left, y if y <= area.top() else y - height, width, height)
        left -= height
