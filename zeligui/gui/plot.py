"""One plot: an attribute's name, unit and figures in words above, its curves below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zeligui.gui.canvas import Canvas
from zeligui.gui.elided import ElidedLabel
from zeligui.gui.marks import NOTHING, Traces
from zeligui.gui.plotted import Line
from zeligui.gui.series import Numbers, Scale, scale
from zeligui.gui.sheet import Sheet
from zeligui.gui.strands import Strand
from zeligui.gui.time_axis import full_time_of
from zeligui.gui.time_window import Span
from zeligui.gui.words import unit_of, value_text, visible

SMALL = 0.85
"""The font within plots, of the font around them."""
LEAST_LINES = 5
"""A canvas is at least so many lines of text high."""
HEADROOM = 0.06
NEAR_SIGNS = 0.6
MOST_TOLD = 8
"""Marks that a tooltip tells of."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What all plots have in common. Times are on the age clock; `epoch` is what leads to seconds since 1970."""

    span: Span
    now: float
    epoch: float
    times: tuple[float, ...] = ()
    traces: Traces = NOTHING
    still: str = ""
    """Since when all stands still, in words; "" while it follows now."""


class Plot(QWidget):
    """Made once and reused for whatever attribute stands in its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strands: tuple[Strand, ...] = ()
        self.lines: tuple[Line, ...] = ()
        self._scene: Scene | None = None
        self._named = False
        self._kept: tuple[object, Scale] | None = None
        """The scale while all stands still, and of what it is."""
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

    def show_strands(self, strands: Sequence[Strand], lines: Sequence[Line], scene: Scene, *, named: bool) -> None:
        """Show these of one attribute; `named` says whether who came and went is named here."""
        if tuple(strands) != self.strands:
            self.canvas.show_strands(strands)
        self.strands, self.lines, self._named = tuple(strands), tuple(lines), named
        self.show_scene(scene)
        self._say(scene)

    def show_scene(self, scene: Scene) -> None:
        """Show another time, or the same in other room."""
        self._scene = scene
        self._fit()

    @property
    def attribute(self) -> str:
        return self.strands[0].attribute if self.strands else ""

    def words_at(self, time: float) -> str:
        """What there is to say of a time: what happened, then the values, or what is expected."""
        if not self.strands or self._scene is None:
            return ""
        sheet, scene = self.canvas.sheet, self._scene
        reach = abs(sheet.time(QFontMetricsF(sheet.font).height() * NEAR_SIGNS) - sheet.time(0.0))
        marks = [mark.words for mark in scene.traces.marks if abs(mark.time - time) <= reach]
        found = _shortened(marks)
        found += [spell.words for spell in scene.traces.spells if spell.lasts(time)]
        when = full_time_of(time + scene.epoch, scene.span.seconds)
        for strand in self.strands:
            of_host = f"{strand.host}: " if len(self.strands) > 1 else ""
            found.append(f"{when}: {of_host}{self._value(strand, time, scene)}")
        return "\n".join(visible(one) for one in found)

    def _value(self, strand: Strand, time: float, scene: Scene) -> str:
        unit = unit_of(strand.attribute)
        if time > scene.now and strand.expected and (said := strand.expected.at(time)):
            return f"expected {said} {unit}".rstrip() + f", by {strand.expected.method}"
        value = strand.curve.at(time)
        return "no value" if value is None else f"{value_text(value)} {unit}".rstrip()

    def _say(self, scene: Scene) -> None:
        name, figures = visible(self.attribute), self.figures_of(scene)
        self.name.say(name)
        self.unit.setText(unit_of(self.attribute))
        self.figures.say(figures)
        unit = f" in {self.unit.text()}" if self.unit.text() else ""
        said = [f"{figures}{unit}"]
        said += [f"{visible(line.label)}{', in force' if line.in_force else ''}" for line in self.lines]
        said += [f"{visible(spell.words)}, still" for spell in scene.traces.spells if spell.end is None]
        self.canvas.setAccessibleName(f"Plot of {name}")
        self.canvas.setAccessibleDescription("; ".join(said))

    def figures_of(self, scene: Scene) -> str:
        """The text twin of what is drawn: of one host all figures, of several the last value of each."""
        if len(self.strands) > 1:
            return ", ".join(f"{visible(one.host)} {one.curve.last(scene.now)}" for one in self.strands)
        (strand,) = self.strands
        figures = strand.curve.figures(scene.span, scene.now)
        ahead = strand.expected
        expected = ahead.at(float(ahead.times[-1])) if ahead and not ahead.constant else ""
        return f"{figures}, expected {expected}" if expected else figures

    def _fit(self) -> None:
        """Lay out what is shown in the room there is."""
        if not self.strands or self._scene is None:
            return
        scene, font = self._scene, self.small_font()
        intervals = int(self.canvas.sheet.area.height() / QFontMetricsF(font).height() / 1.8)
        found = self._scale(scene, min(5, max(1, intervals)))
        room = (found.high - found.low) * HEADROOM
        sheet = Sheet(
            self.canvas.sheet.colours, font, span=scene.span, now=scene.now, scale=found,
            low=found.low - room, high=found.high + room, times=scene.times,
            lines=self.lines, traces=scene.traces, named=self._named, still=scene.still,
        )  # fmt: skip
        if found.ticks != self.canvas.sheet.scale.ticks:
            self.canvas.axis.setTicks([[(value, value_text(value)) for value in found.ticks]])
        self.canvas.show_sheet(sheet)

    def _scale(self, scene: Scene, intervals: int) -> Scale:
        """What fits what is seen; while it stands still, it grows where need be, and does not jump otherwise."""
        values = np.concatenate([_seen(strand, scene.span) for strand in self.strands])
        bounds = [line.value for line in self.lines]
        of = self.attribute, tuple(strand.host for strand in self.strands), tuple(bounds), intervals
        if scene.still and self._kept and self._kept[0] == of:
            kept = self._kept[1]
            finite = values[np.isfinite(values)]
            if not len(finite) or (finite.min() >= kept.low and finite.max() <= kept.high):
                return kept
            values = np.append(values, (kept.low, kept.high))
        found = scale(self.attribute, values, bounds, intervals)
        self._kept = of, found
        return found


def _seen(strand: Strand, span: Span) -> Numbers:
    """The values that are in sight, measured and expected; where none is, all."""
    inside = strand.curve.within(span)
    if strand.expected is not None and strand.expected.made <= span.end:
        inside = np.concatenate((inside, strand.expected.values[strand.expected.times <= span.end]))
    return inside if len(inside) else strand.curve.values


def _shortened(words: list[str]) -> list[str]:
    """The last few, and how many there are before them."""
    more = len(words) - MOST_TOLD
    return words if more <= 0 else [f"{more} more before", *words[-MOST_TOLD:]]
