"""Copies of files and trees from one service to another: resumed after a break, verified, then named."""

from __future__ import annotations

import asyncio
import posixpath
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from zeligui.errors import Refused, Unreachable, ZeliGridError
from zeligui.files.moving import Mover, damaged
from zeligui.files.planning import Item, Place
from zeligui.files.progress import Tell
from zeligui.files.service import Entry, FileService, Kind, NoSuchFile
from zeligui.files.telling import Telling
from zeligui.files.verifying import alike, arrived, at_source

TOGETHER, TOGETHER_BYTES = 100, 8 << 20
"""So many small files, of so many bytes, are moved and verified together."""

RESUMED = 1 << 20
"""A part of a file of fewer bytes is not worth to go on with."""

PATIENCE_S = 60.0
"""A copy that broke is tried again for so long without a byte more."""

PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy has done: files and their bytes, files that were there already, bytes that were moved, breaks."""

    files: int
    size: int
    there: int
    moved: int
    breaks: int


class Copying:
    """One copy of what was planned. `tell` is told of its progress."""

    def __init__(
        self, mover: Mover, items: Sequence[Item], tell: Tell | None = None, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._mover = mover
        self._folders = [item for item in items if item.entry.kind is Kind.FOLDER]
        self._files = [item for item in items if item.entry.kind is Kind.FILE]
        self._patience_s = patience_s
        self._telling = Telling(self._files, tell)
        self._listed: dict[tuple[str, str], dict[str, Entry]] = {}
        self._there = self._breaks = 0
        self._doubted: set[Item] = set()
        """Arrived damaged once."""

    async def run(self) -> Copied:
        """Copy all, modes kept; a file has its name once it is whole and verified. The first failure ends it.

        Of what broke, the part that is there is left for the next copy of the same file to the same place; of what
        failed otherwise nothing is left. What is there already, byte for byte, is not moved again.
        """
        self._telling.tell()
        for folder in self._needed():
            await folder.service.make_folder(folder.path)
        for batch in _batches(self._files):
            await self._whole(batch)
        for item in reversed(self._folders):
            await item.target.service.set_mode(item.target.path, item.entry.mode)
        self._telling.tell()
        size = sum(item.entry.size for item in self._files)
        return Copied(len(self._files), size, self._there, self._telling.moved, self._breaks)

    def _needed(self) -> Sequence[Place]:
        """The folders to make, those above what is copied first."""
        own = {(item.target.service.url, item.target.path) for item in self._folders}
        above = {(place.service.url, place.path): place for place in map(_above, (*self._folders, *self._files))}
        return [place for key, place in above.items() if key not in own] + [item.target for item in self._folders]

    async def _whole(self, batch: Sequence[Item]) -> None:
        """Bring a batch; where that fails, and not because the way broke, no part of it is left."""
        left = set(batch)
        try:
            await self._patiently(batch, left)
        except (Unreachable, asyncio.CancelledError):
            raise
        except BaseException:
            for item in left:
                with suppress(ZeliGridError):
                    await item.target.service.remove(item.part)
            raise

    async def _patiently(self, batch: Sequence[Item], left: set[Item]) -> None:
        """After a break it is gone on with, as long as bytes move; a no from a machine that is just back is none."""
        moved, since, tries = self._telling.moved, time.monotonic(), 0
        while left:
            try:
                await self._bring([item for item in batch if item in left], left)
            except (Unreachable, Refused) as error:
                if self._telling.moved > moved:
                    moved, since, tries = self._telling.moved, time.monotonic(), 0
                broken = isinstance(error, Unreachable) or tries > 0
                if not broken or time.monotonic() - since >= self._patience_s:
                    raise
                self._breaks += 1
                self._listed.clear()  # what was under way may have been done
                await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                tries += 1

    async def _bring(self, batch: Sequence[Item], left: set[Item]) -> None:
        """Move, verify and name what is not there yet; what is done with is taken out of `left`."""
        for item in await self._there_already(batch):
            left.discard(item)
            self._there += 1
            self._telling.done(item)
        wanted = [item for item in batch if item in left]
        for item in await self._moved(wanted) if wanted else ():
            part = item.part
            await item.target.service.set_mode(part, item.entry.mode)
            await item.target.service.rename(part, item.target.path)
            left.discard(item)
            self._telling.done(item)

    async def _there_already(self, batch: Sequence[Item]) -> Sequence[Item]:
        """Those of which a file of their size has the name, and is the same byte for byte."""
        likely = [item for item in batch if await self._looks_alike(item)]
        if not likely:
            return []
        there = likely[0].target.service.digests([(item.target.path, item.entry.size) for item in likely])
        same = [item for item, well in zip(likely, await alike(at_source(likely), there), strict=True) if well]
        for item in same:
            await item.target.service.set_mode(item.target.path, item.entry.mode)
        return same

    async def _looks_alike(self, item: Item) -> bool:
        folder = _above(item)
        key = folder.service.url, folder.path
        if key not in self._listed:
            self._listed[key] = {entry.name: entry for entry in await folder.service.entries(folder.path)}
        entry = self._listed[key].get(posixpath.basename(item.target.path))
        return entry is not None and entry.kind is Kind.FILE and entry.size == item.entry.size

    async def _moved(self, batch: Sequence[Item]) -> Sequence[Item]:
        """Write and verify the parts of a batch; those whose parts are whole come back."""
        offset = await self._begun(batch[0]) if len(batch) == 1 else 0
        self._telling.begin(offset)
        came = await self._contents(batch, offset)
        whole = [item for item, well in zip(batch, came, strict=True) if well]
        await _check_unchanged(batch)
        for item in set(batch).difference(whole):
            await item.target.service.remove(item.part)
            if item in self._doubted:
                raise damaged(item)
            self._doubted.add(item)  # and copied once more, from its beginning
        return whole

    async def _contents(self, batch: Sequence[Item], offset: int) -> Sequence[bool]:
        """Move what is missing; for each, whether it arrived well."""
        try:
            if offset and offset == batch[0].entry.size:
                return await arrived(batch, at_source(batch))
            return await self._mover.move(batch, offset, lambda name, count: self._telling.at(name, offset + count))
        except NoSuchFile:
            await _check_unchanged(batch)
            raise

    async def _begun(self, item: Item) -> int:
        """How much of a file is there already, from an earlier copy that broke, and is as it should be."""
        service, part = item.target.service, item.part
        if item.entry.size < RESUMED:
            return 0
        try:
            length = (await service.entry(part, follow=False)).size
        except NoSuchFile:
            return 0
        if RESUMED <= length <= item.entry.size:
            ours = item.source.service.digests([(item.source.path, length)])
            if all(await alike(ours, service.digests([(part, length)]))):
                return length
        await service.remove(part)
        return 0


def _above(item: Item) -> Place:
    return Place(item.target.service, posixpath.dirname(item.target.path))


def _batches(files: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Small files together, of the same services; a larger one alone."""
    batch: list[Item] = []
    size = 0
    for item in files:
        full = len(batch) == TOGETHER or size + item.entry.size > TOGETHER_BYTES
        if batch and (full or _between(item) != _between(batch[0])):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.entry.size
    if batch:
        yield batch


def _between(item: Item) -> tuple[FileService, FileService]:
    return item.source.service, item.target.service


async def _check_unchanged(items: Sequence[Item]) -> None:
    """An error where a source is not what it was when it was looked at."""
    for item in items:
        try:
            now = await item.source.service.entry(item.source.path)
        except NoSuchFile as error:
            raise NoSuchFile(f"{item.source.url} was removed while it was copied.") from error
        if (now.size, now.modified) != (item.entry.size, item.entry.modified):
            words = f"{item.source.url} changed while it was copied."
            raise item.source.service.refusal(words, hint="Copy it again when nothing writes to it.")
