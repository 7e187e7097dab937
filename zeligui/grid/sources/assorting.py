"""Sorts what a directory sent: hosts that are alike are read all at once, the rest is left to be read one by one."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zeligui.grid.directories import Entry, kind_of, mds
from zeligui.grid.directories.alike import Alike, Columns, Keyed, Published
from zeligui.grid.directories.expected import NUMBERS, TIMES, is_expected
from zeligui.grid.directories.values import all_integers_known, known_each
from zeligui.grid.sources.sieve import Sieve, texts_of
from zeligui.grid.survey import groups
from zeligui.links.ldap.decoding import entry, read
from zeligui.links.ldap.shapes import Cut, Heap, Places, Shape

AT_ONCE = 2500
"""About so many entries are read together: what comes of them is handed on together too."""

FEW = 16
"""So many are read one by one: then that is quicker."""

MOST_SHAPES, MOST_TRIED = 32, 4
"""Shapes that are known, and entries of a lot that are tried as one more."""

_UNKNOWN, _NUMBER, _TEXT, _LEFT_OUT = range(4)
"""What a value is."""

_NO_CODES = np.empty(0, np.int32)

_KINDS = {type(None): _UNKNOWN, float: _NUMBER, str: _TEXT}

_SAME = frozenset({b"objectclass"})
"""Entries of other classes are of another kind."""

_NAME = rb"([A-Za-z0-9][A-Za-z0-9._:-]*)"
"""A host's name that means itself wherever it stands."""

_DN = re.compile(rb"(mds-host-hn=)" + _NAME + rb"(,[A-Za-z0-9_ .-]+=[^\\\"+;]*)", re.IGNORECASE)


class Assorting:
    """For the entries of one directory. What is read here is left out or taken as the sieve does."""

    def __init__(self) -> None:
        self._kinds: list[_Kind] = []

    def sorted(self, contents: Mapping[Hashable, bytes]) -> tuple[list[Alike], list[Hashable]]:
        """The hosts that are alike, in lots of about so many, and the keys of the entries that are left."""
        lots: list[Alike] = []
        left: list[Hashable] = []
        entries = iter(contents.items())
        size = math.ceil(len(contents) / max(1, round(len(contents) / AT_ONCE)))  # none of the lots is a small rest
        while lot := list(islice(entries, size)):
            alike, rest = self._lot(lot)
            lots += alike
            left += [lot[place][0] for place in rest.tolist()]
        return lots, left

    def _lot(self, entries: Sequence[Keyed]) -> tuple[list[Alike], Places]:
        rest = np.arange(len(entries))
        if len(entries) < FEW:
            return [], rest
        heap, lots = Heap([content for _, content in entries]), list[Alike]()
        for kind in tuple(self._kinds):
            if len(rest) >= FEW:
                rest = self._taken(kind, heap, rest, entries, lots)
        tried = np.empty(0, np.intp)
        while len(rest) >= FEW and len(tried) < MOST_TRIED and len(self._kinds) < MOST_SHAPES:
            (_, first), before = entries[rest[0]], len(rest)
            if new := _Kind.of(first):
                rest = self._taken(new, heap, rest, entries, lots)
                self._kinds += [new] if len(rest) < before else []
            if len(rest) == before:
                tried, rest = np.append(tried, rest[0]), rest[1:]
        return lots, np.sort(np.append(tried, rest))

    def _taken(self, kind: _Kind, heap: Heap, rows: Places, entries: Sequence[Keyed], lots: list[Alike]) -> Places:
        """Add to the lots what is of this kind; the rest comes back."""
        cut = kind.shape.cut(heap, rows)
        if len(cut.rows) < FEW:
            return rows
        for some, alike in kind.lots(cut, entries):
            lots.append(alike)
            rows = np.setdiff1d(rows, some, assume_unique=True)
        return rows


