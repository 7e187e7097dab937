"""Records of LDIF (RFC 2849) in a file's lines: unfolded, however badly they were folded, and of bounded length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TextIO

LONGEST_LINE = 1 << 20
"""Signs of a line, and of all the lines that it was folded into: no machine has a longer value."""

LONGEST_RECORD = 1 << 22
MOST_NAMES = 4096

_LINE = re.compile(r"([A-Za-z][\w-]*|\d+(?:\.\d+)*)((?:;[\w-]+)*)[ \t]*:(:|<)?[ \t]*(.*)", re.ASCII | re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z][\w-]*::? ", re.ASCII)
_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_KNOWN = re.compile(r"dn$|glue|mds|nws|objectclass$|nordugrid|changetype$|control$|add$|delete$|replace$", re.ASCII)
_FOLDED_AT = 70

_SHOWN = 100
_TOO_LONG, _CUT_OFF, _NUL = "is longer than a value can be", "is cut off by the end of the file", "has NUL signs"

Line = tuple[str, str, str]
"""Name, sign and value of an unfolded line. The sign is `:` before base64, `<` before where the value lies, and `!`
before what is wrong with the line. A line that is no attribute is all name."""


@dataclass(frozen=True, slots=True)
class Record:
    """What stands between two blank lines; `place` is the number of its first line."""

    place: int
    lines: list[Line]


class Records:
    """Reads records; `warn` is told of lines that were mended or left out."""

    def __init__(self, warn: Callable[[str], object]) -> None:
        self._warn = warn
        self._names: dict[str, str] = {}

    def of(self, file: TextIO) -> Iterator[Record]:
        """Each is ended by a blank line, or by the next `dn:`. The file's characters are its bytes (latin-1)."""
        lines: list[Line] = []
        place, size = 0, 0
        for number, text in self._unfolded(_bounded(file)):
            line = self._line(text)
            if lines and (not line[0] or line[0] == "dn"):
                yield Record(place, lines)
                lines, size = [], 0
            if not line[0]:
                continue
            place = place if lines else number
            size += len(text)
            if size <= LONGEST_RECORD:
                lines.append(line)
            elif size - len(text) <= LONGEST_RECORD:
                self._warn(f"Line {number}: its entry is longer than {LONGEST_RECORD >> 20} MB; the rest is left out.")
        if lines:
            yield Record(place, lines)

    def _line(self, text: str) -> Line:
        written, _, value = text.partition(":")
        name = self._names.get(written)
        if name is not None and value[:1] == " " and value[1:2] not in (" ", "\t") and "\0" not in value:
            return name, "", value[1:]
        if "\0" in text:
            return _name(written.partition("\0")[0].strip()[:_SHOWN] or "?"), "!", _what_is_wrong(text)
        matched = _LINE.fullmatch(text)
        if matched is None:
            return text.strip(), "", ""
        if written == matched[1] and len(self._names) < MOST_NAMES:
            self._names[written] = _name(written)
        return _name(matched[1]), matched[3] or "", matched[4]

    def _unfolded(self, lines: Iterable[str]) -> Iterator[tuple[int, str]]:
        """Logical lines without comments; a blank one ends a record. Any blank at a line's start folds, as RFC 2849 2.

        A line that cannot begin an attribute has lost the blank at its start.
        """
        parts, place, size = [""], 0, 0
        for number, (text, below) in enumerate(pairwise(chain(lines, ("",))), 1):
            folded = text[:1] in (" ", "\t")
            if folded or (parts[0] and not _PLAIN.match(text) and _lost_its_blank(text, parts[-1], below)):
                if not folded and not parts[0].startswith("#"):
                    self._warn(f"Line {number} begins no attribute: it is read as the rest of the line above.")
                size += len(text)
                if size <= LONGEST_LINE:
                    parts.append(text[1:] if folded else text)
                else:
                    parts = [f"{parts[0][:_SHOWN]}\0{_TOO_LONG}"]
                continue
            if not parts[0].startswith("#"):
                yield place, "".join(parts)
            parts, place, size = [text], number, len(text)
        if not parts[0].startswith("#"):
            yield place, "".join(parts)


def _name(written: str) -> str:
    return "dn" if written.casefold() == "dn" else written


def _what_is_wrong(text: str) -> str:
    told = text.rpartition("\0")[2]
    return told if told in (_TOO_LONG, _CUT_OFF) else _NUL


def _bounded(file: TextIO) -> Iterator[str]:
    """The lines without their ends; what is wrong with one that is cut stands behind a NUL."""
    while line := file.readline(LONGEST_LINE):
        if line[-1] == "\n":
            yield line[:-1]
            continue
        wrong = _TOO_LONG if len(line) == LONGEST_LINE else _CUT_OFF
        rest = line
        while len(rest) == LONGEST_LINE and rest[-1] != "\n":
            rest = file.readline(LONGEST_LINE)
        yield f"{line[:_SHOWN]}\0{wrong}" if line.strip() else ""


def _lost_its_blank(text: str, above: str, below: str) -> bool:
    if not text.strip() or text.startswith("#") or text.rstrip() == "-" or "\0" in text:
        return False
    matched = _LINE.match(text)
    if not matched:
        folded_name = below[:1] in (" ", "\t") and _NAME.fullmatch(text)
        return len(above) >= _FOLDED_AT or not folded_name
    if _KNOWN.match(matched[1].casefold()):
        return False
    return text[len(matched[1]) :].startswith("://") or len(above) >= _FOLDED_AT
