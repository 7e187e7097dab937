"""Which rows get a value, and what a predictor is: state over all rows that takes a column of values at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers

Rows = slice | NDArray[np.intp]
"""Rows of a state: all of them as `slice(None)`, which needs no copy, or some by their numbers."""

EVERY: Rows = slice(None)

Counts = NDArray[np.intp]


class State:
    """Something with a row a series: each numpy array among its attributes has the rows first."""

    def forget(self, rows: Counts, new: object) -> None:
        """Begin anew in these rows; `new` is one of the same kind that has learned nothing."""
        for name, begun in vars(new).items():
            if isinstance(begun, np.ndarray):
                vars(self)[name][rows] = begun[0]


class Predictor(Protocol):
    """Some methods that learn together. Rows know nothing of each other; nothing looks ahead."""

    @property
    def names(self) -> Sequence[str]:
        """One name a method."""
        ...

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        """Take in the next value of these rows, of shape (n,), all finite; what each method says of the one after.

        Of shape (n, methods), NaN where a method has seen too little to say anything.
        """
        ...

    def forget(self, rows: Counts, new: object) -> None:
        """Begin anew in these rows, as `State` does."""
        ...

    def ahead(self, at: Rows, steps: int, methods: Counts) -> Numbers:
        """What a method of each row (`methods`, numbered as in `names`) says of the next 1 to `steps` values.

        Of shape (n, steps), NaN as in `learn`.
        """
        ...


LARGEST = 1e100
"""A value of this size or more is none: its square must be a number."""


def given(values: Numbers) -> Rows:
    """The rows that have a value in this column: a number that is not too large."""
    known = np.abs(values) < LARGEST
    return EVERY if known.all() else np.flatnonzero(known)


def held(forecasts: Numbers, methods: Counts, steps: int) -> Numbers:
    """A method's forecast of each row, the same at any number of steps. Shape (n, steps)."""
    chosen = np.take_along_axis(forecasts, methods[:, None], axis=1)
    return np.repeat(chosen, steps, axis=1)


def pushed(window: Numbers, values: Numbers) -> Numbers:
    """The window, newest first, with one value more before it and the oldest gone. Shape (n, length)."""
    moved = np.empty_like(window)
    moved[:, 0] = values
    moved[:, 1:] = window[:, :-1]
    return moved
