"""Predictors that look at the last few values: medians, means and trimmed means of windows, fixed and adaptive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.rows import Counts, Rows, State, held, pushed

LONGEST = 51
MEDIANS = (31, 5)
MEANS = ((31, 0.0), (5, 0.0), (31, 0.3), (51, 0.3))
"""Windows of means, and the share of the values that is left out at either end."""


@dataclass(frozen=True, slots=True)
class Adaptive:
    """How the window of an adaptive median may move."""

    least: int
    most: int
    begin: int
    step: int


ADAPTIVE = (Adaptive(5, 21, 10, 1), Adaptive(21, 51, 30, 5))
_MOVES = np.array((-1, 0, 1))
_LEAST, _MOST, _STEPS = (np.array(one) for one in zip(*((a.least, a.most, a.step) for a in ADAPTIVE), strict=True))


class Windows(State):
    """The Network Weather Service's predictors over windows, 10 to 17 of its battery, in its order.

    An adaptive median compares, whenever a value arrives, what its window and those a step shorter and longer said of
    it, and moves to the best of the three. In the original the shorter and longer windows are the step itself, so that
    the window only grows.
    """

    names: Sequence[str] = (
        *("median 31", "median 5", "mean 31", "mean 5", "trimmed mean 31", "trimmed mean 51"),
        *("adaptive median 5-21", "adaptive median 21-51"),
    )

    def __init__(self, rows: int) -> None:
        self._values = np.full((rows, LONGEST), np.nan)
        self._counts = np.zeros(rows, np.intp)
        self._widths = np.tile([one.begin for one in ADAPTIVE], (rows, 1))
        self._tried = np.full((rows, len(ADAPTIVE), len(_MOVES)), np.nan)
        self._next = np.full((rows, len(self.names)), np.nan)

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        widths = _moved(self._widths[at], self._tried[at], values)
        window = pushed(self._values[at], values)
        counts = np.minimum(self._counts[at] + 1, LONGEST)
        ordered = Ordered(window, counts)
        candidates = _candidates(widths)
        fixed = np.broadcast_to(np.array(MEDIANS), (len(values), len(MEDIANS)))
        medians = ordered.medians(np.concatenate((fixed, candidates.reshape(len(values), -1)), axis=1))
        tried = medians[:, len(MEDIANS) :].reshape(candidates.shape)
        means = (ordered.trimmed(wide, share) for wide, share in MEANS)
        said = np.column_stack((medians[:, : len(MEDIANS)], *means, tried[:, :, 1]))
        self._values[at], self._counts[at], self._widths[at] = window, counts, widths
        self._tried[at], self._next[at] = tried, said
        return said

    def ahead(self, at: Rows, steps: int, methods: Counts) -> Numbers:
        return held(self._next[at], methods, steps)


class Ordered:
    """Windows in the order of their values, so that any shorter window of them needs no sorting of its own."""

    def __init__(self, window: Numbers, counts: Counts) -> None:
        order = window.argsort(axis=1)
        self._sorted = np.take_along_axis(window, order, axis=1)
        self._ages = order.astype(np.int8)
        self._counts = counts

    def medians(self, wide: Counts) -> Numbers:
        """Of the last `wide` values of each row, fewer where there are not so many. Shape (n, k), as `wide`."""
        kept = np.minimum(wide, self._counts[:, None])
        inside = self._ages[:, None, :] < kept[:, :, None].astype(np.int8)
        rank = inside.cumsum(axis=2, dtype=np.int8)
        lower = (rank == ((kept + 1) // 2)[:, :, None]).argmax(axis=2)
        upper = (rank == (kept // 2 + 1)[:, :, None]).argmax(axis=2)
        low, high = (np.take_along_axis(self._sorted, places, axis=1) for places in (lower, upper))
        return low + (high - low) / 2

    def trimmed(self, wide: int, share: float) -> Numbers:
        """The mean of the last `wide` values of each row without a share of the highest and the lowest. Shape (n,)."""
        kept = np.minimum(wide, self._counts)
        inside = self._ages < kept[:, None]
        cut = (share * kept).astype(np.intp)
        if share:
            rank = inside.cumsum(axis=1, dtype=np.int8)
            inside &= (rank > cut[:, None]) & (rank <= (kept - cut)[:, None])
        return np.asarray(np.where(inside, self._sorted, 0.0).sum(axis=1) / (kept - 2 * cut))


def _candidates(widths: Counts) -> Counts:
    """The windows that each adaptive median tries next: a step shorter, the same, a step longer. Shape (n, 2, 3)."""
    moved = widths[:, :, None] + _STEPS[:, None] * _MOVES
    return np.asarray(np.clip(moved, _LEAST[:, None], _MOST[:, None]))


def _moved(widths: Counts, tried: Numbers, values: Numbers) -> Counts:
    """The windows after a value arrived: of the three tried the best; where equal, the one there is. Shape (n, 2)."""
    off = np.abs(tried - values[:, None, None])
    stays = ~(off[:, :, 1] > off.min(axis=2))
    best = np.where(stays, 1, off.argmin(axis=2))
    return np.take_along_axis(_candidates(widths), best[:, :, None], axis=2)[:, :, 0]
