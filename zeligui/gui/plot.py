"""One plot: an attribute's name, unit and figures in words above, its curve below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zeligui.gui.canvas import Canvas
from zeligui.gui.elided import ElidedLabel
from zeligui.gui.marks import NOTHING, Traces
from zeligui.gui.plot_layers import Sheet
from zeligui.gui.plotted import Line
from zeligui.gui.series import Curve, scale
from zeligui.gui.time_axis import time_of_day
from zeligui.gui.time_window import Span
from zeligui.gui.words import unit_of, value_text, visible

SMALL = 0.85
"""The font within plots, of the font around them."""
LEAST_LINES = 5
"""A canvas is at least so many lines of text high."""
HEADROOM = 0.06
NEAR_SIGNS = 0.6


@dataclass(frozen=True, slots=True)
class Scene:
    """What all plots have in common. Times are on the age clock; `epoch` is what leads to seconds since 1970."""

    span: Span
    now: float
    epoch: float
    times: tuple[float, ...] = ()
    traces: Traces = NOTHING


class Plot(QWidget):
    """Made once and reused for whatever attribute stands in its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curve: Curve | None = None
        self.lines: tuple[Line, ...] = ()
        self._scene: Scene | None = None
        self._named = False
        self.name = ElidedLabel("", self)
        self.unit = QLabel(self)
        self.figures = ElidedLabel("", self)
        self.canvas = Canvas(self)
        self.unit.setTextFormat(Qt.TextFormat.PlainText)
        self.figures.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        heading = QHBoxLayout()
        heading.addWidget(self.name)
        heading.addWidget(self.unit)
        heading.setSpacing(self.fontMetrics().averageCharWidth())
        heading.addStretch(1)
        heading.addWidget(self.figures)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(heading)
        layout.addWidget(self.canvas, 1)
        self.canvas.words_at = self.words_at
        self.canvas.fitted.connect(self._fit)
        self.take_font()

    def take_font(self) -> None:
        """Sizes and fonts as the widget's font has it."""
        bold, small = QFont(self.font()), self.small_font()
        bold.setBold(True)
        self.name.setFont(bold)
        self.unit.setFont(small)
        self.figures.setFont(small)
        metrics = QFontMetricsF(small)
        self.canvas.axis.setTickFont(small)
        self.canvas.setMinimumHeight(round(metrics.height() * LEAST_LINES))
        half = round(metrics.height() / 2)
        self.canvas.centralLayout.setContentsMargins(0, half, half, half)  # the outermost figures stand half outside
        self._fit()

    def small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * SMALL)
        return font

    @property
    def axis_width(self) -> float:
        """How much room the figures beside the curve need."""
        metrics = QFontMetricsF(self.small_font())
        ticks = self.canvas.sheet.scale.ticks
        return (
            max((metrics.horizontalAdvance(value_text(value)) for value in ticks), default=0.0) + metrics.height() / 2
        )

    def show_curve(self, curve: Curve, lines: Sequence[Line], scene: Scene, *, named: bool) -> None:
        """Show this; `named` says whether who came and went is named here."""
        if curve is not self.curve:
            self.canvas.show_curve(curve)
        self.curve, self.lines, self._named = curve, tuple(lines), named
        self.show_scene(scene)
        self._say(curve, scene)

    def show_scene(self, scene: Scene) -> None:
        """Show another time, or the same in other room."""
        self._scene = scene
        self._fit()

    def words_at(self, time: float) -> str:
        """What there is to say of a time: what happened, else the value."""
        if self.curve is None or self._scene is None:
            return ""
        sheet, scene = self.canvas.sheet, self._scene
        reach = abs(sheet.time(QFontMetricsF(sheet.font).height() * NEAR_SIGNS) - sheet.time(0.0))
        found = [mark.words for mark in scene.traces.marks if abs(mark.time - time) <= reach]
        found += [spell.words for spell in scene.traces.spells if spell.lasts(time)]
        value = self.curve.at(time)
        words = "no value" if value is None else f"{value_text(value)} {unit_of(self.curve.attribute)}"
        found.append(f"{time_of_day(time + scene.epoch)}: {words}".rstrip())
        return "\n".join(visible(one) for one in found)

    def _say(self, curve: Curve, scene: Scene) -> None:
        name, figures = visible(curve.attribute), curve.figures(scene.span, scene.now)
        self.name.say(name)
        self.unit.setText(unit_of(curve.attribute))
        self.figures.say(figures)
        unit = f" in {self.unit.text()}" if self.unit.text() else ""
        said = [f"{figures}{unit}"]
        said += [f"{visible(line.label)}{', in force' if line.in_force else ''}" for line in self.lines]
        said += [f"{visible(spell.words)}, still" for spell in scene.traces.spells if spell.end is None]
        self.canvas.setAccessibleName(f"Plot of {name}")
        self.canvas.setAccessibleDescription("; ".join(said))

    def _fit(self) -> None:
        """Lay out what is shown in the room there is."""
        if self.curve is None or self._scene is None:
            return
        curve, scene, font = self.curve, self._scene, self.small_font()
        intervals = int(self.canvas.sheet.area.height() / QFontMetricsF(font).height() / 1.8)
        inside = curve.within(scene.span)
        values = inside if len(inside) else curve.values
        found = scale(curve.attribute, values, [line.value for line in self.lines], min(5, max(1, intervals)))
        room = (found.high - found.low) * HEADROOM
        sheet = Sheet(
            self.canvas.sheet.colours, font, span=scene.span, now=scene.now, scale=found,
            low=found.low - room, high=found.high + room,
            times=scene.times, lines=self.lines, traces=scene.traces, named=self._named,
        )  # fmt: skip
        if found.ticks != self.canvas.sheet.scale.ticks:
            self.canvas.axis.setTicks([[(value, value_text(value)) for value in found.ticks]])
        self.canvas.show_sheet(sheet)
