"""Directories that tell their changes by themselves: the content synchronization of RFC 4533, refresh and persist.

Everything here blocks, and runs in a thread of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.links.ldap import asking, messages
from zeligui.links.ldap.connection import MOST_BYTES, MOST_ENTRIES, SEARCH_S, Line, open_line
from zeligui.links.ldap.entering import SILENCE_S
from zeligui.links.ldap.messages import elements, written
from zeligui.links.ldap.place import Place
from zeligui.links.ldap.searching import MOST_ELSEWHERE

REQUEST, STATE, DONE, NEWS = (f"1.3.6.1.4.1.4203.1.9.1.{number}" for number in (1, 2, 3, 4))
"""The controls of RFC 4533, and the name of its intermediate messages."""

REFRESH_REQUIRED = 4096

PROBE_S = 10.0
"""After so long without a word the server is asked for one: a connection that only listens does not notice that the
other side is gone, or stands still."""

GATHER_S, LONGEST_GATHER_S = 0.02, 0.1
"""Changes that come as close together are told together, up to the second."""

_LATER = frozenset({51, 52, 80})
"""Results of a server that may push another time: busy, unavailable, other."""


class PushRefused(Refused):
    """The server cannot, or will not, tell its changes."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last ones: entries by the id that the server gives each, None where one is gone.

    An entry is as it came, to be read by `decoding.entry`. No changes are a sign of life. `wrong` counts messages that
    made no sense and were dropped. `partial` are those of all that comes at first which are there already.
    """

    entries: Mapping[bytes, bytes | None]
    wrong: int = 0
    partial: bool = False


@dataclass(slots=True)
class Copy:
    """What is held of one base of a directory: ids, and the cookie by which a new connection goes on from here."""

    base: str
    cookie: bytes | None = None
    ids: set[bytes] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)
    """In a refresh, the ids that are there still."""
    elsewhere: dict[str, None] = field(default_factory=dict)
    """Addresses of what the server keeps elsewhere."""
    whole: bool = False
    anew: bool = True
    """Whether the refresh is one of everything, so that all that it does not name is gone."""


class Push:
    """One connection to a directory that is listened to. Where `copies` of another stand, this one goes on.

    What comes at first is told when it is whole, or also before, so many entries at a time (`partly`).
    """

    def __init__(
        self, place: Place, condition: str, copies: list[Copy] | None = None, *, partly: int | None = None
    ) -> None:
        self._place = place
        self._partly = partly
        self._condition = condition
        self.copies: list[Copy] = [] if copies is None else copies
        self._wire: Any = None
        self._closed = False

    def changes(self) -> Iterator[Changes]:
        """All entries at first (or what changed while there was no connection), then each change as it comes; blocks.

        Ends by a LinkError, or by PushRefused.
        """
        with open_line(self._place) as line:
            self._wire = line.socket
            self._check_open()
            self._wire.keep_alive()
            bases = _bases(line, self._place)
            if [copy.base for copy in self.copies] != bases:
                self.copies[:] = [Copy(base) for base in bases]
            yield from _Listening(line, self._place, self._condition, self.copies, self._partly).changes()

    def close(self) -> None:
        """End it, from any thread: `changes` ends by Unreachable at once."""
        self._closed = True
        if self._wire is not None:
            self._wire.hang_up()

    def _check_open(self) -> None:
        if self._closed:
            raise Unreachable(f"The connection to {self._place.url} was closed.")


def _bases(line: Line, place: Place) -> list[str]:
    """Where the server pushes from; PushRefused where it says that it does not."""
    root = line.root("supportedControl", "namingContexts")
    if REQUEST.encode() not in root.get("supportedControl", ()):
        raise PushRefused(f"{place.url} does not tell its changes by itself")
    return [place.base] if place.base else [each.decode() for each in root.get("namingContexts", ())]


class _Listening:
    """One connection over which the server tells its changes. The copies are brought up to date as they come."""

    def __init__(self, line: Line, place: Place, condition: str, copies: list[Copy], partly: int | None = None) -> None:
        self._line = line
        self._partly = partly
        self._place = place
        self._condition = condition
        self._of = {self._ask(copy): copy for copy in copies}
        self._changed: dict[bytes, bytes | None] = {}
        self._wrong = 0
        self._told = False
        self._begun = time.monotonic()
        self._left = MOST_BYTES

    def changes(self) -> Iterator[Changes]:
        try:
            yield from self._changes()
        except LinkError:
            if self._changed:  # the cookie is past them already: the next connection does not tell them again
                yield self._take()
            raise

    def _changes(self) -> Iterator[Changes]:
        stream, wire = messages.Stream(), self._line.socket
        heard, asked, first = time.monotonic(), 0.0, 0.0
        while True:
            whole = all(copy.whole for copy in self._of.values())
            if not whole and self._is_worth_telling():
                came, self._changed = self._changed, {}
                yield Changes(came, partial=True)
            if whole and (not self._told or (self._changed and time.monotonic() - first > LONGEST_GATHER_S)):
                yield self._take()
            piece = wire.listen(GATHER_S if self._changed and whole else min(PROBE_S, SILENCE_S / 3))
            now = time.monotonic()
            if piece is not None:
                self._left -= 0 if whole else len(piece)
                first = first if self._changed else now
                lively = asked > heard
                heard = now
                self._hear(stream, piece)
                if lively and whole and not self._changed:
                    yield self._take()
            elif self._changed and whole:
                yield self._take()
            elif now - heard > PROBE_S + SILENCE_S:
                raise Unreachable(f"{self._place.url} is connected, but has said nothing for {now - heard:.0f} s.")
            elif now - heard >= PROBE_S and asked <= heard:
                self._ask_for_a_word()
                asked = now
            if not whole and now - self._begun > SEARCH_S:
                raise Unreachable(f"{self._place.url} has not told all that it has within {SEARCH_S:g} s.")
            if self._left < 0:
                raise Refused(f"{self._place.url} has more than {MOST_BYTES >> 20} MB.", hint="Name a narrower base.")

    def _is_worth_telling(self) -> bool:
        """Whether what is there of all that comes at first is told before the rest: not where something is gone."""
        enough = self._partly is not None and len(self._changed) >= self._partly
        return enough and not self._told and None not in self._changed.values()

    def _take(self) -> Changes:
        taken = Changes(self._changed, self._wrong)
        self._changed, self._wrong, self._told = {}, 0, True
        return taken

    def _hear(self, stream: messages.Stream, piece: bytes) -> None:
        try:
            for message in stream.messages(piece):
                if message is None:
                    self._wrong += 1
                elif copy := self._of.get(message.number):
                    self._mind(copy, message)
        except ValueError as error:
            raise Refused(f"{self._place.url} does not answer as a directory does: {error}.") from error

    def _mind(self, copy: Copy, message: messages.Message) -> None:
        if message.kind == messages.DONE:
            self._end(copy, message)
            return
        try:
            if message.kind == messages.ENTRY:
                self._entry(copy, message)
            elif message.kind == messages.INTERMEDIATE:
                self._news(copy, message.content)
            elif message.kind == messages.REFERENCE and len(copy.elsewhere) < MOST_ELSEWHERE:
                copy.elsewhere |= dict.fromkeys(messages.referred(message.content))
        except ValueError:
            self._wrong += 1

    def _entry(self, copy: Copy, message: messages.Message) -> None:
        kind, id_, cookie = _state(message)
        if kind in (1, 2):
            if not copy.anew:  # of all that comes at first, who reads it says what cannot be read
                messages.entry(message.content)
            self._changed[id_] = message.content
            copy.ids.add(id_)
            if len(copy.ids) > MOST_ENTRIES:
                raise Refused(
                    f"{self._place.url} has more than {MOST_ENTRIES:,} entries.", hint="Name a narrower base."
                )
        elif kind == 3:
            self._gone(copy, {id_})
        copy.seen.add(id_)
        if cookie:
            self._keep_cookie(copy, cookie)

    def _news(self, copy: Copy, content: bytes) -> None:
        """A Sync Info Message: where the server is, or how a refresh goes on (RFC 4533 2.5)."""
        parts = dict(elements(content))
        if parts.get(0x80, b"").decode("ascii", "replace") != NEWS:
            return
        _, begin, end = messages.element(parts.get(0x81, b""), 0)
        kind, inside = parts[0x81][0], parts[0x81][begin:end]
        if kind == 0x80:
            self._keep_cookie(copy, inside)
            return
        some = list(elements(inside))
        self._keep_cookie(copy, next((value for tag, value in some if tag == 0x04), None))
        flag = next((value != b"\0" for tag, value in some if tag == 0x01), kind != 0xA3)
        if kind == 0xA3:
            ids = {value for tag, value in some if tag == 0x31 for _, value in elements(value)}
            self._gone(copy, ids) if flag else copy.seen.update(ids)
        elif kind in (0xA1, 0xA2):
            self._phase_ends(copy, present=kind == 0xA2, over=flag)

    def _phase_ends(self, copy: Copy, *, present: bool, over: bool) -> None:
        if present or (over and copy.anew):
            self._gone(copy, copy.ids - copy.seen)
        if over:
            copy.whole, copy.anew = True, False
            copy.seen.clear()

    def _gone(self, copy: Copy, ids: set[bytes]) -> None:
        self._changed |= dict.fromkeys(ids & copy.ids)
        copy.ids -= ids

    @staticmethod
    def _keep_cookie(copy: Copy, cookie: bytes | None) -> None:
        if cookie:
            copy.cookie = cookie

    def _end(self, copy: Copy, message: messages.Message) -> None:
        """The server ends what should go on: it wants to begin anew, it cannot push, or it cannot just now."""
        code, said = messages.result(message.content)
        del self._of[message.number]
        if code == REFRESH_REQUIRED:
            copy.cookie = None
            self._of[self._ask(copy)] = copy
            return
        words = f"result {code}{': ' if said else ''}{said}"[:200]
        if code == 0 or code in _LATER:
            raise Unreachable(f"{self._place.url} tells its changes no more ({words}).")
        copy.cookie = None
        raise PushRefused(f"{self._place.url} refuses to tell its changes by itself ({words})")

    def _ask(self, copy: Copy) -> int:
        """Ask for the entries of a base and their changes; the number of that request comes back."""
        copy.whole, copy.anew = False, copy.cookie is None
        copy.seen.clear()
        cookie = b"" if copy.cookie is None else written(0x04, copy.cookie)
        control = asking.control(REQUEST, written(0x30, written(0x0A, b"\x03") + cookie), needed=True)
        return self._line.search(copy.base, self._condition, self._place.scope, ["*"], control=control)

    def _ask_for_a_word(self) -> None:
        self._line.search("", "(objectClass=*)", "base", ["1.1"])


def _state(message: messages.Message) -> tuple[int, bytes, bytes | None]:
    """What became of an entry, its id, and the cookie if one came with it."""
    if message.behind.startswith(_ADDED) and len(message.behind) == len(_ADDED) + _UUID:
        return 1, message.behind[len(_ADDED) :], None
    control = message.controls.get(STATE, b"")
    _, begin, end = messages.element(control, 0)
    (_, state), (_, id_), *cookie = elements(control, begin, end)
    if not 0 < len(id_) <= 64:
        raise ValueError("an entry has no id")
    return int.from_bytes(state, "big"), id_, cookie[0][1] if cookie else None


_UUID = 16
_ADDED = written(
    0x30, written(0x04, STATE.encode()) + written(0x04, written(0x30, b"\x0a\x01\x01" + written(0x04, bytes(_UUID))))
)[:-_UUID]
"""How the control of an entry that is added mostly begins, before its id: so 10,000 of them do at first."""
