"""The entries of a directory, read: those that describe alike hosts all at once, the others one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from zeligui.grid.directories import Alike, Entry
from zeligui.grid.directories.alike import Keyed
from zeligui.grid.directories.ties import HOST, bare, ties
from zeligui.grid.sources.assorting import Assorting
from zeligui.grid.sources.sieve import Sieve
from zeligui.links.ldap.searching import found_in


@dataclass(frozen=True, slots=True)
class Read:
    """Entries by what they are called. Of the hosts that are `alike`, no other entry speaks."""

    alike: tuple[Alike, ...]
    entries: Mapping[Hashable, Entry] = field(default_factory=dict)

    @property
    def packed(self) -> dict[str, Keyed]:
        """The entries of hosts that are alike, by the bare names of these."""
        return {bare(name): keyed for some in self.alike for name, keyed in zip(some.names, some.entries, strict=True)}


class Reader:
    """Reads entries as they come; what the sieve leaves out is left out, and told by it.

    `here` are the names of this machine in small letters.
    """

    def __init__(self, sieve: Sieve, here: Collection[str]) -> None:
        self.contents: dict[Hashable, bytes] = {}
        self.here = here
        self._sieve = sieve
        self._assorting = Assorting()
        self._alike: list[Alike] = []
        self._left: list[Hashable] = []

    def add(self, contents: Mapping[Hashable, bytes]) -> None:
        """Some entries, each as it came, none of which was there before."""
        alike, left = self._assorting.sorted(contents)
        self._alike += alike
        self._left += left
        self.contents.update(contents)

    def read(self) -> Read:
        """What all of them say."""
        contents, alike = self.contents, self._alike
        entries = _each(self._left, contents, self._sieve)
        of_others = {name for one in entries.values() for word, name in ties(one, self.here) if word == HOST}
        if shared := _twice(alike) | of_others:
            alike, told_of = _without(alike, shared)
            entries |= _each(told_of, contents, self._sieve)
            entries = {key: entries[key] for key in contents if key in entries}
        return Read(tuple(alike), entries)


def read(contents: Mapping[Hashable, bytes], sieve: Sieve, here: Collection[str]) -> Read:
    """What these entries say."""
    reader = Reader(sieve, here)
    reader.add(contents)
    return reader.read()


def _each(keys: Iterable[Hashable], contents: Mapping[Hashable, bytes], sieve: Sieve) -> dict[Hashable, Entry]:
    read_of = ((key, sieve.entry(found_in(contents[key]))) for key in keys)
    return {key: entry for key, entry in read_of if entry is not None}


def _twice(alike: Iterable[Alike]) -> set[str]:
    counts = Counter(bare(name) for some in alike for name in some.names)
    return {name for name, count in counts.items() if count > 1} if len(counts) < counts.total() else set()


def _without(alike: Iterable[Alike], shared: Collection[str]) -> tuple[list[Alike], list[Hashable]]:
    """The hosts that bear none of these names, and the keys of the entries of those that do."""
    kept: list[Alike] = []
    keys: list[Hashable] = []
    for some in alike:
        out = np.array([bare(name) in shared for name in some.names])
        keys += [some.entries[place][0] for place in np.flatnonzero(out).tolist()]
        kept += [] if out.all() else [some.some(np.flatnonzero(~out)) if out.any() else some]
    return kept, keys
