"""Whether files are the same at both ends of a copy, by the SHA-256 of each, for which both are asked at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from zeligui.files.planning import Item

Digests = Awaitable[Sequence[str]]


async def alike(ours: Digests, theirs: Digests) -> list[bool]:
    """For each of several files, whether both ends give the same digest; what one end raises ends the other."""
    ends = [asyncio.ensure_future(end) for end in (ours, theirs)]
    try:
        one, other = await asyncio.gather(*ends)
    finally:
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    return [digest == same for digest, same in zip(one, other, strict=True)]


async def arrived(items: Sequence[Item], digests: Digests) -> list[bool]:
    """For each file, all between the same two services, whether its part has the digest that its source has."""
    parts = [(item.part, item.entry.size) for item in items]
    return await alike(digests, items[0].target.service.digests(parts))


async def at_source(items: Sequence[Item]) -> Sequence[str]:
    """The digests of files of one service, as its machine reads them."""
    return await items[0].source.service.digests([(item.source.path, item.entry.size) for item in items])
