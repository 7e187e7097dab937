"""AR(16), fitted anew on the past as it goes, by least absolute errors of late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.rows import Counts, Rows, State, pushed

ORDER = 16
"""Dinda and O'Hallaron (Cluster Computing 3(4), 2000) recommend AR(16) or better for host load."""

MEMORIES = (150, 1000)
"""A fit looks at about so many of the latest values: weights fall by 1 - 1/memory a value."""

REFITTED = 4
"""Values between two fits: solving 16 equations costs as much as taking in ten values."""

LEAST = 40
"""Values before the first fit."""

EDGE = 0.5
"""Errors below this share of the usual one count as if they were so large: 1/error would go to infinity."""

RIDGE = 1e-4
"""Added to the diagonal, as a share of its mean: lags that always move together get equal shares, not opposite ones."""

BEYOND = 0.05
"""How far a forecast may lie outside of what was seen lately, as a share of that range."""

WILD = 10.0
"""A value that is outside of the range of late by so many times that range is taken to be no further."""

RANGE_MEMORY = 300
"""The range of late comes in by one part in so many a value."""

SCALE_MEMORY = 200
"""The usual error is the mean of about so many of the latest."""


class Autoregression(State):
    """x(t+1) = c + a1 x(t) + … + a16 x(t-15), fitted to the discounted past by weighted least squares.

    Each value weighs 1 / its error under the fit of its time: iteratively reweighted least squares, one iteration a
    value, which leads to the least *absolute* errors. A few spikes would pull the plain fit off all other values.
    (Schlossmacher, JASA 68, 1973.)
    """

    def __init__(self, rows: int, memory: int) -> None:
        self.names: Sequence[str] = (autoregression_name(memory),)
        self._memory = memory
        self._counts = np.zeros(rows, np.intp)
        self._base = np.zeros(rows)
        self._lags = np.zeros((rows, ORDER))
        self._moments = np.zeros((rows, ORDER + 1, ORDER + 2))
        self._fit = np.zeros((rows, ORDER + 1))
        self._scale = np.zeros(rows)
        self._low = np.zeros(rows)
        self._high = np.zeros(rows)
        self._next = np.full(rows, np.nan)

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        counts = self._counts[at]
        first = counts == 0
        self._base[at] = base = np.where(first, values, self._base[at])
        moved = self._trusted(at, values - base)
        self._take_in(at, counts, moved)
        self._lags[at] = pushed(self._lags[at], moved)
        self._counts[at] = counts = counts + 1
        self._widen(at, moved, first)
        due = (counts >= LEAST) & (counts % REFITTED == 0)
        if due.any():
            rows = np.arange(len(self._counts))[at][due]
            self._fit[rows] = fitted(self._moments[rows])
        return self._foretell(at, counts)[:, None]

    def _take_in(self, at: Rows, counts: Counts, moved: Numbers) -> None:
        """Add one row of the regression to the moments, with the weight that its error gives it."""
        said = self._next[at] - self._base[at]
        off = np.abs(moved - np.where(np.isnan(said), self._lags[at, 0], said))
        gain = np.maximum(1 / np.maximum(counts, 1), 1 / SCALE_MEMORY)
        scale = self._scale[at]
        self._scale[at] = scale = scale + gain * (off - scale)
        weights = np.where(scale > 0, scale / np.where(scale > 0, np.maximum(off, EDGE * scale), 1.0), 1.0)
        weights[counts < ORDER] = 0.0
        row = np.empty((len(moved), ORDER + 2))
        row[:, :ORDER], row[:, ORDER], row[:, ORDER + 1] = self._lags[at], 1.0, moved
        moments = self._moments[at]
        moments *= 1 - 1 / self._memory
        moments += (row[:, : ORDER + 1] * weights[:, None])[:, :, None] * row[:, None, :]
        if not isinstance(at, slice):
            self._moments[at] = moments

    def _trusted(self, at: Rows, moved: Numbers) -> Numbers:
        """The values, pulled in where they are wildly out of range: else one rules the moments for thousands."""
        low, high = self._low[at], self._high[at]
        room = np.where(high > low, WILD * (high - low), np.inf)
        return np.clip(moved, low - room, high + room)

    def _widen(self, at: Rows, moved: Numbers, first: Numbers) -> None:
        """The range of late: it goes out at once and comes in slowly."""
        low, high = np.where(first, moved, self._low[at]), np.where(first, moved, self._high[at])
        shrink = (high - low) / RANGE_MEMORY
        self._low[at], self._high[at] = np.minimum(low + shrink / 2, moved), np.maximum(high - shrink / 2, moved)

    def _foretell(self, at: Rows, counts: Counts) -> Numbers:
        fit = self._fit[at]
        said = np.vecdot(fit[:, :ORDER], self._lags[at]) + fit[:, ORDER]
        low, high = self._bounds(at)
        said = self._base[at] + np.clip(said, low, high)
        self._next[at] = said = np.where(counts >= LEAST, said, np.nan)
        return said

    def _bounds(self, at: Rows) -> tuple[Numbers, Numbers]:
        """Between what a forecast must be."""
        low, high = self._low[at], self._high[at]
        room = BEYOND * (high - low)
        return low - room, high + room

    def ahead(self, at: Rows, steps: int, methods: Counts) -> Numbers:
        fit = self._fit[at]
        path = np.empty((len(fit), ORDER + steps))
        path[:, :ORDER] = self._lags[at][:, ::-1]
        backwards = fit[:, ORDER - 1 :: -1].copy()
        constant, (low, high) = fit[:, ORDER], self._bounds(at)
        for step in range(steps):
            said = np.vecdot(backwards, path[:, step : step + ORDER])
            said += constant
            np.minimum(np.maximum(said, low, out=said), high, out=path[:, ORDER + step])
        said = self._base[at][:, None] + path[:, ORDER:]
        return np.where(np.isnan(self._next[at])[:, None], np.nan, said)

    def growth(self, at: Rows, steps: int) -> Numbers:
        """How the error grows with the steps: the root of the sum of squares of the impulse response. (n, steps)."""
        backwards = self._fit[at][:, ORDER - 1 :: -1].copy()
        response = np.zeros((len(backwards), ORDER + steps))
        response[:, ORDER - 1] = 1.0
        for step in range(1, steps):
            np.vecdot(backwards, response[:, step - 1 : step - 1 + ORDER], out=response[:, ORDER - 1 + step])
        return np.asarray(np.sqrt(np.cumsum(np.square(response[:, ORDER - 1 : -1]), axis=1)))