@dataclass(frozen=True, slots=True)
class _Kind:
    """Hosts of one shape, on one branch of the tree. `like` is one of them, and `constant` what all publish."""

    shape: Shape
    like: Entry
    dn: re.Pattern[bytes]
    names: tuple[str, ...]
    constant: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, content: bytes) -> Self | None:
        """The kind of hosts that an entry is one of; None where it is no plain MDS host, or says nothing of its own."""
        shape = Shape.of(content, _SAME)
        parts = _DN.fullmatch(entry(content).dn) if shape and shape.names else None
        if shape is None or parts is None:
            return None
        sieve = Sieve()
        like = sieve.entry(entry(content))
        names = [name.decode("ascii", "replace").casefold() for name in shape.names]
        constant = {name.decode("ascii", "replace").casefold(): values for name, values in map(read, shape.fixed)}
        if like is None or sieve.warnings() or sorted([*names, *constant]) != sorted(like.values):
            return None
        if kind_of(like) != "mdshost" or not mds.may_be_alike(like, constant):
            return None
        dn = re.compile(b"^" + re.escape(parts[1]) + _NAME + re.escape(parts[3]) + b"$", re.MULTILINE)
        return cls(shape, like, dn, tuple(names), {name: like.values[name] for name in constant})

    def lots(self, cut: Cut, entries: Sequence[Keyed]) -> Iterator[tuple[Places, Alike]]:
        """The hosts of which the same is known, and where their entries are."""
        dns = cut.dns()
        hosts = self._named(dns)
        if len(hosts) < len(dns):
            fit = [place for place, dn in enumerate(dns) if self._named([dn])]
            cut, hosts = cut.some(np.array(fit, np.intp)), self._named([dns[place] for place in fit])
        if len(hosts) < FEW:
            return
        published: dict[str, Published] = {}
        kinds: list[NDArray[np.uint8]] = []
        for number, name in enumerate(self.names):
            published[name], are = _published(cut, number, name)
            kinds.append(are)
        for some in _groups(np.array(kinds)):
            columns = Columns({name: one.some(some) for name, one in published.items()}, self.like.spelling)
            rows = cut.rows[some]
            of_them = [entries[row] for row in rows.tolist()]
            alike = mds.alike([hosts[place] for place in some.tolist()], columns, self.like, of_them)
            if alike is not None:
                yield rows, alike

    def _named(self, dns: Sequence[bytes]) -> list[str]:
        """The names of the hosts with these distinguished names; fewer where some are not of this kind."""
        joined = b"\n".join(dns)
        if joined.count(b"\n") >= len(dns):
            return []
        return b"\n".join(self.dn.findall(joined)).decode().split("\n") if self.dn.search(joined) else []


def _published(cut: Cut, number: int, name: str) -> tuple[Published, NDArray[np.uint8]]:
    """One attribute of all these hosts, and what each value of it is."""
    integers = None if name in TIMES else cut.integers(number)
    if integers is not None and all_integers_known(name, integers):
        return Published(_NO_CODES, integers=integers), np.full(len(integers), _NUMBER, np.uint8)
    raw, codes = _told_apart(cut, number)
    texts = texts_of(raw)
    said = known_each(name, texts)
    if said is texts:
        kinds, words = np.full(len(said), _TEXT, np.uint8), texts
    else:
        kinds = np.fromiter(map(_KINDS.__getitem__, map(type, said)), np.uint8, len(said))
        words = tuple(value if isinstance(value, str) else "" for value in said)
    if name in NUMBERS or name in TIMES or not "".join(texts).isprintable():
        fits = [text.isprintable() and is_expected(name, text) for text in texts]
        kinds = np.where(fits, kinds, np.uint8(_LEFT_OUT))
    return Published(codes, texts, said, words), kinds[codes]


def _told_apart(cut: Cut, number: int) -> tuple[list[bytes], NDArray[np.int32]]:
    """The values that there are of an attribute, and which of them each host has."""
    if cut.same(number):
        return cut.texts(number, 1), np.zeros(len(cut.rows), np.int32)
    each = cut.texts(number)
    places = dict(zip(dict.fromkeys(each), count(), strict=False))
    if len(places) == len(each):
        return each, np.arange(len(each), dtype=np.int32)
    return list(places), np.fromiter(map(places.__getitem__, each), np.int32, len(each))


def _groups(kinds: NDArray[np.uint8]) -> Iterator[NDArray[np.intp]]:
    """The places of hosts that have the same kinds of values, of shape (attributes, hosts); few are no group."""
    for some in groups(kinds):
        if len(some) >= FEW and _LEFT_OUT not in kinds[:, some[0]]:
            yield some
