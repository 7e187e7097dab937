"""The Network Weather Service's own rule, to compare with: of its 18 methods, by its lowest mean absolute error."""

from __future__ import annotations

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.battery import NWS_METHODS
from zeligui.grid.forecasting.rows import Counts, Rows

WINDOWS = (1, 5, 10, 20, 30, 50, 100)


class NwsRule:
    """The "Total MAE" of NWS 2.0.5, over its 18 methods with their faults mended.

    Eight derived methods each take the primary with the lowest sum of absolute errors over the last 1, 5, 10, 20, 30,
    50 and 100 values, and over all. The total is the derived method with the lowest cumulative absolute error. It
    keeps the original's fault of never forgetting: that is the rule. A hundred errors of 18 methods are kept a row,
    14 kB, so this serves evaluation, not live forecasts.
    """

    def __init__(self, rows: int) -> None:
        self._recent = np.zeros((rows, WINDOWS[-1], NWS_METHODS))
        self._all = np.zeros((rows, NWS_METHODS))
        self._own = np.zeros((rows, len(WINDOWS) + 1))
        self._picks = np.zeros((rows, len(WINDOWS) + 1), np.intp)

    def learn(self, at: Rows, said: Numbers, values: Numbers) -> None:
        """Judge what the methods said, (n, 18 or more), by the values that came, (n,)."""
        off = np.abs(said[:, :NWS_METHODS] - values[:, None])
        self._own[at] += np.take_along_axis(off, self._picks[at], axis=1)
        self._all[at] += off
        recent = np.empty_like(self._recent[at])
        recent[:, 0], recent[:, 1:] = off, self._recent[at][:, :-1]
        self._recent[at] = recent
        pieces = np.add.reduceat(recent, (0, *WINDOWS[:-1]), axis=1)
        sums = np.concatenate((self._all[at][:, None], pieces.cumsum(axis=1)), axis=1)
        self._picks[at] = sums.argmin(axis=2)

    def methods(self, at: Rows) -> Counts:
        """The number of the method to believe in each row."""
        best = self._own[at].argmin(axis=1)
        return np.take_along_axis(self._picks[at], best[:, None], axis=1)[:, 0]
