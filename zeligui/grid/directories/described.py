"""What a directory says of one host, in the words of the contract language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zeligui.grid.directories import values
from zeligui.grid.directories.names import Entry
from zeligui.grid.hosts import Value

_NOT_ATTRIBUTES = frozenset({"objectclass", "dn", "changetype"})


@dataclass(frozen=True, slots=True)
class Described:
    """A host, or a group of alike machines known by its ID.

    `values` has the attributes of the contract language and, as published, the directory's own that have one value.
    `stamp`, `expires` and `kept` are the publisher's times (seconds since 1970), None where it gives none: from when to
    when it answers for the values, and when the directory is to forget them. `times` are those of single values that
    were measured each at a time of its own. It is known by its `addresses` too.
    """

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    stamp: float | None = None
    expires: float | None = None
    times: Mapping[str, float] = field(default_factory=dict)
    kept: float | None = None
    addresses: tuple[str, ...] = ()


class Facts:
    """The values of one entry, or of several merged ones: what means unknown is left out.

    An attribute of the first entry wins over the same of a later one; `hidden` (small letters) are taken as unknown.
    """

    _texts: Mapping[str, tuple[str, ...]]
    _spelling: Mapping[str, str]
    _known: Mapping[str, Value]
    """What attributes say that have one value."""

    def __init__(self, entries: Sequence[Entry], hidden: Callable[[Facts], frozenset[str]] | None = None) -> None:
        if len(entries) == 1:
            self._texts, self._spelling, known = entries[0].values, entries[0].spelling, entries[0].known
        else:
            self._texts, self._spelling, known = _merged(entries), _spelled(entries), None
        self._known = values.all_known(self._texts) if known is None else known
        if hidden and (names := hidden(self)):
            self._texts = {name: texts for name, texts in self._texts.items() if name not in names}
            self._known = {name: value for name, value in self._known.items() if name not in names}

    def text(self, *names: str) -> str | None:
        """The first of these attributes (in small letters) that is known, as text."""
        for name in names:
            if name in self._known:
                return self._texts[name][0].strip()
            if len(texts := self._texts.get(name, ())) > 1 and (text := values.text(name, texts)) is not None:
                return text
        return None

    def number(self, *names: str, choose: Callable[[list[float]], float] = min) -> float | None:
        """The first of these attributes (in small letters) that is a known number."""
        for name in names:
            if name in self._known:
                number = values.as_number(self._known[name])
            else:
                number = values.number(name, self._texts.get(name, ()), choose)
            if number is not None:
                return number
        return None

    def published(self, name: str) -> tuple[str, ...]:
        """All values of an attribute (in small letters) as they stand."""
        return self._texts.get(name, ())

    def seconds(self, name: str) -> float | None:
        """The attribute as a time in seconds since 1970."""
        return values.seconds(self.published(name))

    def natives(self) -> dict[str, Value]:
        """The directory's own attributes that have one known value; a set of several is no value."""
        spelling = self._spelling
        return {spelling.get(name, name): value for name, value in self._known.items() if name not in _NOT_ATTRIBUTES}

    def described(
        self,
        name: str,
        mapped: Mapping[str, Value | None],
        *,
        stamp: float | None,
        expires: float | None,
        kept: float | None = None,
        addresses: tuple[str, ...] = (),
    ) -> Described:
        """The host of these facts: the mapped attributes that are known, then the directory's own."""
        language: dict[str, Value] = {key: value for key, value in mapped.items() if value is not None}
        return Described(name, language | self.natives(), stamp, expires, kept=kept, addresses=addresses)


def _merged(entries: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
    """The attributes of all; of two entries that have one, those of the first."""
    merged: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        merged |= {name: texts for name, texts in entry.values.items() if texts and name not in merged}
    return merged


def _spelled(entries: Sequence[Entry]) -> dict[str, str]:
    return {name: written for entry in reversed(entries) for name, written in entry.spelling.items()}


def at_most_one(number: float | None) -> float | None:
    """A share of one processor, from processors free: what ONE new process gets."""
    return None if number is None else min(1.0, number)
