"""How contents get from one service to another: as a stream through here, by a program, or by way of here."""

from __future__ import annotations

import asyncio
import posixpath
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from zeligui.errors import Refused, UsageError, ZeliGridError
from zeligui.files.locations import HERE, quoted
from zeligui.files.planning import Item, Place
from zeligui.files.service import Carrying, FileService, Streaming, Unable
from zeligui.files.stream import Stream, flow
from zeligui.files.verifying import arrived, at_source

Moved = Callable[[str, int], None]
"""Is told, perhaps in a thread, which file is under way, and how many bytes of all that is to be moved were."""

CARRIED = 8 << 20
"""A file of fewer bytes is sent through here: two servers take seconds to agree."""

ALONE_S = 1.0
"""Contents move alone for so long before their source is asked for a digest beside them, over a way of its own."""


class Mover:
    """`here` are the files of this machine: for those that no way leads to directly."""

    def __init__(self, here: Streaming) -> None:
        self._here = here

    async def move(self, items: Sequence[Item], offset: int, moved: Moved) -> Sequence[bool]:
        """Write the parts of files of one service, from an offset on; for each, whether it arrived as it is there.

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

    async def _by_way_of_here(self, items: Sequence[Item], moved: Moved) -> Sequence[bool]:
        """Each half of the way counts for half of the bytes."""
        size = sum(item.entry.size for item in items)
        with tempfile.TemporaryDirectory(prefix="zeligrid-") as folder:
            places = [Place(self._here, posixpath.join(folder, str(number))) for number in range(len(items))]
            coming = [replace(item, target=place, part=place.path) for item, place in zip(items, places, strict=True)]
            came = await self.move(coming, 0, lambda name, count: moved(name, count // 2))
            for item, well in zip(items, came, strict=True):
                if not well:
                    raise damaged(item)
            going = [replace(item, source=place) for item, place in zip(items, places, strict=True)]
            return await self.move(going, 0, lambda name, count: moved(name, (size + count) // 2))


async def _stream(items: Sequence[Item], source: Streaming, offset: int, moved: Moved) -> Sequence[bool]:
    """What passes on a way that is not sealed, and what has passed before, is asked for at its source."""
    seen = source.sealed and not offset
    before, streams = 0, []
    for item in items:
        streams.append(Stream(partial(_add, moved, item.entry.name, before), digested=seen))
        before += item.entry.size
    async with _meanwhile(_passed(streams) if seen else _asked(items, streams)) as digests:
        for stream, item in zip(streams, items, strict=True):
            await flow(stream, item, offset)
        return await arrived(items, digests)


async def _passed(streams: Sequence[Stream]) -> Sequence[str]:
    """The digests of what was read, when it was."""
    await streams[-1].over.wait()
    return [stream.digest for stream in streams]


async def _asked(items: Sequence[Item], streams: Sequence[Stream]) -> Sequence[str]:
    """The digests at the source, once all was read, or that takes its time."""
    await streams[0].opened.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(ALONE_S):
            await streams[-1].over.wait()
    return await at_source(items)


async def _carry(carrier: Carrying, items: Sequence[Item], offset: int, moved: Moved) -> Sequence[bool]:
    """The digests of the sources are computed meanwhile."""
    pairs = [(_url(item.source.service, item.source.path), _url(item.target.service, item.part)) for item in items]
    name = items[0].entry.name
    async with _meanwhile(at_source(items)) as digests:
        await carrier.carry(pairs, offset=offset, moved=lambda count: moved(name, count))
        moved(name, sum(item.entry.size for item in items) - offset)
        return await arrived(items, digests)


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, Sequence[str]]) -> AsyncIterator[asyncio.Future[Sequence[str]]]:
    """Digests on their way; given up where they are not waited for."""
    digests = asyncio.ensure_future(work)
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
