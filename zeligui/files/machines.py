"""`file://` and `sftp://[user@]host[:port]`: files of this machine, and of one that is reached over ssh."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from zeligui.errors import Refused, UsageError, ZeliGridError
from zeligui.files.locations import HERE
from zeligui.files.service import Entry, Kind, NoSuchFile
from zeligui.links.copies import PIECE, Files, Status, make_folders, show
from zeligui.links.link import Link, Links

WORDS = "files of a machine, this one or one behind ssh"
"""What `zeligrid adaptors` says of it."""

FOREVER_S = 7 * 86400.0
"""Of one file. What stands still is noticed by who copies, and by the connection, after seconds."""

_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}

_HINTS = {
    errno.ENOSPC: "Make room there, then copy again: what is there already is kept.",
    errno.EDQUOT: "Make room there, then copy again: what is there already is kept.",
    errno.EACCES: "Look at the rights of the file and of the folders above it.",
}

T = TypeVar("T")


def open_files(url: str, links: Links) -> MachineFiles:
    """The files behind a URL; nothing is opened before their first use, and links stay with who opened them."""
    if url == HERE:
        return here(links)
    return MachineFiles(url, links.to("ssh" + url.removeprefix("sftp")))


def here(links: Links) -> MachineFiles:
    """The files of this machine, where it is the user who is told what is wrong with them."""
    return MachineFiles(HERE, links.to("local://"), refusal=UsageError)


class MachineFiles:
    """A `Streaming` service over a link. `refusal` is raised where its file system says no."""

    sealed = True

    def __init__(self, url: str, link: Link, *, refusal: type[ZeliGridError] = Refused) -> None:
        self.url = url
        self._link = link
        self.refusal = refusal

    async def entry(self, path: str, *, follow: bool = True) -> Entry:
        status = await self._do("find", path, lambda files, there: files.status(there, follow=follow))
        return _entry(path.rstrip("/").rpartition("/")[2], status)

    async def entries(self, folder: str) -> Sequence[Entry]:
        listed = await self._do("list", folder, lambda files, there: files.listing(there))
        return [_entry(os.fsdecode(name), status) for name, status in listed]

    async def real(self, path: str) -> str:
        return os.fsdecode(await self._do("follow", path, lambda files, there: files.real(there)))

    async def digests(self, wanted: Sequence[tuple[str, int]]) -> Sequence[str]:
        if not wanted:
            return []
        parts = [(os.fsencode(path), length) for path, length in wanted]
        return await self._do("verify", wanted[0][0], lambda files, _: files.digests(parts))

    async def make_folder(self, path: str) -> None:
        await self._do("make", path, make_folders, writing=True)

    async def set_mode(self, path: str, mode: int) -> None:
        await self._do("set the mode of", path, lambda files, there: files.set_mode(there, mode), writing=True)

    async def rename(self, old: str, new: str) -> None:
        await self._do("name", new, lambda files, there: files.rename(os.fsencode(old), there), writing=True)

    async def remove(self, path: str) -> None:
        try:
            await self._do("remove", path, lambda files, there: files.remove(there), writing=True)
        except NoSuchFile:
            return

    async def read(self, path: str, offset: int, take: Callable[[bytes], None], *, size: int = 0) -> None:
        def work(files: Files, there: bytes) -> None:
            pieces = files.read(there, offset)
            try:
                for piece in _gathered(pieces):
                    take(piece)
            finally:
                pieces.close()

        await self._do("read", path, work, size=size)

    async def write(self, path: str, offset: int, pieces: Iterator[bytes], *, size: int = 0) -> None:
        await self._do("write", path, lambda files, there: files.write(there, pieces, offset), writing=True, size=size)

    async def close(self) -> None:
        """The link is its owner's."""

    async def _do(
        self, verb: str, path: str, work: Callable[[Files, bytes], T], *, writing: bool = False, size: int = 0
    ) -> T:
        """Do blocking work about a path; what the file system says no to comes in words."""
        there = os.fsencode(path)
        try:
            return await self._link.files(
                lambda files: work(files, there), writing=writing, size=size, limit_s=FOREVER_S
            )
        except FileNotFoundError as error:
            raise NoSuchFile(f"There is no {self._shown(path)}.") from error
        except OSError as error:
            raise self._refused(verb, path, error) from error

    def _refused(self, verb: str, path: str, error: OSError) -> ZeliGridError:
        reason = error.strerror or str(error)
        return self.refusal(
            f"Could not {verb} {self._shown(path)}: {reason.rstrip('.')}.", hint=_HINTS.get(error.errno or 0, "")
        )

    def _shown(self, path: str) -> str:
        return show(os.fsencode(path)) + ("" if self.url == HERE else f" on {self.url}")


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """In pieces of half a megabyte: SFTP's are of 32 kB, and each that goes to another thread costs a switch."""
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= PIECE // 2:
            yield b"".join(some)
            some, size = [], 0
    if some:
        yield b"".join(some)


def _entry(name: str, status: Status) -> Entry:
    kind = _KINDS.get(stat.S_IFMT(status.mode), Kind.OTHER)
    return Entry(name, kind, status.size if kind is Kind.FILE else 0, status.mode & 0o777, status.modified)
