"""Hosts that are described alike, many at once: the same attributes of each, in columns."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers, Texts
from zeligui.grid.directories import values
from zeligui.grid.directories.described import Described
from zeligui.grid.hosts import Value
from zeligui.grid.survey import Column, listed, picked
from zeligui.grid.table import canonical, number_in

Keyed = tuple[Hashable, bytes]
"""By what an entry is known, and its content as the directory sent it."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """So many hosts, with what `Described` says of one, by columns. `stamps`, `expires` and `kept` are NaN for None.

    `entries` describe them, one each, as the directory sent them: the same content says the same.
    """

    names: tuple[str, ...]
    values: Mapping[str, Column]
    stamps: Numbers
    expires: Numbers
    kept: Numbers
    addresses: tuple[tuple[str, ...], ...]
    entries: tuple[Keyed, ...]

    def some(self, places: Sequence[int] | NDArray[np.intp]) -> Self:
        """Only the hosts at these places."""
        rows = np.array(places, np.intp)
        places = rows.tolist()
        return replace(
            self,
            names=tuple(self.names[place] for place in places),
            values={name: picked(column, rows) for name, column in self.values.items()},
            stamps=self.stamps[rows],
            expires=self.expires[rows],
            kept=self.kept[rows],
            addresses=tuple(self.addresses[place] for place in places),
            entries=tuple(self.entries[place] for place in places),
        )

    def each(self) -> Iterator[Described]:
        """The hosts one by one."""
        rows = zip(*map(listed, self.values.values()), strict=True) if self.values else repeat((), len(self.names))
        times = (map(_or_none, column.tolist()) for column in (self.stamps, self.expires, self.kept))
        for name, row, stamp, expires, kept, addresses in zip(self.names, rows, *times, self.addresses, strict=True):
            said: dict[str, Value] = dict(zip(self.values, row, strict=True))
            yield Described(name, said, stamp, expires, kept=kept, addresses=addresses)


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """One attribute of hosts that are alike: what it says of each (`codes` into `texts`, or plain integers).

    `known` is what each text says, as `values.known` has it, and `words` the same where that is a text.
    """

    codes: NDArray[np.int32]
    texts: tuple[str, ...] = ()
    known: tuple[Value | None, ...] = ()
    words: tuple[str, ...] = ()
    integers: Numbers | None = None

    def some(self, rows: NDArray[np.intp]) -> Published:
        """Only those of some hosts."""
        if self.integers is not None:
            return Published(self.codes, integers=self.integers[rows])
        return Published(self.codes[rows], self.texts, self.known, self.words)

    @property
    def column(self) -> Column | None:
        """The known values; None where they are unknown. All are of one kind."""
        if self.integers is not None:
            return self.integers
        first = self.known[self.codes[0]]
        if isinstance(first, str):
            return Texts(self.codes, self.words)
        return None if first is None else self._numbers(self.known)

    @property
    def written(self) -> Texts:
        """What stands there, without blanks around it."""
        if self.integers is None:
            return Texts(self.codes, tuple(map(str.strip, self.texts)))
        values, codes = np.unique(self.integers, return_inverse=True)
        return Texts(codes.astype(np.int32), tuple(map(canonical, values.tolist())))

    @property
    def numbers(self) -> Numbers | None:
        """The known values as numbers, NaN where a text is none; None where they are unknown."""
        column = self.column
        return self._numbers(list(map(number_in, self.words))) if isinstance(column, Texts) else column

    def _numbers(self, known: Sequence[Value | None]) -> Numbers:
        read = np.array([value if isinstance(value, float) else np.nan for value in known])
        numbers: Numbers = read[self.codes]
        return numbers


class Columns:
    """What hosts that are alike publish, by attribute in small letters; as `Facts` are the facts of one."""

    def __init__(self, published: Mapping[str, Published], spelling: Mapping[str, str]) -> None:
        self._published = published
        self._columns = {name: column for name, one in published.items() if (column := one.column) is not None}
        self._spelling = spelling

    def text(self, *names: str) -> Texts | None:
        """The first of these attributes that is known, as text."""
        return next((self._published[name].written for name in names if name in self._columns), None)

    def number(self, *names: str) -> Numbers | None:
        """The first of these attributes that is a known number, NaN where one of the hosts has a text there."""
        return next((self._published[name].numbers for name in names if name in self._columns), None)

    def published(self, name: str, hosts: int) -> tuple[tuple[str, ...], ...]:
        """Of each of so many hosts, all values of an attribute as they stand."""
        one = self._published.get(name)
        if one is None:
            return ((),) * hosts
        if one.integers is not None:
            return tuple((canonical(value),) for value in one.integers.tolist())
        single = [(text,) for text in one.texts]
        return tuple(map(single.__getitem__, one.codes.tolist()))

    def seconds(self, name: str, hosts: int) -> Numbers:
        """Of each of so many hosts, the attribute as a time in seconds since 1970; NaN where it is none."""
        one = self._published.get(name)
        if one is None or one.integers is not None:
            return np.full(hosts, np.nan)
        times = (values.seconds((text,)) for text in one.texts)
        found: Numbers = np.array([np.nan if time is None else time for time in times])[one.codes]
        return found

    def natives(self) -> dict[str, Column]:
        """The directory's own attributes that are known."""
        return {self._spelling.get(name, name): column for name, column in self._columns.items()}
