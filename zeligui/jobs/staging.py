"""The input of jobs on its way to them, and their output on its way home: files, trees, globs and URLs."""

from __future__ import annotations

import os
import posixpath
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from zeligui.errors import LinkError, Refused, SubmissionRefused, UsageError, ZeliGridError
from zeligui.files import open_files
from zeligui.files.copying import Copying
from zeligui.files.locations import locate
from zeligui.files.machines import MachineFiles
from zeligui.files.moving import Mover
from zeligui.files.names import below, found
from zeligui.files.planning import Item, Place, planned
from zeligui.files.progress import Tell
from zeligui.files.service import Entry, FileService, Kind, NoSuchFile
from zeligui.files.sources import Named, named
from zeligui.jobs.job import JobDescription
from zeligui.links.calls import call
from zeligui.links.link import Link, Links
from zeligui.links.local import LocalLink

TO = " -> "
"""Between a pattern of output and the URL of a folder that it goes to."""

PATIENCE_S = 15.0
"""How long a way that broke is tried again, before another machine is looked for."""


class Stager:
    """Copies between the directory of a job, on `there`, and this machine or any other that a URL names."""

    def __init__(self, there: FileService, links: Links | None) -> None:
        """Without `links` no URL can be reached."""
        self._there = there
        self._links = links
        self._here = MachineFiles("file://", LocalLink(), refusal=UsageError)
        self._opened: dict[str, FileService] = {"file://": self._here}
        self._users = 0

    async def wanted(self, job: JobDescription) -> Sequence[Named]:
        """The input of a job. SubmissionRefused where it names nothing, UsageError where it names two things alike."""
        wanted: dict[str, Named] = {}
        for text in job.input:
            try:
                for one in await self._named(text, job.folder):
                    await one.place.service.entry(one.place.path)
                    if wanted.setdefault(one.name, one) is not one:
                        raise UsageError(f"The input has two files {one.name!a}, the second of {text!a}.")
            except NoSuchFile as error:
                raise SubmissionRefused(f"The input {text!a} does not exist: {error}", hint=error.hint) from error
        return list(wanted.values())

    async def bring(self, wanted: Sequence[Named], folder: str, tell: Tell | None) -> None:
        """Put input into a folder there. UsageError for what is wrong here, a `LinkError` for the rest."""
        items: list[Item] = []
        for one in wanted:
            items += await planned(one.place, Place(self._there, posixpath.join(folder, one.name)))
        await self._copy(items, tell)

    async def _named(self, text: str, folder: Path) -> Sequence[Named]:
        """What an input names; what is below the experiment's folder keeps its path from there."""
        location = locate(text, folder=_text(folder))
        if "://" in text or text.startswith(("/", "~")) or ".." in text.split("/"):
            return await named(location, self._service)
        if not location.magic or await self._exists(folder / text):
            name = below(text)
            return [Named(Place(self._here, _text(folder / name)), name, True)]
        matches = [name async for name, _ in found(self._here, _text(folder), below(text))]
        if not matches:
            raise NoSuchFile(f"Nothing matches {text!a} in {folder}.")
        return [Named(Place(self._here, _text(folder / name)), name, False) for name in matches]

    async def _exists(self, path: Path) -> bool:
        return await call(path.exists)

    async def fetch(self, folder: str, patterns: Sequence[str], home: Path, tell: Tell | None) -> Sequence[str]:
        """Copy what matches the patterns in a folder there into `home`, or where a pattern says; the names that came.

        What leads out of the folder is left out. UsageError where it cannot be written here; else a `LinkError`.
        """
        coming = [pattern for pattern in patterns if TO not in pattern]
        goal = Place(self._here, _text(home))
        try:
            names = [name for pattern in coming for name in await self._matching(folder, pattern)]
            for name in names:
                await call((home / name).parent.mkdir, 0o777, True, True)
            await self._copy(await self._items(folder, names, goal), tell)
        except NoSuchFile as error:
            raise Refused(str(error), hint=error.hint) from error
        for pattern in patterns:
            if TO in pattern:
                await self._send(folder, pattern, home, tell)
        return list(dict.fromkeys(names))

    async def _send(self, folder: str, text: str, home: Path, tell: Tell | None) -> None:
        """Copy what matches to below a URL as it would lie below the folder of results: by experiment and instance."""
        pattern, _, url = text.partition(TO)
        place = posixpath.join(*Path(_text(home)).parts[-2:])
        try:
            location = locate(url)
            goal = Place(self._service(location.root), location.plain).below(place)
            await self._copy(await self._items(folder, await self._matching(folder, pattern), goal), tell)
        except LinkError:
            raise
        except ZeliGridError as error:
            raise Refused(f"Output cannot be sent to {url!a}: {error}", hint=error.hint) from error

    async def _matching(self, folder: str, pattern: str) -> Sequence[str]:
        matches = [match async for match in found(self._there, folder, below(pattern), own=True)]
        return [name for name, entry in matches if not await self._leads_out(folder, name, entry)]

    async def _items(self, folder: str, names: Sequence[str], goal: Place) -> Sequence[Item]:
        items: dict[str, Item] = {}
        for name in names:
            source = Place(self._there, posixpath.join(folder, name))
            items |= {item.target.path: item for item in await planned(source, goal.below(name), own=True)}
        return list(items.values())

    async def _leads_out(self, folder: str, name: str, entry: Entry) -> bool:
        if entry.kind is not Kind.LINK:
            return False
        with suppress(NoSuchFile):
            real = await self._there.real(posixpath.join(folder, name))
            return not real.startswith((await self._there.real(folder)).rstrip("/") + "/")
        return True

    async def give(self, folder: Path, names: Sequence[str], there: str) -> None:
        """Copy files of a folder here into one there."""
        items: list[Item] = []
        for name in names:
            source = Place(self._here, _text(folder / below(name)))
            items += await planned(source, Place(self._there, posixpath.join(there, below(name))))
        await self._copy(items, None)

    async def _copy(self, items: Sequence[Item], tell: Tell | None) -> None:
        await Copying(Mover(self._here), items, tell, patience_s=PATIENCE_S).run()

    @asynccontextmanager
    async def used(self) -> AsyncIterator[None]:
        """What is opened for URLs meanwhile is let go after its last user."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            unused = [root for root, service in self._opened.items() if service is not self._here and not self._users]
            for root in unused:
                await self._opened.pop(root).close()

    def _service(self, root: str) -> FileService:
        if root not in self._opened:
            if self._links is None:
                raise UsageError(f"{root} cannot be reached from here.")
            self._opened[root] = open_files(root, self._links)
        return self._opened[root]


def files_of(link: Link) -> FileService:
    """The files of a machine that has jobs, which is at fault for what is wrong with them, this machine too."""
    return MachineFiles("file://" if link.url == "local://" else "sftp" + link.url.removeprefix("ssh"), link)


def _text(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100
