"""What followed when the past was most alike: jobs that come again at odd times, each with a course of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.rows import Counts, Rows, State
from zeligui.grid.forecasting.seasons import Seasons

ALIKE = 7
"""So many times in the past are looked for; the median of what followed them is said."""

FADE = 0.7
"""How much a value counts of what the one after it does: about three decide how alike two times are."""

LEAST = 20
"""Values before anything is said."""

MOVED = 0.5
"""By this share of the difference between now and then, the second method moves what followed then."""


class Analogues(State):
    """The median of what followed the most similar times in the past, and the same moved towards the level of now.

    (Lorenz, J. Atmos. Sci. 26, 1969; nearest neighbours by Farmer and Sidorowich, PRL 59, 1987.) How unlike the time
    one lag ago is, is the sum of FADE^k |x(t-k) - x(t-k-lag)|, which goes on from value to value at one product and one
    sum a lag. `seasons` keeps the values, and learns them first.
    """

    names: Sequence[str] = ("analogues", "shifted analogues")

    def __init__(self, rows: int, seasons: Seasons) -> None:
        self._seasons = seasons
        self._unlike = np.zeros((rows, 2 * seasons.longest))
        self._lags = np.ones((rows, ALIKE), np.intp)
        self._rise = np.zeros((rows, ALIKE))
        self._next = np.full((rows, len(self.names)), np.nan)

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        rows = np.arange(len(self._lags))[at]
        most = self._unlike.shape[1]
        before, counts = self._seasons.before(at, most), self._seasons.counts(at)
        unlike = self._unlike[at]
        unlike *= FADE
        unlike += np.abs(before - values[:, None])
        not_yet = np.arange(1, most + 1) >= counts[:, None] if counts.min() <= most else None
        if not_yet is not None:
            unlike[not_yet] = 0.0
        if not isinstance(at, slice):
            self._unlike[at] = unlike
        if not_yet is not None:
            unlike = np.where(not_yet, np.inf, unlike)
        best = unlike.argpartition(ALIKE - 1, axis=1)[:, :ALIKE]
        self._rise[at] = MOVED * (values[:, None] - np.take_along_axis(before, best, axis=1))
        self._lags[at] = best + 1
        self._next[at] = said = np.where((counts > LEAST)[:, None], self._said(rows, np.ones(1, np.intp))[:, 0], np.nan)
        return said

    def _said(self, rows: Counts, steps: Counts) -> Numbers:
        """What both methods say so many steps ahead; what lies ahead then too is what came a lag before. (n, m, 2)."""
        lags = self._lags[rows][:, None, :]
        ago = lags * -(-steps[:, None] // lags) - steps[:, None]
        followed = self._seasons.ago(rows, ago)
        moved = followed + self._rise[rows][:, None, :]
        return np.stack([np.sort(each, axis=2)[:, :, ALIKE // 2] for each in (followed, moved)], axis=2)

    def ahead(self, at: Rows, steps: int, methods: Counts) -> Numbers:
        rows = np.arange(len(self._lags))[at]
        said = self._said(rows, np.arange(1, steps + 1))[np.arange(len(rows)), :, methods]
        return np.where(np.isnan(self._next[rows, 0])[:, None], np.nan, said)
