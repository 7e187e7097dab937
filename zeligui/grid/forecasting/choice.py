"""Which methods to believe: those with the lowest errors so far, judged over several memories."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.rows import Counts, Rows, State

MEMORIES = (5, 20, 100, 500, 2000)
"""Choosers judge the methods by their mean absolute errors over about so many of the latest values."""

LASTING = 1000
"""Of the choosers, the one with the lowest mean absolute error over about so many values is believed."""

TOGETHER = 3
"""The mean of so many methods that err in different ways errs less than most of them: Bates and Granger, Operational
Research Quarterly 20, 1969."""


class Choice(State):
    """Two levels, as in the Network Weather Service, but every error is forgotten in time.

    On the first, each memory has three choosers. One believes the method whose mean absolute error over that memory is
    the lowest; one does so among the first `plain` methods alone: where the others are as good by chance, that keeps it
    from changing to and fro; one believes the mean of the three best. On the second, the chooser is picked whose own
    forecasts had the lowest error. A mean over a memory of M values is plain over the first M, then
    m += (error - m) / M. Of equals, the first is taken, so that a constant is foretold as the last value.

    The original adds up errors for ever on its second level, and hardly unlearns after a regime has changed.
    """

    def __init__(self, rows: int, methods: int, plain: int) -> None:
        self._plain = plain
        self._counts = np.zeros(rows)
        self._errors = np.zeros((rows, len(MEMORIES), methods))
        self._own = np.zeros((rows, 3 * len(MEMORIES)))
        self._picks = np.zeros((rows, 3 * len(MEMORIES), min(TOGETHER, methods)), np.int8)

    def learn(self, at: Rows, said: Numbers, values: Numbers) -> None:
        """Judge what the methods said, (n, methods), by the values that came, (n,)."""
        self._counts[at] = counts = self._counts[at] + 1
        own = self._own[at]
        missed = np.abs(believed(said, self._picks[at]) - values[:, None])
        own += _gain(counts, LASTING)[:, None] * (missed - own)
        gains = np.stack([_gain(counts, memory) for memory in MEMORIES], axis=1)
        errors = self._errors[at]
        errors += gains[:, :, None] * (np.abs(said - values[:, None])[:, None, :] - errors)
        self._own[at], self._errors[at] = own, errors
        self._picks[at] = self._picked(errors)

    def _picked(self, errors: Numbers) -> Counts:
        """The methods that each chooser believes; one alone stands there several times. (n, choosers, TOGETHER)."""
        together = self._picks.shape[2]
        single = np.concatenate((errors.argmin(axis=2), errors[:, :, : self._plain].argmin(axis=2)), axis=1)
        best = errors.argpartition(together - 1, axis=2)[:, :, :together]
        return np.concatenate((np.repeat(single[:, :, None], together, axis=2), best), axis=1)

    def methods(self, at: Rows) -> Counts:
        """The numbers of the methods to believe in each row; one alone stands there several times. (n, TOGETHER)."""
        best = self._own[at].argmin(axis=1)
        return np.take_along_axis(self._picks[at], best[:, None, None], axis=1)[:, 0].astype(np.intp)


def believed(said: Numbers, methods: NDArray[np.integer[Any]]) -> Numbers:
    """The mean of what some methods say, exact where they say the same.

    `said` is (n, all methods), `methods` (n, choosers, numbers); the result is (n, choosers).
    """
    each = np.take_along_axis(said[:, None], methods, axis=2)
    return mean([each[:, :, number] for number in range(methods.shape[2])])


def mean(each: list[Numbers]) -> Numbers:
    """The mean of arrays of one shape, exact where they are the same."""
    first, *others = each
    return first + sum((other - first for other in others), np.zeros_like(first)) / len(each)


def _gain(counts: Numbers, memory: int) -> Numbers:
    return np.maximum(1 / counts, 1 / memory)
