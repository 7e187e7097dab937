"""A stage on which the real controller, journal and machines act: hosts whose figures and mishaps a test decides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from zeligui.clock import Clock, SystemClock
from zeligui.contract.language import read
from zeligui.contract.model import Contract
from zeligui.errors import InDoubt, LinkError, SubmissionRefused, Unreachable, ZeliGridError
from zeligui.events import Event
from zeligui.experiment.book import Book
from zeligui.experiment.controller import Controller
from zeligui.experiment.description import Experiment
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import acquire
from zeligui.grid.hosts import Measurement
from zeligui.grid.machines import Machines
from zeligui.jobs.job import JobDescription, JobState, JobStatus
from zeligui.jobs.service import JobService
from zeligui.settings import JobDefaults, Reconfiguration

Figures = dict[str, float | str]


class Place:
    """One host: the source of its figures, and the job service that runs its jobs, whose mishaps are set from outside.

    `trouble` is raised at every exchange; `refuses` at each prepare; `loses` names the answers that do not come back
    after the deed was done; `slow` how long each named call takes; `stubborn` jobs ignore TERM.
    """

    def __init__(self, name: str, **figures: float | str) -> None:
        self.name = name
        self.url = f"ssh://{name}"
        self.figures: Figures = {"osName": "Linux", "cpuAvail": 1.0, "cpuCount": 4.0, **figures}
        self.period_s = 0.05
        self.mute = False
        self.trouble: LinkError | None = None
        self.refuses = False
        self.loses: set[str] = set()
        self.slow: dict[str, float] = {}
        self.jobs: dict[str, JobStatus] = {}
        self.files: dict[str, bytes] = {}
        self.output = b""
        self.calls: list[str] = []
        self.ran: list[str] = []

    async def watch(self) -> AsyncIterator[Measurement]:
        while True:
            if not self.mute:
                values = {**self.figures, "latency": 1.0, "bandWidth": 100.0}
                yield Measurement(self.name, self.url, values, identity=self.name)
            await asyncio.sleep(self.period_s)

    async def _called(self, name: str) -> None:
        self.calls.append(name)
        await asyncio.sleep(self.slow.get(name, 0.0))
        if self.trouble:
            raise self.trouble

    def running(self) -> list[str]:
        """The attempts that run here."""
        return [job for job, status in self.jobs.items() if status.state is JobState.RUNNING]

    def end(self, state: JobState = JobState.DONE, **verdict: Any) -> None:
        """What runs here ends by itself."""
        for job in self.running():
            self.jobs[job] = JobStatus(state, **({"exit_code": 0} | verdict))

    async def prepare(self, attempt: str, job: JobDescription, *, tell: Any = None) -> str:
        await self._called("prepare")
        if self.refuses:
            raise SubmissionRefused(f"{self.name} will not have it.")
        self.jobs[attempt] = JobStatus(JobState.NEW)
        return attempt

    async def commit(self, attempt: str) -> None:
        await self._called("commit")
        if attempt not in self.jobs:
            raise SubmissionRefused("it is gone")
        if self.jobs[attempt].state is JobState.NEW:
            self.jobs[attempt] = JobStatus(JobState.RUNNING)
            self.ran.append(attempt)
        if "commit" in self.loses:
            raise InDoubt("no answer came")

    async def find(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        await self._called("find")
        return {attempt: self.jobs[attempt] for attempt in attempts if attempt in self.jobs}

    async def cancel(self, attempt: str, *, grace_s: float = 10.0) -> None:
        await self._called("cancel")
        if (status := self.jobs.get(attempt)) and status.state and not status.state.final:
            self.jobs[attempt] = JobStatus(JobState.CANCELED, signal="SIGTERM")

    async def suspend(self, attempt: str) -> None:
        await self._called("suspend")
        if self.jobs[attempt].state is not JobState.RUNNING:
            raise ZeliGridError("it has ended")
        self.jobs[attempt] = JobStatus(JobState.SUSPENDED)

    async def resume(self, attempt: str) -> None:
        await self._called("resume")
        self.jobs[attempt] = JobStatus(JobState.RUNNING)

    async def send(self, attempt: str, data: bytes, *, end: bool = False) -> None:
        await self._called("send")

    async def read(self, attempt: str, stream: str, offset: int, *, most: int = 65536) -> bytes:
        await self._called("read")
        return self.output[offset : offset + most] if stream == "stdout" else b""

    async def length(self, attempt: str, stream: str) -> int:
        await self._called("length")
        return len(self.output) if stream == "stdout" else 0

    async def fetch(self, attempt: str, patterns: Sequence[str], folder: Path, *, tell: Any = None) -> Sequence[str]:
        await self._called("fetch")
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return [*self.files]

    async def give(self, attempt: str, folder: Path, names: Sequence[str]) -> None:
        await self._called("give")
        if self.jobs[attempt].state is not JobState.NEW:
            raise ZeliGridError("it has been started")
        self.files.update((name, (folder / name).read_bytes()) for name in names)

    async def discard(self, attempt: str) -> None:
        await self._called("discard")
        if (status := self.jobs.get(attempt)) and not (status.state and status.state.final):
            raise ZeliGridError("it is not over yet")
        self.jobs.pop(attempt, None)

    def cut(self, *, figures: bool = True) -> None:
        """Its link is cut: neither figures nor answers come."""
        self.mute, self.trouble = figures, Unreachable(f"{self.name} is silent.")

    def heal(self) -> None:
        self.mute, self.trouble = False, None


class Play:
    """One master on the stage, and the events that it has told."""

    def __init__(self, controller: Controller, journal: Journal, machines: Machines) -> None:
        self.controller = controller
        self.journal = journal
        self.machines = machines
        self.events: list[Event] = []
        controller.listen(self.events.append)
        self.task = asyncio.ensure_future(controller.run())

    def of(self, kind: str, **wanted: Any) -> list[Event]:
        return [e for e in self.events if e.event == kind and all(getattr(e, k) == v for k, v in wanted.items())]

    def kinds(self) -> list[str]:
        return [event.event for event in self.events]

    def told(self) -> str:
        return "\n".join(f"{e.time:%S.%f} {e.event} {e.instance} {e.host} {e.profile} {e.reason}" for e in self.events)

    async def until(self, true: Callable[[], object], limit_s: float = 5.0) -> None:
        end = time.monotonic() + limit_s
        while not true():
            if self.task.done() and self.task.exception():
                self.task.result()
            assert time.monotonic() < end, self.told()
            await asyncio.sleep(0.005)

    async def heard(self, kind: str, *, count: int = 1, limit_s: float = 5.0, **wanted: Any) -> Event:
        await self.until(lambda: len(self.of(kind, **wanted)) >= count, limit_s)
        return self.of(kind, **wanted)[count - 1]

    async def wish(self, what: str, event: Event) -> None:
        """Another process wishes something of the job of an event."""
        wish = Event("wish", "trial", f"a user wishes to {what} it", event.job, event.instance, data={"wish": what})
        await self.journal.append(wish)

    async def kill(self) -> None:
        """The master is gone; what was not written is forgotten."""
        self.task.cancel()
        await asyncio.wait([self.task])

    async def counts(self, limit_s: float = 5.0) -> Mapping[str, int]:
        async with asyncio.timeout(limit_s):
            return await self.task


class Stage:
    """The places, the contract and the experiment of one test; its journal is a real one in a folder."""

    def __init__(self, folder: Path, contract: str, places: Sequence[Place]) -> None:
        self.folder = folder
        self.contract = read(contract)
        self.places = {place.url: place for place in places}
        self.job: dict[str, Any] = {}
        self.rules: dict[str, Any] = {"interval_s": 0.3, "grace_s": 0.5, "measurement_expiry_s": 0.4}

    def experiment(self) -> Experiment:
        job = JobDefaults(executable="/bin/true", **{"instances": 1, **self.job})
        rules = Reconfiguration(**self.rules)
        return Experiment("trial", self.folder / "trial.toml", self.folder / "x", (), job, rules, "digest")

    @asynccontextmanager
    async def master(self) -> AsyncIterator[Play]:
        """A master that drives the experiment; what it began goes on when it leaves."""
        assert self.contract.contract, self.contract.errors
        clock = SystemClock()
        machines = Machines([*self.places.values()], clock=clock)
        contract, service = self.contract.contract, self.places.__getitem__
        async with driven(self.experiment(), contract, machines, service, self.folder, clock=clock) as play:
            yield play


@asynccontextmanager
async def driven(
    experiment: Experiment,
    contract: Contract,
    machines: Machines,
    service: Callable[[str], JobService],
    folder: Path,
    *,
    clock: Clock,
    first_s: float = 5,
) -> AsyncIterator[Play]:
    """A master that drives an experiment on these machines, which are closed at the end; its journal is in `folder`."""
    journal = Journal.open(folder / "journal.db", clock=clock)
    machines.start()
    lease = await acquire(journal, folder / "leases", experiment.name)
    try:
        await machines.first_round(first_s)
        controller = Controller(
            experiment,
            contract,
            book=Book(journal, lease, clock),
            machines=machines,
            service=service,
            checkpoints=folder / "checkpoints",
            clock=clock,
        )
        play = Play(controller, journal, machines)
        try:
            yield play
        finally:
            await play.kill()
    finally:
        lease.close()
        await machines.close()
        journal.close()
