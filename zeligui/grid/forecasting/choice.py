"""Which method to believe: the one with the lowest error so far, judged over several memories."""

from __future__ import annotations

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.rows import Counts, Rows, State

MEMORIES = (5, 20, 100, 500, 2000)
"""A chooser believes the method with the lowest mean absolute error over about so many of the latest values."""

LASTING = 1000
"""Of the choosers, the one with the lowest mean absolute error over about so many values is believed."""


class Choice(State):
    """Two levels, as in the Network Weather Service, but every error is forgotten in time.

    On the first, a chooser a memory picks the method whose mean absolute error over that memory is the lowest, and
    another does so among the first `plain` methods alone: where the others are as good by chance, that keeps it from
    changing to and fro. On the second, the chooser is picked whose own forecasts had the lowest error. A mean over a
    memory of M values is plain over the first M, then m += (error - m) / M. Of equals, the first is taken, so that a
    constant is foretold as the last value.

    The original adds up errors for ever on its second level, and hardly unlearns after a regime has changed.
    """

    def __init__(self, rows: int, methods: int, plain: int) -> None:
        self._plain = plain
        self._counts = np.zeros(rows)
        self._errors = np.zeros((rows, len(MEMORIES), methods))
        self._own = np.zeros((rows, 2 * len(MEMORIES)))
        self._picks = np.zeros((rows, 2 * len(MEMORIES)), np.intp)

    def learn(self, at: Rows, said: Numbers, values: Numbers) -> None:
        """Judge what the methods said, (n, methods), by the values that came, (n,)."""
        self._counts[at] = counts = self._counts[at] + 1
        off = np.abs(said - values[:, None])
        own = self._own[at]
        own += _gain(counts, LASTING)[:, None] * (np.take_along_axis(off, self._picks[at], axis=1) - own)
        gains = np.stack([_gain(counts, memory) for memory in MEMORIES], axis=1)
        errors = self._errors[at]
        errors += gains[:, :, None] * (off[:, None, :] - errors)
        self._own[at], self._errors[at] = own, errors
        self._picks[at] = np.concatenate((errors.argmin(axis=2), errors[:, :, : self._plain].argmin(axis=2)), axis=1)

    def methods(self, at: Rows) -> Counts:
        """The number of the method to believe in each row."""
        best = self._own[at].argmin(axis=1)
        return np.take_along_axis(self._picks[at], best[:, None], axis=1)[:, 0]


def _gain(counts: Numbers, memory: int) -> Numbers:
    return np.maximum(1 / counts, 1 / memory)
