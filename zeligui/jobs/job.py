"""A remote job: what is asked for, the states it goes through, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class JobState(Enum):
    """SAGA's job states, with Pending for a batch queue."""

    NEW = "New"
    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    DONE = "Done"
    FAILED = "Failed"
    CANCELED = "Canceled"

    @property
    def final(self) -> bool:
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELED}

    def may_become(self, other: JobState) -> bool:
        """Whether `other` may follow directly (a poll may miss states in between, so any later one may).

        A batch system may queue anew what ran on a node that failed.
        """
        return not self.final and other is not JobState.NEW


@dataclass(frozen=True, slots=True)
class JobDescription:
    """What to run. `folder` is where `input` paths start from, on this machine.

    `environment` values are final texts: secrets are resolved and live in memory only. `stdin` None means /dev/null;
    a text is a first piece, and more may follow through `JobService.send`.
    """

    executable: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    input: tuple[str, ...] = ()
    folder: Path = field(default_factory=Path)
    interactive: bool = False
    fence_s: float = 0.0
    """Seconds without a poll after which the wrapper ends the job by itself; 0 is never."""
    cpus: float = 1.0
    memory_mb: float = 0.0
    limit_s: float = 0.0
    """What a batch system is asked for: processors, memory, and the longest time; 0 leaves it to the system."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What a service knows of one attempt.

    `state` None: it cannot be told (`detail` says why: wrong machine, a cut file). NEW: prepared, not committed.
    `exit_code` and `signal` are those of the job itself, each None where it did not end so; times are seconds since
    1970 on the host's clock; `cpu_s` and `memory_mb` are the job's own use. `lost`: it ended through no fault of its
    own, with its node, and may begin again elsewhere.
    """

    state: JobState | None
    detail: str = ""
    exit_code: int | None = None
    signal: str | None = None
    started: float | None = None
    ended: float | None = None
    cpu_s: float | None = None
    memory_mb: float | None = None
    lost: bool = False
