"""File systems, here and far away, as those who copy see them."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Protocol, Self

from zeligui.links.crew import CREW

PIECE = 1024 * 1024

SYNCED = 16 * PIECE
"""After so many bytes what was written is brought to the disk, while more is written."""

Part = tuple[bytes, int]
"""A file, and how many bytes of it from its beginning on."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a file system says of one path: `mode` as in `stat`, `size` in bytes, `modified` in seconds since 1970."""

    mode: int
    size: int
    modified: float = 0.0


class Files(Protocol):
    """A file system, blocking. Paths are absolute bytes; all raise OSError."""

    def status(self, path: bytes, *, follow: bool) -> Status: ...

    def listing(self, folder: bytes) -> list[tuple[bytes, Status]]:
        """What is in a folder, without `.` and `..`, and what each name stands for, links not followed."""
        ...

    def real(self, path: bytes) -> bytes:
        """The path with all links resolved."""
        ...

    def digests(self, wanted: Sequence[Part]) -> list[str]:
        """The SHA-256 of the beginnings of files, as hexadecimal digits."""
        ...

    def make_folder(self, path: bytes) -> None: ...

    def set_mode(self, path: bytes, mode: int) -> None: ...

    def read(self, path: bytes, offset: int = 0) -> Generator[bytes]:
        """The contents from an offset on, piece by piece; closed when it was not read to its end."""
        ...

    def write(self, path: bytes, pieces: Iterator[bytes], offset: int | None = None) -> None:
        """Write a new file, which only its owner can read until its mode is set; or on at an offset of one."""
        ...

    def rename(self, old: bytes, new: bytes) -> None:
        """Rename, over a file that is there."""
        ...

    def remove(self, path: bytes) -> None: ...


def make_folders(files: Files, folder: bytes) -> None:
    """Make a folder, which only its owner can use, and those above it, where they are not there."""
    try:
        status = files.status(folder, follow=True)
    except FileNotFoundError:
        make_folders(files, posixpath.dirname(folder))
        _have_folder(files, folder)
        return
    if not stat.S_ISDIR(status.mode):
        raise NotADirectoryError(errno.ENOTDIR, "Not a directory")


def _have_folder(files: Files, folder: bytes) -> None:
    """Make it, unless another one has by now."""
    try:
        files.make_folder(folder)
    except OSError:
        if not stat.S_ISDIR(files.status(folder, follow=True).mode):
            raise


class LocalFiles:
    """The file system of this machine."""

    def status(self, path: bytes, *, follow: bool) -> Status:
        found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116
        return Status(found.st_mode, found.st_size, found.st_mtime)

    def listing(self, folder: bytes) -> list[tuple[bytes, Status]]:
        listed = []
        for name in os.listdir(folder):  # noqa: PTH208
            with suppress(FileNotFoundError):  # it was removed meanwhile
                listed.append((name, self.status(posixpath.join(folder, name), follow=False)))
        return listed

    def real(self, path: bytes) -> bytes:
        return os.path.realpath(path, strict=True)

    def digests(self, wanted: Sequence[Part]) -> list[str]:
        return [digest_of(self.read(path), length) for path, length in wanted]

    def make_folder(self, path: bytes) -> None:
        os.mkdir(path, 0o700)  # noqa: PTH102

    def set_mode(self, path: bytes, mode: int) -> None:
        os.chmod(path, mode)  # noqa: PTH101

    def read(self, path: bytes, offset: int = 0) -> Generator[bytes]:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            file.seek(offset)
            while piece := file.read(PIECE):
                yield piece

    def write(self, path: bytes, pieces: Iterator[bytes], offset: int | None = None) -> None:
        # On the disk before it has its name: what it was copied from may be removed next.
        how = os.O_EXCL if offset is None else os.O_NOFOLLOW
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb") as file:  # noqa: PTH123
            file.truncate(file.seek(offset or 0))
            with _Syncing(file.fileno()) as syncing:
                for piece in pieces:
                    file.write(piece)
                    syncing.written(len(piece))
                file.flush()
            os.fsync(file.fileno())

    def rename(self, old: bytes, new: bytes) -> None:
        os.replace(old, new)  # noqa: PTH105

    def remove(self, path: bytes) -> None:
        os.unlink(path)  # noqa: PTH108


class _Syncing:
    """Brings what is written to the disk while more comes, so that little of it is waited for at the end."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._size = 0
        self._at_rest = threading.Event()
        self._at_rest.set()
        self._failed: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def written(self, size: int) -> None:
        self._size += size
        if self._size >= SYNCED and self._at_rest.is_set():
            self._size = 0
            self._at_rest.clear()
            try:
                CREW.do("bring to the disk", self._sync)
            except RuntimeError:  # no more threads can be had: all is brought there at the end
                self._at_rest.set()

    def _sync(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:  # the system says it once
            self._failed = self._failed or error
        finally:
            self._at_rest.set()

    def __exit__(self, *_: object) -> None:
        self._at_rest.wait()
        if self._failed:
            raise self._failed


def digest_of(pieces: Generator[bytes], length: int) -> str:
    """The SHA-256 of the first `length` bytes of what a file holds. OSError where it holds fewer."""
    digest, left = hashlib.sha256(), length
    with closing(pieces):
        while left > 0:
            piece = next(pieces, b"")[:left]
            if not piece:
                raise OSError(errno.ENODATA, "it is shorter than it was")
            digest.update(piece)
            left -= len(piece)
    return digest.hexdigest()


def show(path: bytes) -> str:
    """A path for a message."""
    return repr(path.decode("utf-8", "backslashreplace"))
