"""The last values of many hosts: a ring a host, kept together in arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers

MOST_KEPT = 1024
"""Values of history a host and attribute: half an hour at a period of 2 s."""

MOST_KEPT_TOGETHER = 2**18
"""Values of history an attribute over all hosts: more than 256 hosts share what 256 would take, 2 MB."""

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
        self._values: list[Numbers] = []

    def join(self) -> int:
        """A place for one more attribute."""
        self._values.append(np.full(self._times.shape, np.nan))
        return len(self._values) - 1

    def append(self, row: int, place: int, time: float, value: float) -> None:
        """One more value of the attribute at that place; those of one time stand beside each other."""
        if row >= len(self._counts):
            self._reach(max(row + 1, 2 * len(self._counts)))
        depth = self._times.shape[1]
        if not self._counts[row] or self._times[row, (self._counts[row] - 1) % depth] != time:
            self._advance(row, time)
            depth = self._times.shape[1]
        self._values[place][row, (self._counts[row] - 1) % depth] = value

    def append_all(self, rows: NDArray[np.intp], place: int, time: float | Numbers, values: Numbers) -> None:
        """One more value of the attribute in each of these rows, at one time, or each at its own."""
        self.append_each(rows, time, {place: values})

    def append_each(self, rows: NDArray[np.intp], time: float | Numbers, values: Mapping[int, Numbers]) -> None:
        """The same of several attributes, by their places."""
        if (most := int(rows.max())) >= len(self._counts):
            self._reach(max(most + 1, 2 * len(self._counts)))
        latest = self._times[rows, (self._counts[rows] - 1) % self._times.shape[1]]
        new = latest != time
        self._advance_all(rows[new], np.broadcast_to(time, rows.shape)[new])
        at = (self._counts[rows] - 1) % self._times.shape[1]
        for place, column in values.items():
            self._values[place][rows, at] = column

    def clear(self, row: int) -> None:
        """Forget a row."""
        if row < len(self._counts):
            self._counts[row] = 0
            for kept in (self._times, *self._values):
                kept[row] = np.nan

    def of(self, rows: NDArray[np.intp], place: int) -> tuple[Numbers, Numbers]:
        """Times and values of these rows, oldest first; NaN stands first in a row that is not full."""
        depth = self._times.shape[1]
        inside = rows < len(self._counts)
        held = rows[inside]
        turned = (np.arange(depth) + self._counts[held][:, None]) % depth
        times, values = np.full((len(rows), depth), np.nan), np.full((len(rows), depth), np.nan)
        values[inside] = np.take_along_axis(self._values[place][held], turned, axis=1)
        times[inside] = np.take_along_axis(self._times[held], turned, axis=1)
        return _missing_first(times, values)

    def _advance_all(self, rows: NDArray[np.intp], times: Numbers) -> None:
        if len(rows) == 0:
            return
        depth = self._deep_enough(bool((self._counts[rows] == self._times.shape[1]).any()))
        at = self._counts[rows] % depth
        self._times[rows, at] = times
        for values in self._values:
            values[rows, at] = np.nan
        self._counts[rows] += 1

    def _deep_enough(self, full: bool) -> int:
        """The depth, doubled where a row is full and there is room for that."""
        rows, depth = self._times.shape
        if full and (depth < SHALLOWEST or (depth < MOST_KEPT and 2 * depth * rows <= MOST_KEPT_TOGETHER)):
            self._widen(0, depth)  # no row has gone round yet: the first that would, makes all deeper
            depth *= 2
        return depth

    def _advance(self, row: int, time: float) -> None:
        depth = self._deep_enough(bool(self._counts[row] == self._times.shape[1]))
        at = self._counts[row] % depth
        self._times[row, at] = time
        for values in self._values:
            values[row, at] = np.nan
        self._counts[row] += 1

    def _reach(self, rows: int) -> None:
        more = rows - len(self._counts)
        self._counts = np.append(self._counts, np.zeros(more, np.int64))
        self._widen(more, 0)

    def _widen(self, rows: int, depth: int) -> None:
        self._times = _wider(self._times, rows, depth)
        self._values = [_wider(values, rows, depth) for values in self._values]


def _wider(column: Numbers, rows: int, depth: int) -> Numbers:
    """The same with more rows, and more depth."""
    before_rows, before_depth = column.shape
    wider = np.full((before_rows + rows, before_depth + depth), np.nan)
    wider[:before_rows, :before_depth] = column
    return wider


def _missing_first(times: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """The same with all that is missing before all that is not, in rows that stay in order."""
    missing = np.isnan(values)
    times = np.where(missing, np.nan, times)
    if not (missing[:, 1:] & ~missing[:, :-1]).any():
        return times, values
    order = np.argsort(~missing, axis=1, kind="stable")
    return np.take_along_axis(times, order, axis=1), np.take_along_axis(values, order, axis=1)
