"""Live forecasts of one attribute: state is kept for the hosts that are asked for, and catches up when it is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.forecaster import MOST_STEPS, Forecast, Forecaster
from zeligui.grid.forecasting.rows import Counts, pushed
from zeligui.grid.forecasting.seasons import LONGEST

LEAST_VALUES = 10
"""Until it has seen so many values, a forecast is unknown."""

BLOCK = 500
"""Rows that learn together: their state, 10 to 20 kB each, is about what a processor's cache holds."""

LAGS_TOGETHER = 2**18
"""Lags that are compared over all rows: with more than 873 the longest period gets shorter than 300 values."""

SHORTEST = 60
"""The longest period is at least so many values."""

FIRST_VALUES = 5000
"""Values that are learned from when many rows begin: one row begins with its last 200, 10,000 with their last ten."""

SPACINGS = 9
"""The time between two values is the median of the last so many."""

JITTER = 0.1
"""A horizon that is longer than a whole number of values by less than this share of one is that number."""


class Recorded(Protocol):
    """The values of an attribute, as the live store keeps them."""

    def times_of(self, rows: Counts) -> Numbers:
        """When the newest value of each row came, -inf where none did, inf where it is the user's. Shape (n,)."""
        ...

    def history_of(self, rows: Counts) -> tuple[Numbers, Numbers]:
        """Times and values, each (n, depth), oldest first, NaN before the first."""
        ...


