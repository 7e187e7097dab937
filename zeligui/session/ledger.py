"""What the journal says, kept up to date while this process and others write into it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from zeligui.events import PUBLIC_KINDS, Event
from zeligui.experiment.journal import Journal
from zeligui.experiment.state import COUNTED, ExperimentState, apply
from zeligui.links.calls import call

MOST_RECENT = 2000
"""Events that are kept for the log."""
MOST_TOLD = 2000
"""Events that are kept of one experiment's latest run."""
AT_ONCE = 200
"""Events that are added up in one turn of the event loop."""
LONGEST_TEXT = 2000
"""Of what a job printed, as the log shows it: the whole of it is read where the job is looked at."""
LONGEST_LINE = 200
"""Of a longer line its end is shown."""

NO_LONGER_VIOLATED = frozenset({"recovered", "stopped", "done", "failed", "canceled", "lost", "released"})


class Ledger:
    """The experiments of a journal, and what happened lately; `catch_up` takes in what was written since."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._read = 0
        self.states: dict[str, ExperimentState] = {}
        self.recent: deque[Event] = deque(maxlen=MOST_RECENT)
        """Public events of all experiments, as they came."""
        self.told: dict[str, deque[Event]] = {}
        """Of each experiment the public events of its latest run, without what its jobs printed."""
        self.violated: dict[str, str] = {}
        """Attempts whose contract is violated now, with the reason."""
        self.last_lines: dict[str, str] = {}
        """The last line that each attempt printed."""

    async def load(self) -> None:
        """Read the whole journal, but for what jobs printed: of that the end, of what still runs."""
        await call(self._load)
        for name in [state.name for state in self.states.values() if state.running]:
            for event in await self._journal.newest("output", name):
                self._note_output(event)

    def _load(self) -> None:
        """In a thread: nobody else looks yet."""
        for event in self._journal.each(kinds=(COUNTED | PUBLIC_KINDS) - {"output"}):
            self._add(event)

    async def catch_up(self) -> bool:
        """Take in what is new; whether anything was."""
        events = await self._journal.read(after=self._read, kinds=COUNTED | PUBLIC_KINDS)
        for start in range(0, len(events), AT_ONCE):
            for event in events[start : start + AT_ONCE]:
                self._add(event)
            await asyncio.sleep(0)
        return bool(events)

    def events_of(self, experiment: str) -> Sequence[Event]:
        """The public events of an experiment's latest run, oldest first."""
        return tuple(self.told.get(experiment, ()))

    def _add(self, event: Event) -> None:
        self._read = max(self._read, event.sequence)
        name = event.experiment
        before = self.states.get(name, ExperimentState(name))
        self.states[name] = apply(before, event)
        if event.event == "begun":
            self.told[name] = deque(maxlen=MOST_TOLD)
            for attempt in before.attempts:
                self.last_lines.pop(attempt, None)
        if event.event == "output":
            self._note_output(event)
        elif event.public:
            self.told.setdefault(name, deque(maxlen=MOST_TOLD)).append(event)
        if event.public:
            self.recent.append(_brief(event))
        self._note_violation(event)

    def _note_output(self, event: Event) -> None:
        if event.job:
            self.note_end(event.job, event.data["text"])

    def note_end(self, attempt: str, text: str) -> None:
        """The end of what an attempt printed is this."""
        line = next((line for line in reversed(text.split("\n")) if line.strip()), "")
        if len(line) > LONGEST_LINE:
            line = f"…{line[-LONGEST_LINE:]}"
        if line:
            self.last_lines[attempt] = line.strip()

    def _note_violation(self, event: Event) -> None:
        if event.event == "violated" and event.job:
            self.violated[event.job] = event.reason
        elif event.event in NO_LONGER_VIOLATED and event.job:
            self.violated.pop(event.job, None)
        elif event.event in {"degraded", "promoted"}:  # judged anew, by other constraints
            for attempt in self.states[event.experiment].attempts:
                self.violated.pop(attempt, None)


def _brief(event: Event) -> Event:
    """The event without most of a long text that a job printed."""
    if event.event != "output" or len(event.data["text"]) <= LONGEST_TEXT:
        return event
    return replace(event, data={**event.data, "text": f"{event.data['text'][:LONGEST_TEXT]}…"})
