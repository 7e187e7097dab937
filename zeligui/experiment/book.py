"""An experiment's pages of the journal: what happens is written first, then counts, then is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from zeligui.clock import Clock
from zeligui.events import Event
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import Lease
from zeligui.experiment.state import COUNTED, AttemptState, ExperimentState, admit, apply, fold

Heard = Callable[[Event], None]

REPORTED = "reported"
"""What a job said of itself, by calling home: written by whoever took the call, and counted by nobody."""


class Book:
    """Writes the events of one experiment under its lease; `state` is what they add up to so far."""

    def __init__(self, journal: Journal, lease: Lease, clock: Clock) -> None:
        self.journal = journal
        self.lease = lease
        self.clock = clock
        self.state = ExperimentState(lease.experiment)
        self._listeners: list[Heard] = []
        self._turn = asyncio.Lock()
        self._read = 0
        self.others: dict[str, ExperimentState] = {}
        """The other experiments of the same journal, whoever drives them: their jobs count on the same machines."""

    async def load(self) -> None:
        """Read what was written before, by an earlier master too."""
        states = await self.journal.add_up(fold, kinds=COUNTED)
        self._read = max((state.sequence for state in states.values()), default=0)
        self.state = states.pop(self.lease.experiment, self.state)
        self.others = states

    def listen(self, heard: Heard) -> None:
        """Tell every further event to `heard`, after it was committed."""
        self._listeners.append(heard)

    async def record(
        self,
        kind: str,
        reason: str = "",
        *,
        attempt: AttemptState | None = None,
        instance: int | None = None,
        host: str | None = None,
        profile: str | None = None,
        **data: Any,
    ) -> Event:
        """Write one event, about an attempt where one is given; it is on the disk when this returns."""
        event = Event(
            event=kind,
            experiment=self.lease.experiment,
            reason=reason,
            job=attempt.id if attempt else None,
            instance=attempt.instance if attempt and instance is None else instance,
            host=attempt.host if attempt and host is None else host,
            profile=profile or (attempt.profile if attempt else None),
            data=data,
            time=self.clock.now(),
        )
        async with self._turn:  # events count in the order in which they were written
            (event,) = await self.journal.append(event, lease=self.lease)
            self.state = apply(self.state, event)
        self._tell(event)
        return event

    def _tell(self, event: Event, *, own: bool = True) -> None:
        for heard in self._listeners if own else ():
            heard(event)

    async def catch_up(self) -> None:
        """Take in what others wrote since the last time: wishes, what jobs report, how their experiments stand."""
        for event in await self.journal.read(after=self._read, kinds=COUNTED | {REPORTED}):
            self._read = event.sequence
            if event.event == REPORTED:
                self._tell(event, own=event.experiment == self.lease.experiment)
                continue
            if event.experiment != self.lease.experiment:
                other = self.others.get(event.experiment, ExperimentState(event.experiment))
                self.others[event.experiment] = apply(other, event)
            elif event.event == "wish":
                self.state = admit(self.state, event)

    def attempt(self, attempt: AttemptState) -> AttemptState:
        """The attempt as it stands now: after every `await` it may have changed."""
        return self.state.attempts.get(attempt.id, attempt)
