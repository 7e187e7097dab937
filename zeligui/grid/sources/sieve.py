"""Makes entries of what a directory sent: what no publisher of machines would write is left out and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from zeligui.grid.directories import Dn, Entry
from zeligui.grid.directories.expected import is_expected
from zeligui.grid.directories.values import all_known, known
from zeligui.grid.hosts import Value
from zeligui.links.ldap.decoding import Found, only_value, read

LONGEST_VALUE, LONGEST_NAME = 1024, 128
MOST_ATTRIBUTES = 1000
"""Names of attributes; those of MDS 2 and both GLUEs together are some six hundred."""

MOST_KNOWN, LONGEST_KNOWN = 16_384, 256
"""Attributes, name and values together, that are known again: so many, of at most so many bytes."""

MOST_OF_ONE = 256
"""The same of one name: what always says something else is not worth it."""

MOST_VALUES = 1000
"""Of one attribute of one entry."""

MOST_FAULTS, MOST_TOLD, LONGEST_TOLD = 1000, 3, 120
"""Entries of which it is known what was left out, and how many of them, and of their attributes, are named."""

Fit = tuple[str, tuple[str, ...], Value | None]
"""The name of an attribute in small letters, empty where it is left out; the values that are left of it; and what they
say, None where they say several things or nothing."""


class _Cut(tuple[str, ...]):
    """What is left of the values of an attribute of which some are left out: so many."""

    left_out: int


@dataclass(frozen=True, slots=True)
class _Fault:
    """What was left out of an entry: so many values, of attributes with these names."""

    values: int
    names: tuple[str, ...]


class Sieve:
    """For the entries of one directory; what it has seen once it knows again, for most hosts say the same of most."""

    def __init__(self) -> None:
        self._known: dict[bytes, Fit] = {}
        self._count: dict[str, int] = {}
        self._names: dict[bytes, str] = {}
        self._single: dict[bytes, str] = {}
        self._spelling: dict[str, str] = {}
        self._cut_some = False
        self._faults: dict[bytes, _Fault] = {}
        self._untold = 0
        """Faults beyond those that are kept by their entry."""

    def entry(self, found: Found) -> Entry | None:
        """The entry; None where its name is left out."""
        self.forget(found.dn)
        if len(found.dn) > LONGEST_VALUE:
            self._note(found.dn, _Fault(1, ("its name",)))
            return None
        known = self._known
        attributes = [known.get(piece) or self._new(piece) for piece in found.pieces]
        values = {name: texts for name, texts, _ in attributes}
        said: dict[str, Value] | None = {name: value for name, _, value in attributes if value is not None}
        if len(values) < len(attributes) or self._cut_some:
            values = self._together(found.dn, attributes)
            said = None
        return Entry(Dn.of(text_of(found.dn)), values, self._spelling, known=said)

    def forget(self, dn: bytes) -> None:
        """An entry is gone, or comes anew: nothing is said of it any more."""
        self._faults.pop(dn[:LONGEST_VALUE], None)

    def warnings(self) -> tuple[str, ...]:
        """What is left out of the entries that there are, and of which."""
        left_out = self._untold + sum(fault.values for fault in self._faults.values())
        if not left_out:
            return ()
        named = [
            f"{_shortly(text_of(dn))} ({', '.join(fault.names)})"
            for dn, fault in islice(self._faults.items(), MOST_TOLD)
        ]
        more = len(self._faults) - len(named)
        which = f" {'; '.join(named)}{f'; and {more} more entries' if more else ''}." if named else ""
        return (f"{left_out} values that are too long, too many, or not what they should be are left out:{which}",)

    def _note(self, dn: bytes, fault: _Fault) -> None:
        if len(self._faults) < MOST_FAULTS:
            self._faults[dn[:LONGEST_VALUE]] = fault
        else:
            self._untold += fault.values

    def _new(self, piece: bytes) -> Fit:
        fit = self._only(piece) or self._read(piece)
        name, count = fit[0], self._count.get(fit[0], 0)
        if count < MOST_OF_ONE and len(piece) <= LONGEST_KNOWN and len(self._known) < MOST_KNOWN:
            self._known[piece], self._count[name] = fit, count + 1
        return fit

    def _only(self, piece: bytes) -> Fit | None:
        """An attribute with one value, if one with a value of that length was there before: all before it is alike."""
        begin = only_value(piece)
        name = self._single.get(piece[:begin])
        if name is None:
            return None
        try:
            text = piece[begin:].decode().rstrip()
        except UnicodeDecodeError:
            return None
        return (name, (text,), known(name, text)) if text.isprintable() and is_expected(name, text) else None

    def _read(self, piece: bytes) -> Fit:
        try:
            written, values = read(piece)
        except ValueError:
            return "", self._cut((), 1), None
        name = self._names.get(written) or self._named(written)
        if not name:
            return "", self._cut((), 1), None
        begin = only_value(piece)
        if values == [piece[begin:]] and len(piece) <= LONGEST_KNOWN and len(self._single) < MOST_KNOWN:
            self._single[piece[:begin]] = name
        texts = self._texts(name, values)
        return name, texts, all_known({name: texts}).get(name)

    def _named(self, written: bytes) -> str:
        """The name in small letters; empty where it is none, or one too many."""
        spelt = written.partition(b";")[0].decode("ascii", "replace")
        name = spelt.casefold()
        if not (0 < len(spelt) <= LONGEST_NAME and spelt.isascii()):
            return ""
        if not spelt.replace("-", "").replace(".", "").isalnum():
            return ""
        if name not in self._spelling and len(self._spelling) >= MOST_ATTRIBUTES:
            return ""
        self._spelling.setdefault(name, spelt)
        if len(self._names) < 2 * MOST_ATTRIBUTES:
            self._names[written] = name
        return name

    def _texts(self, name: str, values: list[bytes]) -> tuple[str, ...]:
        texts = [text_of(value) for value in values[:MOST_VALUES] if len(value) <= LONGEST_VALUE]
        fit = [text for text in texts if text.isprintable() and is_expected(name, text)]
        return tuple(fit) if len(fit) == len(values) else self._cut(fit, len(values) - len(fit))

    def _cut(self, fit: list[str] | tuple[()], left_out: int) -> _Cut:
        cut = _Cut(fit)
        cut.left_out = left_out
        self._cut_some = True
        return cut

    def _together(self, dn: bytes, attributes: list[Fit]) -> dict[str, tuple[str, ...]]:
        """The values of an attribute that comes in several pieces, in several languages for one, stand together."""
        values: dict[str, tuple[str, ...]] = {}
        left_out: dict[str, int] = {}
        for name, texts, _ in attributes:
            if isinstance(texts, _Cut):
                spelt = self._spelling.get(name, "a name of no attribute")
                left_out[spelt] = left_out.get(spelt, 0) + texts.left_out
            if name:
                values[name] = (*values.get(name, ()), *texts)
        if left_out:
            self._note(dn, _Fault(sum(left_out.values()), tuple(islice(left_out, MOST_TOLD))))
        return values


def _shortly(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"


def text_of(raw: bytes) -> str:
    """UTF-8, as the standard says; what is not is taken for Latin-1, which old sites wrote."""
    try:
        return raw.decode().rstrip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip()


def texts_of(raw: Sequence[bytes]) -> tuple[str, ...]:
    """Many values as texts, each as if by itself."""
    joined = b"\n".join(raw)
    if joined.isascii() and joined.count(b"\n") == len(raw) - 1:
        return tuple(map(str.rstrip, joined.decode().split("\n")))
    return tuple(map(text_of, raw))
