"""What a window shows: hosts, remote jobs, contracts and experiments, frozen as of one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from zeligui.contract.model import Contract, Reading
from zeligui.events import Event
from zeligui.experiment.description import Experiment
from zeligui.experiment.state import AttemptState, ExperimentState
from zeligui.files.progress import Progress
from zeligui.grid.explanation import ProfileExclusions
from zeligui.grid.hosts import Host
from zeligui.grid.table import Table

if TYPE_CHECKING:
    from zeligui.session.wallet import Proxy  # with its libraries, which the window is seen before


class Standing(Enum):
    """How a remote job stands, in one word for the user."""

    WAITING = "Waiting"
    STARTING = "Starting"
    RUNNING = "Running"
    VIOLATED = "Violated"
    UNVERIFIED = "Unverified"
    SUSPENDED = "Suspended"
    MOVING = "Moving"
    STOPPING = "Stopping"
    HELD = "Held"
    DONE = "Done"
    FAILED = "Failed"
    CANCELED = "Canceled"

    def __init__(self, word: str) -> None:
        # Made once: asked of 10,000 jobs at each refresh, to look a member up in a set, or its value, takes 10 ms.
        self.word = word
        self.ended = word in {"Done", "Failed", "Canceled"}


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """One instance of an experiment's latest run: where it is, and how it does.

    `attempt` is its latest start, None before the first; `cpu` the number of processors it uses now, `cpu_s` the
    processor time of this start in seconds, both None where no sensor reports them. `driven` says whether somebody
    keeps it in its contract, `staging` how far files are on their way there, or from there once it has ended.
    """

    experiment: str
    instance: int
    standing: Standing
    detail: str = ""
    attempt: AttemptState | None = None
    host: str = ""
    host_status: str = ""
    profile: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    cpu: float | None = None
    cpu_s: float | None = None
    memory_mb: float | None = None
    last_line: str = ""
    driven: bool = True
    staging: Progress | None = None

    @property
    def service(self) -> str:
        """The URL of the job service by which it runs, or ran last; empty before its first start."""
        return self.attempt.service if self.attempt else ""

    @property
    def key(self) -> tuple[str, int]:
        return self.experiment, self.instance

    @property
    def name(self) -> str:
        """As the command line names it: EXPERIMENT/INSTANCE."""
        return f"{self.experiment}/{self.instance}"


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """A job service, and how it was when it was asked last.

    `status` is `up`, the word of a `LinkError`, or `unusable`; empty before the first answer. `says` is what it said,
    or why it would start no job, and `mend` what helps; `since` is when it began to be so, `asked` when it was asked
    last. `jobs` counts those that it runs now; `named_by` are the open experiments that name it.
    """

    url: str
    status: str = ""
    says: str = ""
    mend: str = ""
    since: datetime | None = None
    asked: datetime | None = None
    asking: bool = False
    jobs: int = 0
    named_by: tuple[str, ...] = ()

    @property
    def away(self) -> bool:
        """Whether it would start no job."""
        return self.status not in {"", "up"}


@dataclass(frozen=True, slots=True)
class OpenExperiment:
    """An experiment file that is open; `trouble` says why it cannot be run as it is, with `hint` what to do."""

    file: Path
    name: str
    experiment: Experiment | None = None
    trouble: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class OpenContract:
    """A contract file that is open: what was read, who names it, and how many hosts satisfy what.

    `exclusions` has one entry a profile; none where the contract has errors. `judged_for` is the experiment as which
    the figures are judged: on the hosts of its own jobs, their use is free.
    """

    file: Path
    reading: Reading | None = None
    trouble: str = ""
    experiments: tuple[OpenExperiment, ...] = ()
    exclusions: tuple[ProfileExclusions, ...] = ()
    judged_for: str = ""

    @property
    def contract(self) -> Contract | None:
        """The contract, None where it has errors."""
        return self.reading.contract if self.reading else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All as of one moment. `taken` and `heard` (when a measurement came last) are on the age clock.

    `hosts` are in the order of their names; `columns` are their values at most a second old; `recent` are the latest
    public events of all experiments, `searching` the sources that have not answered a search yet, `nodes` the hosts
    that are nodes of the embedded grid, `services` the job services in use or named, `proxy` the user's grid proxy as
    it was read last.
    """

    taken: float
    hosts: Mapping[str, Host] = field(default_factory=dict)
    jobs: tuple[RemoteJob, ...] = ()
    contracts: tuple[OpenContract, ...] = ()
    experiments: Mapping[str, ExperimentState] = field(default_factory=dict)
    recent: Sequence[Event] = ()
    columns: Table | None = None
    heard: float | None = None
    expiry_s: float = 60.0
    searching: tuple[str, ...] = ()
    nodes: frozenset[str] = frozenset()
    services: tuple[ServiceHealth, ...] = ()
    proxy: Proxy | None = None

    def job(self, experiment: str, instance: int) -> RemoteJob | None:
        """The job of that name, None where there is none."""
        found = (job for job in self.jobs if job.instance == instance and job.experiment == experiment)
        return next(found, None)

    def on_host(self, host: str) -> tuple[RemoteJob, ...]:
        """The jobs that are on a host and have not ended."""
        return tuple(job for job in self.jobs if job.host == host and not job.standing.ended)
