"""Puts instances on hosts: all of them or none at a start, one after another when they are moved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from zeligui.errors import InDoubt, JournalError, LinkError, SubmissionRefused, UsageError, ZeliGridError
from zeligui.experiment.ending import Ending
from zeligui.experiment.polling import Polling
from zeligui.experiment.reasons import because
from zeligui.experiment.run import Run
from zeligui.experiment.seats import host_of
from zeligui.experiment.state import AttemptState, Phase

_Moved = tuple[AttemptState | None, bool]
"""The attempt that was prepared at the new place, and whether the old one was stopped in a planned way."""

_Order = Callable[[AttemptState, list[str], str], Awaitable[_Moved]]


class Placing:
    """Prepares and commits attempts on hosts that were chosen, and replaces hosts that will not have them."""

    def __init__(self, run: Run, polling: Polling, ending: Ending) -> None:
        self._run = run
        self._polling = polling
        self._ending = ending

    def start(self, instances: Sequence[int], hosts: Sequence[str], *, together: bool) -> None:
        """Start waiting instances on the best of `hosts`; the others stand by. `together`: all or none."""
        self._run.reserved.update(hosts[: len(instances)])
        self._run.own_all(instances, "Start the jobs", self._start(instances, list(hosts), together))

    async def _start(self, instances: Sequence[int], hosts: list[str], together: bool) -> None:
        chosen = hosts[: len(instances)]
        try:
            prepared = await asyncio.gather(*(self._prepare(instance, hosts) for instance in instances))
        finally:
            self._run.reserved.difference_update(chosen)
        ready = [attempt for attempt in prepared if attempt is not None]
        if together and len(ready) < len(instances):
            words = f"only {len(ready)} of {len(instances)} instances found a host that would have them"
            await asyncio.gather(*(self._run.attempts.release(attempt, words) for attempt in ready))
        else:
            await asyncio.gather(*(self._commit(attempt) for attempt in ready))

    async def _prepare(self, instance: int, hosts: list[str]) -> AttemptState | None:
        """An attempt prepared on the first of `hosts` that has it; a host is taken from the list when it is tried."""
        while hosts and not self._run.state.instances[instance].canceled:
            seat = hosts.pop(0)
            name = host_of(seat)
            host = self._run.machines.host(name)
            service = self._run.service_of(host) if host else None
            if not service:
                self._run.reserved.discard(seat)
                continue
            self._run.reserved.add(seat)
            try:
                return await self._run.attempts.prepare(instance, name, service, self._run.state.profile)
            except SubmissionRefused as refused:
                await self._ending.note_failure(name, f"it refused the job: {because(refused)}")
            except (LinkError, InDoubt) as error:
                await self._ending.note_failure(name, f"it did not take the job: {because(error)}")
            finally:
                self._run.reserved.discard(seat)
        return None

    async def _commit(self, attempt: AttemptState) -> None:
        started = await self._run.attempts.commit(attempt)
        if not started:
            await self._ending.note_failure(attempt.host, "it did not start what it had prepared")
        elif self._run.book.attempt(attempt).phase is Phase.PREPARED:
            self._polling.in_doubt.add(attempt.id)
        self._polling.mind()
        self._polling.nudge(attempt.service)

    def move(self, attempt: AttemptState, hosts: Sequence[str], reason: str, *, urgent: bool = False) -> None:
        """Move an instance to the best of `hosts`: prepared there first, then stopped here, then let go there.

        Where it is `urgent` and the job's work is in its checkpoint, the first two go on at the same time.
        """
        self._run.reserved.add(hosts[0])
        carries = bool(self._run.experiment.job.checkpoint)
        order = self._at_once if urgent and carries else self._in_turn
        self._run.own(attempt.instance, f"Move from {attempt.host}", self._move(attempt, list(hosts), reason, order))

    async def _move(self, attempt: AttemptState, hosts: list[str], reason: str, order: _Order) -> None:
        first = hosts[0]
        await self._run.book.record("relocating", reason, attempt=attempt)
        try:
            goal, stopped = await order(attempt, hosts, reason)
        finally:
            self._run.reserved.discard(first)
        if goal is None:
            return
        instance = self._run.state.instances[attempt.instance]
        if instance.outcome or instance.canceled or (not stopped and self._run.book.attempt(attempt).live):
            await self._run.attempts.release(goal, f"{attempt.host} had done with it")
            return
        if not instance.checkpoint or await self._give_checkpoint(goal):
            await self._commit(goal)

    async def _in_turn(self, attempt: AttemptState, hosts: list[str], reason: str) -> _Moved:
        goal = await self._prepare(attempt.instance, hosts)
        return goal, goal is not None and await self._ending.stop(attempt, reason)

    async def _at_once(self, attempt: AttemptState, hosts: list[str], reason: str) -> _Moved:
        return await asyncio.gather(self._prepare(attempt.instance, hosts), self._ending.stop(attempt, reason))

    async def _give_checkpoint(self, goal: AttemptState) -> bool:
        """False where the machine does not take it (any more): then another start is tried, where one is due."""
        try:
            await self._run.attempts.give_checkpoint(goal)
        except (JournalError, UsageError):
            raise
        except ZeliGridError as error:
            await self._run.attempts.release(goal, f"{goal.host} did not take the checkpoint: {because(error)}")
            return False
        return True

    def hold(self, attempt: AttemptState, reason: str) -> None:
        """Stop an instance that has no host to go to."""
        self._run.own(attempt.instance, f"Hold what runs on {attempt.host}", self._ending.stop(attempt, reason))

    def cancel(self, attempt: AttemptState) -> None:
        """End an instance for good, as a user wished."""
        self._run.own(attempt.instance, "Cancel", self._ending.stop(attempt, "a user canceled it"))

    def stop_again(self, attempt: AttemptState) -> None:
        """Go on with a stop that an earlier master began."""
        self._run.own(attempt.instance, f"Stop {attempt.host}", self._ending.stop(attempt, attempt.reason))
