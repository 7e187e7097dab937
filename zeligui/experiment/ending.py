"""How attempts end: by themselves, by a stop that was decided, by a user's wish, or with their host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from zeligui.errors import LinkError
from zeligui.experiment.reasons import because
from zeligui.experiment.run import Run
from zeligui.experiment.state import AttemptState, Phase
from zeligui.jobs.job import JobState, JobStatus

AT_ONCE_S = 5.0
"""A job that fails sooner than this failed at once: perhaps it is the machine's fault."""
FIRST_SET_ASIDE_S = 10.0
LONGEST_SET_ASIDE_S = 3600.0
RETRY_S = 1.0

_KINDS = {JobState.DONE: "done", JobState.FAILED: "failed", JobState.CANCELED: "canceled"}


class Ending:
    """Ends attempts, writes their last events, brings their files home, and pays debts."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: dict[str, asyncio.Future[JobStatus | None]] = {}
        self._clearing: set[str] = set()

    async def stop(self, attempt: AttemptState, reason: str) -> bool:
        """Stop a job in a planned way and fetch its checkpoint. False when its host fell silent or it had ended."""
        book = self._run.book
        if (now := book.attempt(attempt)).live and now.phase is not Phase.STOPPING:
            await book.record("stopping", reason, attempt=attempt)
        if not book.attempt(attempt).live:
            return False
        future = self._waiting.setdefault(attempt.id, asyncio.get_running_loop().create_future())
        await self._ask_end(attempt)
        try:
            status = await future
        finally:
            self._waiting.pop(attempt.id, None)
        return status is not None and await self._conclude_stop(book.attempt(attempt), status)

    async def _ask_end(self, attempt: AttemptState) -> None:
        """Send the cancel until it gets through, or the attempt is given up as lost."""
        while self._run.book.attempt(attempt).live:
            try:
                await self._run.attempts.cancel(attempt)
            except LinkError:
                await self._run.clock.sleep(RETRY_S)
            else:
                return

    async def _conclude_stop(self, attempt: AttemptState, status: JobStatus) -> bool:
        book, attempts = self._run.book, self._run.attempts
        if status.state is not JobState.CANCELED and not _by_our_signal(status):
            await self._conclude(attempt, status)  # it ended by itself just before
            return False
        await self._insist(attempt, lambda: attempts.tell_output(attempt, to_the_end=True))
        if book.state.instances[attempt.instance].canceled:
            await book.record("canceled", "a user canceled it", attempt=attempt, **_verdict(status))
            return False
        await self._insist(attempt, lambda: attempts.save_checkpoint(attempt))
        await book.record("stopped", attempt.reason, attempt=attempt, **_verdict(status))
        return True

    async def _insist(self, attempt: AttemptState, work: Callable[[], Awaitable[None]]) -> None:
        """Do the last things with a host again until they succeed; where it stays silent, go on without."""
        clock = self._run.clock
        patience_ends = clock.patience() + self._run.rules.grace_s
        while True:
            try:
                return await work()
            except LinkError as error:
                if clock.patience() > patience_ends:
                    words = f"{attempt.host} fell silent before its last files came: {because(error)}"
                    await self._run.book.record("incomplete", words, attempt=attempt)
                    return None
                await clock.sleep(RETRY_S)

    async def ended(self, attempt: AttemptState, status: JobStatus | None) -> None:
        """An attempt was found final, or unknown to its machine."""
        waiting = self._waiting.get(attempt.id)
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(status or JobStatus(JobState.CANCELED, "its machine knows it no more"))
        elif attempt.phase is not Phase.STOPPING:
            await self._conclude(attempt, status)

    async def _conclude(self, attempt: AttemptState, status: JobStatus | None) -> None:
        if status is None:
            return await self.lose(attempt, f"{attempt.host} no longer knows the job", debt=False)
        if status.state is JobState.FAILED and "rebooted" in status.detail:
            return await self.lose(attempt, f"{attempt.host} was rebooted", debt=False)
        if status.lost:
            return await self.lose(attempt, f"on {attempt.host} {status.detail}", debt=False)
        await self._run.attempts.tell_output(attempt, to_the_end=True)
        if not self._run.book.attempt(attempt).live:
            return None
        kind = _KINDS[status.state or JobState.FAILED]
        await self._run.book.record(kind, _end_words(status), attempt=attempt, **_verdict(status))
        self._give_word(attempt)
        if kind == "failed" and _at_once(attempt, self._run.clock.now() - timedelta(seconds=AT_ONCE_S)):
            await self.note_failure(attempt.host, "jobs keep failing there at once", most=1)
        return None

    async def note_failure(self, host: str, why: str, *, most: int = 0) -> None:
        """Count a failure that may be the host's fault; after `most` in a row it gets no more jobs for a while.

        Each time for twice as long, until an hour has passed without a failure.
        """
        now = self._run.clock.now()
        before = self._run.state.set_aside.get(host)
        failures = before.failures + 1 if before and (now - before.until).total_seconds() < LONGEST_SET_ASIDE_S else 1
        if failures <= most:
            await self._run.book.record("stumbled", why, host=host, failures=failures, until=now.isoformat())
            return
        seconds = min(LONGEST_SET_ASIDE_S, FIRST_SET_ASIDE_S * 2 ** (failures - most - 1))
        words = f"{why} ({failures} in a row), so it gets no jobs for {seconds:g} s"
        until = (now + timedelta(seconds=seconds)).isoformat()
        await self._run.book.record("set_aside", words, host=host, failures=failures, until=until)

    async def lose(self, attempt: AttemptState, reason: str, *, debt: bool = True) -> None:
        """Give up an attempt with its host; where the host may still run it, it is a debt to cancel it there."""
        book = self._run.book
        if not book.attempt(attempt).live:
            return
        await book.record("lost", reason, attempt=attempt, debt=debt)
        instance = book.state.instances[attempt.instance]
        if instance.canceled:
            await book.record("canceled", f"a user canceled it, and {attempt.host} is lost", attempt=attempt)
        else:
            carried = list(instance.checkpoint)
            goes_on = f"it goes on from the checkpoint of its last move ({', '.join(carried)})" if carried else ""
            words = goes_on or "no checkpoint came from there: it starts over"
            await book.record("restarted", f"{reason}; {words}", attempt=attempt, checkpoint=carried)
        self._give_word(attempt)

    def _give_word(self, attempt: AttemptState) -> None:
        """Whoever waits for the end of its stop need wait no longer: it ended otherwise."""
        waiting = self._waiting.get(attempt.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def clear(self) -> None:
        """Begin to bring home the files of what has ended, and to pay debts, where that is not under way."""
        for attempt in self._run.state.attempts.values():
            if attempt.id in self._clearing:
                continue
            if attempt.debt:
                self._begin(attempt, f"Clear what was left on {attempt.host}", self._settle)
            elif _to_bring_home(attempt):
                self._begin(attempt, f"Bring home the files of {attempt.host}", self._bring_home)

    def _begin(
        self, attempt: AttemptState, doing: str, work: Callable[[AttemptState], Coroutine[Any, Any, None]]
    ) -> None:
        self._clearing.add(attempt.id)
        task = self._run.tasks.start(doing, work(attempt))
        task.add_done_callback(lambda _: self._cleared(attempt))

    def _cleared(self, attempt: AttemptState) -> None:
        self._clearing.discard(attempt.id)
        self._run.wake()

    async def _bring_home(self, attempt: AttemptState) -> None:
        pause = RETRY_S
        while True:
            try:
                return await self._run.attempts.bring_home(attempt)
            except LinkError:
                await self._run.clock.sleep(pause)
                pause = min(2 * pause, 30.0)

    async def _settle(self, debt: AttemptState) -> None:
        while not await self._run.attempts.settle(debt):
            await self._run.clock.sleep(RETRY_S)

    def left_there(self) -> list[AttemptState]:
        """What has ended and is not home yet."""
        return [attempt for attempt in self._run.state.attempts.values() if _to_bring_home(attempt)]


def _to_bring_home(attempt: AttemptState) -> bool:
    ended = not attempt.live and attempt.outcome in {*_KINDS.values(), "stopped"}
    return ended and not attempt.discarded and not attempt.debt


def _by_our_signal(status: JobStatus) -> bool:
    return status.state is JobState.FAILED and status.signal in {"SIGTERM", "SIGKILL", "TERM", "KILL"}


def _at_once(attempt: AttemptState, since: datetime) -> bool:
    return attempt.started is not None and attempt.started > since


def _verdict(status: JobStatus) -> dict[str, Any]:
    return {"exit_code": status.exit_code, "signal": status.signal}


def _end_words(status: JobStatus) -> str:
    if status.signal:
        return status.detail or f"ended by {status.signal}"
    if status.exit_code is not None:
        return f"ended with exit code {status.exit_code}" + (f": {status.detail}" if status.detail else "")
    return status.detail or "ended"
