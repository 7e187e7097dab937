"""What runs remote jobs; adaptors are found by URL scheme in the entry-point group `zeligrid.jobs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from zeligui.files.progress import Tell
from zeligui.jobs.job import JobDescription, JobStatus


class JobService(Protocol):
    """Runs jobs on one machine. An attempt's id is 32 hex digits, made by the caller, used for one attempt only.

    Every coroutine raises a `LinkError` when the machine does not answer in time.
    """

    url: str

    async def health(self) -> str:
        """How the service is, asked now and in words. A ZeliGridError says why it would start no job."""
        ...

    async def prepare(self, attempt: str, job: JobDescription, *, tell: Tell | None = None) -> str:
        """Stage the input and start the wrapper, which waits for `commit`; the handle to journal comes back.

        `tell` is told how far the staging is.

        An attempt that is prepared and not committed within two minutes ends by itself. SubmissionRefused: the
        attempt is certainly not, and will never be, started. InDoubt: `find` tells. A LinkError comes only while
        nothing was started, so that another service may be tried.
        """
        ...

    async def commit(self, attempt: str) -> None:
        """Let the prepared job run. Safe to repeat. SubmissionRefused where the preparation is gone."""
        ...

    async def find(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        """Poll many at once, in one exchange. An attempt that the machine certainly does not know is left out."""
        ...

    async def cancel(self, attempt: str, *, grace_s: float = 10.0) -> None:
        """TERM to all processes of the job, KILL after the grace; returns when that is under way, not over.

        An id not yet seen is refused later (a tombstone). A final job stays as it is.
        """
        ...

    async def suspend(self, attempt: str) -> None: ...

    async def resume(self, attempt: str) -> None: ...

    async def send(self, attempt: str, data: bytes, *, end: bool = False) -> None:
        """Append to the standard input of a job that asked for one; `end` marks its end."""
        ...

    async def read(self, attempt: str, stream: str, offset: int, *, most: int = 65536) -> bytes:
        """A piece of `stream` ("stdout" or "stderr") from a byte offset on; empty where there is no more yet."""
        ...

    async def length(self, attempt: str, stream: str) -> int:
        """How many bytes of `stream` there are by now; 0 of an attempt that is not known there."""
        ...

    async def fetch(
        self, attempt: str, patterns: Sequence[str], folder: Path, *, tell: Tell | None = None
    ) -> Sequence[str]:
        """Copy what matches the glob patterns in the job's directory into `folder` here; the names that came."""
        ...

    async def give(self, attempt: str, folder: Path, names: Sequence[str]) -> None:
        """Copy files of `folder` here into the directory of a prepared job (a checkpoint for its restart)."""
        ...

    async def discard(self, attempt: str) -> None:
        """Remove the directory of a final job, leaving its tombstone. Safe to repeat."""
        ...
