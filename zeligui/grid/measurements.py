"""What was measured of all hosts: per attribute one array of values, one of times and a ring of history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers, Texts
from zeligui.grid.forecast import forecast
from zeligui.grid.hosts import Value
from zeligui.grid.table import Table

MOST_KEPT = 1024
"""Values of history a host and attribute: half an hour at a period of 2 s."""

MOST_KEPT_TOGETHER = 2**18
"""Values of history an attribute over all hosts: more than 256 hosts share what 256 would take, 2 MB."""

SHALLOWEST = 16
"""Values of history that are always kept: a forecast needs ten."""

REDUCTIONS: Mapping[str, Callable[..., Numbers]] = {
    "avg": np.nanmean,
    "min": np.nanmin,
    "max": np.nanmax,
    "median": np.nanmedian,
    "stddev": np.nanstd,
}


class Measurements:
    """The live store. A host is a row; rows are never removed. Times are seconds on the age clock."""

    def __init__(self) -> None:
        self.rows = 0
        self._series: dict[str, _Series] = {}

    def add(self) -> int:
        """A row for one more host."""
        self.rows += 1
        return self.rows - 1

    def record(self, row: int, values: Mapping[str, Value], measured: float) -> frozenset[str]:
        """Take over values of one host, measured at one time; the attributes whose value is newer than before."""
        newer = set()
        history: _History | None = None
        for name, value in values.items():
            key = name.casefold()
            series = self._series.get(key)
            if series is None:
                series = self._series[key] = _Series(name, self.rows)
            if series.history is None and not isinstance(value, str) and measured < np.inf:
                history = history or _History(self.rows)  # what comes together for the first time does so ever after
                series.keep_in(history)
            if series.record(row, value, measured):
                newer.add(series.name)
        return frozenset(newer)

    def label(self, row: int, labels: Mapping[str, Value]) -> None:
        """Set what the user says of a host: it never ages, and no measurement changes it."""
        self.record(row, labels, np.inf)

    def unlabel(self, row: int) -> None:
        """Forget what the user said of a host."""
        for series in self._series.values():
            if series.time(row) == np.inf:
                series.forget(row)

    def values(self, row: int, *, since: float = -np.inf) -> dict[str, tuple[Value, float]]:
        """Each attribute of a host with the time at which it was measured, if that is not before `since`."""
        present = ((series.name, series.value(row), series.time(row)) for series in self._series.values())
        return {name: (value, time) for name, value, time in present if value is not None and time >= since}

    def newest(self, row: int, attributes: Collection[str]) -> float:
        """When the newest value among these attributes of a host was measured, -inf where there is none."""
        known = (self._series.get(attribute.casefold()) for attribute in attributes)
        times = [series.time(row) for series in known if series is not None]
        return max((time for time in times if time < np.inf), default=-np.inf)

    def history(self, row: int, attribute: str) -> tuple[Numbers, Numbers]:
        """Times and values of one host's numbers, oldest first, each of shape (n,)."""
        series = self._series.get(attribute.casefold())
        if series is None:
            return np.empty(0), np.empty(0)
        times, values = series.history_of(np.array([row]))
        known = ~np.isnan(times[0])
        return times[0][known], values[0][known]

    def view(self, rows: Mapping[str, int], now: float, *, since: float) -> View:
        """The hosts `rows` (name to row), in that order, as of `now`; what was measured before `since` has expired."""
        return View(self._series, rows, now, since)


class View(Table):
    """The columns of a moment. Values are copies; the history behind the statistics is read when it is asked for."""

    def __init__(self, series: Mapping[str, _Series], rows: Mapping[str, int], now: float, since: float) -> None:
        self.now = now
        self._series = series
        self._rows = np.fromiter(rows.values(), np.intp, len(rows))
        self._times = {key: one.times_of(self._rows) for key, one in series.items()}
        numbers, texts = {}, {}
        for key, one in series.items():
            alive = self._times[key] >= since
            if one.has_numbers:
                numbers[one.name] = np.where(alive, one.numbers_of(self._rows), np.nan)
            if one.vocabulary:
                codes = np.where(alive, one.codes_of(self._rows), -1).astype(np.int32)
                texts[one.name] = Texts(codes, tuple(one.vocabulary))
        super().__init__(tuple(rows), numbers, texts)

    def measured(self, attribute: str) -> Numbers:
        """When each host's value was measured, on the age clock, -inf where it never was. Shape (hosts,)."""
        never = np.full(len(self._rows), -np.inf)
        return self._times.get(attribute.casefold(), never)

    def history(self, attribute: str) -> tuple[Numbers, Numbers]:
        """Times and values up to now, each of shape (hosts, n), oldest first, NaN where a host has fewer."""
        one = self._series.get(attribute.casefold())
        if one is None:
            return np.empty((len(self._rows), 0)), np.empty((len(self._rows), 0))
        return one.history_of(self._rows)

    def statistic(self, function: str, attribute: str, seconds: float | None) -> Numbers:
        if function == "age":
            known = self.texts(attribute).codes >= 0
            return np.maximum(0.0, self.now - np.where(known, self.measured(attribute), np.nan))
        known = ~np.isnan(self.numbers(attribute))
        times, values = self.history(attribute)
        return np.where(known, summary(function, times, values, now=self.now, seconds=seconds), np.nan)


