"""A directory that tells its changes by itself, listened to in a thread: what is new comes to the event loop, made."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Hashable

from zeligui.grid.directories import Directory, Entry
from zeligui.grid.directories.mirror import Mirror
from zeligui.grid.sources.directory_news import News, Piece
from zeligui.grid.sources.sieve import Sieve
from zeligui.links.calls import call
from zeligui.links.ldap import Place
from zeligui.links.ldap.push import Changes, Push

TAKEN_S = 5.0
"""So long the thread waits for the event loop to take what it has made, before it makes more: changes add up."""


class Listener:
    """One connection to a directory that pushes. All but `pieces` happens in its thread."""

    def __init__(self, place: Place, condition: str, news: News, here: Callable[[], Collection[str]]) -> None:
        self._push = Push(place, condition)
        self._news = news
        self._here = here
        self._mirror = Mirror()
        self._sieve = Sieve()
        self._dropped = 0
        self._taken = threading.Event()
        self._closed = False

    async def pieces(self) -> AsyncIterator[list[Piece]]:
        """What is new, for ever, in lists; ends by a LinkError, one of them PushRefused."""
        made: asyncio.Queue[list[Piece]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def give(some: list[Piece]) -> None:
            loop.call_soon_threadsafe(made.put_nowait, some)

        listening = asyncio.ensure_future(call(self._listen, give))
        try:
            while True:
                taking = asyncio.ensure_future(made.get())
                try:
                    await asyncio.wait({taking, listening}, return_when=asyncio.FIRST_COMPLETED)
                    if not taking.done():
                        await listening  # it ends by what went wrong
                        return
                    yield taking.result()
                    self._taken.set()
                finally:
                    taking.cancel()
        finally:
            self.close()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def close(self) -> None:
        """End it, from any thread."""
        self._closed = True
        self._taken.set()
        self._push.close()

    def _listen(self, give: Callable[[list[Piece]], object]) -> None:
        first = True
        for changes in self._push.changes():
            pieces = self._everything(changes) if first else self._news_of(changes)
            self._hand_over(pieces, give)
            if first:
                self._mirror.prepare()  # while the event loop is busy with what it was given
            first = False

    def _hand_over(self, pieces: list[Piece], give: Callable[[list[Piece]], object]) -> None:
        self._taken.clear()
        if not self._closed:
            give(pieces)
            self._taken.wait(TAKEN_S)

    def _everything(self, changes: Changes) -> list[Piece]:
        self._dropped += changes.wrong
        read = {key: self._sieve.entry(found) for key, found in changes.entries.items() if found is not None}
        self._mirror = Mirror(self._here())
        self._mirror.fill({key: entry for key, entry in read.items() if entry is not None})
        return self._news.whole(Directory(tuple(self._mirror.hosts), self._warnings()), time.time(), note=self._note())

    def _news_of(self, changes: Changes) -> list[Piece]:
        self._dropped += changes.wrong
        entries: dict[Hashable, Entry | None] = {
            key: None if found is None else self._sieve.entry(found) for key, found in changes.entries.items()
        }
        changed, gone = self._mirror.change(entries)
        return self._news.change(changed, gone, time.time(), warnings=self._warnings(), note=self._note())

    def _warnings(self) -> tuple[str, ...]:
        return (*self._mirror.warnings, *self._sieve.warnings())

    def _note(self) -> str:
        return f"{self._dropped} messages that make no sense were dropped." if self._dropped else ""
