"""What was measured of all hosts: per attribute one array of values, one of times and a ring of history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers, Texts
from zeligui.grid.forecasting.forecaster import Forecast
from zeligui.grid.hosts import Value
from zeligui.grid.rings import SHALLOWEST, Rings
from zeligui.grid.series import NOBODY, Series
from zeligui.grid.survey import Column, groups
from zeligui.grid.table import Table

MOST_AWAITED = 1000
"""Measurements that are not entered yet."""

MOST_LAYOUTS = 1024
FEW = 8
"""So many are entered one by one: then that is quicker."""

REDUCTIONS: Mapping[str, Callable[..., Numbers]] = {
    "avg": np.nanmean,
    "min": np.nanmin,
    "max": np.nanmax,
    "median": np.nanmedian,
    "stddev": np.nanstd,
}


@dataclass(frozen=True, eq=False, slots=True)
class _Layout:
    """Attributes that come together, in one order: their series, and their names as first spelt."""

    series: tuple[Series, ...]
    names: frozenset[str]


_Came = tuple[int, Collection[Value], float, float, int]
"""Row, values, when they were measured, until when they are known, and the keeper."""


class Measurements:
    """The live store. A host is a row, which is another's once it is cleared. Times are seconds on the age clock.

    What comes is entered once it is asked for, many hosts at a time: that takes a tenth of entering each by itself.
    Who asks for forecasts waits for `patience_s` until an attribute's values are learned; `go_on` learns the rest.
    """

    def __init__(self, patience_s: float = np.inf) -> None:
        self._patience_s = patience_s
        self.rows = 0
        self._series: dict[str, Series] = {}
        self._layouts: dict[tuple[str, ...], _Layout | None] = {}
        self._awaited: dict[_Layout, list[_Came]] = {}
        self._awaited_rows: set[int] = set()
        self._latest = np.empty(0)
        """By row, when its newest value was measured; inf where the user has said something of the host."""

    def add(self) -> int:
        """A row for one more host."""
        self.reach(self.rows + 1)
        return self.rows - 1

    def reach(self, rows: int) -> None:
        """Have at least so many rows."""
        self.rows = max(self.rows, rows)
        if (more := self.rows - len(self._latest)) > 0:
            self._latest = np.append(self._latest, np.full(max(SHALLOWEST, more, len(self._latest)), -np.inf))

    def record(
        self, row: int, values: Mapping[str, Value], measured: float, *, until: float = np.inf, keeper: int = NOBODY
    ) -> frozenset[str]:
        """Take over values of one host, measured at one time; the attributes whose value is newer than before.

        They are known `until` a time; a `keeper` (a number from 0 on) may `renew` them.
        """
        layout = self._layout(tuple(values))
        if layout is None or row in self._awaited_rows or not self._latest[row] < measured < np.inf:
            self._enter()
            self._latest[row] = max(self._latest[row], measured)
            series = [self._series_of(name) for name in values]
            return _record(series, (row, values.values(), measured, until, keeper), self.rows)
        self._latest[row] = measured
        self._awaited.setdefault(layout, []).append((row, values.values(), measured, until, keeper))
        self._awaited_rows.add(row)
        if len(self._awaited_rows) >= MOST_AWAITED:
            self._enter()
        return layout.names

    def are_newer(self, rows: NDArray[np.intp], measured: Numbers) -> NDArray[np.bool_]:
        """Of each of these hosts, whether all that is known of it is older than that, and none of it the user's."""
        return (self._latest[rows] < measured) & (measured < np.inf)

    def record_many(
        self, rows: NDArray[np.intp], columns: Mapping[str, Column], measured: Numbers, until: Numbers
    ) -> frozenset[str]:
        """Take over values of many hosts, each of them once, which are newer than all that is known of it.

        Nobody renews them. The names of the attributes, which differ in more than case, come back as first spelt.
        """
        self._enter()
        self._latest[rows] = measured
        both = [(self._series_of(name), column) for name, column in columns.items()]
        numbers = [(series, column) for series, column in both if not isinstance(column, Texts)]
        _keep_together([series for series, _ in numbers], self.rows)
        for series, column in both:
            series.record_column(rows, column, measured, until)
        for history, some in _by_history(numbers):
            history.append_each(rows, measured, some)
        return frozenset(series.name for series, _ in both)

    def _layout(self, names: tuple[str, ...]) -> _Layout | None:
        """The layout of these attributes; None where one of them stands there twice."""
        if names not in self._layouts:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            series = {key: self._series_of(name) for name in names if (key := name.casefold())}
            spelt = frozenset(one.name for one in series.values())
            self._layouts[names] = _Layout(tuple(series.values()), spelt) if len(series) == len(names) else None
        return self._layouts[names]

    def _series_of(self, name: str) -> Series:
        key = name.casefold()
        if key not in self._series:
            self._series[key] = Series(name, self.rows, self._patience_s)
        return self._series[key]

    def _enter(self) -> None:
        """Enter all that came."""
        if not self._awaited:
            return
        awaited, self._awaited = self._awaited, {}
        self._awaited_rows.clear()
        for layout, pieces in awaited.items():
            if len(pieces) < FEW:
                for came in pieces:
                    _record(layout.series, came, self.rows)
            else:
                _record_all(layout.series, pieces, self.rows)

    def label(self, row: int, labels: Mapping[str, Value]) -> None:
        """Set what the user says of a host: it never ages, and no measurement changes it."""
        self.record(row, labels, np.inf)

    def renew(self, keeper: int, now: float) -> None:
        """All values of this keeper are measured again, and have not changed."""
        self._enter()
        for series in self._series.values():
            rows = series.renew(keeper, now)
            self._latest[rows] = np.maximum(self._latest[rows], now)

    def release(self, row: int, keeper: int, attributes: Collection[str] | None = None) -> None:
        """These values of one host (None: all) are not renewed any more."""
        self._enter()
        keys = self._series.keys() if attributes is None else [name.casefold() for name in attributes]
        for key in keys:
            self._series[key].release(row, keeper)

    def move(self, row: int, to: int, *, but: Collection[str] = ()) -> None:
        """Give the values of one row to another, `but` those of some attributes (in small letters), and clear it."""
        self._enter()
        for key, series in self._series.items():
            if key not in but:
                series.move(row, to)
        self._latest[to] = max(self._latest[to], self._latest[row])
        self.clear(row)

    def clear(self, row: int) -> None:
        """Forget all of a host, so that its row is another's."""
        self._enter()
        self._latest[row] = -np.inf
        for series in self._series.values():
            series.forget(row)
            series.tracking.forget(row)
            if series.history is not None:
                series.history.clear(row)

    def unlabel(self, row: int) -> None:
        """Forget what the user said of a host."""
        if row >= self.rows:
            return  # nothing was said of it yet
        self._enter()
        for series in self._series.values():
            if series.time(row) == np.inf:
                series.forget(row)
        self._latest[row] = max((series.time(row) for series in self._series.values()), default=-np.inf)

    def values(self, row: int, *, since: float = -np.inf) -> dict[str, tuple[Value, float]]:
        """Each attribute of a host with the time at which it was measured, if that is not before `since`."""
        self._enter()
        present = ((series.name, series.value(row), series.time(row)) for series in self._series.values())
        return {name: (value, time) for name, value, time in present if value is not None and time >= since}

    def all_values(self, rows: Sequence[int], *, since: float) -> list[tuple[dict[str, Value], dict[str, float]]]:
        """Of each of these hosts its attributes and when they were measured, those since a time."""
        self._enter()
        places, series = np.array(rows, np.intp), tuple(self._series.values())
        if not (len(places) and series):
            return [({}, {}) for _ in rows]
        of_all = [one.all_of(places) for one in series]
        times = np.array([times for _, times in of_all])
        found: list[tuple[dict[str, Value], dict[str, float]]] = [({}, {}) for _ in rows]
        for known, hosts in _alike((times >= since) & (times > -np.inf)):
            names = [series[one].name for one in known]
            values = zip(*([of_all[one][0][host] for host in hosts] for one in known), strict=True)
            measured = zip(*(times[one, hosts].tolist() for one in known), strict=True)
            for host, some, when in zip(hosts, values, measured, strict=True):
                found[host] = dict(zip(names, some, strict=True)), dict(zip(names, when, strict=True))
        return found

    def newest(self, row: int, attributes: Collection[str]) -> float:
        """When the newest value among these attributes of a host was measured, -inf where there is none."""
        self._enter()
        known = (self._series.get(attribute.casefold()) for attribute in attributes)
        times = [series.time(row) for series in known if series is not None]
        return max((time for time in times if time < np.inf), default=-np.inf)

    def history(self, row: int, attribute: str) -> tuple[Numbers, Numbers]:
        """Times and values of one host's numbers, oldest first, each of shape (n,)."""
        self._enter()
        series = self._series.get(attribute.casefold())
        if series is None:
            return np.empty(0), np.empty(0)
        times, values = series.history_of(np.array([row]))
        known = ~np.isnan(times[0])
        return times[0][known], values[0][known]

    def forecast(self, row: int, attribute: str, horizons_s: Sequence[float]) -> Forecast | None:
        """What is foretold of one host's numbers so many seconds ahead; None where fewer than ten are known."""
        self._enter()
        series = self._series.get(attribute.casefold())
        return None if series is None else series.tracking.forecast(series, row, horizons_s)

    def go_on(self) -> bool:
        """Learn for a moment what forecasts were asked for; whether there is more to learn."""
        self._enter()
        more = [series for series in self._series.values() if series.tracking.go_on(series)]
        return bool(more)

    def view(self, rows: Mapping[str, int], now: float, *, since: float) -> View:
        """The hosts `rows` (name to row), in that order, as of `now`; what was measured before `since` has expired."""
        self._enter()
        return View(self._series, rows, now, since)


