"""The driver of an experiment: takes it up or begins it, and keeps it in contract until its jobs have ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from zeligui.clock import Clock
from zeligui.contract.columns import Columns
from zeligui.contract.model import Contract
from zeligui.errors import JournalError, LinkError, UsageError, ZeliGridError
from zeligui.events import Event
from zeligui.experiment.attempts import Attempts
from zeligui.experiment.book import Book
from zeligui.experiment.calling.homecalls import HomeCalls
from zeligui.experiment.description import Experiment, edited
from zeligui.experiment.ending import Ending
from zeligui.experiment.keeping import Keeping
from zeligui.experiment.placing import Placing
from zeligui.experiment.polling import Polling
from zeligui.experiment.reasons import because
from zeligui.experiment.run import Run, tally
from zeligui.experiment.seeking import Seeking
from zeligui.experiment.staging import Staging
from zeligui.experiment.state import AttemptState, ExperimentState, InstanceState, Phase
from zeligui.grid.machines import Arrival, Machines
from zeligui.jobs.service import JobService
from zeligui.tasks import Tasks

STEP_S = 1.0
"""The longest time between two looks at everything; what arrives is looked at at once."""
GATHER_S = 0.05
"""Arrivals within this time are judged together."""
CATCH_UP_S = 0.25
"""Between two looks at what other processes wrote into the journal."""
SLEPT_S = 5.0
"""When the age clock runs ahead of patience by this much, the machine was asleep."""


class Controller:
    """Drives one experiment under its lease (MCRE). All state is the book's; after a crash a new one goes on."""

    def __init__(
        self,
        experiment: Experiment,
        contract: Contract,
        *,
        book: Book,
        machines: Machines,
        service: Callable[[str], JobService],
        checkpoints: Path,
        clock: Clock,
        calls: HomeCalls | None = None,
        staging: Staging | None = None,
    ) -> None:
        self._calls = calls
        self._wake = asyncio.Event()
        self._failure: BaseException | None = None
        self._tasks = Tasks(self._report)
        attempts = Attempts(book, experiment, service, checkpoints, calls, staging=staging)
        self._run = Run(
            experiment=experiment,
            contract=contract,
            book=book,
            machines=machines,
            attempts=attempts,
            clock=clock,
            tasks=self._tasks,
            wake=self._wake.set,
            busy={},
            reserved=set(),
        )
        self._ending = Ending(self._run)
        self._polling = Polling(self._run, self._ending.ended)
        self._placing = Placing(self._run, self._polling, self._ending)
        self._keeping = Keeping(self._run, self._polling, self._placing, self._ending)
        self._seeking = Seeking(self._run, self._keeping, self._placing)
        self._slept = clock.age() - clock.patience()
        self._caught_up = -CATCH_UP_S

    @property
    def state(self) -> ExperimentState:
        """The experiment as it stands."""
        return self._run.state

    def listen(self, heard: Callable[[Event], None]) -> None:
        """Tell every event from now on to `heard`."""
        self._run.book.listen(heard)

    def nudge(self) -> None:
        """Ask all its job services now, and look at everything."""
        for attempt in self._run.state.live():
            self._polling.nudge(attempt.service)
        self._wake.set()

    @property
    def ends(self) -> Mapping[str, str]:
        """By attempt, the end of an output that was too long to be told by events."""
        return self._run.attempts.ends

    def columns(self) -> Columns:
        """The newest measurements, as this experiment may judge them."""
        return self._run.columns()

    async def cancel(self, instance: int) -> None:
        """End one instance for good, wherever it is by now."""
        attempt = self._run.state.current(instance) or self._run.state.latest(instance)
        words = "a user wishes to cancel it"
        await self._run.book.record("wish", words, attempt=attempt, instance=instance, wish="cancel")
        self._wake.set()

    async def run(self) -> Mapping[str, int]:
        """Drive the experiment to its end; how many instances ended how. Cancelled, it leaves the jobs running."""
        await self._begin()
        return await self._drive()

    async def _drive(self) -> Mapping[str, int]:
        forget = self._run.machines.subscribe(self._heard)
        try:
            while not self._over():
                await self._step()
                await self._pause()
            return await self._finish()
        finally:
            forget()
            await self._tasks.stop()

    async def stop_all(self) -> None:
        """End every job of the experiment for good, as `run --stop` does when it is interrupted."""
        await self._run.book.load()  # what was being written when the run was interrupted may count already
        if not self._run.state.running:
            return
        for instance in self._run.active():
            await self.cancel(instance.number)
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                await self._drive()

    async def _begin(self) -> None:
        """Take the experiment up where it stands, or begin a new run of it."""
        book, experiment = self._run.book, self._run.experiment
        await book.load()
        if not book.state.running or (book.state.untouched and book.state.digest != experiment.digest):
            await book.record(
                "begun", digest=experiment.digest, instances=experiment.job.instances, file=str(experiment.file)
            )
        elif book.state.digest != experiment.digest:
            raise UsageError(
                f"{experiment.name} still runs, and {edited(book.state.digest, experiment)} was edited meanwhile.",
                hint=f"Undo the edit, or end each of its instances first: zeligrid job cancel {experiment.name}/1",
            )
        self._polling.taken_up.update(attempt.id for attempt in book.state.live())
        if self._calls:
            await self._calls.take_up()

    def _heard(self, arrival: Arrival) -> None:
        if arrival.measured:
            self._run.company.answered(arrival.host, self._run.clock.patience())
        self._wake.set()

    def _report(self, doing: str, error: BaseException) -> None:
        """A part failed: an expected failure of the link is met by the next look, anything else ends the run."""
        if not isinstance(error, LinkError):
            error.add_note(f"This happened while ZeliGrid was to: {doing}.")
            self._failure = self._failure or error
        self._wake.set()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(STEP_S):
                await self._wake.wait()
        await self._run.clock.sleep(GATHER_S)
        self._wake.clear()

    async def _step(self) -> None:
        """Look at everything once, the most urgent first."""
        if self._failure:
            raise self._failure
        self._notice_sleep()
        await self._catch_up()
        self._polling.mind()
        columns = self._run.columns()
        await self._keeping.judge(columns)
        await self._mind_canceled()
        self._go_on_stopping()
        await self._seeking.seek(columns)
        await self._seeking.climb(columns)
        await self._restart_finished()
        self._ending.clear()
        self._polling.mind()
        if self._calls:
            await self._calls.take_back({attempt.id for attempt in self._run.state.live()})

    async def _catch_up(self) -> None:
        now = self._run.clock.patience()
        if now - self._caught_up >= CATCH_UP_S:
            self._caught_up = now
            await self._run.book.catch_up()
            await self._grant_wishes()

    def _notice_sleep(self) -> None:
        slept = self._run.clock.age() - self._run.clock.patience()
        if slept - self._slept > SLEPT_S:
            self._keeping.start_anew()
            self._seeking.apt_since.reset()
        self._slept = slept

    def _go_on_stopping(self) -> None:
        for attempt in self._run.state.live():
            if attempt.phase is Phase.STOPPING and attempt.instance not in self._run.busy:
                self._placing.stop_again(attempt)

    async def _grant_wishes(self) -> None:
        for wish in list(self._run.state.wishes.values()):
            attempt = self._run.state.attempts.get(wish.job or "")
            if attempt and attempt.instance in self._run.busy:
                continue
            try:
                if attempt:
                    await self._grant(wish.data["wish"], attempt)
            except JournalError:
                raise
            except ZeliGridError as error:  # its machine is silent, or it has just ended
                await self._run.book.record("unfulfilled", because(error), attempt=attempt)
            await self._run.book.record("wish_done", attempt=attempt, wish=wish.sequence)

    async def _grant(self, wish: str, attempt: AttemptState) -> None:
        service = self._run.attempts.service(attempt.service)
        if wish == "suspend" and attempt.phase in {Phase.PLACED, Phase.RUNNING}:
            await service.suspend(attempt.id)
        elif wish == "resume" and attempt.phase is Phase.SUSPENDED:
            await service.resume(attempt.id)
        self._polling.nudge(attempt.service)

    async def _mind_canceled(self) -> None:
        """End what a user wished to end; of what may have been started and is in doubt, the polls tell first."""
        for instance in self._run.active():
            if not instance.canceled or instance.number in self._run.busy:
                continue
            attempt = self._run.state.current(instance.number)
            if attempt is None:
                latest = self._run.state.latest(instance.number)
                words = "a user canceled it"
                await self._run.book.record("canceled", words, attempt=latest, instance=instance.number)
            elif attempt.committed:
                self._placing.cancel(attempt)

    async def _restart_finished(self) -> None:
        for instance in self._to_restart():
            if not self._ending.left_there():
                reason = "finished jobs are to begin anew (restart_finished)"
                await self._run.book.record("restarted", reason, instance=instance.number)

    def _to_restart(self) -> list[InstanceState]:
        """The instances that have ended, and are to begin anew by the experiment's rules."""
        ended = self._run.state.instances.values() if self._run.rules.restart_finished else ()
        return [one for one in ended if one.outcome in {"done", "failed"} and not one.canceled]

    def _over(self) -> bool:
        state = self._run.state
        waiting = self._run.active() or self._to_restart() or state.wishes
        return not waiting and not state.live() and not self._run.busy

    async def _finish(self) -> Mapping[str, int]:
        """Bring the last files home, for as long as a host's grace at most, then say how it ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(5.0, self._run.rules.grace_s)):
                while self._ending.left_there():
                    self._ending.clear()
                    await self._pause()
                    if self._failure:
                        raise self._failure
        for attempt in self._ending.left_there():
            reason = f"{attempt.host} is silent, so its files stay there until it is cleared"
            await self._run.book.record("owed", reason, attempt=attempt)
        if self._calls:
            await self._run.book.catch_up()  # what jobs reported last
        outcomes = Counter(instance.outcome for instance in self._run.state.instances.values())
        counts = {kind: outcomes.get(kind, 0) for kind in ("done", "failed", "canceled")}
        await self._run.book.record("finished", tally(counts), counts=counts)
        if self._calls:
            await self._calls.take_back((), insist=True)
        return counts
