"""Distinguished names (RFC 4514, and the looser shapes that directories of grids print), and the entries they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from zeligui.grid.hosts import Value

_PART = re.compile(r'(?:\\.|"(?:\\.|[^"\\])*"|[^,;+"\\]|["\\])+', re.DOTALL)
_SPECIAL = frozenset(';+"\\')
_ESCAPED = re.compile(r"(?:\\[0-9A-Fa-f]{2})+|\\.", re.DOTALL)


@dataclass(frozen=True)
class Dn:
    """A distinguished name, nearest part first; attribute names are in small letters, values as published."""

    text: str
    parts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> Dn:
        """Read a name. It may have blanks around `,` and `=`, quotes, `;` for `,`, and commas left unescaped."""
        first, comma, rest = text.partition(",")
        if not comma or not _SPECIAL.isdisjoint(text) or "=" not in rest.partition(",")[0]:
            return cls(text, _parts(text))
        return cls(text, _parts(first) + _parts_above(rest))

    @cached_property
    def key(self) -> tuple[tuple[str, str], ...]:
        """Equal for equal names: without case, blanks collapsed."""
        return _key(self.parts[:1]) + _key_above(self.parts[1:])

    @property
    def kind(self) -> str:
        """The attribute of the nearest part, in small letters; empty for the root."""
        return self.parts[0][0] if self.parts else ""

    def value(self, attribute: str) -> str | None:
        """The nearest part of this attribute (in small letters)."""
        return next(iter(self.every(attribute)), None)

    def every(self, attribute: str) -> tuple[str, ...]:
        """All parts of this attribute (in small letters), nearest first."""
        return tuple(value for name, value in self.parts if name == attribute and value)


@dataclass(frozen=True)
class Entry:
    """One entry of a directory. `values` has attribute names in small letters; `spelling` gives them as published.

    `known` is what attributes say that have one value (`values.all_known`), where that was found out already.
    """

    dn: Dn
    values: Mapping[str, tuple[str, ...]]
    spelling: Mapping[str, str] = field(default_factory=dict)
    number: int = 0
    known: Mapping[str, Value] | None = None

    @classmethod
    def of(cls, dn: str, attributes: Mapping[str, Iterable[str]], number: int = 0) -> Entry:
        """An entry as a directory answers it: attribute names in any case, each with its values."""
        values = {name.casefold(): tuple(each) for name, each in attributes.items()}
        return cls(Dn.of(dn), values, {name.casefold(): name for name in attributes}, number)

    @cached_property
    def classes(self) -> frozenset[str]:
        """Its object classes in small letters; empty where they were not asked for."""
        return _classes(self.values.get("objectclass", ()))

    def keyed(self, attribute: str) -> str | None:
        """What a `GlueChunkKey` or `GlueForeignKey` of this entry says of `attribute` (in small letters)."""
        for value in (*self.values.get("gluechunkkey", ()), *self.values.get("glueforeignkey", ())):
            name, _, key = value.partition("=")
            if name.strip().casefold() == attribute and key.strip():
                return key.strip()
        return None


def _parts(text: str) -> tuple[tuple[str, str], ...]:
    parts: list[tuple[str, str]] = []
    for part in _pieces(text):
        attribute, equals, value = part.partition("=")
        if equals:
            parts.append((attribute.strip().casefold(), _plain(value.strip())))
        elif parts and part.strip():
            parts[-1] = (parts[-1][0], f"{parts[-1][1]},{_plain(part.strip())}")
    return tuple(parts)


def _key(parts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((attribute, " ".join(value.casefold().split())) for attribute, value in parts)


# Thousands of entries lie below one another, and are of few kinds.
_parts_above = lru_cache(maxsize=1024)(_parts)
_key_above = lru_cache(maxsize=1024)(_key)


@lru_cache(maxsize=1024)
def _classes(published: tuple[str, ...]) -> frozenset[str]:
    return frozenset(value.strip().casefold() for value in published)


def _pieces(text: str) -> list[str]:
    if "\\" not in text and '"' not in text:
        return re.split("[,;+]", text)
    return _PART.findall(text)


def _plain(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return _ESCAPED.sub(_unescaped, value) if "\\" in value else value


def _unescaped(escaped: re.Match[str]) -> str:
    text = escaped[0]
    if len(text) == 2:
        return text[1]
    return bytes.fromhex(text.replace("\\", "")).decode("utf-8", "replace")
