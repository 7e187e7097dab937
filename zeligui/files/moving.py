"""How contents get from one service to another: as a stream through here, by a program, or by way of here."""

from __future__ import annotations

import asyncio
import posixpath
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from zeligui.errors import Refused, UsageError, ZeliGridError
from zeligui.files.locations import HERE, quoted
from zeligui.files.planning import Item, Place
from zeligui.files.service import Carrying, FileService, Streaming, Unable
from zeligui.files.stream import Stream, flow

Moved = Callable[[str, int], None]
"""Is told, perhaps in a thread, which file is under way, and how many bytes of all that is to be moved were."""

CARRIED = 8 << 20
"""A file of fewer bytes is sent through here: two servers take seconds to agree."""


class Mover:
    """`here` are the files of this machine: for those that no way leads to directly."""

    def __init__(self, here: Streaming) -> None:
        self._here = here

    async def move(self, items: Sequence[Item], offset: int, moved: Moved) -> Sequence[str]:
        """Write the parts of files of one service, from an offset on; the SHA-256 of each source comes back.

        A large file goes from one server to another by itself where it can.
        """
        source, target = items[0].source.service, items[0].target.service
        carriers = [one for one in (source, target) if isinstance(one, Carrying) and one.carries]
        if len(carriers) == 2 and items[0].entry.size > CARRIED:
            return await _carry(carriers[0], items, offset, moved)
        if isinstance(source, Streaming) and isinstance(target, Streaming):
            try:
                return await _stream(items, source, offset, moved)
            except Unable:
                if not carriers:
                    raise
        if HERE not in (source.url, target.url):
            return await self._by_way_of_here(items, moved)
        if carriers:
            return await _carry(carriers[0], items, offset, moved)
        raise UsageError(
            f"Nothing is installed that moves files from {source.url} to {target.url}.",
            hint="Install what its adaptor needs.",
        )

    async def _by_way_of_here(self, items: Sequence[Item], moved: Moved) -> Sequence[str]:
        """Each half of the way counts for half of the bytes."""
        size = sum(item.entry.size for item in items)
        with tempfile.TemporaryDirectory(prefix="zeligrid-") as folder:
            places = [Place(self._here, posixpath.join(folder, str(number))) for number in range(len(items))]
            coming = [replace(item, target=place, part=place.path) for item, place in zip(items, places, strict=True)]
            digests = await self.move(coming, 0, lambda name, count: moved(name, count // 2))
            if list(await self._here.digests([(item.part, item.entry.size) for item in coming])) != list(digests):
                raise damaged(items[0])
            going = [replace(item, source=place) for item, place in zip(items, places, strict=True)]
            await self.move(going, 0, lambda name, count: moved(name, (size + count) // 2))
            return digests


async def _stream(items: Sequence[Item], source: Streaming, offset: int, moved: Moved) -> Sequence[str]:
    """What passes on a way that is not sealed is asked for at its source, once the first of it has come."""
    before, streams = 0, []
    for item in items:
        streams.append(Stream(partial(_add, moved, item.entry.name, before)))
        before += item.entry.size
    if source.sealed and not offset:
        return await _flow(streams, items, offset)
    async with _digesting(items, streams[0].opened) as digests:
        await _flow(streams, items, offset)
        return await digests


async def _flow(streams: Sequence[Stream], items: Sequence[Item], offset: int) -> Sequence[str]:
    """The digests of what passed."""
    for stream, item in zip(streams, items, strict=True):
        await flow(stream, item, offset)
    return [stream.digest for stream in streams]


async def _carry(carrier: Carrying, items: Sequence[Item], offset: int, moved: Moved) -> Sequence[str]:
    """The digests of the sources are computed meanwhile."""
    pairs = [(_url(item.source.service, item.source.path), _url(item.target.service, item.part)) for item in items]
    name = items[0].entry.name
    async with _digesting(items) as digests:
        await carrier.carry(pairs, offset=offset, moved=lambda count: moved(name, count))
        moved(name, sum(item.entry.size for item in items) - offset)
        return await digests


@asynccontextmanager
async def _digesting(
    items: Sequence[Item], after: asyncio.Event | None = None
) -> AsyncIterator[asyncio.Future[Sequence[str]]]:
    """The digests of sources of one service, on their way; given up where they are not waited for."""

    async def asked() -> Sequence[str]:
        if after is not None:
            await after.wait()
        return await items[0].source.service.digests([(item.source.path, item.entry.size) for item in items])

    digests = asyncio.ensure_future(asked())
    try:
        yield digests
    finally:
        digests.cancel()
        await asyncio.gather(digests, return_exceptions=True)


def _add(moved: Moved, name: str, before: int, count: int) -> None:
    moved(name, before + count)


def _url(service: FileService, path: str) -> str:
    return service.url + quoted(path)


def damaged(item: Item) -> ZeliGridError:
    """A file that arrived as another one than was sent."""
    return Refused(
        f"{item.source.url} arrives at {item.target.service.url} otherwise than it was sent: the digests differ.",
        hint="Copy again; if it stays so, look at the disks and at the memory of both machines.",
    )
