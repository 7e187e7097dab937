"""What a user wishes of a job: journalled first, then done by the master that drives it, else directly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from zeligui.errors import LinkError, Unreachable, ZeliGridError
from zeligui.events import Event
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import Lease, LeaseHeld, acquire
from zeligui.experiment.overview import Job
from zeligui.experiment.state import COUNTED, AttemptState, ExperimentState, fold
from zeligui.jobs.job import JobState, JobStatus
from zeligui.jobs.service import JobService

What = Literal["cancel", "suspend", "resume"]

PATIENCE_S = 15.0
"""How long a master that lives may take, and a job to end."""
GRACE_S = 10.0
"""Between TERM and KILL."""
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Wishing:
    """Grants wishes for the jobs of one journal; `leases` is the home's folder of leases."""

    journal: Journal
    leases: Path

    async def grant(self, what: What, job: Job, service: Callable[[str], JobService]) -> str:
        """Have it done; what was done, in words. `service` gives the job service of a URL.

        ZeliGridError where the job is not in a state for it, or the master does not do it in time; LinkError where
        the machine does not answer: a wish to cancel then stays, and the next master does it.
        """
        state = await self._state(job.experiment)
        _refuse(what, job.experiment, job.attempt, state)
        attempt = state.current(job.attempt.instance) or job.attempt
        if what != "cancel" and attempt.id == job.attempt.id and job.state not in _FROM[what]:
            raise ZeliGridError(f"A job that is {job.state.value} cannot be {_BECOMES[what]}.")
        reason = f"a user wishes to {what} it"
        (wish,) = await self.journal.append(_event("wish", job.experiment, attempt, reason, wish=what))
        lease = await self._wait_for_master(what, wish)
        if isinstance(lease, str):
            return lease
        with closing(lease):
            return await self._done(wish) or await self._act(what, wish, attempt, service(attempt.service), lease)

    async def _state(self, experiment: str) -> ExperimentState:
        return (await self.journal.add_up(fold, experiment, kinds=COUNTED))[experiment]

    async def _wait_for_master(self, what: What, wish: Event) -> str | Lease:
        """What a living master said when it had done the wish, or the lease where none lives (any more)."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await self._done(wish) or await acquire(self.journal, self.leases, wish.experiment)
            except LeaseHeld as held:
                if time.monotonic() > give_up:
                    raise _slow(what, held) from held
            await asyncio.sleep(LOOK_S)

    async def _done(self, wish: Event) -> str | None:
        """What the master said when it had done the wish; None where it has not."""
        kinds = {"wish_done", "unfulfilled"}
        failed = ""
        for event in await self.journal.read(wish.experiment, after=wish.sequence, kinds=kinds):
            if event.event == "unfulfilled" and event.job == wish.job:
                failed = event.reason
            elif event.event == "wish_done" and event.data["wish"] == wish.sequence:
                if failed:
                    raise ZeliGridError(f"It could not be done: {failed}")
                return event.reason or "The master of its experiment does it."
        return None

    async def _act(self, what: What, wish: Event, attempt: AttemptState, service: JobService, lease: Lease) -> str:
        """Do it without a master; the lease keeps others from driving meanwhile."""
        granted = _event("wish_done", wish.experiment, attempt, wish=wish.sequence)
        try:
            state = await self._state(wish.experiment)
            _refuse(what, wish.experiment, attempt, state)
            attempt = state.attempts[attempt.id]
            events, words = await self._do(what, wish.experiment, attempt, service)
        except ZeliGridError as error:
            if what == "cancel" and isinstance(error, LinkError):
                error.hint = f"The next `zeligrid run` of its experiment cancels it. {error.hint}".rstrip()
            else:
                await self.journal.append(granted, lease=lease)
            raise
        await self.journal.append(*events, granted, lease=lease)
        return words

    async def _do(
        self, what: What, experiment: str, attempt: AttemptState, service: JobService
    ) -> tuple[list[Event], str]:
        """The events that say what was done, and the same in words."""
        if what == "suspend":
            await service.suspend(attempt.id)
            return [_event("suspended", experiment, attempt, "a user suspended it")], "It was suspended."
        if what == "resume":
            await service.resume(attempt.id)
            return [_event("continued", experiment, attempt, "a user resumed it")], "It goes on."
        status = await self._end(attempt, service) if attempt.live else None
        if status and not _by_us(status):
            return [], "It had ended by itself; the next `zeligrid run` of its experiment brings its files home."
        verdict = {"exit_code": status.exit_code, "signal": status.signal} if status else {}
        return [_event("canceled", experiment, attempt, "a user canceled it", **verdict)], "It was canceled."

    async def _end(self, attempt: AttemptState, service: JobService) -> JobStatus | None:
        """End it and wait until it has ended; None where its machine knows nothing of it."""
        await service.cancel(attempt.id, grace_s=GRACE_S)
        give_up = time.monotonic() + GRACE_S + PATIENCE_S
        while time.monotonic() < give_up:
            status = (await service.find([attempt.id])).get(attempt.id)
            if status is None or (status.state and status.state.final):
                return status
            await asyncio.sleep(LOOK_S)
        raise Unreachable(f"The job was told to end on {attempt.host}, which does not say that it has.")


_FROM = {"suspend": {JobState.PENDING, JobState.RUNNING}, "resume": {JobState.SUSPENDED}}
_BECOMES = {"suspend": "suspended", "resume": "resumed"}


def _refuse(what: What, experiment: str, attempt: AttemptState, state: ExperimentState) -> None:
    """ZeliGridError where the wish cannot be meant."""
    instance = state.instances.get(attempt.instance)
    if instance is None or attempt.id not in instance.attempts:
        debt = " It is canceled as soon as its machine answers." if attempt.debt else ""
        raise ZeliGridError(f"The job {attempt.id} belongs to an earlier run of {experiment}.{debt}")
    if instance.outcome:
        raise ZeliGridError(f"The instance {attempt.instance} of {experiment} has ended: {instance.outcome}.")
    if what != "cancel" and state.current(attempt.instance) is None:
        raise ZeliGridError(f"The instance {attempt.instance} of {experiment} runs nowhere now.")


def _by_us(status: JobStatus) -> bool:
    return status.state is JobState.CANCELED or status.signal in {"SIGTERM", "SIGKILL"}


def _event(kind: str, experiment: str, attempt: AttemptState, reason: str = "", **data: Any) -> Event:
    return Event(kind, experiment, reason, attempt.id, attempt.instance, attempt.host, attempt.profile, data)


def _slow(what: What, held: LeaseHeld) -> ZeliGridError:
    return ZeliGridError(
        f"The wish to {what} the job is journalled, and was not done within {PATIENCE_S:g} s. {held}",
        hint="It is done as soon as that process looks, or by the next `zeligrid run`.",
    )