def _alike(known: NDArray[np.bool_]) -> Iterator[tuple[list[int], list[int]]]:
    """Hosts of which the same is known, of shape (attributes, hosts): these attributes of these hosts, if any."""
    for hosts in groups(known):
        attributes = np.flatnonzero(known[:, hosts[0]])
        if len(attributes):
            yield attributes.tolist(), hosts.tolist()


def _record(series: Sequence[Series], came: _Came, rows: int) -> frozenset[str]:
    """Enter what came of one host; the names of the attributes whose values are newer than those there."""
    row, values, measured, until, keeper = came
    if measured < np.inf:
        _keep_together([one for one, value in zip(series, values, strict=True) if not isinstance(value, str)], rows)
    both = zip(series, values, strict=True)
    return frozenset(one.name for one, value in both if one.record(row, value, measured, until, keeper))


def _record_all(series: Sequence[Series], came: Sequence[_Came], rows: int) -> None:
    """Enter what came of many hosts; the values of each are newer than those there."""
    at, values, measured, until, keepers = zip(*came, strict=True)
    columns = list(zip(*values, strict=True))
    _keep_together([one for one, column in zip(series, columns, strict=True) if {*map(type, column)} != {str}], rows)
    places, times, ends = np.array(at, np.intp), np.array(measured, float), np.array(until, float)
    for one, column in zip(series, columns, strict=True):
        one.record_all(places, column, times, ends, np.array(keepers, np.int32))


