"""LDIF (RFC 2849) as directories and ldapsearch really print it: content and change records, badly folded or not."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise

from zeligui.errors import UsageError
from zeligui.grid.directories import Dn, Entry, matters, of_the_grid

_LINE = re.compile(r"([A-Za-z][\w-]*|\d+(?:\.\d+)*)((?:;[\w-]+)*)[ \t]*:(:|<)?[ \t]*(.*)", re.ASCII | re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z][\w-]*::? ", re.ASCII)
_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_KNOWN = re.compile(r"dn$|glue|mds|objectclass$|nordugrid|changetype$|control$|add$|delete$|replace$", re.ASCII)
_TRAILERS = frozenset({"version", "search", "result", "ref", "control", "matcheddn", "text"})
_FOLDED_AT = 70
_RENAMES = frozenset({"modrdn", "moddn"})

Pair = tuple[str, str]


@dataclass
class Ldif:
    """The entries of a file, the later of two records of one name; `warnings` say what was left out.

    Only entries that matter to the description of machines are kept, so that a dump of a whole grid fits in memory.
    """

    entries: dict[tuple[tuple[str, str], ...], Entry] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    nameless: int = 0

    @classmethod
    def read(cls, lines: Iterable[str]) -> Ldif:
        """Read lines whose characters are bytes (latin-1) with any line end; UsageError says which entry is wrong."""
        ldif = cls()
        number = 0
        for pairs in _records(_unfolded(lines, ldif.warnings.append)):
            number += any(name == "dn" for name, _, _ in pairs)
            ldif._take(_decoded(pairs, number, ldif.warnings.append), number)
        if not number and ldif.nameless:
            raise UsageError("no line of it begins with dn: as the entries of LDIF do.", hint=_EXPORT_AGAIN)
        if ldif.strangers:
            ldif.warnings.append(_told_of(ldif.strangers))
        return ldif

    def _take(self, record: list[Pair], number: int) -> None:
        pairs = list(record)
        while pairs and pairs[0][0].casefold() in _TRAILERS:
            self._heard(*pairs.pop(0))
        if not pairs:
            return
        if pairs[0][0].casefold() != "dn":
            self.nameless += 1
            self.warnings.append(f"After entry {number}: a record without a dn ({pairs[0][0]}: …) is left out.")
            return
        self._apply(Dn.of(pairs[0][1]), pairs[1:], number)

    def _heard(self, name: str, value: str) -> None:
        """A search that the server cut short says so in its last line."""
        if name.casefold() == "result" and value[:1].isdigit() and not value.startswith("0"):
            self.warnings.append(f"The search that wrote this file did not end well: {value}.")

    def _apply(self, dn: Dn, pairs: list[Pair], number: int) -> None:
        while pairs and pairs[0][0].casefold() == "control":
            pairs = pairs[1:]
        change = pairs[0][1].strip().casefold() if pairs and pairs[0][0].casefold() == "changetype" else ""
        if change in _RENAMES:
            self.warnings.append(f"Entry {number}: a change of name is left out.")
        elif change == "delete":
            self.entries.pop(dn.key, None)
        elif change == "modify":
            self._keep(_modified(self.entries.get(dn.key), dn, pairs[1:], number))
        else:
            self._keep(_entry(dn, pairs[1:] if change else pairs, number))

    def _keep(self, entry: Entry) -> None:
        """The later record of one name stands, in its own place."""
        self.entries.pop(entry.dn.key, None)
        if matters(entry):
            self.entries[entry.dn.key] = entry
        elif not of_the_grid(entry):
            self.strangers.append(f"entry {entry.number} ({entry.dn.text})")


def _unfolded(lines: Iterable[str], warn: Callable[[str], None]) -> Iterator[str]:
    """Logical lines without comments; a blank one ends a record. Any blank at a line's start folds, as RFC 2849 2.

    A line that cannot begin an attribute has lost the blank at its start.
    """
    parts: list[str] = [""]
    for number, (line, below) in enumerate(pairwise(chain(lines, ("",))), 1):
        text = line.rstrip("\r\n")
        if text[:1] in (" ", "\t"):
            parts.append(text[1:])
        elif parts[0] and not _PLAIN.match(text) and _has_lost_its_blank(text, parts[-1], below):
            if not parts[0].startswith("#"):
                warn(f"Line {number} begins no attribute: it is read as the rest of the line above.")
            parts.append(text)
        else:
            if not parts[0].startswith("#"):
                yield "".join(parts)
            parts = [text]
    if not parts[0].startswith("#"):
        yield "".join(parts)


def _has_lost_its_blank(text: str, above: str, below: str) -> bool:
    if not text.strip() or text.startswith("#") or text.rstrip() == "-":
        return False
    matched = _LINE.match(text)
    if not matched:
        folded_name = below[:1] in (" ", "\t") and _NAME.fullmatch(text)
        return len(above) >= _FOLDED_AT or not folded_name
    if _KNOWN.match(matched[1].casefold()):
        return False
    return text[len(matched[1]) :].startswith("://") or len(above) >= _FOLDED_AT


def _records(lines: Iterable[str]) -> Iterator[list[tuple[str, str, str]]]:
    """Records as (name, sign, value): ended by a blank line, or by the next `dn:`."""
    record: list[tuple[str, str, str]] = []
    for line in lines:
        matched = _LINE.fullmatch(line)
        name = matched[1] if matched else line.strip()
        if record and (not name or name.casefold() == "dn"):
            yield record
            record = []
        if matched:
            record.append((name.casefold() if name.casefold() == "dn" else name, matched[3] or "", matched[4]))
        elif name:
            record.append((name, "", ""))
    if record:
        yield record


def _decoded(record: list[tuple[str, str, str]], number: int, warn: Callable[[str], None]) -> list[Pair]:
    pairs: list[Pair] = []
    for name, sign, value in record:
        if sign == "<":
            warn(f"Entry {number}: the value of {name} lies elsewhere ({value}) and is not fetched.")
            continue
        try:
            raw = base64.b64decode("".join(value.split()), validate=True) if sign else value.encode("latin-1")
        except binascii.Error:
            if name == "dn":
                raise UsageError(f"entry {number}: its name is no base64.", hint=_EXPORT_AGAIN) from None
            warn(f"Entry {number}: the value of {name} is no base64; it is unknown.")
            continue
        pairs.append((name, _text(raw)))
    return pairs


_EXPORT_AGAIN = "The file was damaged on its way; export it again."


def _text(raw: bytes) -> str:
    """UTF-8, as the standard says; what is not is taken for Latin-1, which old sites wrote."""
    try:
        return raw.decode("utf-8").rstrip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip()


def _entry(dn: Dn, pairs: Iterable[Pair], number: int) -> Entry:
    values: dict[str, list[str]] = {}
    spelling: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name.casefold(), []).append(value)
        spelling.setdefault(name.casefold(), name)
    return Entry(dn, {name: tuple(texts) for name, texts in values.items()}, spelling, number)


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


def _told_of(strangers: list[str]) -> str:
    if len(strangers) == 1:
        return (
            f"{strangers[0].capitalize()} is of no schema that is known here (MDS 2, GLUE 1, GLUE 2) and is left out."
        )
    more = f"{len(strangers)} entries are of no schema that is known here (MDS 2, GLUE 1, GLUE 2) and are left out"
    return f"{more}; the first is {strangers[0]}."