def summary(function: str, times: Numbers, values: Numbers, *, now: float, seconds: float | None) -> Numbers:
    """`avg min max median stddev` of the values of the last seconds (None: of all), or their `forecast`.

    `times` and `values` have the shape (hosts, n), NaN where there is none; the result (hosts,), NaN where a host has
    no value in that time. `stddev` is that of the values themselves, not of a population they are drawn from.
    """
    if function == "forecast":
        return forecast(values, times, seconds or 0.0)
    inside = values if seconds is None else np.where(times >= now - seconds, values, np.nan)
    result = np.full(len(values), np.nan)
    some = ~np.isnan(inside).all(axis=1)
    if some.any():
        result[some] = REDUCTIONS[function](inside[some], axis=1)
    return result


class _Series:
    """One attribute of all hosts. A value is a number, or a code that points into the vocabulary of texts."""

    def __init__(self, name: str, rows: int) -> None:
        self.name = name
        self.vocabulary: list[str] = []
        self._coded: dict[str, int] = {}
        self.has_numbers = False
        self._numbers = np.full(rows, np.nan)
        self._codes = np.full(rows, -1, np.int32)
        self._times = np.full(rows, -np.inf)
        self.history: _History | None = None
        self._place = 0

    def keep_in(self, history: _History) -> None:
        """Keep the numbers that come from now on there."""
        self.history, self._place = history, history.join()

    def record(self, row: int, value: Value, measured: float) -> bool:
        """Take over a value unless the one there is as new."""
        self._reach(row)
        if measured <= self._times[row]:
            return False
        self._times[row] = measured
        if isinstance(value, str):
            self._codes[row] = self._code(value)
            self._numbers[row] = np.nan
            return True
        self.has_numbers = True
        self._codes[row] = -1
        self._numbers[row] = value
        if self.history is not None and measured < np.inf:
            self.history.append(row, self._place, measured, value)
        return True

    def forget(self, row: int) -> None:
        """Have no value of this row any more; its history stays."""
        self._numbers[row], self._codes[row], self._times[row] = np.nan, -1, -np.inf

    def _code(self, text: str) -> int:
        if text not in self._coded:
            if len(self.vocabulary) > 2 * len(self._codes) + SHALLOWEST:
                self._forget_texts()
            self._coded[text] = len(self.vocabulary)
            self.vocabulary.append(text)
        return self._coded[text]

    def _forget_texts(self) -> None:
        """Keep only the texts that some host has now: one that always says something else must not fill the memory."""
        used = np.unique(self._codes[self._codes >= 0])
        self.vocabulary = [self.vocabulary[code] for code in used]
        self._coded = {text: code for code, text in enumerate(self.vocabulary)}
        self._codes = np.where(self._codes < 0, -1, np.searchsorted(used, self._codes)).astype(np.int32)

    def _reach(self, row: int) -> None:
        size = len(self._times)
        if row < size:
            return
        more = max(row + 1, 2 * size) - size
        self._numbers = np.append(self._numbers, np.full(more, np.nan))
        self._codes = np.append(self._codes, np.full(more, -1, np.int32))
        self._times = np.append(self._times, np.full(more, -np.inf))

    def time(self, row: int) -> float:
        return float(self._times[row]) if row < len(self._times) else -np.inf

    def value(self, row: int) -> Value | None:
        if row >= len(self._times) or self._times[row] == -np.inf:
            return None
        code = self._codes[row]
        return float(self._numbers[row]) if code < 0 else self.vocabulary[code]

    def times_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._times, rows, -np.inf)

    def numbers_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._numbers, rows, np.nan)

    def codes_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._codes.astype(float), rows, -1.0)

    def history_of(self, rows: NDArray[np.intp]) -> tuple[Numbers, Numbers]:
        if self.history is None:
            return np.empty((len(rows), 0)), np.empty((len(rows), 0))
        return self.history.of(rows, self._place)


class _History:
    """The last values of some attributes in each row, with the times that they share, in rings.

    It gets deeper as values come, up to a bound. An attribute that is missing in a measurement leaves a NaN.
    """

    def __init__(self, rows: int) -> None:
        self._counts = np.zeros(rows, np.int64)
        self._times = np.full((rows, SHALLOWEST), np.nan)
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

    def _advance(self, row: int, time: float) -> None:
        rows, depth = self._times.shape
        if self._counts[row] == depth and depth < MOST_KEPT and 2 * depth * rows <= MOST_KEPT_TOGETHER:
            self._widen(0, depth)  # no row has gone round yet: the first that would, makes all deeper
            depth *= 2
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
        more = (0, rows), (0, depth)
        self._times = np.pad(self._times, more, constant_values=np.nan)
        self._values = [np.pad(values, more, constant_values=np.nan) for values in self._values]


def _missing_first(times: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """The same with all that is missing before all that is not, in rows that stay in order."""
    missing = np.isnan(values)
    times = np.where(missing, np.nan, times)
    if not (missing[:, 1:] & ~missing[:, :-1]).any():
        return times, values
    order = np.argsort(~missing, axis=1, kind="stable")
    return np.take_along_axis(times, order, axis=1), np.take_along_axis(values, order, axis=1)


def _picked(column: NDArray[np.float64], rows: NDArray[np.intp], missing: float) -> Numbers:
    """The values of these rows; `missing` for rows that the column does not reach yet."""
    found = np.full(len(rows), missing)
    inside = rows < len(column)
    found[inside] = column[rows[inside]]
    return found