def _keep_together(numeric: Iterable[Series], rows: int) -> None:
    """What comes together for the first time does so ever after: its history has one list of times."""
    history: Rings | None = None
    for series in numeric:
        if series.history is None:
            history = history or Rings(rows)
            series.keep_in(history)


def _by_history(numbers: Sequence[tuple[Series, Numbers]]) -> list[tuple[Rings, dict[int, Numbers]]]:
    """The columns that are kept together, by their places there."""
    histories = {id(series.history): series.history for series, _ in numbers}
    return [
        (history, {series.place: column for series, column in numbers if series.history is history})
        for history in histories.values()
        if history is not None
    ]


class View(Table):
    """The columns of a moment. Values are copies; the history behind the statistics is read when it is asked for."""

    def __init__(self, series: Mapping[str, Series], rows: Mapping[str, int], now: float, since: float) -> None:
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

    def history(self, attribute: str, *, since: float = -np.inf) -> tuple[Numbers, Numbers]:
        """Times and values up to now, each of shape (hosts, n), oldest first, NaN where a host has fewer.

        What came before `since` may be left out.
        """
        one = self._series.get(attribute.casefold())
        if one is None:
            return np.empty((len(self._rows), 0)), np.empty((len(self._rows), 0))
        return one.history_of(self._rows, since=since)

    def statistic(self, function: str, attribute: str, seconds: float | None) -> Numbers:
        if function == "age":
            known = self.texts(attribute).codes >= 0
            return np.maximum(0.0, self.now - np.where(known, self.measured(attribute), np.nan))
        known = ~np.isnan(self.numbers(attribute))
        one = self._series.get(attribute.casefold())
        if function == "forecast" and one is not None:
            return np.where(known, one.tracking.foretold(one, self._rows, seconds), np.nan)
        times, values = self.history(attribute, since=-np.inf if seconds is None else self.now - seconds)
        return np.where(known, summary(function, times, values, now=self.now, seconds=seconds), np.nan)


def summary(function: str, times: Numbers, values: Numbers, *, now: float, seconds: float | None) -> Numbers:
    """`avg min max median stddev` of the values of the last seconds (None: of all).

    `times` and `values` have the shape (hosts, n), NaN where there is none; the result (hosts,), NaN where a host has
    no value in that time. `stddev` is that of the values themselves, not of a population they are drawn from.
    """
    inside = values if seconds is None else np.where(times >= now - seconds, values, np.nan)
    result = np.full(len(values), np.nan)
    some = ~np.isnan(inside).all(axis=1)
    if some.any():
        result[some] = REDUCTIONS[function](inside[some], axis=1)
    return result
