"""What a directory says of one host, in the words of the contract language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from zeligui.grid.directories import values
from zeligui.grid.directories.names import Entry
from zeligui.grid.hosts import Value

_NOT_ATTRIBUTES = frozenset({"objectclass", "dn", "changetype"})


@dataclass(frozen=True, slots=True)
class Described:
    """A host, or a group of alike machines known by its ID.

    `values` has the attributes of the contract language and, as published, the directory's own that have one value.
    `stamp` and `expires` are the publisher's times (seconds since 1970), None where it gives none; `times` are those of
    single values that were measured each at a time of its own.
    """

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    stamp: float | None = None
    expires: float | None = None
    times: Mapping[str, float] = field(default_factory=dict)


class Facts:
    """The values of one entry, or of several merged ones: what means unknown is left out.

    An attribute of the first entry wins over the same of a later one; `hidden` (small letters) are taken as unknown.
    """

    def __init__(self, entries: Iterable[Entry], hidden: Callable[[Facts], frozenset[str]] | None = None) -> None:
        self._texts: dict[str, tuple[str, ...]] = {}
        self._spelling: dict[str, str] = {}
        for entry in entries:
            for name, texts in entry.values.items():
                if texts and name not in self._texts:
                    self._texts[name] = texts
                    self._spelling[name] = entry.spelling.get(name, name)
        for name in hidden(self) if hidden else ():
            self._texts.pop(name, None)

    def text(self, *names: str) -> str | None:
        """The first of these attributes (in small letters) that is known, as text."""
        found = (values.text(name, self._texts.get(name, ())) for name in names)
        return next((text for text in found if text is not None), None)

    def number(self, *names: str, choose: Callable[[list[float]], float] = min) -> float | None:
        """The first of these attributes (in small letters) that is a known number."""
        found = (values.number(name, self._texts.get(name, ()), choose) for name in names)
        return next((number for number in found if number is not None), None)

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
            distinct = set(texts)
            if name not in _NOT_ATTRIBUTES and len(distinct) == 1:
                value = values.known(name, distinct.pop())
                if value is not None:
                    natives[self._spelling[name]] = value
        return natives

    def described(
        self, name: str, mapped: Mapping[str, Value | None], *, stamp: float | None, expires: float | None
    ) -> Described:
        """The host of these facts: the mapped attributes that are known, then the directory's own."""
        language: dict[str, Value] = {key: value for key, value in mapped.items() if value is not None}
        return Described(name, language | self.natives(), stamp, expires)


def at_most_one(number: float | None) -> float | None:
    """A share of one processor, from processors free: what ONE new process gets."""
    return None if number is None else min(1.0, number)
