"""What happened on a host, gathered from the events of all experiments that had a job there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zeligui.events import Event
from zeligui.experiment.state import ExperimentState
from zeligui.gui.marks import Traces, joined, traces
from zeligui.session.snapshot import Snapshot

Events = Callable[[str], Sequence[Event]]
"""The public events of an experiment's latest run, oldest first."""


class Trails:
    """Reads an experiment's events again only when it has new ones."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._host = ""
        self._read: dict[str, tuple[ExperimentState, Traces]] = {}
        self._joined = Traces()

    def of(self, host: str, snapshot: Snapshot) -> Traces:
        """Times are seconds since 1970; the very same object as long as nothing is new."""
        if host != self._host:
            self._host, self._read = host, {}
        read = {name: (state, self._traces(name, state)) for name, state in snapshot.experiments.items()}
        before, self._read = self._read, read
        if read.keys() != before.keys() or any(read[name][1] is not before[name][1] for name in read):
            self._joined = joined(each for _, each in read.values())
        return self._joined

    def _traces(self, name: str, state: ExperimentState) -> Traces:
        before = self._read.get(name)
        if before and before[0] is state:
            return before[1]
        here = [attempt for attempt in state.attempts.values() if attempt.host == self._host]
        ended = {attempt.id: attempt.ended for attempt in here if attempt.ended}
        found = traces(self._events(name), self._host, ended) if here else Traces()
        return before[1] if before and before[1] == found else found
