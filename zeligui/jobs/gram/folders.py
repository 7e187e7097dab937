"""What a site's file system knows of attempts: a folder for each, in which the names of entries say how it stands.

    ~/.zeligrid/gram/ID/         made by `prepare`: who makes it has the attempt
        job,HOST,PORT,PART,PART  where its job manager is asked about it
        committed  canceled      decisions
        gone                     a tombstone: the rest was removed
        started.MS  exit.…       written by the wrapper, see gram.pl
        stdout  stderr  work/    of the job

Decisions are empty folders, because making one fails where it is there; all is done by GridFTP's control connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from zeligui.errors import Refused, UsageError
from zeligui.files import gridftp_data
from zeligui.files.gridftp import GridFtp
from zeligui.files.gridftp_control import Control
from zeligui.files.gridftp_files import GridFtpFiles
from zeligui.files.service import Entry, Kind, NoSuchFile
from zeligui.links.gram.asking import refused_here
from zeligui.links.gram.contacts import JobContact, job_contact
from zeligui.links.gsi.credentials import given

PLACE = ".zeligrid/gram"
COMMITTED, CANCELED, GONE = "committed", "canceled", "gone"

_STARTED = re.compile(r"started\.(\d{1,16})")
_EXIT = re.compile(r"exit\.(code|signal|error)\.([A-Z0-9+-]{1,20})\.(\d{1,16})\.(\d{1,16})")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended by its wrapper: `how` is `code`, `signal` or `error`, `what` a number or a signal's name."""

    how: str
    what: str
    time: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Notes:
    """What an attempt's folder says."""

    job: JobContact | None = None
    committed: bool = False
    canceled: bool = False
    gone: bool = False
    started: float | None = None
    ended: Ended | None = None


class Folders:
    """The folders of attempts at one site."""

    def __init__(self, files: SiteFiles) -> None:
        self.files = files
        self._root = ""

    async def root(self) -> str:
        """Where they are. Refused where the user has no home there that can be written."""
        if not self._root:
            home = await self.files.home()
            try:
                await self.files.make_folder(f"{home}/{PLACE}")
            except (Refused, NoSuchFile) as error:
                raise Refused(
                    f"The user that {self.files.url} maps you to has no home there that can be written: {error}",
                    hint="Ask who runs the site to make one.",
                ) from error
            self._root = f"{home}/{PLACE}"
        return self._root

    async def of(self, attempt: str) -> str:
        return f"{await self.root()}/{attempt}"

    async def claim(self, attempt: str) -> bool:
        """Make an attempt's folder; False where it was there."""
        return await self.files.claim(await self.of(attempt))

    async def mark(self, attempt: str, decision: str) -> None:
        """Write a decision down; safe to repeat. Refused where the folder was removed by somebody else."""
        try:
            await self.files.claim(f"{await self.of(attempt)}/{decision}")
        except NoSuchFile as error:
            hint = "Somebody has removed it, and what the job printed with it."
            raise Refused(f"The job's folder is not there any more: {error}", hint=hint) from error

    async def point(self, attempt: str, job: JobContact, before: JobContact | None = None) -> None:
        """Write down where its job is asked about, in the place of where it was."""
        folder = await self.of(attempt)
        await self.mark(attempt, _name(job))
        if before is not None and before != job:
            await self.files.remove_folder(f"{folder}/{_name(before)}")

    async def notes(self, attempt: str) -> Notes | None:
        """What its folder says; None where there is none."""
        try:
            entries = await self.files.entries(await self.of(attempt))
        except NoSuchFile:
            return None
        return read(entries)

    async def clear(self, attempt: str) -> None:
        """Remove all but a tombstone; safe to repeat."""
        folder = await self.of(attempt)
        await self.files.claim(folder)
        await self.files.claim(f"{folder}/{GONE}")
        for entry in await self.files.entries(folder):
            if entry.name != GONE:
                await self.files.remove_tree(f"{folder}/{entry.name}", entry.kind)


def read(entries: Sequence[Entry]) -> Notes:
    """What a listing says; names that are not understood say nothing."""
    names = {entry.name for entry in entries}
    jobs = sorted((entry.modified, entry.name) for entry in entries if entry.name.startswith("job,"))
    started = next(filter(None, map(_STARTED.fullmatch, names)), None)
    ended = next(filter(None, map(_EXIT.fullmatch, names)), None)
    return Notes(
        job=next(filter(None, (_job(name) for _, name in reversed(jobs))), None),
        committed=COMMITTED in names,
        canceled=CANCELED in names,
        gone=GONE in names,
        started=int(started[1]) / 1000 if started else None,
        ended=Ended(ended[1], ended[2], int(ended[3]) / 1000, int(ended[4]) / 100) if ended else None,
    )


def _name(job: JobContact) -> str:
    return ",".join(("job", job.host, str(job.port), *job.path.strip("/").split("/")))


def _job(name: str) -> JobContact | None:
    _, *parts = name.split(",")
    if len(parts) < 3:
        return None
    host, port, *path = parts
    with suppress(UsageError):
        return job_contact(f"https://{f'[{host}]' if ':' in host else host}:{port}/{'/'.join(path)}/")
    return None


class SiteFiles(GridFtpFiles):
    """Files of a site, and what else its control connection can do. Where the user's proxy is, is asked at each use."""

    def __init__(self, root: str, proxy: Callable[[], Path | None]) -> None:
        super().__init__(root, GridFtp())
        self._proxy = proxy

    async def _use(self, work: Callable[[Control], T]) -> T:
        with refused_here():
            return await super()._use(work)

    async def _work(self, work: Callable[[Control], T]) -> T:
        self._take_proxy()
        return await super()._work(work)

    async def _move(self, work: Callable[[Control], None]) -> None:
        with refused_here():
            self._take_proxy()
            await super()._move(work)

    def _take_proxy(self) -> None:
        """The one that the session has now, which may have been renewed or changed."""
        self.ftp.proxy = given(self._proxy())

    async def home(self) -> str:
        """The user's home there."""
        said = b" ".join(await self._ask("PWD", ""))
        found = re.search(rb'"(/.*)"', said)
        if not found:
            raise Refused(f"{self.url} does not say where the user's home is.")
        return found[1].decode("utf-8", "surrogateescape").replace('""', '"').rstrip("/")

    async def claim(self, path: str) -> bool:
        """Make a folder, whose parent is there; False where it is there already."""
        try:
            await self._ask("MKD", path)
        except Refused:
            if (await self.entry(path)).kind is not Kind.FOLDER:
                raise
            return False
        return True

    async def remove_folder(self, path: str) -> None:
        """Remove an empty folder; one that is not there is no failure."""
        with suppress(NoSuchFile):
            await self._ask("RMD", path)

    async def remove_tree(self, path: str, kind: Kind) -> None:
        """Remove a file, or a folder with all that is in it. Links are removed, never followed."""
        if kind is not Kind.FOLDER:
            return await self.remove(path)
        with suppress(NoSuchFile):
            for entry in await self.entries(path):
                await self.remove_tree(f"{path}/{entry.name}", entry.kind)
        return await self.remove_folder(path)

    async def size(self, path: str) -> int:
        """How many bytes a file has by now; 0 where it is not there."""
        try:
            return (await self.entry(path)).size
        except NoSuchFile:
            return 0

    async def piece(self, path: str, offset: int, most: int) -> bytes:
        """Bytes of a file; none where it is not there or has no more."""
        count = min(most, await self.size(path) - offset)
        return await self._use(lambda control: gridftp_data.piece(control, path, offset, count)) if count > 0 else b""