class Tracking:
    """What it says depends on the values and their times alone, from those held when a row was first asked for on.

    Values that were gone from the history before anyone asked again are missed: who relies on forecasts asks often.
    After `patience_s` of learning an ask is answered by what is learned until then; `go_on` learns the rest. A row of
    which not everything was learned once is unknown.
    """

    def __init__(self, patience_s: float = np.inf) -> None:
        self._patience_s = patience_s
        self._behind = np.zeros(0, np.intp)
        """Rows that were asked for, and have not caught up."""
        self._together = 0
        """How many rows began, or are to begin, together with those."""
        self._blocks: list[Forecaster] = []
        self._free: list[tuple[int, int]] = []
        self._block = np.full(0, -1)
        self._place = np.zeros(0, np.intp)
        self._times = np.full(0, -np.inf)
        self._ready = np.zeros(0, bool)
        """Whether all that there was has been learned once."""
        self._spacings = np.full((0, SPACINGS), np.nan)

    def foretold(self, recorded: Recorded, rows: Counts, seconds: float | None) -> Numbers:
        """What is foretold for so many seconds ahead (None: of the next value), NaN where unknown. Shape (n,)."""
        self._catch_up(recorded, rows)
        result = np.full(len(rows), np.nan)
        steps = _steps(np.float64(seconds or 0.0), self._spacing(rows))
        for number, block in enumerate(self._blocks):
            there = np.flatnonzero(self._block[rows] == number)
            there = there[self._ready[rows[there]] & (block.counts[self._place[rows[there]]] >= LEAST_VALUES)]
            for ahead in np.unique(steps[there]):
                asked = there[steps[there] == ahead]
                result[asked] = block.at(self._place[rows[asked]], int(ahead))
        return result

    def forecast(self, recorded: Recorded, row: int, horizons_s: Sequence[float]) -> Forecast | None:
        """What is foretold of one row, at each horizon; None where it has fewer than ten values."""
        rows = np.array([row])
        self._catch_up(recorded, rows)
        if not self._ready[row]:
            return None
        block, place = self._blocks[self._block[row]], self._place[rows]
        if block.counts[place[0]] < LEAST_VALUES:
            return None
        steps = _steps(np.array(horizons_s, float), self._spacing(rows))
        values, errors = block.ahead(place, int(steps.max(initial=1)))
        return Forecast(values[0][steps - 1], errors[0][steps - 1], block.method(int(place[0])))

    def forget(self, row: int) -> None:
        """The row is another host's from now on."""
        if row < len(self._block) and self._block[row] >= 0:
            slot = int(self._block[row]), int(self._place[row])
            self._blocks[slot[0]].begin_anew(slot[1])
            self._free.append(slot)
            self._block[row], self._times[row], self._spacings[row], self._ready[row] = -1, -np.inf, np.nan, False

    def _spacing(self, rows: Counts) -> Numbers:
        """The median of the last times between two values, NaN where there is none. Shape (n,)."""
        spacings = np.sort(self._spacings[rows], axis=1)
        known = np.count_nonzero(~np.isnan(spacings), axis=1)
        return np.take_along_axis(spacings, np.maximum(known - 1, 0)[:, None] // 2, axis=1)[:, 0]

    def go_on(self, recorded: Recorded) -> bool:
        """Learn for a moment what an ask has left; whether there is more to learn."""
        if len(self._behind):
            self._catch_up(recorded, self._behind)
        return bool(len(self._behind))

    def _catch_up(self, recorded: Recorded, rows: Counts) -> None:
        """Learn what has come in these rows since they were asked for last; where that takes long, a part of it."""
        self._reach(int(rows.max(initial=-1)) + 1)
        newest = recorded.times_of(rows)
        late = (newest > self._times[rows]) & np.isfinite(newest)
        behind, newest = rows[late], newest[late]
        new = int(np.count_nonzero(self._block[behind] < 0))
        self._together = max(new, self._together) if len(self._behind) else new
        end, done = time.perf_counter() + self._patience_s, 0
        while done < len(behind) and (done == 0 or time.perf_counter() < end):
            some = slice(done, done + BLOCK)
            if not self._has_caught_up(recorded, behind[some], end):
                break
            self._times[behind[some]], self._ready[behind[some]] = newest[some], True
            done += BLOCK
        others = self._behind[~np.isin(self._behind, rows)] if len(self._behind) else self._behind
        self._behind = np.append(others, behind[done:])

    def _has_caught_up(self, recorded: Recorded, rows: Counts, end: float) -> bool:
        """Learn what has come in these rows; False where it is not all learned at the `end`."""
        times, values = recorded.history_of(rows)
        new = self._block[rows] < 0
        most = np.where(new, np.clip(FIRST_VALUES // max(self._together, 1), LEAST_VALUES, 200), times.shape[1])
        self._begin(rows[new])
        waiting = np.minimum(np.count_nonzero(times > self._times[rows, None], axis=1), most)
        for back in range(int(waiting.max()), 0, -1):
            some = waiting >= back
            self._learn(rows[some], times[some, -back], values[some, -back])
            if back > 1 and time.perf_counter() > end:
                return False
        return True

    def _learn(self, rows: Counts, times: Numbers, values: Numbers) -> None:
        before = self._times[rows]
        self._spacings[rows] = np.where(
            np.isfinite(before)[:, None], pushed(self._spacings[rows], times - before), self._spacings[rows]
        )
        self._times[rows] = times
        for number in np.unique(self._block[rows]):
            there = self._block[rows] == number
            column = np.full(self._blocks[number].rows, np.nan)
            column[self._place[rows[there]]] = values[there]
            self._blocks[number].learn(column)

    def _begin(self, rows: Counts) -> None:
        """Give each of these rows a place of its own."""
        lacking = len(rows) - len(self._free)
        longest = int(np.clip(LAGS_TOGETHER // max(self._together, 1), SHORTEST, LONGEST))
        while lacking > 0:
            size = min(lacking, BLOCK)
            self._free += [(len(self._blocks), place) for place in reversed(range(size))]
            self._blocks.append(Forecaster(size, longest_period=longest))
            lacking -= size
        for row in rows:
            self._block[row], self._place[row] = self._free.pop()

    def _reach(self, rows: int) -> None:
        more = max(rows, 2 * len(self._block)) - len(self._block)
        if rows > len(self._block):
            self._block = np.append(self._block, np.full(more, -1))
            self._place = np.append(self._place, np.zeros(more, np.intp))
            self._times = np.append(self._times, np.full(more, -np.inf))
            self._ready = np.append(self._ready, np.zeros(more, bool))
            self._spacings = np.append(self._spacings, np.full((more, SPACINGS), np.nan), axis=0)


def _steps(seconds: Numbers | np.float64, spacing: Numbers) -> Counts:
    """How many values ahead that is, at least one."""
    exact = np.nan_to_num(seconds / np.maximum(spacing, 1e-3) - JITTER, nan=1.0)
    return np.asarray(np.clip(np.ceil(exact), 1, MOST_STEPS), np.intp)
