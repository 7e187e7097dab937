"""The area of one plot: curves between two painted layers, and what mouse and keys do to their time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from zeligui.gui.drawn_strand import DrawnStrand
from zeligui.gui.plot_layers import Layer
from zeligui.gui.sheet import Colours, Sheet
from zeligui.gui.strands import Strand

STEP = 0.2
"""How much of what is shown an arrow key moves on."""
ZOOM = 0.8
NOTCH = 120
"""A step of a mouse wheel, as Qt counts."""


class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """Made once and reused. Its signals are wishes; what is shown is decided for all plots together."""

    panned = Signal(float)
    """By so many seconds."""
    zoomed = Signal(float, float)
    """So many times as long, around a time."""
    reset = Signal()
    switched = Signal()
    """From following now to standing still, or back."""
    fitted = Signal()
    """The area has another size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)  # which its proxy, the canvas, takes over
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.words_at: Callable[[float], str] = lambda time: ""
        """What a tooltip says of a time."""
        self._dragged: float | None = None
        sheet = Sheet(Colours.of(self.palette()), self.font())
        self.axis = pg.AxisItem("left", maxTickLength=-3)
        self.view = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._drawn: list[DrawnStrand] = []
        self.view.disableAutoRange()
        self.axis.linkToView(self.view)
        self.centralLayout.setSpacing(0)
        self.centralLayout.addItem(self.axis, 0, 0)
        self.centralLayout.addItem(self.view, 0, 1)
        self.below = Layer(sheet, self.view, above=False)
        self.above = Layer(sheet, self.view, above=True)
        self.view.sigResized.connect(self._fit)

    @property
    def sheet(self) -> Sheet:
        """What is painted around the curves."""
        return self.above.sheet

    @property
    def edges(self) -> tuple[float, float]:
        """Where the area begins and ends, in the widget's pixels."""
        left: QPointF = self.view.mapToScene(self.sheet.area.topLeft())
        return left.x(), left.x() + self.sheet.area.width()

    @property
    def _pen_width(self) -> int:
        """A curve is as wide as other lines: on a screen of many pixels, more than one."""
        ratio: float = self.devicePixelRatioF()
        return max(1, round(ratio))

    def show_strands(self, strands: Sequence[Strand]) -> None:
        """Draw these, the first one over all others."""
        while len(self._drawn) < len(strands):
            self._drawn.append(DrawnStrand(self.view))
        for drawn, strand in zip(self._drawn, strands, strict=False):
            drawn.show(strand, self.sheet.colours, self._pen_width)
        for drawn in self._drawn[len(strands) :]:
            drawn.hide()

    @property
    def drawn(self) -> Sequence[DrawnStrand]:
        """What is drawn of each strand, hidden ones too."""
        return self._drawn

    def show_sheet(self, sheet: Sheet) -> None:
        """Paint this around the curves; its area is the canvas's own to say."""
        sheet = replace(sheet, area=self.sheet.area, focused=self.hasFocus())
        before = self.sheet
        if (sheet.span, sheet.low, sheet.high) != (before.span, before.low, before.high):
            self.view.setRange(xRange=(sheet.span.start, sheet.span.end), yRange=(sheet.low, sheet.high), padding=0)
        self._show(sheet)

    def paint_in(self, palette: QPalette) -> None:
        """Take the colours of a palette."""
        colours = Colours.of(palette)
        self.setBackgroundBrush(colours.base)
        for drawn in self._drawn:
            drawn.paint_in(colours, self._pen_width)
        for pen in (self.axis.setPen, self.axis.setTickPen):
            pen(pg.mkPen(colours.dim, width=1))
        self.axis.setTextPen(pg.mkPen(colours.text))
        self._show(replace(self.sheet, colours=colours))

    def _show(self, sheet: Sheet) -> None:
        if sheet != self.sheet:
            self.below.show_sheet(sheet)
            self.above.show_sheet(sheet)

    def _fit(self) -> None:
        area = QRectF(self.view.rect())
        if area != self.sheet.area:
            self._show(replace(self.sheet, area=area))
            self.fitted.emit()

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key, span = event.key(), self.sheet.span
        middle = (span.start + span.end) / 2
        if key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            self.panned.emit((1 if key == Qt.Key.Key_Right else -1) * STEP * span.seconds)
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus}:
            self.zoomed.emit(1 / ZOOM if key == Qt.Key.Key_Minus else ZOOM, middle)
        elif key in {Qt.Key.Key_0, Qt.Key.Key_Home}:
            self.reset.emit()
        elif key == Qt.Key.Key_Space:
            self.switched.emit()
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        across, up = event.angleDelta().x(), event.angleDelta().y()
        if up:
            self.zoomed.emit(ZOOM ** (up / NOTCH), self._time(event.position()))
        elif across:
            self.panned.emit(-across / NOTCH * STEP * self.sheet.span.seconds)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = self._time(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._dragged is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self.panned.emit(self._dragged - self._time(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.reset.emit()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._dragged = None

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            lines = self.words_at(self._time(QPointF(event.pos()))).splitlines()
            # escaped: a tooltip that looks like HTML is taken for it
            QToolTip.showText(event.globalPos(), "<br>".join(map(escape, lines)), self)
            return True
        return bool(super().viewportEvent(event))

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        self._show(replace(self.sheet, focused=True))

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self._show(replace(self.sheet, focused=False))

    def _time(self, position: QPointF) -> float:
        return self.sheet.time(position.x() - self.edges[0] + self.sheet.area.left())
