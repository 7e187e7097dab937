"""The lease: only its holder drives an experiment."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import socket
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from zeligui.errors import JournalError

if TYPE_CHECKING:
    from zeligui.experiment.journal import Journal

TRIES = 5
PAUSE_S = 0.05


class LeaseHeld(JournalError):
    """Another living master drives the experiment."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to drive `experiment`, until `close` or until this process dies.

    `epoch` rises with each holder; `holder` names this one in words.
    """

    experiment: str
    epoch: int
    holder: str
    lock: FileIO

    def close(self) -> None:
        """Let another master drive. Safe to call twice."""
        self.lock.close()


async def acquire(journal: Journal, folder: Path, experiment: str) -> Lease:
    """Become the one who drives the experiment; `folder` is the home's `leases_folder`.

    LeaseHeld names the living process that does. Events of an earlier holder, were it still to write any, are refused.
    """
    lock = await _lock(folder, experiment)
    try:
        me = f"process {os.getpid()} on {socket.gethostname()}"
        lock.truncate(0)
        os.pwrite(lock.fileno(), me.encode(), 0)
        return Lease(experiment, await journal.claim(experiment, me), me, lock)
    except BaseException:
        lock.close()
        raise


def holder(folder: Path, experiment: str) -> str | None:
    """The living process that drives the experiment, in words ("process 12 on lab1"); None where there is none."""
    try:
        with FileIO(_file(folder, experiment), "r") as lock:
            return None if _locked(lock, fcntl.LOCK_SH) else _written(lock)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(folder, error) from error


async def _lock(folder: Path, experiment: str) -> FileIO:
    lock = _open(folder, experiment)
    for _ in range(TRIES):  # who asks for the holder has the lock for a moment
        if _locked(lock, fcntl.LOCK_EX):
            return lock
        await asyncio.sleep(PAUSE_S)
    other = _written(lock)
    lock.close()
    raise LeaseHeld(
        f"The experiment {experiment} is already driven by {other}.",
        hint="Wait until it has ended, or end that process; its jobs go on and can be taken up.",
    )


def _open(folder: Path, experiment: str) -> FileIO:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileIO(os.open(_file(folder, experiment), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
    except OSError as error:
        raise _unusable(folder, error) from error


def _locked(lock: FileIO, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written(lock: FileIO) -> str:
    return os.pread(lock.fileno(), 1000, 0).decode("utf-8", "replace") or "another process"


def _file(folder: Path, experiment: str) -> Path:
    return folder / f"{hashlib.sha256(experiment.encode()).hexdigest()[:32]}.lock"


def _unusable(folder: Path, error: OSError) -> JournalError:
    return JournalError(f"The lease files in {folder} cannot be used: {error.strerror}.")
