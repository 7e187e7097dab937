"""The user's authorized_keys: lines of ours are put in and taken out; all others stay byte for byte."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from zeligui.errors import UsageError

LOCK_S = 10.0
"""How long another process of ours may take with the file."""
LARGEST = 16 << 20


def own_file() -> Path:
    """Where sshd looks, unless its AuthorizedKeysFile says otherwise."""
    return Path.home() / ".ssh" / "authorized_keys"


def add(file: Path, line: bytes) -> None:
    """Put one line at the end. Blocks. UsageError where the file cannot be written; it is then as it was."""
    with _changing(file):
        before = _content(file)
        gap = b"" if not before or before.endswith(b"\n") else b"\n"
        _replace(file, before + gap + line + b"\n")


def remove(file: Path, ours: Callable[[bytes], bool]) -> int:
    """Take out the lines that are `ours`; how many there were. Blocks. UsageError as in `add`."""
    if not file.exists():
        return 0
    with _changing(file):
        lines = _content(file).splitlines(keepends=True)
        others = [line for line in lines if not ours(line.rstrip(b"\r\n"))]
        if len(others) < len(lines):
            _replace(file, b"".join(others))
        return len(lines) - len(others)


def refused_by_sshd(file: Path) -> str:
    """Why sshd would not read the file (its StrictModes), in words; empty where it would."""
    for one in (file, file.parent, Path.home()):
        if one.exists() and one.stat().st_mode & 0o022:
            return f"sshd reads no authorized_keys while others may write {one} (chmod go-w {one})"
    return ""


@contextmanager
def _changing(file: Path) -> Iterator[None]:
    """Alone with the file, among all processes of ours: its folder is locked, so that no further file is needed."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(file.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(folder, file)
            yield
        finally:
            os.close(folder)
    except OSError as error:
        raise _trouble(file, error) from error


def _lock(folder: int, file: Path) -> None:
    deadline = time.monotonic() + LOCK_S
    while True:
        try:
            return fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise UsageError(f"Another process has held {file} for {LOCK_S:g} s.", hint="Try again.") from None
        time.sleep(0.01)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except FileNotFoundError:
        return b""
    if len(content) > LARGEST:
        raise UsageError(f"{file} is larger than {LARGEST >> 20} MiB, and is left alone.")
    return content


def _replace(file: Path, content: bytes) -> None:
    """The whole file or none of it, with the mode, owner and attributes that it had; a link stays a link."""
    target = file.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as fresh:
            fresh.write(content)
            if target.exists():
                status = target.stat()
                os.fchown(fresh.fileno(), status.st_uid, status.st_gid)
                shutil.copystat(target, name)
                os.utime(name)
            fresh.flush()
            os.fsync(fresh.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _trouble(file: Path, error: OSError) -> UsageError:
    return UsageError(f"{file} cannot be changed: {error.strerror or error}.", hint="Is it yours, and is there room?")
