"""The values of one attribute over time, made ready to be drawn: gaps, figures in words, a scale that fits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeligui.gui.time_window import Span
from zeligui.gui.words import ago, value_text

Numbers = NDArray[np.float64]

GAP_PERIODS = 3.0
"""No line is drawn where no value came for longer than so many periods."""
NEIGHBOURS = 9
"""A period is the median of so many steps around: it may change while one looks."""
NEWEST = 1000
"""Values that tell in which period they come now."""
LARGEST = 1e15
"""What is beyond is drawn there."""
SMALLEST = 1e-12
"""What differs by less is the same."""
FIXED = {"cpuavail": (0.0, 1.0)}
"""Attributes whose scale does not depend on what was measured."""
ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5)
FAR = 4.0
"""A bound that is so many times the largest value would press the curve flat: the scale leaves it out."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """An attribute's values as they came, and as a line to be drawn: `x` and `y` with NaN where values are missing.

    Where a value stands for many, `low` and `high` say between which they lay, in the places of `x`; None: none does.
    """

    attribute: str
    times: Numbers
    values: Numbers
    x: Numbers
    y: Numbers
    period: float
    low: Numbers | None = None
    high: Numbers | None = None

    @classmethod
    def of(
        cls, attribute: str, times: Numbers, values: Numbers, *, low: Numbers | None = None, high: Numbers | None = None
    ) -> Curve:
        """Times ascend; all have the shape (n,)."""
        x, y = with_gaps(times, values)
        # the newest steps: what is older may have been thinned
        period = float(np.median(np.diff(times[-NEWEST:]))) if len(times) > 1 else 0.0
        if low is None or high is None or not (low < high).any():
            return cls(attribute, times, values, x, y, period)
        return cls(attribute, times, values, x, y, period, with_gaps(times, low)[1], with_gaps(times, high)[1])

    def within(self, span: Span) -> Numbers:
        """The values of that time."""
        first, end = np.searchsorted(self.times, (span.start, span.end + 1e-6))
        return self.values[first:end]

    def at(self, time: float) -> float | None:
        """The value that held then, None where none did."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        if place < 0 or time - self.times[place] > GAP_PERIODS * max(self.period, 1.0):
            return None
        return float(self.values[place])

    def figures(self, span: Span, now: float) -> str:
        """The text twin of the curve: its last value, and the least and the largest of that time."""
        if not len(self.values):
            return "no value yet"
        last = f"last {self.last(now)}"
        inside = self.within(span)
        inside = inside[np.isfinite(inside)]
        if not len(inside):
            return last
        return f"{last}, min {value_text(float(inside.min()))}, max {value_text(float(inside.max()))}"

    def last(self, now: float) -> str:
        """The last value in words, with its age where it is old."""
        if not len(self.values):
            return "unknown"
        age = now - float(self.times[-1])
        old = f" ({ago(age)})" if age > GAP_PERIODS * max(self.period, 1.0) else ""
        return f"{value_text(float(self.values[-1]))}{old}"


@dataclass(frozen=True, slots=True)
class Scale:
    """From where to where values are drawn, and which of them are written beside."""

    low: float
    high: float
    ticks: tuple[float, ...]


def with_gaps(times: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """The points of the line, NaN where it is interrupted; a value that stands alone becomes a short dash."""
    if not len(times):
        return times, values
    drawn = np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), np.nan)
    steps = np.diff(times)
    usual = _usual(steps)
    gaps = np.flatnonzero(steps > GAP_PERIODS * usual)
    ends = np.concatenate(([-1], gaps, [len(times) - 1]))
    alone = ends[1:][np.diff(ends) == 1]
    dash = float(np.median(usual)) / 2 if len(usual) else 0.5
    places = np.concatenate((alone, gaps)) + 1
    x = np.insert(times, places, np.concatenate((times[alone] + dash, times[gaps])))
    y = np.insert(drawn, places, np.concatenate((drawn[alone], np.full(len(gaps), np.nan))))
    return x, y


def _usual(steps: Numbers) -> Numbers:
    """The period around each step: one that is long for once does not change it."""
    if len(steps) < NEIGHBOURS:
        return np.full(len(steps), np.median(steps) if len(steps) else 0.0)
    around = np.pad(steps, NEIGHBOURS // 2, mode="symmetric")
    usual: Numbers = np.median(np.lib.stride_tricks.sliding_window_view(around, NEIGHBOURS), axis=1)
    return usual


def scale(attribute: str, values: Numbers, bounds: Iterable[float], intervals: int) -> Scale:
    """A scale with round numbers, zero among them, of at most `intervals` parts."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    low, high = max(-LARGEST, min(low, 0.0)), min(LARGEST, max(high, 0.0))
    reach = FAR * max(high, -low) or LARGEST
    for bound in bounds:
        if abs(bound) <= reach:
            low, high = min(low, bound), max(high, bound)
    if fixed := FIXED.get(attribute.casefold()):
        low, high = min(low, fixed[0]), max(high, fixed[1])
    if high - low < SMALLEST:
        high = low + 1.0
    ranges = [_stretched(low, high, step) for step in _round_steps((high - low) / max(1, intervals))]
    return min(ranges, key=lambda one: (one.high - one.low, -len(one.ticks)))


def _stretched(low: float, high: float, step: float) -> Scale:
    """As far as whole steps lead."""
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, last * step, tuple(place * step for place in range(first, last + 1)))


def _round_steps(least: float) -> list[float]:
    """The round numbers from `least` to twice as much."""
    power = 10.0 ** math.floor(math.log10(least))
    steps = [part * ten for ten in (power, power * 10) for part in ROUND]
    return [step for step in steps if least * (1 - 1e-9) <= step <= 2 * least]
