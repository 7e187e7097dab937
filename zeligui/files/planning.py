"""What is to be copied where: trees and files, looked at before anything is written."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from zeligui.errors import UsageError, ZeliGridError
from zeligui.files.locations import HERE
from zeligui.files.names import DEEPEST, MOST, checked
from zeligui.files.service import Entry, FileService, Kind, NoSuchFile


@dataclass(frozen=True, slots=True)
class Place:
    """A path of a service."""

    service: FileService
    path: str

    @property
    def url(self) -> str:
        """For messages, signs that a terminal would obey spelt out."""
        whole = self.service.url.removesuffix(HERE) + self.path
        return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in whole)

    def below(self, path: str) -> Place:
        """The place at a relative path; itself where that is empty."""
        return replace(self, path=posixpath.join(self.path, path)) if path else self


@dataclass(frozen=True, slots=True)
class Item:
    """One file or folder to copy, as it was when it was looked at."""

    source: Place
    target: Place
    entry: Entry
    part: str
    """Where it is written until it is whole: the same path for the same file as it is now, so that it is found."""


def item(source: Place, target: Place, entry: Entry) -> Item:
    """What is to be copied, with a part beside its target."""
    what = f"{source.url}\0{entry.size}\0{entry.modified}\0{target.url}"
    digest = hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Item(source, target, entry, posixpath.join(posixpath.dirname(target.path), f".zeligrid-{digest}.part"))


async def planned(source: Place, target: Place, *, own: bool = False, listed: Entry | None = None) -> Sequence[Item]:
    """A file, or a folder with all that is below it, each folder before what is in it.

    What it was `listed` as, if that is no link, is not asked for again.

    Links are followed where they stay within the tree; others, loops, and what is neither file nor folder are refused,
    as are names that lead elsewhere, and names with control signs, but in a tree of our `own`.
    """
    if source.service.url == target.service.url and (target.path + "/").startswith(source.path.rstrip("/") + "/"):
        raise UsageError(f"{source.url} cannot be copied into itself.", hint="Name another target.")
    root = listed if listed and listed.kind is not Kind.LINK else await source.service.entry(source.path)
    return [one async for one in _Walk(source, target, own).below("", root, 0)]


class _Walk:
    def __init__(self, source: Place, target: Place, own: bool) -> None:
        self._own = own
        self._source = source
        self._target = target
        self._real: str | None = None
        self._count = 0

    async def below(self, path: str, entry: Entry, depth: int) -> AsyncIterator[Item]:
        source = self._source.below(path)
        self._count += 1
        if depth > DEEPEST or self._count > MOST:
            raise self._refused(f"{self._source.url} is too deep or too large to copy.")
        if entry.kind not in {Kind.FILE, Kind.FOLDER}:
            raise self._refused(f"{source.url} is neither a file nor a folder, and is not copied.")
        yield item(source, self._target.below(path), entry)
        if entry.kind is Kind.FILE:
            return
        for found in sorted(await source.service.entries(source.path), key=lambda one: one.name):
            inner = posixpath.join(path, checked(found, source.service, source.path, own=self._own))
            followed = await self._followed(inner) if found.kind is Kind.LINK else found
            async for one in self.below(inner, followed, depth + 1):
                yield one

    async def _followed(self, path: str) -> Entry:
        """What a link stands for, which must be in the tree, and not above the link."""
        link = self._source.below(path)
        service = link.service
        self._real = self._real or await service.real(self._source.path)
        try:
            entry, target = await service.entry(link.path), await service.real(link.path)
        except NoSuchFile as error:
            raise self._refused(f"The link {link.url} leads nowhere.") from error
        if not target.startswith(self._real.rstrip("/") + "/"):
            raise self._refused(f"The link {link.url} leads out of the folder that is copied.")
        above = await service.real(posixpath.dirname(link.path))
        if (above + "/").startswith(target + "/"):
            raise self._refused(f"The link {link.url} leads to a folder above itself.")
        return entry

    def _refused(self, words: str) -> ZeliGridError:
        return self._source.service.refusal(words)
