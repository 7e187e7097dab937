"""Files of hosts: JSON, CSV or LDIF, told apart by what is in them and by their suffix."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO, TextIO

from zeligui.errors import UsageError
from zeligui.grid.directories import Described, describe
from zeligui.grid.hostfiles import objects, sheet
from zeligui.grid.hostfiles.ldif import Ldif
from zeligui.grid.hostfiles.records import LONGEST_LINE

LIMIT = 1 << 30
"""Bytes; a larger file is refused. LDIF and CSV are read entry by entry: what is kept of them is bounded by itself."""

JSON_LIMIT = 1 << 27
"""The same for JSON, which is read as a whole: it takes some ten times its size."""

_PEEK = 65_536
_LDIF = re.compile(rb"(?:(?:[ \t].*)?|#.*|version\s*:.*|search\s*:.*|result\s*:.*)(?:\r?\n|\r|$)")
_LDIF_ENTRY = re.compile(rb"dn\s*::?", re.IGNORECASE)
_SUFFIXES = {".json": "JSON", ".csv": "CSV", ".tsv": "CSV", ".ldif": "LDIF", ".ldf": "LDIF"}
_FORMATS = "A file of hosts is JSON (a list of objects), CSV (with a column hostName) or LDIF (MDS 2, GLUE 1, GLUE 2)."


@dataclass(frozen=True, slots=True)
class HostFile:
    """The hosts of one file, in its order; `warnings` are sentences about what was left out."""

    path: Path
    hosts: tuple[Described, ...]
    warnings: tuple[str, ...]


def read(path: Path, *, limit: int = LIMIT) -> HostFile:
    """Read a file of hosts.

    UsageError where it cannot be opened, is larger than `limit` bytes, or is wrong; the message names the file and,
    where there is one, the entry's number.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file, limit)
    except OSError as error:
        raise UsageError(
            f"The file of hosts {path} cannot be read: {error.strerror or error}.",
            hint="Check its name and its rights.",
        ) from error


def _read(path: Path, file: BinaryIO, limit: int) -> HostFile:
    bounded = _Bounded(file, limit)
    buffered = io.BufferedReader(bounded, _PEEK)
    try:
        kind = _format(path, buffered.peek(_PEEK)[:_PEEK])
        if kind == "JSON":
            bounded.lower(JSON_LIMIT)
        hosts, warnings = _READERS[kind](buffered)
    except UsageError as error:
        raise UsageError(f"The file of hosts {path} is wrong: {error}", hint=error.hint) from error
    return HostFile(path, hosts, warnings)


class _Bounded(io.RawIOBase):
    """The bytes of a file; more of them than `limit` are an error."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit = file, limit
        self._read = 0

    def readable(self) -> bool:
        return True

    def lower(self, limit: int) -> None:
        """Allow less."""
        self._limit = min(self._limit, limit)
        self._check(os.fstat(self._file.fileno()).st_size)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._file.read(len(buffer))
        self._read += len(chunk)
        self._check(self._read)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise UsageError(f"it is larger than {self._limit} bytes.", hint="Cut it into parts.")


def _format(path: Path, start: bytes) -> str:
    text = start.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise UsageError("it is empty.", hint=_FORMATS)
    if text.lstrip()[:1] in (b"[", b"{"):
        return "JSON"
    if _looks_like_ldif(text):
        return "LDIF"
    if path.suffix.casefold() in _SUFFIXES:
        return _SUFFIXES[path.suffix.casefold()]
    if sheet.names_hosts(text.lstrip().splitlines()[0].decode("utf-8", "replace")):
        return "CSV"
    raise UsageError("its format cannot be told.", hint=_FORMATS)


def _looks_like_ldif(text: bytes) -> bool:
    """Comments, blank lines and a version, then the name of an entry."""
    position = 0
    while (matched := _LDIF.match(text, position)) and matched.end() > position:
        position = matched.end()
    return _LDIF_ENTRY.match(text, position) is not None


def _read_json(file: BinaryIO) -> tuple[tuple[Described, ...], tuple[str, ...]]:
    content = file.read()
    _check_for_nul(b"\0" in content)
    try:
        rows = objects.read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _not_utf_8(f"at byte {error.start}") from error
    return tuple(rows.hosts.values()), rows.warnings


def _read_csv(file: BinaryIO) -> tuple[tuple[Described, ...], tuple[str, ...]]:
    rows = sheet.read(_lines(io.TextIOWrapper(file, "utf-8-sig", newline="")))
    return tuple(rows.hosts.values()), rows.warnings


def _lines(file: TextIO) -> Iterator[str]:
    for number in count(1):
        try:
            line = file.readline(LONGEST_LINE)
        except UnicodeDecodeError as error:
            raise _not_utf_8(f"after line {number - 1}") from error
        if len(line) == LONGEST_LINE:
            raise UsageError(f"its line {number} has more than {LONGEST_LINE:,} signs.", hint=_FORMATS)
        _check_for_nul("\0" in line)
        if not line:
            return
        yield line


def _check_for_nul(found: bool) -> None:
    if found:
        raise UsageError("it has NUL bytes, which no text has.", hint=_FORMATS)


def _not_utf_8(where: str) -> UsageError:
    return UsageError(f"it is not UTF-8 {where}.", hint="Save it as UTF-8.")


def _read_ldif(file: BinaryIO) -> tuple[tuple[Described, ...], tuple[str, ...]]:
    if file.peek(3)[:3] == b"\xef\xbb\xbf":  # type: ignore[attr-defined]
        file.read(3)
    ldif = Ldif.read(io.TextIOWrapper(file, "latin-1", newline=None))
    directory = describe(ldif.entries.values())
    return directory.hosts, (*ldif.warnings, *directory.warnings)


_READERS: dict[str, Callable[[BinaryIO], tuple[tuple[Described, ...], tuple[str, ...]]]] = {
    "JSON": _read_json,
    "CSV": _read_csv,
    "LDIF": _read_ldif,
}
