"""A directory that tells its changes by itself, listened to in a thread: what is new comes to the event loop, made."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping

from zeligui.grid import garbage
from zeligui.grid.directories import Directory, Entry
from zeligui.grid.directories.mirror import Mirror
from zeligui.grid.sources.assorting import AT_ONCE
from zeligui.grid.sources.directory_entries import Reader, read
from zeligui.grid.sources.directory_news import News
from zeligui.grid.sources.sieve import Sieve
from zeligui.grid.survey import Piece
from zeligui.links.calls import call
from zeligui.links.ldap import Place
from zeligui.links.ldap.push import Changes, Copy, Push, PushRefused
from zeligui.links.ldap.searching import found_in, said_of_elsewhere

TAKEN_S = 5.0
"""So long the thread waits for the event loop to take what it has made, before it makes more: changes add up."""


class Listener:
    """What is known of a directory that pushes, from which each connection goes on. All but `pieces` is in a thread."""

    def __init__(self, place: Place, condition: str, news: News, here: Callable[[], Collection[str]]) -> None:
        self._place = place
        self._condition = condition
        self._news = news
        self._here = here
        self._copies: list[Copy] = []
        self._mirror: Mirror | None = None
        self._begun: Reader | None = None
        """What has come of all that comes at first: the copies are past it, also where the connection breaks."""
        self._sieve = Sieve()
        self._dropped = 0
        self._turn = threading.Lock()
        """Held by the thread that listens: one that is to end may take a moment."""

    async def pieces(self) -> AsyncIterator[list[Piece]]:
        """What is new, for ever, in lists; ends by a LinkError, one of them PushRefused."""
        made: asyncio.Queue[list[Piece]] = asyncio.Queue()
        loop, run = asyncio.get_running_loop(), _Run(Push(self._place, self._condition, self._copies, partly=AT_ONCE))

        def give(some: list[Piece]) -> None:
            loop.call_soon_threadsafe(made.put_nowait, some)

        listening = asyncio.ensure_future(call(self._listen, run, give))
        try:
            while True:
                taking = asyncio.ensure_future(made.get())
                try:
                    await asyncio.wait({taking, listening}, return_when=asyncio.FIRST_COMPLETED)
                    if not taking.done():
                        await listening  # it ends by what went wrong
                        return
                    yield taking.result()
                    run.taken.set()
                finally:
                    taking.cancel()
        finally:
            run.end()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def _listen(self, run: _Run, give: Callable[[list[Piece]], object]) -> None:
        with self._turn:
            first = True
            try:
                for changes in run.push.changes():
                    if changes.partial:
                        self._begin(changes)
                        continue
                    self._hand_over(run, self._everything(changes) if first else self._news_of(changes), give)
                    if first and self._mirror:
                        self._mirror.prepare()  # while the event loop is busy with what it was given
                    first = False
            except PushRefused:
                self._copies.clear()
                self._mirror = self._begun = None
                raise

    def _hand_over(self, run: _Run, pieces: list[Piece], give: Callable[[list[Piece]], object]) -> None:
        run.taken.clear()
        if not run.ended:
            give(pieces)
            run.taken.wait(TAKEN_S)

    def _begin(self, changes: Changes) -> None:
        """Read what has come while the server goes on."""
        self._begun = self._begun or Reader(self._sieve, self._here())
        with garbage.kept():
            self._begun.add(_present(changes.entries))

    def _everything(self, changes: Changes) -> list[Piece]:
        """All that is there, after the first changes of a connection."""
        with garbage.kept():
            return self._news_of_all(changes)

    def _news_of_all(self, changes: Changes) -> list[Piece]:
        gone: list[str] = []
        begun, self._begun = self._begun, None
        if begun and (self._mirror or not begun.contents.keys().isdisjoint(changes.entries)):
            changes = Changes({**begun.contents, **changes.entries}, changes.wrong)  # type: ignore[dict-item]
            begun = None
        if self._mirror is None:
            self._dropped += changes.wrong
            reader = begun or Reader(self._sieve, self._here())
            reader.add(_present(changes.entries))
            self._mirror, found = Mirror(reader.here, self._unpacked), reader.read()
            self._mirror.fill(found.entries, found.packed, reader.contents)
        else:
            _, gone = self._mirror.change(self._read(changes))
            found = read(self._mirror.packed, self._sieve, self._here())
            for key in found.entries:
                self._mirror.unpack(key)
        directory = Directory(tuple(self._mirror.hosts), self._warnings(), found.alike)
        return self._news.whole(directory, time.time(), note=self._note(), gone=gone)

    def _news_of(self, changes: Changes) -> list[Piece]:
        if self._mirror is None:
            return []
        changed, gone = self._mirror.change(self._read(changes))
        return self._news.change(changed, gone, time.time(), warnings=self._warnings(), note=self._note())

    def _read(self, changes: Changes) -> dict[Hashable, Entry | None]:
        self._dropped += changes.wrong
        for key in changes.entries:
            if self._mirror and (before := self._mirror.entry(key)):
                self._sieve.forget(before.dn.text.encode())
        return {key: None if came is None else self._unpacked(came) for key, came in changes.entries.items()}

    def _unpacked(self, content: bytes) -> Entry | None:
        return self._sieve.entry(found_in(content))

    def _warnings(self) -> tuple[str, ...]:
        elsewhere = tuple(address for copy in self._copies for address in copy.elsewhere)
        referred = (said_of_elsewhere(self._place, elsewhere),) if elsewhere else ()
        return (*(self._mirror.warnings if self._mirror else ()), *self._sieve.warnings(), *referred)

    def _note(self) -> str:
        return f"{self._dropped} messages that make no sense were dropped." if self._dropped else ""


def _present(entries: Mapping[bytes, bytes | None]) -> dict[Hashable, bytes]:
    return {key: content for key, content in entries.items() if content is not None}


class _Run:
    """One connection, and whether it is still wanted."""

    def __init__(self, push: Push) -> None:
        self.push = push
        self.taken = threading.Event()
        self.ended = False

    def end(self) -> None:
        """End what waits in the thread."""
        self.ended = True
        self.taken.set()
        self.push.close()
