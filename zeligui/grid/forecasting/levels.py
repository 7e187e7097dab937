"""Predictors that keep a level: the last value, the mean of all, and exponential smoothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.rows import Counts, Rows, State, held

GAINS = (0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50, 0.75)
"""Of the Network Weather Service's eight smoothers."""

FITTED_GAINS = np.linspace(0.02, 1.0, 25)

FITTED_MEMORY = 100
"""A gain is judged by about so many of the latest values."""


class Levels(State):
    """The last value, the running mean of all, and simple smoothing s += gain * (x - s), begun at the first value.

    (Brown, Statistical Forecasting for Inventory Control, 1959.) The original's smoothers begin at 0.
    """

    names: Sequence[str] = ("last value", "running mean", *(f"smoothing {gain:.2f}" for gain in GAINS))

    def __init__(self, rows: int) -> None:
        self._counts = np.zeros(rows)
        self._levels = np.zeros((rows, len(self.names)))

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        counts = self._counts[at] + 1
        gains = np.tile((1.0, 0.0, *GAINS), (len(values), 1))
        gains[:, 1] = 1 / counts
        gains[counts == 1] = 1.0
        levels = self._levels[at]
        levels = levels + gains * (values[:, None] - levels)
        levels[:, 0] = values
        levels[counts == 1] = values[counts == 1, None]
        self._counts[at], self._levels[at] = counts, levels
        return levels

    def ahead(self, at: Rows, steps: int, methods: Counts) -> Numbers:
        return held(self._levels[at], methods, steps)


class FittedSmoothing(State):
    """Simple smoothing whose gain is, at each value, that of the lowest absolute errors of late."""

    names: Sequence[str] = ("fitted smoothing",)

    def __init__(self, rows: int) -> None:
        self._begun = np.zeros(rows, bool)
        self._levels = np.zeros((rows, len(FITTED_GAINS)))
        self._errors = np.zeros((rows, len(FITTED_GAINS)))
        self._next = np.full((rows, 1), np.nan)

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        begun, levels, errors = self._begun[at], self._levels[at], self._errors[at]
        off = np.where(begun[:, None], values[:, None] - levels, 0.0)
        errors = errors * (1 - 1 / FITTED_MEMORY) + np.abs(off)
        levels = np.where(begun[:, None], levels + FITTED_GAINS * off, values[:, None])
        best = errors.argmin(axis=1)[:, None]
        self._begun[at], self._levels[at], self._errors[at] = True, levels, errors
        self._next[at] = said = np.take_along_axis(levels, best, axis=1)
        return said

    def ahead(self, at: Rows, steps: int, methods: Counts) -> Numbers:
        return held(self._next[at], methods, steps)
