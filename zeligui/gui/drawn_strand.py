"""One strand as it is drawn: its curve, the spread of what was thinned, and what is expected with its error."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from zeligui.gui.expected import Expected
from zeligui.gui.inks import DASHES, EXPECTED, pen
from zeligui.gui.series import Curve, Numbers
from zeligui.gui.sheet import Colours, faded
from zeligui.gui.strands import Strand

SMOOTH_MOST = 1000
"""Points that are drawn without jagged edges: more would cost twice as much."""
SPREAD = 0.22
"""How much of a curve's colour its bands lay over what is below."""


class DrawnStrand:
    """Made once and reused for whatever strand stands in its place."""

    def __init__(self, view: pg.ViewBox) -> None:
        self.curve = pg.PlotCurveItem(connect="finite")
        self.ahead = pg.PlotCurveItem()
        self.spread = QGraphicsPathItem()
        self._strand: Strand | None = None
        self._width = 1
        self.spread.setPen(Qt.PenStyle.NoPen)
        self.spread.setZValue(-5)
        for item in (self.spread, self.ahead, self.curve):
            view.addItem(item, ignoreBounds=True)

    def show(self, strand: Strand, colours: Colours, width: int) -> None:
        """Draw this."""
        before, self._strand = self._strand, strand
        same_place = before is not None and before.place == strand.place and self._width == width
        if before is None or before.curve is not strand.curve or not same_place:
            self._draw_curve(strand, colours, width)
        if before is None or before.expected is not strand.expected or before.curve is not strand.curve:
            self._draw_ahead(strand)
        if not same_place:
            self.paint_in(colours, width)
        for item in (self.curve, self.ahead, self.spread):
            item.setVisible(True)

    def hide(self) -> None:
        """Draw nothing."""
        if self._strand is not None:
            self._strand = None
            for item in (self.curve, self.ahead, self.spread):
                item.setVisible(False)

    def paint_in(self, colours: Colours, width: int) -> None:
        """Take these colours."""
        self._width = width
        if self._strand is None:
            return
        place = self._strand.place
        colour: QColor = colours.curves[place]
        self.curve.setPen(pen(colour, width, DASHES[place]))
        self.ahead.setPen(pen(colour, width, EXPECTED))
        self.spread.setBrush(faded(colour, SPREAD))
        for item in (self.curve, self.ahead):
            item.setZValue(len(DASHES) - place)  # the first host lies over all others

    def _draw_curve(self, strand: Strand, colours: Colours, width: int) -> None:
        """A wide line that is smooth as well takes 200 times as long: 1.7 s for 10,000 points."""
        curve = strand.curve
        smooth = width == 1 and len(curve.x) <= SMOOTH_MOST
        drawn = pen(colours.curves[strand.place], width, DASHES[strand.place])
        self.curve.setData(curve.x, curve.y, pen=drawn, antialias=smooth)

    def _draw_ahead(self, strand: Strand) -> None:
        path = QPainterPath()
        _add_spread(path, strand.curve)
        x, values = np.empty(0), np.empty(0)
        if strand.expected is not None and len(strand.curve.times):
            x, values, errors = joined(strand.curve, strand.expected)
            _add_band(path, x, not_below(strand.curve, values - errors), values + errors)
        self.ahead.setData(x, values)
        self.spread.setPath(path)


def joined(curve: Curve, expected: Expected) -> tuple[Numbers, Numbers, Numbers]:
    """What is expected from the last value on: times, values and errors; what has come meanwhile is left out."""
    later = expected.times > curve.times[-1]
    return (
        np.concatenate((curve.times[-1:], expected.times[later])),
        np.concatenate((curve.values[-1:], expected.values[later])),
        np.concatenate(([0.0], expected.errors[later])),
    )


def not_below(curve: Curve, low: Numbers) -> Numbers:
    """What was never less than nothing is not expected to be so."""
    return np.maximum(low, 0.0) if np.nanmin(curve.values) >= 0 else low


def _add_spread(path: QPainterPath, curve: Curve) -> None:
    """Between the least and the largest of what each value stands for, gaps left out."""
    if curve.low is None or curve.high is None:
        return
    wide = np.flatnonzero(curve.low < curve.high)
    known = np.flatnonzero(np.isnan(curve.low)).tolist()
    last = int(wide[-1]) + 1 if len(wide) else 0
    for start, end in pairwise([-1, *(gap for gap in known if gap < last), last]):
        part = slice(start + 1, end + 1 if end == last and last < len(curve.x) else end)
        if part.stop - part.start > 1:
            _add_band(path, curve.x[part], curve.low[part], curve.high[part])


def _add_band(path: QPainterPath, x: Numbers, low: Numbers, high: Numbers) -> None:
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return
    across = np.concatenate((x[known], x[known][::-1]))
    upright = np.concatenate((high[known], low[known][::-1]))
    path.addPath(pg.arrayToQPath(across, upright, connect="all"))
