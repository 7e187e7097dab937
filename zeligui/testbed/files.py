"""The SFTP subsystem of a node, over the real file system; relative paths start at the node's home."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import paramiko
from paramiko.sftp import SFTP_FAILURE, SFTP_OK

if TYPE_CHECKING:
    from typing_extensions import Buffer

Answer = TypeVar("Answer")


class Files(paramiko.SFTPServerInterface):
    """What one client does to files. paramiko wants a status number where the system raises an OSError."""

    def __init__(self, server: paramiko.ServerInterface, home: Path) -> None:
        super().__init__(server)
        self._home = home

    def canonicalize(self, path: str) -> str:
        return os.path.realpath(self._home / path)

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        return _answer(lambda: [_entry(entry) for entry in self._at(path).iterdir()])

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return _answer(lambda: paramiko.SFTPAttributes.from_stat(self._at(path).stat()))

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        return _answer(lambda: paramiko.SFTPAttributes.from_stat(self._at(path).lstat()))

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        mode = 0o666 if attr.st_mode is None else attr.st_mode & 0o7777
        return _answer(lambda: OpenFile(os.open(self._at(path), flags | os.O_CLOEXEC, mode)))

    def remove(self, path: str) -> int:
        return _status(lambda: self._at(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        """Refused where the new name is taken, as the protocol has it; a link cannot overwrite."""
        if os.path.lexists(self._at(newpath)):
            return SFTP_FAILURE
        return self.posix_rename(oldpath, newpath)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return _status(lambda: self._at(oldpath).replace(self._at(newpath)))

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return _status(lambda: self._at(path).mkdir(0o777 if attr.st_mode is None else attr.st_mode & 0o7777))

    def rmdir(self, path: str) -> int:
        return _status(lambda: self._at(path).rmdir())

    def chattr(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return _status(lambda: _change(self._at(path), attr))

    def readlink(self, path: str) -> str | int:
        return _answer(lambda: str(self._at(path).readlink()))

    def symlink(self, target_path: str, path: str) -> int:
        return _status(lambda: self._at(path).symlink_to(target_path))

    def _at(self, path: str) -> Path:
        return self._home / path


class OpenFile(paramiko.SFTPHandle):
    """An open file, read and written at the offsets that the client gives."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def close(self) -> None:
        os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes | int:
        return _answer(lambda: os.pread(self._descriptor, length, offset))

    def write(self, offset: int, data: Buffer) -> int:
        return _status(lambda: _write_all(self._descriptor, data, offset))

    def stat(self) -> paramiko.SFTPAttributes | int:
        return _answer(lambda: paramiko.SFTPAttributes.from_stat(os.fstat(self._descriptor)))

    def chattr(self, attr: paramiko.SFTPAttributes) -> int:
        return _status(lambda: _change(self._descriptor, attr))


def _answer(work: Callable[[], Answer]) -> Answer | int:
    try:
        return work()
    except OSError as error:
        return paramiko.SFTPServer.convert_errno(error.errno or 0)


def _status(work: Callable[[], object]) -> int:
    return _answer(lambda: (work(), SFTP_OK)[1])


def _entry(path: Path) -> paramiko.SFTPAttributes:
    return paramiko.SFTPAttributes.from_stat(path.lstat(), filename=path.name)


def _change(file: Path | int, attr: paramiko.SFTPAttributes) -> None:
    """Set what the client names: size, owner, times, mode (in this order: a change of owner clears mode bits)."""
    if attr.st_size is not None:
        os.truncate(file, attr.st_size)
    if attr.st_uid is not None and attr.st_gid is not None:
        os.chown(file, attr.st_uid, attr.st_gid)
    if attr.st_atime is not None and attr.st_mtime is not None:
        os.utime(file, (attr.st_atime, attr.st_mtime))
    if attr.st_mode is not None:
        os.chmod(file, attr.st_mode & 0o7777)  # noqa: PTH101 - a Path cannot be an open file


def _write_all(descriptor: int, data: Buffer, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        offset += written
        rest = rest[written:]
