"""Plots one below another with one time axis; made once and reused, however often what is shown changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from zeligui.gui.plot import Plot, Scene
from zeligui.gui.plotted import Line
from zeligui.gui.strands import Strand
from zeligui.gui.time_axis import TimeAxis
from zeligui.gui.time_window import Span


class PlotStack(QWidget):
    """The plots scroll where there is no room for them; the time axis stays."""

    panned = Signal(float)
    zoomed = Signal(float, float)
    reset = Signal()
    switched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._made: list[Plot] = []
        self._shown = 0
        self._scene: Scene | None = None
        self._inside = QWidget(self)
        self._plots = QVBoxLayout(self._inside)
        self._plots.setContentsMargins(0, 0, 0, 0)
        self._plots.setSpacing(self.fontMetrics().height() // 4)
        self.area = QScrollArea(self)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self._inside)
        self.axis = TimeAxis(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.axis)
        self.take_looks(self.palette())

    @property
    def plots(self) -> Sequence[Plot]:
        """Those that are shown."""
        return self._made[: self._shown]

    @property
    def parts(self) -> Sequence[QWidget]:
        """What is above each other: the plots, those too that are scrolled out of sight, and the time axis."""
        return self._inside, self.axis

    @property
    def width_px(self) -> float:
        """How many pixels wide the time is."""
        return self._made[0].canvas.sheet.area.width() if self._made else 0.0

    def show_strands(self, strands: Sequence[Sequence[Strand]], lines: Sequence[Sequence[Line]], scene: Scene) -> None:
        """One plot for the strands of each attribute, with its bounds."""
        while len(self._made) < len(strands):
            self._made.append(self._new())
        self._shown = len(strands)
        self._scene = self._with_times(scene)
        for place, plot in enumerate(self._made):
            plot.setVisible(place < len(strands))
        for place, (of_attribute, bounds) in enumerate(zip(strands, lines, strict=True)):
            # what was made visible may have found other room meanwhile, and the time axis with it
            self._made[place].show_strands(of_attribute, bounds, self._scene, named=place == 0)
        self._align()

    def take_looks(self, palette: QPalette) -> None:
        """Paint all in this palette, and in the font as it is now."""
        for plot in self._made:
            plot.take_font()
            plot.canvas.paint_in(palette)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.9)
        self.axis.setFont(font)

    def _new(self) -> Plot:
        plot = Plot(self._inside)
        plot.canvas.paint_in(self.palette())
        for name in ("panned", "zoomed", "reset", "switched"):
            getattr(plot.canvas, name).connect(getattr(self, name))
        plot.canvas.fitted.connect(self._fit)
        self._plots.addWidget(plot, 1)
        return plot

    def _with_times(self, scene: Scene) -> Scene:
        """With a line of the grid wherever the time axis has a tick."""
        if not self._shown:
            return scene
        canvas = self._made[0].canvas
        left, right = (canvas.mapTo(self, QPoint(0, 0)).x() + edge for edge in canvas.edges)
        self.axis.show_span(Span(scene.span.start + scene.epoch, scene.span.end + scene.epoch), left, right)
        return replace(scene, times=tuple(time - scene.epoch for time, _ in self.axis.ticks))

    def _align(self) -> None:
        """All curves begin at one edge."""
        width = max((plot.axis_width for plot in self.plots), default=0.0)
        for plot in self.plots:
            if plot.canvas.axis.fixedWidth != width:
                plot.canvas.axis.setWidth(width)

    def _fit(self) -> None:
        """There is other room: the time axis goes along."""
        if self._scene is None or not self._shown:
            return
        scene = self._with_times(self._scene)
        if scene != self._scene:
            self._scene = scene
            for plot in self.plots:
                plot.show_scene(scene)
