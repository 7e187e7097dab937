"""`ldap://` and `ldaps://`: a directory of machines (GRIS, GIIS, BDII, NWS) as a source.

Where the server tells its changes by itself it is listened to; else it is searched from time to time.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing
from typing import cast

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.grid.directories import CLASSES, Directory, describe
from zeligui.grid.hosts import Source
from zeligui.grid.sources import directory_entries
from zeligui.grid.sources.directory_news import News
from zeligui.grid.sources.directory_push import Listener
from zeligui.grid.sources.sieve import Sieve
from zeligui.grid.survey import Piece
from zeligui.links.calls import call
from zeligui.links.ldap import SEARCH_S, Place, pages, parse
from zeligui.links.ldap.push import PushRefused
from zeligui.links.link import Links

WORDS = "a directory of machines: MDS 2, GLUE 1, GLUE 2, NWS"
"""What `zeligrid adaptors` says of it."""

POLL_S = 10.0
"""Between two searches: a directory is no sensor. Shorter where values would expire before they come again."""

SPARE_S = 60.0
"""Beyond the time for a search: to look up a name, to connect, and to make hosts of what was found."""

PUSH_AGAIN_S = 600.0
"""A server that did not push is asked again after so long: it may be another by then."""

CONDITION = f"(|{''.join(f'(objectClass={name})' for name in CLASSES)})"


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source for `ldap://host[:port]/base` or `ldaps://…`, entered as the links say. UsageError for another URL."""
    return DirectorySource(parse(url, links.directories), period_s=period_s, expiry_s=expiry_s)


class DirectorySource:
    """Listens to its directory, or searches it every `max(period_s, 10 s)`."""

    def __init__(self, place: Place, *, period_s: float, expiry_s: float) -> None:
        self.url = place.url
        self._place = place
        self._pause_s = max(period_s, min(POLL_S, expiry_s / 2))
        self._news = News(place.url, expiry_s)
        self._listener = Listener(place, CONDITION, self._news, names_here)
        self._polled_until = float("-inf")
        self._why_polled = ""

    async def watch(self) -> AsyncIterator[Piece]:
        """All hosts of the directory, then what changes. A LinkError says why it does not answer or has none."""
        self._news.begin()
        while True:
            pieces = self._searched() if time.monotonic() < self._polled_until else self._pushed()
            async with aclosing(cast(AsyncGenerator[list[Piece]], pieces)) as lists:
                async for some in lists:
                    for piece in some:
                        yield piece

    async def _pushed(self) -> AsyncIterator[list[Piece]]:
        """What the server tells by itself; ends where it will not."""
        async with aclosing(cast(AsyncGenerator[list[Piece]], self._listener.pieces())) as lists:
            try:
                async for pieces in lists:
                    yield pieces
            except PushRefused as refusal:
                self._why_polled = f"{refusal}, so it is searched every {self._pause_s:g} s."
                self._polled_until = time.monotonic() + PUSH_AGAIN_S

    async def _searched(self) -> AsyncIterator[list[Piece]]:
        while time.monotonic() < self._polled_until:
            limit_s = SEARCH_S + SPARE_S
            try:
                yield await call(self._search, limit=limit_s)
            except TimeoutError as error:
                raise Unreachable(f"{self.url} has not given its answer within {limit_s:g} s.") from error
            await asyncio.sleep(self._pause_s)

    def _search(self) -> list[Piece]:
        directory, broken = read(self._place)
        notes = (self._why_polled, f"It gave only a part of what it has: {broken} {broken.hint}" if broken else "")
        note = " ".join(filter(None, notes))
        pieces = self._news.whole(directory, time.time(), note=note, complete=broken is None)
        self._news.check_some(directory, time.time())
        return pieces


def read(place: Place) -> tuple[Directory, LinkError | None]:
    """What a directory knows of machines now, and why that is not all. A LinkError where it says nothing. Blocks."""
    contents: list[bytes] = []
    broken: LinkError | None = None
    elsewhere: list[str] = []
    try:
        for page in pages(place, CONDITION, elsewhere.append):
            contents += page
    except Refused as error:  # it has a limit: what it gave is good
        if not contents:
            raise
        broken = error
    sieve, here = Sieve(), names_here()
    found = directory_entries.read(dict(enumerate(contents)), sieve, here)
    entries = {entry.dn.key: entry for entry in found.entries.values()}
    directory = describe(entries.values(), here=here)
    warnings = (*directory.warnings, *sieve.warnings(), *elsewhere)
    return Directory(directory.hosts, warnings, found.alike), broken


def names_here() -> Collection[str]:
    """The names of this machine, in small letters. Blocks."""
    return {name.casefold() for name in (socket.gethostname(), socket.getfqdn())}
