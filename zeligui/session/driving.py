"""The experiments that this process drives, each by a controller of its own over the same machines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zeligui.contract.columns import Columns
from zeligui.contract.model import Contract
from zeligui.errors import UsageError, ZeliGridError
from zeligui.events import Event
from zeligui.experiment.controller import Controller
from zeligui.experiment.core import Core, read_contract
from zeligui.experiment.description import Experiment, read_experiment
from zeligui.experiment.lease import Lease, acquire, holder
from zeligui.experiment.overview import Job
from zeligui.experiment.state import AttemptState, ExperimentState
from zeligui.experiment.wishes import What, Wishing
from zeligui.links.calls import call
from zeligui.session.ledger import Ledger
from zeligui.session.snapshot import RemoteJob
from zeligui.settings import Settings
from zeligui.tasks import Tasks

READ_S = 20.0


@dataclass(frozen=True, slots=True)
class Driven:
    """One experiment that is driven here."""

    experiment: Experiment
    contract: Contract
    controller: Controller
    lease: Lease
    task: asyncio.Task[object]


class Driving:
    """Starts controllers and ends them; `woke` is called whenever one of them wrote an event, `ended` with its name."""

    def __init__(
        self, core: Core, ledger: Ledger, tasks: Tasks, woke: Callable[[], None], ended: Callable[[str], None]
    ) -> None:
        self._core = core
        self._ledger = ledger
        self._tasks = tasks
        self._woke = woke
        self._ended = ended
        self._driven: dict[str, Driven] = {}
        self.elsewhere: dict[str, str] = {}
        """By name, the living process that drives an experiment which is not driven here, in words."""

    @property
    def driven(self) -> Mapping[str, Driven]:
        """By name, what is driven here."""
        return self._driven

    @property
    def all_driven(self) -> frozenset[str]:
        """The names of the experiments that somebody drives, here or elsewhere."""
        return frozenset((*self._driven, *self.elsewhere))

    async def read(self, file: Path, settings: Settings) -> tuple[Experiment, Contract]:
        """The experiment of a file and its contract, off the loop. UsageError or ContractInvalid."""
        experiment = await call(read_experiment, file, settings, limit=READ_S)
        return experiment, await call(read_contract, experiment.contract_file, limit=READ_S)

    async def start(self, experiment: Experiment, contract: Contract) -> None:
        """Begin it, or take it up where it stands. LeaseHeld where another process drives it."""
        name = experiment.name
        if name in self._driven:
            raise UsageError(
                f"The experiment {name} runs already.", hint="Stop it first, or give the file another name."
            )
        lease = await acquire(self._core.journal, self._core.home.leases_folder, name)
        controller = self._core.controller(experiment, contract, lease)
        controller.listen(self._told)
        task = self._tasks.start(f"Run {name}", self._drive(name, controller, lease))
        self._driven[name] = Driven(experiment, contract, controller, lease, task)

    async def _drive(self, name: str, controller: Controller, lease: Lease) -> None:
        try:
            await controller.run()
        finally:
            lease.close()
            self._driven.pop(name, None)
            self._ended(name)
            self._woke()

    def _told(self, _event: Event) -> None:
        self._woke()

    def nudge(self) -> None:
        """Ask all job services now."""
        for one in self._driven.values():
            one.controller.nudge()

    def columns(self, experiment: str) -> Columns | None:
        """The newest measurements as a driven experiment may judge them; None of one that is not driven here."""
        one = self._driven.get(experiment)
        return one.controller.columns() if one and one.controller.state.run else None

    async def look_elsewhere(self) -> bool:
        """Find out what other processes drive; whether that has changed."""
        running = [one.name for one in self._ledger.states.values() if one.running and one.name not in self._driven]
        before, self.elsewhere = self.elsewhere, {name: who for name in running if (who := await self.holder(name))}
        return self.elsewhere != before

    async def left(self) -> list[ExperimentState]:
        """The experiments that run and that no living process drives."""
        running = [state for state in self._ledger.states.values() if state.running and state.name not in self._driven]
        return [state for state in running if not await self.holder(state.name)]

    async def holder(self, experiment: str) -> str | None:
        """The living process that drives an experiment, in words."""
        return await call(holder, self._core.home.leases_folder, experiment)

    async def wish(self, what: What, job: RemoteJob) -> str:
        """Cancel, suspend or resume a job, whoever drives it; what was done, in words. ZeliGridError."""
        if job.attempt is None:
            return await self._cancel_unplaced(what, job)
        if what == "cancel" and (one := self._driven.get(job.experiment)):
            await one.controller.cancel(job.instance)
            return "It is being canceled."
        wishing = Wishing(self._core.journal, self._core.home.leases_folder)
        state = self._ledger.states[job.experiment]
        current = state.current(job.instance) or job.attempt
        words = await wishing.grant(what, Job(job.experiment, current), self._core.service)
        self._woke()
        return words

    async def _cancel_unplaced(self, what: What, job: RemoteJob) -> str:
        """End an instance that was never started, as a held experiment's: there is no job to tell."""
        one = self._driven.get(job.experiment)
        if what != "cancel" or one is None:
            raise ZeliGridError(f"{job.name} runs nowhere now.")
        await one.controller.cancel(job.instance)
        return "It was canceled."

    async def send(self, attempt: AttemptState, data: bytes, *, end: bool = False) -> None:
        """Send a job a piece of its standard input; `end` closes it."""
        await self._core.service(attempt.service).send(attempt.id, data, end=end)

    async def stop_all(self) -> None:
        """End every job of every experiment that is driven here."""
        driven = list(self._driven.values())
        for one in driven:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in driven), return_exceptions=True)
        await asyncio.gather(*(self._stop(one) for one in driven))

    async def _stop(self, one: Driven) -> None:
        lease = await acquire(self._core.journal, self._core.home.leases_folder, one.experiment.name)
        try:
            await self._core.controller(one.experiment, one.contract, lease).stop_all()
        finally:
            lease.close()

    async def close(self) -> None:
        """Stop to drive; the jobs go on."""
        driven = list(self._driven.values())
        for one in driven:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in driven), return_exceptions=True)
