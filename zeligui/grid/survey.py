"""What one source says of many hosts at once, in columns: for a directory of thousands, one by one takes too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers, Texts
from zeligui.grid.hosts import Bulletin, Measurement, Value

Column = Numbers | Texts
"""One attribute of hosts that all have a number there, or all a text."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Measurements of hosts, each once, of which the same attributes are told; the names differ in more than case.

    It is for them what a `Measurement` is for one: `valid_s` is inf where the publisher says nothing of that.
    """

    source: str
    hosts: tuple[str, ...]
    values: Mapping[str, Column]
    stamps: Numbers
    valid_s: Numbers
    addresses: tuple[tuple[str, ...], ...]
    note: str = ""

    def rows(self) -> Iterator[dict[str, Value]]:
        """The values of each host."""
        names = tuple(self.values)
        for row in zip(*map(listed, self.values.values()), strict=True):
            yield dict(zip(names, row, strict=True))

    def measurement(self, place: int) -> Measurement:
        """That of one host."""
        valid_s, one = float(self.valid_s[place]), np.array([place])
        return Measurement(
            self.hosts[place],
            self.source,
            {name: listed(picked(column, one))[0] for name, column in self.values.items()},
            stamp=float(self.stamps[place]),
            note=self.note,
            addresses=self.addresses[place],
            valid_s=None if valid_s == np.inf else valid_s,
        )


Piece = Measurement | Survey | Bulletin
"""What a source says."""


def picked(column: Column, rows: NDArray[np.intp]) -> Column:
    """The column of these rows only."""
    return Texts(column.codes[rows], column.vocabulary) if isinstance(column, Texts) else column[rows]


def listed(column: Column) -> list[Value]:
    """The values one by one."""
    if isinstance(column, Texts):
        return list(map(column.vocabulary.__getitem__, column.codes.tolist()))
    values: list[Value] = column.tolist()
    return values


def groups(kinds: NDArray[np.bool_] | NDArray[np.uint8]) -> Iterator[NDArray[np.intp]]:
    """The places of hosts that are alike: those with the same kind of each attribute, of shape (attributes, hosts)."""
    patterns: list[bytes] = np.ascontiguousarray(kinds.T).view(f"V{len(kinds)}")[:, 0].tolist()
    numbers = {pattern: number for number, pattern in enumerate(dict.fromkeys(patterns))}
    of_each = np.fromiter(map(numbers.__getitem__, patterns), np.intp, len(patterns))
    for number in numbers.values():
        yield np.flatnonzero(of_each == number)
