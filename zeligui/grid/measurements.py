"""What was measured of all hosts: per attribute one array of values, one of times and a ring of history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers, Texts
from zeligui.grid.forecast import forecast
from zeligui.grid.hosts import Value
from zeligui.grid.rings import SHALLOWEST, Rings
from zeligui.grid.table import Table

NOBODY = -1
"""The keeper of values that nobody renews."""

REDUCTIONS: Mapping[str, Callable[..., Numbers]] = {
    "avg": np.nanmean,
    "min": np.nanmin,
    "max": np.nanmax,
    "median": np.nanmedian,
    "stddev": np.nanstd,
}


class Measurements:
    """The live store. A host is a row, which is another's once it is cleared. Times are seconds on the age clock."""

    def __init__(self) -> None:
        self.rows = 0
        self._series: dict[str, _Series] = {}

    def add(self) -> int:
        """A row for one more host."""
        self.rows += 1
        return self.rows - 1

    def record(
        self, row: int, values: Mapping[str, Value], measured: float, *, until: float = np.inf, keeper: int = NOBODY
    ) -> frozenset[str]:
        """Take over values of one host, measured at one time; the attributes whose value is newer than before.

        They are known `until` a time; a `keeper` (a number from 0 on) may `renew` them.
        """
        newer = set()
        history: Rings | None = None
        for name, value in values.items():
            key = name.casefold()
            series = self._series.get(key)
            if series is None:
                series = self._series[key] = _Series(name, self.rows)
            if series.history is None and not isinstance(value, str) and measured < np.inf:
                history = history or Rings(self.rows)  # what comes together for the first time does so ever after
                series.keep_in(history)
            if series.record(row, value, measured, until, keeper):
                newer.add(series.name)
        return frozenset(newer)

    def label(self, row: int, labels: Mapping[str, Value]) -> None:
        """Set what the user says of a host: it never ages, and no measurement changes it."""
        self.record(row, labels, np.inf)

    def renew(self, keeper: int, now: float) -> None:
        """All values of this keeper are measured again, and have not changed."""
        for series in self._series.values():
            series.renew(keeper, now)

    def release(self, row: int, keeper: int, attributes: Collection[str] | None = None) -> None:
        """These values of one host (None: all) are not renewed any more."""
        keys = self._series.keys() if attributes is None else [name.casefold() for name in attributes]
        for key in keys:
            self._series[key].release(row, keeper)

    def move(self, row: int, to: int, *, but: Collection[str] = ()) -> None:
        """Give the values of one row to another, `but` those of some attributes (in small letters), and clear it."""
        for key, series in self._series.items():
            if key not in but:
                series.move(row, to)
        self.clear(row)

    def clear(self, row: int) -> None:
        """Forget all of a host, so that its row is another's."""
        for series in self._series.values():
            series.forget(row)
            if series.history is not None:
                series.history.clear(row)

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
            alive = (self._times[key] >= since) & (one.until_of(self._rows) > now)
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
        self._keepers = np.full(rows, NOBODY, np.int32)
        self._until: Numbers | None = None
        self.history: Rings | None = None
        self._place = 0

    def keep_in(self, history: Rings) -> None:
        """Keep the numbers that come from now on there."""
        self.history, self._place = history, history.join()

    def record(self, row: int, value: Value, measured: float, until: float = np.inf, keeper: int = NOBODY) -> bool:
        """Take over a value unless the one there is as new."""
        self._reach(row)
        if measured <= self._times[row]:
            return False
        self._times[row], self._keepers[row] = measured, keeper
        self._is_known_until(row, until)
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

    def _is_known_until(self, row: int, until: float) -> None:
        if self._until is None and until < np.inf:
            self._until = np.full(len(self._times), np.inf)
        if self._until is not None:
            self._until[row] = until

    def renew(self, keeper: int, now: float) -> None:
        rows = np.flatnonzero(self._keepers == keeper)
        self._times[rows] = now
        numbered = rows[self._codes[rows] < 0]
        if self.history is not None and len(numbered):
            self.history.append_all(numbered, self._place, now, self._numbers[numbered])

    def release(self, row: int, keeper: int) -> None:
        if row < len(self._times) and self._keepers[row] == keeper:
            self._keepers[row] = NOBODY

    def move(self, row: int, to: int) -> None:
        value = self.value(row)
        if value is not None:
            until = np.inf if self._until is None else float(self._until[row])
            self.record(to, value, float(self._times[row]), until, int(self._keepers[row]))

    def forget(self, row: int) -> None:
        """Have no value of this row any more; its history stays."""
        if row < len(self._times):
            self._numbers[row], self._codes[row], self._times[row] = np.nan, -1, -np.inf
            self._keepers[row] = NOBODY

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
        self._keepers = np.append(self._keepers, np.full(more, NOBODY, np.int32))
        if self._until is not None:
            self._until = np.append(self._until, np.full(more, np.inf))

    def time(self, row: int) -> float:
        return float(self._times[row]) if row < len(self._times) else -np.inf

    def value(self, row: int) -> Value | None:
        if row >= len(self._times) or self._times[row] == -np.inf:
            return None
        code = self._codes[row]
        return float(self._numbers[row]) if code < 0 else self.vocabulary[code]

    def times_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._times, rows, -np.inf)

    def until_of(self, rows: NDArray[np.intp]) -> Numbers:
        return np.full(len(rows), np.inf) if self._until is None else _picked(self._until, rows, np.inf)

    def numbers_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._numbers, rows, np.nan)

    def codes_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._codes.astype(float), rows, -1.0)

    def history_of(self, rows: NDArray[np.intp]) -> tuple[Numbers, Numbers]:
        if self.history is None:
            return np.empty((len(rows), 0)), np.empty((len(rows), 0))
        return self.history.of(rows, self._place)


def _picked(column: NDArray[np.float64], rows: NDArray[np.intp], missing: float) -> Numbers:
    """The values of these rows; `missing` for rows that the column does not reach yet."""
    found = np.full(len(rows), missing)
    inside = rows < len(column)
    found[inside] = column[rows[inside]]
    return found
