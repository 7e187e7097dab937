"""One attribute of all hosts: an array of values, one of times, and where their history is kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers, Texts
from zeligui.grid.forecasting.tracking import Tracking
from zeligui.grid.hosts import Value
from zeligui.grid.rings import SHALLOWEST, Rings
from zeligui.grid.survey import Column

NOBODY = -1
"""The keeper of values that nobody renews."""


class Series:
    """One attribute of all hosts. A value is a number, or a code that points into the vocabulary of texts."""

    def __init__(self, name: str, rows: int, patience_s: float = np.inf) -> None:
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
        self.tracking = Tracking(patience_s)
        """The forecasts, of the rows for which they are asked."""
        self.place = 0
        """Where its numbers are kept in the history."""

    def keep_in(self, history: Rings) -> None:
        """Keep the numbers that come from now on there."""
        self.history, self.place = history, history.join()

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
            self.history.append(row, self.place, measured, value)
        return True

    def record_all(
        self,
        rows: NDArray[np.intp],
        values: Sequence[Value],
        measured: Numbers,
        until: Numbers,
        keepers: NDArray[np.int32],
    ) -> None:
        """Take over the values of many hosts, each newer than the one there; a row stands among them once."""
        kinds = set(map(type, values))
        if str in kinds and len(kinds) > 1:
            textual = np.array([isinstance(value, str) for value in values])
            for at in (np.flatnonzero(textual), np.flatnonzero(~textual)):
                some = [values[place] for place in at.tolist()]
                self.record_all(rows[at], some, measured[at], until[at], keepers[at])
            return
        self._reach(int(rows.max()))
        self._times[rows], self._keepers[rows] = measured, keepers
        self._are_known_until(rows, until)
        if str in kinds:
            self._codes[rows], self._numbers[rows] = self._codes_for(values), np.nan
            return
        self.has_numbers = True
        self._codes[rows], self._numbers[rows] = -1, values
        if self.history is not None:
            self.history.append_all(rows, self.place, measured, self._numbers[rows])

    def record_column(self, rows: NDArray[np.intp], column: Column, measured: Numbers, until: Numbers) -> None:
        """The same of a column of values that nobody renews, but for the history."""
        self._reach(int(rows.max()))
        self._times[rows], self._keepers[rows] = measured, NOBODY
        self._are_known_until(rows, until)
        if isinstance(column, Texts):
            used = np.flatnonzero(np.bincount(column.codes, minlength=len(column.vocabulary)))
            own = np.empty(len(column.vocabulary), np.int32)
            own[used] = self._codes_for([column.vocabulary[code] for code in used.tolist()])
            self._codes[rows], self._numbers[rows] = own[column.codes], np.nan
        else:
            self.has_numbers = True
            self._codes[rows], self._numbers[rows] = -1, column

    def _are_known_until(self, rows: NDArray[np.intp], until: Numbers) -> None:
        if self._until is None and (until < np.inf).any():
            self._until = np.full(len(self._times), np.inf)
        if self._until is not None:
            self._until[rows] = until

    def _codes_for(self, texts: Sequence[Value]) -> NDArray[np.int32]:
        new = [str(text) for text in dict.fromkeys(texts) if text not in self._coded]
        if len(self.vocabulary) + len(new) > 2 * len(self._codes) + SHALLOWEST:
            self._forget_texts()  # before any of these has a code: codes change by it
            new = [str(text) for text in dict.fromkeys(texts) if text not in self._coded]
        self._coded.update(zip(new, count(len(self.vocabulary)), strict=False))
        self.vocabulary += new
        return np.fromiter(map(self._coded.__getitem__, map(str, texts)), np.int32, len(texts))

    def _is_known_until(self, row: int, until: float) -> None:
        if self._until is None and until < np.inf:
            self._until = np.full(len(self._times), np.inf)
        if self._until is not None:
            self._until[row] = until

    def renew(self, keeper: int, now: float) -> NDArray[np.intp]:
        """All values of this keeper are measured again, and have not changed; the rows where it has one."""
        rows = np.flatnonzero(self._keepers == keeper)
        self._times[rows] = now
        numbered = rows[self._codes[rows] < 0]
        if self.history is not None and len(numbered):
            self.history.append_all(numbered, self.place, now, self._numbers[numbered])
        return rows

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

    def all_of(self, rows: NDArray[np.intp]) -> tuple[list[Value], Numbers]:
        """Values and times of these rows; a time of -inf where there is none."""
        codes = self.codes_of(rows).astype(np.intp)
        if len(codes) and (codes >= 0).all():
            return list(map(self.vocabulary.__getitem__, codes.tolist())), self.times_of(rows)
        values: list[Value] = self.numbers_of(rows).tolist()
        for place in np.flatnonzero(codes >= 0).tolist():
            values[place] = self.vocabulary[codes[place]]
        return values, self.times_of(rows)

    def times_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._times, rows, -np.inf)

    def until_of(self, rows: NDArray[np.intp]) -> Numbers:
        return np.full(len(rows), np.inf) if self._until is None else _picked(self._until, rows, np.inf)

    def numbers_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._numbers, rows, np.nan)

    def codes_of(self, rows: NDArray[np.intp]) -> Numbers:
        return _picked(self._codes.astype(float), rows, -1.0)

    def history_of(self, rows: NDArray[np.intp], *, since: float = -np.inf) -> tuple[Numbers, Numbers]:
        if self.history is None:
            return np.empty((len(rows), 0)), np.empty((len(rows), 0))
        return self.history.of(rows, self.place, since=since)


def _picked(column: NDArray[np.float64], rows: NDArray[np.intp], missing: float) -> Numbers:
    """The values of these rows; `missing` for rows that the column does not reach yet."""
    found = np.full(len(rows), missing)
    inside = rows < len(column)
    found[inside] = column[rows[inside]]
    return found
