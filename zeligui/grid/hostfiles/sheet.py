"""Hosts in CSV: a header with the attributes' names, then a host a line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from zeligui.errors import UsageError
from zeligui.grid.hostfiles.rows import Rows
from zeligui.grid.table import canonical, number_in

_SHAPE = "Write a header such as hostName,osName,cpuSpeed and below it a line for every host."
_SIGNS = ",;\t|"


def read(text: Iterable[str]) -> Rows:
    """Read lines of CSV, `,`, `;`, a tab or `|` between the cells. An empty cell is missing; blank lines are free."""
    rows = Rows()
    lines = _lines(text)
    try:
        header = [name.strip() for name in next(lines, [])]
        _check(header)
        for number, cells in enumerate(lines, 1):
            if any(cell.strip() for cell in cells[len(header) :]):
                raise UsageError(f"entry {number} has more cells than the header has names.", hint=_SHAPE)
            rows.take(number, [(name, _value(cell)) for name, cell in zip(header, cells, strict=False) if name])
    except csv.Error as error:
        raise UsageError(f"it is no CSV: {error}.", hint=_SHAPE) from error
    return rows


def names_hosts(first_line: str) -> bool:
    """Whether a line is a header that names hosts."""
    return any(name.strip(' "').casefold() == "hostname" for name in first_line.split(_sign(first_line)))


def _lines(text: Iterable[str]) -> Iterator[list[str]]:
    lines = iter(text)
    first = next((line for line in lines if line.strip()), "")
    reader = csv.reader(chain([first], lines), delimiter=_sign(first), skipinitialspace=True, strict=True)
    return (cells for cells in reader if any(cell.strip() for cell in cells))


def _sign(first_line: str) -> str:
    return max(_SIGNS, key=first_line.count)


def _check(header: Sequence[str]) -> None:
    folded = [name.casefold() for name in header if name]
    if "hostname" not in folded:
        raise UsageError("its header has no column hostName.", hint=_SHAPE)
    twice = next((name for name in folded if folded.count(name) > 1), None)
    if twice:
        raise UsageError(f"its header names the column {twice!r} twice.", hint=_SHAPE)


def _value(cell: str) -> object:
    """A number only where nothing is lost by it: 22.10 stays a text, and is read as a number where one is asked."""
    text = cell.strip()
    number = number_in(text)
    if math.isnan(number):
        return text or None
    return number if canonical(number) == text else text
