"""Copies of files and trees between two file systems, one of them perhaps far away."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import secrets
import stat
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from zeligui.errors import LinkError, Unreachable, UsageError, ZeliGridError

PIECE = 1024 * 1024
MOST_ENTRIES = 1_000_000
DEEPEST = 100

T = TypeVar("T")
Refusal = type[ZeliGridError]
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

    @property
    def refusal(self) -> Refusal:
        """What is raised, in words for the user, where this file system is at fault."""
        ...

    def status(self, path: bytes, *, follow: bool) -> Status: ...

    def names(self, folder: bytes) -> list[bytes]:
        """What is in a folder, without `.` and `..`."""
        ...

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


@dataclass(frozen=True, slots=True)
class Place:
    """A path on a file system."""

    files: Files
    path: bytes

    def below(self, path: bytes) -> Place:
        """The place at a relative path below this one, itself where that is empty."""
        return Place(self.files, posixpath.join(self.path, path)) if path else self

    def attempt(self, verb: str, work: Callable[[], T]) -> T:
        """Do `work` here; its OSError becomes the file system's refusal, in words."""
        try:
            return work()
        except OSError as error:
            raise self.refused(verb, error) from error

    def refused(self, verb: str, error: OSError) -> ZeliGridError:
        """What an OSError means to the user."""
        return self.files.refusal(f"Could not {verb} {show(self.path)}: {error.strerror or error}.")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder below a root; `path` is relative to it, empty for the root itself."""

    path: bytes
    folder: bool
    mode: int
    size: int


def walk(root: Place) -> list[Entry]:
    """All folders and files at and below `root`, each folder before what is in it.

    Links are followed where they stay within the tree; others, loops, and what is neither file nor folder (a FIFO
    would block for ever) are refused, as are names that would leave the tree.
    """
    return list(_Walk(root).entries(b"", 0))


class _Walk:
    def __init__(self, root: Place) -> None:
        self._root = root
        self._files = root.files
        self._real = root.attempt("find", partial(root.files.real, root.path))
        self._count = 0

    def entries(self, path: bytes, depth: int) -> Iterator[Entry]:
        self._count += 1
        if depth > DEEPEST or self._count > MOST_ENTRIES:
            raise self._files.refusal(f"The folder {show(self._root.path)} is too deep or too large to copy.")
        place = self._root.below(path)
        status = self._status(place)
        if stat.S_ISREG(status.mode):
            yield Entry(path, False, status.mode & 0o777, status.size)
        elif stat.S_ISDIR(status.mode):
            yield Entry(path, True, status.mode & 0o777, 0)
            for name in sorted(place.attempt("list", partial(self._files.names, place.path))):
                yield from self.entries(posixpath.join(path, self._checked(name)), depth + 1)
        else:
            raise self._files.refusal(f"{show(place.path)} is neither a file nor a folder, and is not copied.")

    def _status(self, place: Place) -> Status:
        status = place.attempt("find", partial(self._files.status, place.path, follow=False))
        if not stat.S_ISLNK(status.mode):
            return status
        if place != self._root:
            self._check_link(place)
        return place.attempt("follow", partial(self._files.status, place.path, follow=True))

    def _check_link(self, link: Place) -> None:
        target = link.attempt("follow", partial(self._files.real, link.path))
        if not target.startswith(self._real.rstrip(b"/") + b"/"):
            raise self._files.refusal(f"The link {show(link.path)} leads out of the folder that is copied.")
        above = link.attempt("follow", partial(self._files.real, posixpath.dirname(link.path)))
        if (above + b"/").startswith(target + b"/"):
            raise self._files.refusal(f"The link {show(link.path)} leads to a folder above itself.")

    def _checked(self, name: bytes) -> bytes:
        if name in {b"", b".", b".."} or b"/" in name or b"\0" in name:
            raise self._files.refusal(f"{show(self._root.path)} holds the impossible name {show(name)}.")
        return name


def copy(source: Place, entries: list[Entry], goal: Place, deadline: float) -> None:
    """Copy what `walk` found at `source` to `goal`, modes kept, a file under its name only when it is whole.

    Folders that are there are kept and filled, files that are there are replaced. Unreachable at the deadline.
    """
    make_folders(goal.files, posixpath.dirname(goal.path))
    for entry in entries:
        target = goal.below(entry.path)
        if entry.folder:
            target.attempt("make", partial(_have_folder, target))
        else:
            _copy_file(source.below(entry.path), target, entry.mode, deadline)
    for entry in reversed(entries):
        if entry.folder:
            target = goal.below(entry.path)
            target.attempt("set the mode of", partial(target.files.set_mode, target.path, entry.mode))


def make_folders(files: Files, folder: bytes) -> None:
    """Make a folder and those above it, where they are not there."""
    place = Place(files, folder)
    try:
        status = files.status(folder, follow=True)
    except FileNotFoundError:
        make_folders(files, posixpath.dirname(folder))
        place.attempt("make", partial(_have_folder, place))
        return
    except OSError as error:
        raise place.refused("find", error) from error
    if not stat.S_ISDIR(status.mode):
        raise files.refusal(f"{show(folder)} is not a folder.")


def _have_folder(place: Place) -> None:
    try:
        place.files.make_folder(place.path)
    except OSError:
        if not stat.S_ISDIR(place.files.status(place.path, follow=True).mode):
            raise


def _copy_file(source: Place, target: Place, mode: int, deadline: float) -> None:
    # A name of its own length: the file's name may be as long as the file system allows already.
    part = posixpath.join(posixpath.dirname(target.path), b".zeligrid-" + secrets.token_hex(8).encode())

    def write() -> None:
        with closing(_pieces(source, deadline)) as pieces:
            target.files.write(part, pieces)
        target.files.set_mode(part, mode)
        target.files.rename(part, target.path)

    try:
        target.attempt("write", write)
    except BaseException:
        with suppress(OSError, LinkError):
            target.files.remove(part)
        raise


def _pieces(source: Place, deadline: float) -> Generator[bytes]:
    try:
        with closing(source.files.read(source.path)) as pieces:
            for piece in pieces:
                if time.monotonic() > deadline:
                    raise Unreachable(f"The copy of {show(source.path)} did not end in time.")
                yield piece
    except OSError as error:
        raise source.refused("read", error) from error


class LocalFiles:
    """The file system of this machine."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal

    def status(self, path: bytes, *, follow: bool) -> Status:
        found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116
        return Status(found.st_mode, found.st_size, found.st_mtime)

    def names(self, folder: bytes) -> list[bytes]:
        return os.listdir(folder)  # noqa: PTH208

    def listing(self, folder: bytes) -> list[tuple[bytes, Status]]:
        listed = []
        for name in self.names(folder):
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
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, old: bytes, new: bytes) -> None:
        os.replace(old, new)  # noqa: PTH105

    def remove(self, path: bytes) -> None:
        os.unlink(path)  # noqa: PTH108


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


def near(path: Path) -> Place:
    """A path on this machine, where the user is told what is wrong with it."""
    return Place(LocalFiles(UsageError), os.path.abspath(os.fsencode(path)))  # noqa: PTH100


def far(path: str) -> bytes:
    """A path on another machine. UsageError where it is not absolute."""
    if not path.startswith("/"):
        raise UsageError(f"The path {path!r} on another machine must begin with a slash.")
    return posixpath.normpath(os.fsencode(path))


def show(path: bytes) -> str:
    """A path for a message."""
    return repr(path.decode("utf-8", "backslashreplace"))
