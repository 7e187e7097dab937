"""Asks each job service how its attempts do, all of a service in one exchange, and turns answers into events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from zeligui.errors import LinkError
from zeligui.experiment.run import Run
from zeligui.experiment.state import AttemptState, Phase
from zeligui.jobs.job import JobState, JobStatus

POLL_S = 1.0
"""Between two polls of a service whose jobs run undisturbed; never more than the experiment's `host_check`."""
QUICK_POLL_S = 0.15
"""The same while a job is about to start or to end: the user waits for it."""


class Polling:
    """One loop a service. `ended(attempt, status)` hears of what is final, with `status` None of what is gone."""

    def __init__(self, run: Run, ended: Callable[[AttemptState, JobStatus | None], Awaitable[None]]) -> None:
        self._run = run
        self._ended = ended
        self._loops: set[str] = set()
        self._nudges: dict[str, asyncio.Event] = {}
        self.statuses: dict[str, JobStatus] = {}
        self.silent: dict[str, LinkError] = {}
        """Services that did not answer the last poll."""
        self.taken_up: set[str] = set()
        """Attempts of an earlier master, to be found again."""
        self.in_doubt: set[str] = set()
        """Attempts whose commit was sent and not answered."""

    def mind(self) -> None:
        """Begin to poll services that have got attempts since the last time; call whenever something changed."""
        for url in {attempt.service for attempt in self._run.state.live()} - self._loops:
            self._loops.add(url)
            self._run.tasks.start(f"Watch the jobs at {url}", self._watch(url))

    def nudge(self, service: str) -> None:
        """Poll a service now."""
        self._nudges.setdefault(service, asyncio.Event()).set()

    async def _watch(self, url: str) -> None:
        try:
            while attempts := [attempt for attempt in self._run.state.live() if attempt.service == url]:
                await self._poll(url, attempts)
                await self._pause(url)
        finally:
            self._loops.discard(url)
            self.silent.pop(url, None)

    async def _pause(self, url: str) -> None:
        nudge = self._nudges.setdefault(url, asyncio.Event())
        attempts = [attempt for attempt in self._run.state.live() if attempt.service == url]
        quick = url not in self.silent and any(a.phase in {Phase.PLACED, Phase.STOPPING} for a in attempts)
        with suppress(TimeoutError):
            async with asyncio.timeout(QUICK_POLL_S if quick else min(POLL_S, self._run.rules.host_check_s)):
                await nudge.wait()
        nudge.clear()

    async def _poll(self, url: str, attempts: list[AttemptState]) -> None:
        try:
            statuses = await self._run.attempts.service(url).find([attempt.id for attempt in attempts])
            self.silent.pop(url, None)
            now = self._run.clock.patience()
            for host in {attempt.host for attempt in attempts}:
                self._run.company.answered(host, now)
            await self._hear(attempts, statuses)
        except LinkError as error:
            self.silent[url] = error
        self._run.wake()

    async def _hear(self, attempts: list[AttemptState], statuses: Mapping[str, JobStatus]) -> None:
        for attempt in attempts:
            now = self._run.book.attempt(attempt)
            if not now.live or (not now.committed and now.instance in self._run.busy):
                continue  # ended meanwhile, or whoever prepares it knows more
            if now.committed and not attempt.committed:
                continue  # it was asked before its commit: the answer may be older than that
            await self._hear_one(now, statuses.get(attempt.id))

    async def _hear_one(self, attempt: AttemptState, status: JobStatus | None) -> None:
        if status is not None:
            self.statuses[attempt.id] = status
        if status is not None and status.state is None:
            return
        if attempt.phase in {Phase.INTENT, Phase.PREPARED}:
            await self._resolve(attempt, status)
        elif status is None or status.state in {JobState.DONE, JobState.FAILED, JobState.CANCELED}:
            await self._ended(attempt, status)
        elif status.state in {JobState.RUNNING, JobState.SUSPENDED}:
            await self._hear_running(attempt, status)

    async def _hear_running(self, attempt: AttemptState, status: JobStatus) -> None:
        book = self._run.book
        found_again = attempt.id in self.taken_up
        self.taken_up.discard(attempt.id)
        if status.state is JobState.SUSPENDED and attempt.phase in {Phase.PLACED, Phase.RUNNING}:
            await book.record("suspended", "its processes are stopped", attempt=attempt)
        elif status.state is JobState.RUNNING and attempt.phase is Phase.SUSPENDED:
            await book.record("continued", "its processes go on", attempt=attempt)
        elif attempt.phase is Phase.PLACED or (found_again and attempt.phase is Phase.RUNNING):
            await self._say_running(attempt, found_again)
        await self._run.attempts.tell_output(attempt)

    async def _say_running(self, attempt: AttemptState, found_again: bool) -> None:
        book = self._run.book
        await book.record("running", "found again" if found_again else f"it runs on {attempt.host}", attempt=attempt)
        left = book.state.instances[attempt.instance].moving_from
        if left and left != attempt.host:  # it may be on the move again before it was seen to run here
            await book.record("relocated", f"moved from {left}; it runs on {attempt.host}", attempt=attempt)

    async def _resolve(self, attempt: AttemptState, status: JobStatus | None) -> None:
        """Learn what became of an attempt whose commit is in doubt, or whose master died before it was placed."""
        book, attempts = self._run.book, self._run.attempts
        if status is None:
            await book.record("released", f"{attempt.host} never started it", attempt=attempt)
        elif status.state in {JobState.NEW, JobState.PENDING}:
            if attempt.id in self.in_doubt and not book.state.instances[attempt.instance].canceled:
                await attempts.commit(attempt)
            else:
                await attempts.release(attempt, "it was prepared by an earlier master and never started")
        elif status.state is JobState.CANCELED:
            await book.record("released", f"{attempt.host} gave it up unstarted", attempt=attempt)
        else:
            # It was let go, only the answer was lost: it counts as placed from now on, and is no second start.
            self.taken_up.add(attempt.id)
            await book.record("adopted", "it was started before the answer was lost", attempt=attempt)
            await self._hear_one(book.attempt(attempt), status)
