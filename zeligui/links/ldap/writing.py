"""Entries that are written into a directory, and kept up to date there: only what changed is sent.

Everything here blocks; it is called through `links.calls`, by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.links.ldap import asking
from zeligui.links.ldap.asking import octets
from zeligui.links.ldap.connection import open_connection
from zeligui.links.ldap.messages import Stream, result, written
from zeligui.links.ldap.place import Place

_GONE, _OTHER_CLASSES, _THERE = 32, 65, 68
_NO_RIGHTS = frozenset({8, 13, 48, 50, 53})
_BUSY = frozenset({51, 52, 80})
_SCHEMA = frozenset({16, 17, 21, 65})
"""Results of RFC 4511 (appendix A)."""

AT_ONCE = 100
"""Changes that are sent before the first is answered."""

MODIFIED, ADDED = 0x67, 0x69
_MODIFY, _ADD, _REPLACE = 0x66, 0x68, written(0x0A, b"\x02")
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to stand in a directory. `classes` and the first part of the name never change."""

    dn: str
    classes: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]


class Writer:
    """One kept connection that writes. After a failure the next call connects anew."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._open: ExitStack | None = None
        self._connection: Any = None
        self._written: dict[str, Mapping[str, tuple[str, ...]]] = {}
        """What is known to stand there, by name."""

    def put(self, entries: Iterable[Entry]) -> dict[str, Refused]:
        """Add these, or change what is different; what is wrong with those that are refused, by name."""
        refused: dict[str, Refused] = {}
        try:
            self.connect()
            differing = [one for one in entries if self._changes(one)]
            for begin in range(0, len(differing), AT_ONCE):
                for entry in self._not_written(differing[begin : begin + AT_ONCE]):
                    try:
                        self._put(entry)
                    except Refused as error:
                        refused[entry.dn] = error
        except Unreachable:
            self.close()
            raise
        except ValueError as error:
            self.close()
            raise Unreachable(f"{self.place.url} does not answer as a directory does ({error}).") from error
        return refused

    def _not_written(self, entries: Sequence[Entry]) -> list[Entry]:
        """Change these, and add those that are not there, all before the first is answered; the others come back."""
        codes = self._codes([modification(one.dn, self._changes(one)) for one in entries], MODIFIED)
        gone = [entry for entry, code in zip(entries, codes, strict=True) if code == _GONE]
        added = dict(zip((one.dn for one in gone), self._codes(list(map(addition, gone)), ADDED), strict=True))
        left: list[Entry] = []
        for entry, code in zip(entries, codes, strict=True):
            if added.get(entry.dn, code) == 0:
                self._written[entry.dn] = entry.values
            else:
                left.append(entry)
        return left

    def _codes(self, requests: Sequence[tuple[int, bytes]], kind: int) -> list[int]:
        """Send these; the code that answers each."""
        wire, stream, codes = self._connection.socket, Stream(), dict[int, int]()
        wire.begin()
        wire.sendall(b"".join(asking.request(number, *one) for number, one in enumerate(requests, 1)))
        while len(codes) < len(requests):
            for message in stream.messages(wire.recv(_PIECE)):
                if message is None or message.kind != kind or not 0 < message.number <= len(requests):
                    raise Unreachable(f"{self.place.url} ends the connection, or does not answer as a directory does.")
                codes[message.number] = result(message.content)[0]
        return [codes[number] for number in range(1, len(requests) + 1)]

    def remove(self, names: Iterable[str]) -> None:
        """Remove these entries, those below others first; one that is not there is as good as removed."""
        self.connect()
        for dn in names:
            self._written.pop(dn, None)
            self._check(self._asked("delete", dn), dn, but=_GONE)

    def names(self, base: str, condition: str) -> list[str]:
        """The names of the entries from `base` down that fulfil an LDAP filter; none where the base is not there."""
        self.connect()
        self._connection.socket.begin()
        _, result, found, _ = self._connection.search(base, condition, attributes=["1.1"])
        self._check(result, base, but=_GONE)
        return [one["dn"] for one in found or () if one["type"] == "searchResEntry"]

    def values(self, base: str, attributes: Sequence[str]) -> Mapping[str, list[bytes]]:
        """These attributes of one entry, nothing where it is not there."""
        self.connect()
        self._connection.socket.begin()
        _, result, found, _ = self._connection.search(base, "(objectClass=*)", "BASE", attributes=list(attributes))
        self._check(result, base, but=_GONE)
        return next((one["raw_attributes"] for one in found or () if one["type"] == "searchResEntry"), {})

    def add(self, entry: Entry) -> bool:
        """Add one entry; False where it is there already."""
        self.connect()
        result = self._asked("add", entry.dn, list(entry.classes), dict(entry.values))
        self._check(result, entry.dn, but=_THERE)
        return bool(result["result"] == 0)

    def hang_up(self) -> None:
        """End what waits on the connection, from any thread."""
        if (connection := self._connection) is not None:
            connection.socket.hang_up()

    def close(self) -> None:
        """Drop the connection; a later call opens another."""
        if self._open is not None:
            opened, self._open, self._connection = self._open, None, None
            self._written.clear()
            opened.close()

    def connect(self) -> None:
        """Open the connection, unless it is open. A LinkError says why that is not possible."""
        if self._open is None:
            with ExitStack() as stack:
                self._connection = stack.enter_context(open_connection(self.place, read_only=False))
                self._open = stack.pop_all()

    def _changes(self, entry: Entry) -> dict[str, tuple[str, ...]]:
        """What is to stand there that does not, as far as is known."""
        before = self._written.get(entry.dn)
        names = entry.values if before is None else {*entry.values, *before}
        return {
            name: entry.values.get(name, ())
            for name in names
            if before is None or before.get(name) != entry.values.get(name)
        }

    def _put(self, entry: Entry) -> None:
        from ldap3 import MODIFY_ADD, MODIFY_REPLACE

        changes = {name: [(MODIFY_REPLACE, list(values))] for name, values in self._changes(entry).items()}
        if not changes:
            return
        result = self._asked("modify", entry.dn, changes)
        if result["result"] == _GONE:
            result = self._asked("add", entry.dn, list(entry.classes), dict(entry.values))
        elif result["result"] == _OTHER_CLASSES and (lacking := self._lacking(entry)):
            result = self._asked("modify", entry.dn, changes | {"objectClass": [(MODIFY_ADD, lacking)]})
        self._check(result, entry.dn)
        self._written[entry.dn] = entry.values

    def _lacking(self, entry: Entry) -> list[str]:
        """The classes that an entry lacks which another program has made."""
        there = {
            name.decode("utf-8", "replace").casefold() for name in self.values(entry.dn, ["objectClass"])["objectClass"]
        }
        return [name for name in entry.classes if name.casefold() not in there]

    def _asked(self, deed: str, *arguments: Any) -> Mapping[str, Any]:
        """Whatever ldap3 makes of an answer that it cannot take apart is a LinkError."""
        self._connection.socket.begin()
        try:
            result: Mapping[str, Any] = getattr(self._connection, deed)(*arguments)[1]
        except LinkError:
            raise
        except Exception as error:
            raise Refused(f"{self.place.url} does not answer as a directory does ({type(error).__name__}).") from error
        return result

    def _check(self, result: Mapping[str, Any], dn: str, *, but: int = 0) -> None:
        code = result["result"]
        if code in (0, but):
            return
        said = f" ({result['description']}{': ' if result['message'] else ''}{result['message']})"[:200]
        if code in _NO_RIGHTS:
            hint = "Name a `user` under [directories] of the settings who may write there."
            raise Refused(f"{self.place.url} does not let {self.place.user or 'everyone'} write {dn}{said}.", hint=hint)
        if code in _SCHEMA:
            hint = f"Load the schema: zeligrid directory init {self.place.url}"
            raise Refused(f"{self.place.url} does not know what {dn} is to have{said}.", hint=hint)
        if code == _GONE:
            hint = f"Make the tree: zeligrid directory init {self.place.url}"
            raise Refused(f"{self.place.url} has nothing to put {dn} below{said}.", hint=hint)
        raise (Unreachable if code in _BUSY else Refused)(f"{self.place.url} does not take {dn}{said}.")


def modification(dn: str, changes: Mapping[str, Sequence[str]]) -> tuple[int, bytes]:
    """The request to have these values of attributes there, and no others (ModifyRequest, RFC 4511 4.6).

    ldap3 takes twenty times as long for one.
    """
    replaced = b"".join(written(0x30, _REPLACE + _attribute(name, values)) for name, values in changes.items())
    return _MODIFY, octets(dn) + written(0x30, replaced)


def addition(entry: Entry) -> tuple[int, bytes]:
    """The request to add an entry (AddRequest, RFC 4511 4.7)."""
    values = {"objectClass": entry.classes} | {name: values for name, values in entry.values.items() if values}
    return _ADD, octets(entry.dn) + written(0x30, b"".join(_attribute(*one) for one in values.items()))


def _attribute(name: str, values: Sequence[str]) -> bytes:
    return written(0x30, octets(name) + written(0x31, b"".join(map(octets, values))))


def escaped(value: str) -> str:
    """A value as it stands in a distinguished name (RFC 4514): nothing of it is taken for the name's own signs."""
    if not value:
        raise ValueError("a part of a name cannot be empty")
    inner = "".join(f"\\{sign}" if sign in ',+"\\<>;=' else "\\00" if sign == "\0" else sign for sign in value)
    if inner[0] in " #":
        inner = f"\\{inner}"
    return f"{inner[:-1]}\\ " if inner.endswith(" ") and len(inner) > 1 and not inner.endswith("\\ ") else inner
