"""What was one period ago, for loads that come back: the period is the lag at which a series repeats itself best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.rows import Counts, Rows, State

LONGEST = 300
"""The longest period that is looked for: a day has 288 values of five minutes."""

BACK = 3
"""Periods that are remembered."""

MEMORY = 200
"""How well a lag fits is judged by about so many of the latest values."""


class Seasons(State):
    """The value one period ago, and the median of those one, two and three periods ago.

    The period is the lag from 2 on with the lowest mean absolute difference between a value and the one so long before
    it (the average magnitude difference function of Ross et al., IEEE Trans. ASSP 22, 1974), of those lags that fit
    twice into what was seen.
    """

    names: Sequence[str] = ("one period ago", "median of three periods")

    def __init__(self, rows: int, longest: int = LONGEST) -> None:
        self.longest = longest
        self._kept = BACK * longest
        self._counts = np.zeros(rows, np.intp)
        self._values = np.zeros((rows, self._kept))
        self._differences = np.zeros((rows, longest))
        self._periods = np.zeros(rows, np.intp)
        self._next = np.full((rows, len(self.names)), np.nan)

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        rows = np.arange(len(self._counts))[at]
        self._compare(at, rows, values)
        counts = self._counts[at]
        self._values[rows, counts % self._kept] = values
        self._counts[at] = counts = counts + 1
        best = np.where(np.arange(2, 2 * self.longest + 1, 2) < _shared(counts), self._differences[at], np.inf)[
            :, 1:
        ].argmin(axis=1)
        self._periods[at] = periods = np.where(counts > 4, best + 2, 0)
        self._next[at] = said = self._said(rows, periods, np.ones(1, np.intp))[:, 0]
        return said

    def _compare(self, at: Rows, rows: Counts, values: Numbers) -> None:
        """Take the differences between the new values and all those before into their means."""
        counts, lags = _shared(self._counts[at]), np.arange(1, self.longest + 1)
        pairs = counts - lags + 1
        places = (counts - lags) % self._kept
        before = self._values[rows[:, None], places] if len(places) > 1 else self._values[at][:, places[0]]
        gain = np.where(pairs > 0, 1 / np.clip(pairs, 1, MEMORY), 0.0)
        differences = self._differences[at]
        before -= values[:, None]
        np.abs(before, out=before)
        before -= differences
        before *= gain
        differences += before
        if not isinstance(at, slice):
            self._differences[at] = differences

    def _said(self, rows: Counts, periods: Counts, steps: Counts) -> Numbers:
        """What both methods say so many steps ahead. Shape (n, steps, 2)."""
        counts, cycle = self._counts[rows][:, None], np.maximum(periods, 1)[:, None]
        newest = counts - 1 + steps - cycle * -(-steps // cycle)
        back = newest[:, :, None] - cycle[:, :, None] * np.arange(BACK)
        back = np.where((back >= 0) & (back >= counts[:, :, None] - self._kept), back, newest[:, :, None])
        past = self._values[rows[:, None, None], back % self._kept]
        said = np.stack((past[:, :, 0], np.median(past, axis=2)), axis=2)
        return np.where((periods > 0)[:, None, None], said, np.nan)

    def ahead(self, at: Rows, steps: int, methods: Counts) -> Numbers:
        rows = np.arange(len(self._counts))[at]
        said = self._said(rows, self._periods[rows], np.arange(1, steps + 1))
        return said[np.arange(len(rows)), :, methods]

    def counts(self, at: Rows) -> Counts:
        """How many values each row has had. Shape (n,)."""
        return self._counts[at]

    def before(self, at: Rows, most: int) -> Numbers:
        """The values one to `most` before the newest, in this order; any number where there was none. (n, most)."""
        places = (_shared(self._counts[at]) - 1 - np.arange(1, most + 1)) % self._kept
        if len(places) == 1:
            return np.asarray(self._values[at][:, places[0]])
        return np.asarray(self._values[np.arange(len(self._counts))[at][:, None], places])

    def ago(self, rows: Counts, values: Counts) -> Numbers:
        """What came so many values before the newest; the last values that are kept at most. Shape of `values`."""
        places = (self._counts[rows][:, None, None] - 1 - values) % self._kept
        return np.asarray(self._values[rows[:, None, None], places])

    def differences(self, at: Rows, lags: Counts) -> Numbers:
        """The mean absolute difference of late between values so many steps apart. `lags` and result (n, m).

        Beyond the longest lag its square grows as fast as it did over the longer half of the lags: without end for
        a walk, not at all for what comes back to its mean.
        """
        known = self._differences[at]
        most = np.clip(self._counts[at] - 1, 1, self.longest)[:, None]
        inside = np.take_along_axis(known, np.clip(lags, 1, most) - 1, axis=1)
        half = np.take_along_axis(known, np.maximum(most // 2, 1) - 1, axis=1)
        last = np.take_along_axis(known, most - 1, axis=1)
        slope = np.maximum(last**2 - half**2, 0.0) / np.maximum(most - most // 2, 1)
        return np.asarray(np.sqrt(inside**2 + slope * np.maximum(lags - most, 0)))

    def fitting(self, periods: Counts) -> Counts:
        """How many of these periods the longest lag takes; of a period of one value, any number."""
        return np.where(periods > 1, np.maximum(self.longest // periods, 1), np.iinfo(np.intp).max)

    def period(self, at: Rows) -> Counts:
        """The period of each row, 0 where none was looked for yet."""
        return self._periods[at]


def _shared(counts: Counts) -> Counts:
    """The counts as a column; one row of them where all are the same, which saves all the work a row."""
    return counts[:1, None] if (counts == counts[0]).all() else counts[:, None]
