"""What gives access to the files of one machine; services are found by URL scheme (`zeligrid.files`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from zeligui.errors import Refused, ZeliGridError


class Kind(Enum):
    """What a name stands for. A link is none of the others until it is followed."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder: `size` in bytes, `modified` in seconds since 1970 (0 where it is not known)."""

    name: str
    kind: Kind
    size: int = 0
    mode: int = 0o600
    modified: float = 0.0


class NoSuchFile(ZeliGridError):
    """What was to be read is not there."""

    exit_status = 2


class Unable(Refused):
    """A service cannot stream: another way may do."""


class FileService(Protocol):
    """The files of one machine. Paths are absolute; bytes that are no UTF-8 are surrogates in them.

    Every coroutine raises a `LinkError` when the machine does not answer in time or says no; NoSuchFile where a path
    that it reads does not exist.
    """

    url: str
    """What stands before a path in a URL, such as `sftp://lab1`."""

    @property
    def sealed(self) -> bool:
        """Whether what is read and written comes over a way on which nobody can change it unnoticed."""
        ...

    @property
    def refusal(self) -> type[ZeliGridError]:
        """What is raised where it is these files that are at fault."""
        ...

    async def entry(self, path: str, *, follow: bool = True) -> Entry:
        """What a path stands for."""
        ...

    async def entries(self, folder: str) -> Sequence[Entry]:
        """What is in a folder, links not followed, in no order."""
        ...

    async def real(self, path: str) -> str:
        """The path with all links resolved, as far as the service can."""
        ...

    async def digests(self, wanted: Sequence[tuple[str, int]]) -> Sequence[str]:
        """The SHA-256 of the beginnings of files, so many bytes of each, as 64 hexadecimal digits."""
        ...

    async def make_folder(self, path: str) -> None:
        """Make a folder, which only its owner can use, and those above it; one that is there is kept."""
        ...

    async def set_mode(self, path: str, mode: int) -> None: ...

    async def rename(self, old: str, new: str) -> None:
        """Rename a file, over one that is there."""
        ...

    async def remove(self, path: str) -> None:
        """Remove a file; one that is not there is no failure."""
        ...

    async def close(self) -> None:
        """Let go of what was opened for it alone."""
        ...


@runtime_checkable
class Streaming(FileService, Protocol):
    """A service whose files pass through this program, so that they can come from, and go to, any other such one."""

    async def read(self, path: str, offset: int, take: Callable[[bytes], None], *, size: int = 0) -> None:
        """Give a file of about `size` bytes to `take`, piece by piece in a thread, from an offset to its end."""
        ...

    async def write(self, path: str, offset: int, pieces: Iterator[bytes], *, size: int = 0) -> None:
        """Write what comes, about `size` bytes, from an offset of a file on, which is made where it is not there.

        It is for its owner alone, and ends where the pieces end.
        """
        ...


@runtime_checkable
class Carrying(FileService, Protocol):
    """A service whose files are moved by a program of its own, between here and there, or between two of its kind."""

    @property
    def carries(self) -> bool:
        """Whether that program is installed."""
        ...

    async def carry(self, pairs: Sequence[tuple[str, str]], *, offset: int, moved: Callable[[int], None]) -> None:
        """Copy each first URL to its second, from an offset on; `moved` is told, in a thread, of all bytes so far."""
        ...
