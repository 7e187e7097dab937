"""LDIF (RFC 2849) as directories and ldapsearch really print it: content and change records, badly folded or not."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from zeligui.errors import UsageError
from zeligui.grid.directories import Dn, Entry, matters, of_the_grid
from zeligui.grid.hostfiles.records import Line, Record, Records

LONGEST_VALUE, LONGEST_NAME = 1024, 128
MOST_ENTRIES = 100_000
"""Entries that are kept: they, and the hosts made of them, take some 700 MB."""

MOST_TOLD = 1000
"""Warnings."""

MOST_SHARED = 16_384
_SHOWN = 100
_TRAILERS = frozenset({"version", "search", "result", "ref", "control", "matcheddn", "text"})
_RENAMES = frozenset({"modrdn", "moddn"})
_EXPORT_AGAIN = "The file was damaged on its way; export it again."

Pair = tuple[str, str]


@dataclass
class Ldif:
    """The entries of a file, the later of two records of one name.

    Only entries that matter to the description of machines are kept, so that a dump of a whole grid fits in memory, and
    no more than `MOST_ENTRIES`.
    """

    entries: dict[tuple[tuple[str, str], ...], Entry] = field(default_factory=dict)
    _told: list[str] = field(default_factory=list)
    _untold: int = 0
    _strangers: int = 0
    _first_stranger: str = ""
    _nameless: int = 0
    _too_many: int = 0
    _first_too_many: str = ""
    _keys: dict[str, str] = field(default_factory=dict)
    _spelling: dict[str, str] = field(default_factory=dict)
    _shared: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: TextIO) -> Ldif:
        """Read a file whose characters are bytes (latin-1), with any line end. UsageError: nothing of it is LDIF."""
        ldif = cls()
        number = 0
        for record in Records(ldif._warn).of(file):
            number += any(name == "dn" for name, _, _ in record.lines)
            ldif._take(record, number)
        if not number and ldif._nameless:
            raise UsageError("no line of it begins with dn: as the entries of LDIF do.", hint=_EXPORT_AGAIN)
        return ldif

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out, or mended."""
        more = f"{self._untold} more warnings are not told." if self._untold else ""
        return tuple(filter(None, (*self._told, more, self._told_of_strangers(), self._told_of_too_many())))

    def _warn(self, text: str) -> None:
        if len(self._told) < MOST_TOLD:
            self._told.append(text)
        else:
            self._untold += 1

    def _take(self, record: Record, number: int) -> None:
        lines = record.lines
        while lines and lines[0][0].casefold() in _TRAILERS:
            self._heard(*lines[0])
            lines = lines[1:]
        if not lines:
            return
        if lines[0][0] != "dn":
            self._nameless += 1
            begins = lines[0][0][:_SHOWN]
            self._warn(f"After entry {number}, line {record.place}: a record without a dn ({begins}: …) is left out.")
            return
        where = f"Entry {number}, line {record.place}"
        name = self._text(lines[0], where)
        if name is not None:
            where = f"{where} ({name[:_SHOWN]})"
            pairs = [(line[0], text) for line in lines[1:] if (text := self._text(line, where)) is not None]
            self._apply(Dn.of(name), pairs, number, where)

    def _heard(self, name: str, _: str, value: str) -> None:
        """A search that the server cut short says so in its last line."""
        if name.casefold() == "result" and value[:1].isdigit() and not value.startswith("0"):
            self._warn(f"The search that wrote this file did not end well: {value[:_SHOWN]}.")

    def _text(self, line: Line, where: str) -> str | None:
        """The value of a line; None where there is none, which is told."""
        name, sign, value = line
        try:
            if sign:
                text = _decoded(sign, value)
            else:
                text = value.rstrip() if value.isascii() else _in_utf_8(value.encode("latin-1"))
            if len(text) > LONGEST_VALUE:
                raise ValueError(f"is longer than {LONGEST_VALUE} signs")
            if "\0" in text:
                raise ValueError("has NUL signs")
        except ValueError as error:
            what = "its name" if name == "dn" else f"the value of {name[:_SHOWN]}"
            self._warn(f"{where}: {what} {error}; {'the entry is left out' if name == 'dn' else 'it is unknown'}.")
            return None
        return text

    def _apply(self, dn: Dn, pairs: list[Pair], number: int, where: str) -> None:
        while pairs and pairs[0][0].casefold() == "control":
            pairs = pairs[1:]
        change = pairs[0][1].strip().casefold() if pairs and pairs[0][0].casefold() == "changetype" else ""
        if change in _RENAMES:
            self._warn(f"{where}: a change of name is left out.")
        elif change == "delete":
            self.entries.pop(dn.key, None)
        elif change == "modify":
            self._keep(_modified(self.entries.get(dn.key), dn, pairs[1:], number), where)
        else:
            self._keep(self._entry(dn, pairs[1:] if change else pairs, number), where)

    def _entry(self, dn: Dn, pairs: Iterable[Pair], number: int) -> Entry:
        """Names, values and spelling are shared by all entries: of 100,000 hosts most say the same of most."""
        values: dict[str, tuple[str, ...]] = {}
        several: dict[str, list[str]] = {}
        for name, text in pairs:
            key = self._keys.get(name) or self._key(name)
            if key not in values:
                values[key] = self._shared.get(text) or self._share(text)
            elif key in several:
                several[key].append(text)
            else:
                several[key] = [*values[key], text]
        for key, texts in several.items():
            values[key] = tuple(texts)
        return Entry(dn, values, self._spelling, number)

    def _key(self, name: str) -> str:
        key = name.casefold()
        if len(self._keys) < MOST_SHARED and len(name) <= LONGEST_NAME:
            self._keys[name] = key
            self._spelling.setdefault(key, name)
        return key

    def _share(self, text: str) -> tuple[str, ...]:
        only = (text,)
        if len(self._shared) < MOST_SHARED:
            self._shared[text] = only
        return only

    def _keep(self, entry: Entry, where: str) -> None:
        """The later record of one name stands, in its own place."""
        self.entries.pop(entry.dn.key, None)
        if not matters(entry):
            if not of_the_grid(entry):
                self._strangers += 1
                self._first_stranger = self._first_stranger or where
        elif len(self.entries) < MOST_ENTRIES:
            self.entries[entry.dn.key] = entry
        else:
            self._too_many += 1
            self._first_too_many = self._first_too_many or where

    def _told_of_strangers(self) -> str:
        if self._strangers < 2:
            schemas = "is of no schema that is known here (MDS 2, GLUE 1, GLUE 2, NWS) and is left out."
            return f"{self._first_stranger} {schemas}" if self._strangers else ""
        more = f"{self._strangers} entries are of no schema that is known here (MDS 2, GLUE 1, GLUE 2, NWS)"
        return f"{more} and are left out; the first is {_small(self._first_stranger)}."

    def _told_of_too_many(self) -> str:
        if not self._too_many:
            return ""
        return (
            f"More than {MOST_ENTRIES:,} entries describe machines: {self._too_many:,} are left out, the first of them "
            f"{_small(self._first_too_many)}. Cut the file into parts."
        )


