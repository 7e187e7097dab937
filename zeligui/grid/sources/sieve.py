"""Makes entries of what a directory sent: what no publisher of machines would write is left out and counted."""

from __future__ import annotations

from zeligui.grid.directories import Dn, Entry
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

Fit = tuple[str, tuple[str, ...], Value | None]
"""The name of an attribute in small letters, empty where it is left out; the values that are left of it; and what they
say, None where they say several things or nothing."""


class _Cut(tuple[str, ...]):
    """What is left of the values of an attribute of which some are left out: so many."""

    left_out: int


class Sieve:
    """For the entries of one directory; what it has seen once it knows again, for most hosts say the same of most."""

    def __init__(self) -> None:
        self._known: dict[bytes, Fit] = {}
        self._count: dict[str, int] = {}
        self._names: dict[bytes, str] = {}
        self._single: dict[bytes, str] = {}
        self._spelling: dict[str, str] = {}
        self._cut_some = False
        self._left_out = 0

    def entry(self, found: Found) -> Entry | None:
        """The entry; None where its name is left out."""
        if len(found.dn) > LONGEST_VALUE:
            self._left_out += 1
            return None
        known = self._known
        attributes = [known.get(piece) or self._new(piece) for piece in found.pieces]
        values = {name: texts for name, texts, _ in attributes}
        said: dict[str, Value] | None = {name: value for name, _, value in attributes if value is not None}
        if len(values) < len(attributes) or self._cut_some:
            values = self._together(attributes)
            said = None
        return Entry(Dn.of(_text(found.dn)), values, self._spelling, known=said)

    def warnings(self) -> tuple[str, ...]:
        """What was left out since this was asked last."""
        left_out, self._left_out = self._left_out, 0
        if not left_out:
            return ()
        return (f"{left_out} values that are too long, too many or no text are left out.",)

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
        return (name, (text,), known(name, text)) if text.isprintable() else None

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
        texts = self._texts(values)
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

    def _texts(self, values: list[bytes]) -> tuple[str, ...]:
        fit = [text for value in values if len(value) <= LONGEST_VALUE and (text := _text(value)).isprintable()]
        return tuple(fit) if len(fit) == len(values) else self._cut(fit, len(values) - len(fit))

    def _cut(self, fit: list[str] | tuple[()], left_out: int) -> _Cut:
        cut = _Cut(fit)
        cut.left_out = left_out
        self._cut_some = True
        return cut

    def _together(self, attributes: list[Fit]) -> dict[str, tuple[str, ...]]:
        """The values of an attribute that comes in several pieces, in several languages for one, stand together."""
        values: dict[str, tuple[str, ...]] = {}
        for name, texts, _ in attributes:
            if isinstance(texts, _Cut):
                self._left_out += texts.left_out
            if name:
                values[name] = (*values.get(name, ()), *texts)
        return values


def _text(raw: bytes) -> str:
    """UTF-8, as the standard says; what is not is taken for Latin-1, which old sites wrote."""
    try:
        return raw.decode().rstrip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip()