def autoregression_name(memory: int) -> str:
    """The name of the method."""
    return f"AR({ORDER}) over {memory}"


def fitted(moments: Numbers) -> Numbers:
    """The coefficients, newest lag first, then the constant, of each row's moments. Shape (n, 17).

    `moments` (n, 17, 18): the weighted sums of products of lags and 1 with lags, 1 and the value after them.
    """
    total = np.maximum(moments[:, ORDER, ORDER], np.finfo(float).tiny)
    means = moments[:, ORDER, :] / total[:, None]
    spread = moments[:, :ORDER, :] - moments[:, :ORDER, ORDER, None] * means[:, None, :]
    square, right = spread[:, :, :ORDER].copy(), spread[:, :, ORDER + 1 :]
    size = np.einsum("rkk->r", square) / ORDER
    noise = 1e-12 * np.einsum("rkk->r", moments[:, :ORDER, :ORDER]) / ORDER
    flat = size <= noise
    square[flat], right[flat] = 0.0, 0.0
    diagonal = np.arange(ORDER)
    square[:, diagonal, diagonal] += np.where(flat, 1.0, RIDGE * size)[:, None]
    slopes = np.linalg.solve(square, right)[:, :, 0]
    constant = means[:, ORDER + 1] - np.vecdot(slopes, means[:, :ORDER])
    return np.column_stack((slopes, constant))
