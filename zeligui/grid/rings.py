"""The last values of many hosts: a ring a host, kept together in arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers
from zeligui.grid.decimals import Decimals, wider

MOST_KEPT = 1024
"""Values of history a host and attribute: half an hour at a period of 2 s, more than an hour at 5 s."""

HOUR, MANY = 720, 1280
"""So many values, an hour at a period of 5 s, have at least as many hosts: with 15 attributes 50 kB each."""

MOST_KEPT_TOGETHER = 2**18
"""Values of history an attribute over all hosts: more than 256 share what these take, but for an hour of many."""

WORTHWHILE = 1.25
"""By this factor at least all gets deeper: each time all is copied."""

SHALLOWEST = 16
"""Values of history that are always kept: a forecast needs ten."""

FIRST = 2
"""Values of history for which there is room at first: 10,000 hosts come with one value each."""


class Rings:
    """The last values of some attributes in each row, with the times that they share, in rings.

    It gets deeper as values come, up to a bound. An attribute that is missing in a measurement leaves a NaN.
    """

    def __init__(self, rows: int) -> None:
        self._counts = np.zeros(rows, np.int64)
        self._times = np.full((rows, FIRST), np.nan)
        self._values: list[Decimals] = []

    def join(self) -> int:
        """A place for one more attribute."""
        self._values.append(Decimals(*self._times.shape))
        return len(self._values) - 1

    def append(self, row: int, place: int, time: float, value: float) -> None:
        """One more value of the attribute at that place; those of one time stand beside each other."""
        if row >= len(self._counts):
            self._reach(max(row + 1, self._roomy()))
        depth = self._times.shape[1]
        if not self._counts[row] or self._times[row, (self._counts[row] - 1) % depth] != time:
            self._advance(row, time)
            depth = self._times.shape[1]
        self._values[place].put((row, int((self._counts[row] - 1) % depth)), value)

    def append_all(self, rows: NDArray[np.intp], place: int, time: float | Numbers, values: Numbers) -> None:
        """One more value of the attribute in each of these rows, at one time, or each at its own."""
        self.append_each(rows, time, {place: values})

    def append_each(self, rows: NDArray[np.intp], time: float | Numbers, values: Mapping[int, Numbers]) -> None:
        """The same of several attributes, by their places."""
        if (most := int(rows.max())) >= len(self._counts):
            self._reach(max(most + 1, self._roomy()))
        latest = self._times[rows, (self._counts[rows] - 1) % self._times.shape[1]]
        new = latest != time
        self._advance_all(rows[new], np.broadcast_to(time, rows.shape)[new])
        at = (self._counts[rows] - 1) % self._times.shape[1]
        for place, column in values.items():
            self._values[place].put_all((rows, at), column)

    def clear(self, row: int) -> None:
        """Forget a row."""
        if row < len(self._counts):
            self._counts[row] = 0
            self._times[row] = np.nan
            for values in self._values:
                values.blank(row)

    def of(self, rows: NDArray[np.intp], place: int, *, since: float = -np.inf) -> tuple[Numbers, Numbers]:
        """Times and values of these rows, oldest first; NaN stands first in a row that is not full.

        What came before `since` may be left out.
        """
        depth = self._times.shape[1]
        inside = rows < len(self._counts)
        held = rows[inside]
        known = self._times[held]
        deep = depth if since == -np.inf else int(np.count_nonzero(known >= since, axis=1).max(initial=0))
        turned = (np.arange(depth - deep, depth) + self._counts[held][:, None]) % depth
        times, values = np.full((len(rows), deep), np.nan), np.full((len(rows), deep), np.nan)
        values[inside] = self._values[place].get(held, turned)
        times[inside] = np.take_along_axis(known, turned, axis=1)
        return _missing_first(times, values)

    def _roomy(self) -> int:
        """Rows to have where more are needed: room for others, but not for twice as many."""
        return len(self._counts) + len(self._counts) // 4

    def _advance_all(self, rows: NDArray[np.intp], times: Numbers) -> None:
        if len(rows) == 0:
            return
        depth = self._deep_enough(bool((self._counts[rows] == self._times.shape[1]).any()))
        at = self._counts[rows] % depth
        self._times[rows, at] = times
        for values in self._values:
            values.blank((rows, at))
        self._counts[rows] += 1

    def _deep_enough(self, full: bool) -> int:
        """The depth, doubled where a row is full, or as much more as there is room for."""
        rows, depth = self._times.shape
        if full and depth < (most := _most(rows)):
            deeper = min(2 * depth, most)
            if deeper >= WORTHWHILE * depth:
                self._widen(0, deeper - depth)  # no row has gone round yet: the first that would, makes all deeper
        return self._times.shape[1]

    def _advance(self, row: int, time: float) -> None:
        depth = self._deep_enough(bool(self._counts[row] == self._times.shape[1]))
        at = self._counts[row] % depth
        self._times[row, at] = time
        for values in self._values:
            values.blank((row, int(at)))
        self._counts[row] += 1

    def _reach(self, rows: int) -> None:
        more = rows - len(self._counts)
        self._counts = np.append(self._counts, np.zeros(more, np.int64))
        self._widen(more, 0)

    def _widen(self, rows: int, depth: int) -> None:
        self._times = wider(self._times, rows, depth, np.nan)
        for values in self._values:
            values.widen(rows, depth)


def _most(rows: int) -> int:
    """The greatest depth of so many rows."""
    return min(MOST_KEPT, max(MOST_KEPT_TOGETHER // rows, HOUR if rows <= MANY else SHALLOWEST))


def _missing_first(times: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """The same with all that is missing before all that is not, in rows that stay in order."""
    missing = np.isnan(values)
    times = np.where(missing, np.nan, times)
    if not (missing[:, 1:] & ~missing[:, :-1]).any():
        return times, values
    order = np.argsort(~missing, axis=1, kind="stable")
    return np.take_along_axis(times, order, axis=1), np.take_along_axis(values, order, axis=1)