def _small(where: str) -> str:
    return where[:1].lower() + where[1:]


def _decoded(sign: str, value: str) -> str:
    """The text of a line with a sign. ValueError says what is wrong with it."""
    if sign == "<":
        raise ValueError(f"lies elsewhere ({value[:_SHOWN]}) and is not fetched")
    if sign == "!":
        raise ValueError(value)
    try:
        raw = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is no base64") from None
    return _in_utf_8(raw)


def _in_utf_8(raw: bytes) -> str:
    """UTF-8, as the standard says; what is not is taken for Latin-1, which old sites wrote."""
    try:
        return raw.decode("utf-8").rstrip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip()


def _modified(before: Entry | None, dn: Dn, pairs: Iterable[Pair], number: int) -> Entry:
    """The entry after a `changetype: modify`; of one that the file does not show, what the change tells."""
    values = dict(before.values) if before else {}
    spelling = dict(before.spelling) if before else {}
    for how, name, texts in _changes(pairs):
        key = name.casefold()
        spelling.setdefault(key, name)
        old = values.get(key, ())
        if how == "add":
            values[key] = (*old, *texts)
        elif how == "delete":
            values[key] = tuple(text for text in old if texts and text not in texts)
        else:
            values[key] = texts
    return Entry(dn, {name: texts for name, texts in values.items() if texts}, spelling, number)


def _changes(pairs: Iterable[Pair]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The steps of a modification: `replace: attribute`, its values, `-`."""
    how, name, texts = "", "", list[str]()
    for key, value in (*pairs, ("-", "")):
        if key == "-":
            if how:
                yield how, name, tuple(texts)
            how, name, texts = "", "", []
        elif not how:
            how, name = key.casefold(), value.strip()
        else:
            texts.append(value)
