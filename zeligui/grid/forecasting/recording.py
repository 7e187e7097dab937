"""A recorded series in CSV: one value a line, with its time, and with a host's name where it is a trace of several."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.errors import UsageError

_SHAPE = "Write a header such as timestamp,value and below it a line for every value."
_SIGNS = "\t;|,"
_MISSING = frozenset({"", "-", "nan", "na", "n/a", "null", "none"})
_TIMES = frozenset({"time", "timestamp", "date", "datetime"})
_HOST = "hostname"

Row = tuple[int, list[str]]
One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Recording:
    """The values of one column, and of one host where the file has several, in the file's order."""

    column: str
    host: str
    """Empty where the file names none."""
    values: Numbers
    """NaN where one is missing. Shape (n,)."""
    period_s: float
    """The median of the time between two values, NaN where the file has no times."""


def read_recording(path: Path, *, column: str = "", host: str = "") -> Recording:
    """Read a series; UsageError where that cannot be done, with the line at fault.

    `column` is a name in the header, or a number from 1; without, it is `value`, or the only one that is neither a time
    nor a host's name. `host` is the first one without.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(file, column, host)
    except OSError as error:
        raise UsageError(
            f"The file {path} cannot be read: {error.strerror or error}.", hint="Check its name and its rights."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The file {path} is not UTF-8.", hint="Save it as UTF-8.") from error
    except UsageError as error:
        raise UsageError(f"The file {path} is wrong: {error}", hint=error.hint) from error


def _read(file: Iterator[str], column: str, host: str) -> Recording:
    rows = _rows(file)
    first = next(rows, None)
    if first is None:
        raise UsageError("it is empty.", hint=_SHAPE)
    header = _header(first[1])
    shape = _Shape(header or [str(number) for number in range(1, len(first[1]) + 1)], named=bool(header))
    place = shape.place_of(column)
    values, times = [], []
    for line, cells in rows if header else _again(first, rows):
        shape.check(line, cells)
        named = "" if shape.host is None else cells[shape.host]
        host = host or named
        if named.casefold() == host.casefold() or shape.host is None:
            values.append(_number(line, cells[place]))
            times.append(math.nan if shape.time is None else _seconds(line, cells[shape.time]))
    if not values:
        raise UsageError(f"it has no values{f' of the host {host!r}' if host else ''}.", hint=_SHAPE)
    spacing = np.diff(times)
    period = float(np.median(spacing)) if len(spacing) else math.nan
    return Recording(shape.names[place], host, np.array(values), period)


class _Shape:
    """The columns of a file: which are the time and the host's name, and which may be a series."""

    def __init__(self, names: Sequence[str], *, named: bool) -> None:
        self.names = names
        folded = [name.casefold() for name in names]
        self._folded = folded
        self._named = named
        if named:
            self.time = next((place for place, name in enumerate(folded) if name in _TIMES), None)
            self.host = folded.index(_HOST) if _HOST in folded else None
        else:
            self.time = 0 if len(names) > 1 else None
            self.host = None

    def place_of(self, column: str) -> int:
        """Where the column stands that is asked for."""
        if column:
            return self._asked(column)
        if "value" in self._folded:
            return self._folded.index("value")
        left = [place for place in range(len(self.names)) if place not in (self.time, self.host)]
        if len(left) == 1 or not self._named:
            return left[-1]
        listed = ", ".join(self.names[place] for place in left) or "none"
        raise UsageError(
            f"its columns are {listed}, and none is said to be the series.", hint="Name one with --column."
        )

    def _asked(self, column: str) -> int:
        if column.casefold() in self._folded:
            return self._folded.index(column.casefold())
        if column.isascii() and column.isdecimal() and 1 <= int(column[:9]) <= len(self.names):
            return int(column) - 1
        raise UsageError(f"it has no column {column!r}.", hint=f"It has {', '.join(self.names)}.")

    def check(self, line: int, cells: list[str]) -> None:
        """UsageError where a line has not as many cells as the file has columns."""
        if len(cells) != len(self.names):
            raise UsageError(f"line {line} has {len(cells)} cells where {len(self.names)} are expected.", hint=_SHAPE)


def _rows(file: Iterator[str]) -> Iterator[Row]:
    """The lines that are not blank, with their numbers from 1."""
    start, blank = next(file, ""), 0
    while start and not start.strip():
        start, blank = next(file, ""), blank + 1
    sign = next((sign for sign in _SIGNS if sign in start), ",")
    reader = csv.reader(_again(start, file), delimiter=sign, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num + blank, [_decimal(cell) for cell in stripped] if sign == ";" else stripped
    except csv.Error as error:
        raise UsageError(f"line {reader.line_num + blank} is no CSV: {error}.", hint=_SHAPE) from error


def _again(first: One, others: Iterator[One]) -> Iterator[One]:
    yield first
    yield from others


def _decimal(cell: str) -> str:
    """Where `;` stands between cells, a comma may stand before decimals."""
    return cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell


def _header(cells: list[str]) -> list[str]:
    """The names in a first line, none where it has a number or a time."""
    return [] if any(_reads(cell) for cell in cells) else cells


def _reads(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        try:
            datetime.fromisoformat(cell)
        except ValueError:
            return False
    return True


def _number(line: int, cell: str) -> float:
    if cell.casefold() in _MISSING:
        return math.nan
    try:
        number = float(cell) if "_" not in cell else math.inf
    except ValueError:
        number = math.inf
    if not math.isfinite(number):
        raise UsageError(f"line {line} has {cell!r} where a number is expected.", hint="Leave a missing value empty.")
    return number


def _seconds(line: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError as error:
        raise UsageError(
            f"line {line} has {cell!r} where a time is expected.",
            hint="Write it as 2014-02-14 14:27:00, or in seconds.",
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
