"""Files of jobs at a site: brought before, fetched after, checked byte for byte."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from zeligui.errors import SubmissionRefused, UsageError
from zeligui.files.copying import Copying
from zeligui.files.machines import here
from zeligui.files.moving import Mover
from zeligui.files.names import below, found
from zeligui.files.planning import Place, planned
from zeligui.files.progress import Tell
from zeligui.files.service import FileService
from zeligui.jobs.job import JobDescription
from zeligui.links.link import Links

STREAMS = ("stdout", "stderr")


def inputs(job: JobDescription) -> Sequence[tuple[Path, str]]:
    """The input files and their names in the work directory. SubmissionRefused where one is missing."""
    staged = []
    for name in job.input:
        path = job.folder / name
        if not path.exists():
            raise SubmissionRefused(f"The input {str(path)!r} does not exist.")
        outside = name.startswith("/") or ".." in PurePosixPath(name).parts
        staged.append((path, path.name if outside else name))
    return staged


class Staging:
    """Brings files of this machine to a site, and fetches them from there."""

    def __init__(self, files: FileService, links: Links) -> None:
        self._files = files
        self._own = here(links)

    async def bring(self, pairs: Sequence[tuple[Path, str]], work: str, tell: Tell | None = None) -> None:
        """Copy files and trees into a job's directory, under the names given."""
        await self._copy([(self._here(path), self._there(work, name)) for path, name in pairs], tell)

    async def fetch(self, patterns: Sequence[str], work: str, folder: Path, tell: Tell | None) -> Sequence[str]:
        """Copy what matches the patterns in a job's directory into `folder` here; the names that came."""
        names: dict[str, None] = {}
        for pattern in patterns:
            async for name, _ in found(self._files, work, below(pattern)):
                names[name] = None
        await self._copy([(self._there(work, name), self._here(folder / name)) for name in names], tell)
        return list(names)

    def _here(self, path: Path) -> Place:
        return Place(self._own, os.path.abspath(path))  # noqa: PTH100 - links in it stay as they are

    def _there(self, work: str, name: str) -> Place:
        return Place(self._files, f"{work}/{below(name)}")

    async def _copy(self, pairs: Sequence[tuple[Place, Place]], tell: Tell | None) -> None:
        items = [item for source, target in pairs for item in await planned(source, target)]
        await Copying(Mover(self._own), items, tell).run()


def inside(name: str) -> str:
    """A relative name that stays in the work directory. UsageError."""
    return below(name)


def stream_of(name: str) -> str:
    """The file of a stream. UsageError where it is none."""
    if name not in STREAMS:
        raise UsageError(f"{name!r} is not a stream of a job.", hint="Take stdout or stderr.")
    return name
