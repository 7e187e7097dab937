"""The marks of what became of jobs: a glyph each, those that lie together as one with their number."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from zeligui.gui.marks import Mark, Way
from zeligui.gui.plot_words import Taken, write
from zeligui.gui.sheet import Sheet
from zeligui.gui.words import visible

SIDE = 0.7
"""The side of a glyph, of the font's ascent."""
APART = 1.3
"""Marks are drawn at least so many glyphs apart."""
LONGEST = 16
"""Signs of a name beside a mark."""
GLYPHS: dict[Way, tuple[tuple[tuple[float, float], ...], ...]] = {
    Way.CAME: (((0, 0), (1, 0.5), (0, 1)),),
    Way.WENT: (((0, 0), (-1, 0.5), (0, 1)),),
    Way.FELL: (((0, 0), (0.5, 0.5), (0, 1), (-0.5, 0.5)),),
    Way.STOOD: (((-0.45, 0), (-0.1, 0), (-0.1, 1), (-0.45, 1)), ((0.1, 0), (0.45, 0), (0.45, 1), (0.1, 1))),
    Way.LESSER: (((-0.5, 0.1), (0.5, 0.1), (0, 0.9)),),
    Way.BETTER: (((-0.5, 0.9), (0.5, 0.9), (0, 0.1)),),
}
"""A triangle into the plot for who came, one out of it for who went, a rhomb for who fell, two bars for who stands
still, a triangle down or up for another profile; in sides of a glyph, from its top."""


def paint_marks(painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: Taken) -> None:
    """A line with a glyph where something became of a job, and what job it was, as far as there is room."""
    side = metrics.ascent() * SIDE
    found = sheet.marks(side * APART)
    for x, marks in found:
        tone = _tone(sheet, marks[-1].way)
        painter.setPen(QPen(tone, 1))
        painter.drawLine(QLineF(x, sheet.area.top(), x, sheet.area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone)
        for part in GLYPHS[marks[-1].way]:
            corners = [QPointF(x + across * side, sheet.area.top() + 2 + down * side) for across, down in part]
            painter.drawPolygon(QPolygonF(corners))
        taken.take(QRectF(x - side / 2, sheet.area.top(), side, side + 2))
    if sheet.named:
        _name(painter, sheet, metrics, taken, found)


def _name(
    painter: QPainter, sheet: Sheet, metrics: QFontMetricsF, taken: Taken, found: Sequence[tuple[float, list[Mark]]]
) -> None:
    side = metrics.ascent() * SIDE
    for x, marks in found:
        words = metrics.elidedText(named(marks), Qt.TextElideMode.ElideMiddle, metrics.averageCharWidth() * LONGEST)
        width = metrics.horizontalAdvance(words) + 4
        left = x - side - width if marks[-1].way is Way.WENT else x + side
        place = QRectF(left, sheet.area.top(), width, metrics.height())
        if taken.free(place):
            write(painter, sheet, taken.take(place), words, sheet.colours.text)


def named(marks: Sequence[Mark]) -> str:
    """The job of a mark; of several the one job that they are of, if it is one, and how many marks there are."""
    job = visible(marks[0].job) if len({mark.job for mark in marks}) == 1 else ""
    return job if len(marks) == 1 else f"{job} \u00d7{len(marks)}".strip()


def _tone(sheet: Sheet, way: Way) -> QColor:
    colours = sheet.colours
    if way in {Way.CAME, Way.BETTER}:
        return colours.good
    if way in {Way.STOOD, Way.LESSER}:
        return colours.bound
    return colours.bad if way is Way.FELL else colours.text
