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

    def __init__(self, entries: Sequence[Entry], hidden: Callable[[Facts], frozenset[str]] | None = None) -> None:
        alone = len(entries) == 1
        self._texts = entries[0].values if alone else _merged(entries)
        self._spelling = entries[0].spelling if alone else _spelled(entries)
        self._known: dict[str, Value | None] = {}
        if hidden and (names := hidden(self)):
            self._texts = {name: texts for name, texts in self._texts.items() if name not in names}

    def text(self, *names: str) -> str | None:
        """The first of these attributes (in small letters) that is known, as text."""
        for name in names:
            texts = self._texts.get(name, ())
            if len(texts) == 1:
                text = None if self._value(name, texts[0]) is None else texts[0].strip()
            else:
                text = values.text(name, texts)
            if text is not None:
                return text
        return None

    def number(self, *names: str, choose: Callable[[list[float]], float] = min) -> float | None:
        """The first of these attributes (in small letters) that is a known number."""
        for name in names:
            texts = self._texts.get(name, ())
            if len(texts) == 1:
                number = values.as_number(self._value(name, texts[0]))
            else:
                number = values.number(name, texts, choose)
            if number is not None:
                return number
        return None

    def _value(self, name: str, text: str) -> Value | None:
        """What the only text of an attribute says; it is read once, for most are asked for twice."""
        if name not in self._known:
            self._known[name] = values.known(name, text)
        return self._known[name]

    def published(self, name: str) -> tuple[str, ...]:
        """All values of an attribute (in small letters) as they stand."""
        return self._texts.get(name, ())

    def seconds(self, name: str) -> float | None:
        """The attribute as a time in seconds since 1970."""
        return values.seconds(self.published(name))

    def natives(self) -> dict[str, Value]:
        """The directory's own attributes that have one known value; a set of several is no value."""
        natives: dict[str, Value] = {}
        for name, texts in self._texts.items():
            if texts and (len(texts) == 1 or len(set(texts)) == 1) and name not in _NOT_ATTRIBUTES:
                value = self._value(name, texts[0])
                if value is not None:
                    natives[self._spelling.get(name, name)] = value
        return natives

    def described(
        self, name: str, mapped: Mapping[str, Value | None], *, stamp: float | None, expires: float | None
    ) -> Described:
        """The host of these facts: the mapped attributes that are known, then the directory's own."""
        language: dict[str, Value] = {key: value for key, value in mapped.items() if value is not None}
        return Described(name, language | self.natives(), stamp, expires)


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
