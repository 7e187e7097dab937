"""What events say of a host: when jobs came and went there, and from when to when the contract was violated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from zeligui.events import Event

CAME = frozenset({"running", "relocated"})
WENT = frozenset({"relocating", "done", "failed", "canceled", "lost"})
STOOD = frozenset({"held", "suspended"})
WENT_ON = frozenset({"resumed", "continued"})
ENDED = frozenset({"done", "failed", "canceled", "lost"})
JUDGED_ANEW = frozenset({"degraded", "promoted"})
"""After another profile came into force, what was violated before is not judged any more."""
SAME_S = 1.0
"""`running` and the `relocated` that follows it are one arrival."""


class Way(Enum):
    """What a mark says: the job came, went, went as nobody wished, stands still, or is kept in another profile."""

    CAME = "came"
    WENT = "went"
    FELL = "fell"
    STOOD = "stood"
    LESSER = "lesser"
    BETTER = "better"


WAYS = {
    **dict.fromkeys(CAME | WENT_ON, Way.CAME),
    **dict.fromkeys(WENT, Way.WENT),
    **dict.fromkeys(STOOD, Way.STOOD),
    **dict.fromkeys(("failed", "lost"), Way.FELL),
    "degraded": Way.LESSER,
    "promoted": Way.BETTER,
}
"""How each event is marked."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something became of a job on the host. `job` is EXPERIMENT/INSTANCE, or EXPERIMENT where it is of all instances;
    `words` are the event and its reason."""

    time: float
    way: Way
    job: str
    words: str


@dataclass(frozen=True, slots=True)
class Spell:
    """A job's contract was violated on the host; `end` is None while it still is."""

    start: float
    end: float | None
    words: str

    def lasts(self, time: float) -> bool:
        """Whether it was violated then."""
        return self.start <= time and (self.end is None or time <= self.end)

    def shifted(self, by: float) -> Spell:
        """The same on another clock."""
        return replace(self, start=self.start + by, end=None if self.end is None else self.end + by)


@dataclass(frozen=True, slots=True)
class Traces:
    """All that happened on a host, oldest first; times are seconds since 1970 until they are `shifted`."""

    marks: tuple[Mark, ...] = ()
    spells: tuple[Spell, ...] = ()

    def shifted(self, by: float) -> Traces:
        """The same on another clock."""
        marks = tuple(replace(mark, time=mark.time + by) for mark in self.marks)
        return Traces(marks, tuple(spell.shifted(by) for spell in self.spells))


NOTHING = Traces()


def joined(each: Iterable[Traces]) -> Traces:
    """Those of several experiments."""
    all_of = list(each)
    marks = sorted((mark for one in all_of for mark in one.marks), key=lambda mark: mark.time)
    spells = sorted((spell for one in all_of for spell in one.spells), key=lambda spell: spell.start)
    return Traces(tuple(marks), tuple(spells))


def traces(events: Iterable[Event], host: str, ended: Mapping[str, datetime] | None = None) -> Traces:
    """What an experiment's events, oldest first, say of a host. `ended` tells when its attempts ended, where known.

    A job that is `relocating` or `held` may run on for a while: its violation lasts until its attempt has ended.
    """
    told = _Told(host, {job: when.timestamp() for job, when in (ended or {}).items()})
    for event in events:
        told.hear(event)
    return Traces(tuple(told.marks), tuple(told.closed()))


def merged(spells: Sequence[Spell], now: float) -> list[tuple[float, float]]:
    """The times in which any of them lasts, without overlaps; one that has no end lasts until now."""
    found: list[tuple[float, float]] = []
    for spell in spells:
        end = now if spell.end is None else spell.end
        if found and spell.start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((spell.start, end))
    return found


@dataclass(slots=True)
class _Open:
    """A violation that has not ended: of so many constraints of this job."""

    spell: Spell
    job: str
    count: int = 0


@dataclass(slots=True)
class _Told:
    """What was heard so far, with the open spell of each attempt."""

    host: str
    ended: Mapping[str, float]
    marks: list[Mark] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    open: dict[str, _Open] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    """The attempts that came to the host, and have not gone as far as was heard."""

    def hear(self, event: Event) -> None:
        attempt = event.job or ""
        if event.host and attempt:
            self.where[attempt] = event.host
        if event.event in JUDGED_ANEW:
            self._close_all(event)
            if self._some_present(event):
                self._mark(event)
        elif (event.host or self.where.get(attempt)) == self.host:
            self._hear_here(event, attempt)
        elif event.event in CAME:
            self._close_all(event, job=_job(event))

    def closed(self) -> list[Spell]:
        """All spells; those of attempts that have ended end with these."""
        for attempt in list(self.open):
            if (end := self.ended.get(attempt)) is not None:
                self._close(attempt, end)
        return sorted([*self.spells, *(one.spell for one in self.open.values())], key=lambda spell: spell.start)

    def _hear_here(self, event: Event, attempt: str) -> None:
        if event.event in WAYS:
            self._mark(event)
        if event.event in CAME:
            self.present.add(attempt)
        elif event.event in WENT:
            self.present.discard(attempt)
        open_ = self.open.get(attempt)
        if event.event == "violated":
            spell = Spell(event.time.timestamp(), None, f"{_job(event)} violated: {event.reason}")
            open_ = open_ or self.open.setdefault(attempt, _Open(spell, _job(event)))
            open_.count += 1
        elif event.event == "recovered" and open_ and open_.count > 1:
            open_.count -= 1
        elif event.event in ENDED | {"recovered", "running"}:  # found again by another master, it is judged anew
            self._close(attempt, event.time.timestamp())

    def _close_all(self, event: Event, job: str = "") -> None:
        """Those of one job, or all."""
        for attempt, open_ in list(self.open.items()):
            if not job or open_.job == job:
                self._close(attempt, event.time.timestamp())

    def _close(self, attempt: str, time: float) -> None:
        if found := self.open.pop(attempt, None):
            end = min(time, self.ended.get(attempt, time))
            self.spells.append(replace(found.spell, end=max(found.spell.start, end)))

    def _some_present(self, event: Event) -> bool:
        """Whether a job is on the host when all instances come into another profile."""
        time = event.time.timestamp()
        return any(self.ended.get(attempt, time) >= time for attempt in self.present)

    def _mark(self, event: Event) -> None:
        words = f"{_job(event)} {event.event}" + (f": {event.reason}" if event.reason else "")
        mark = Mark(event.time.timestamp(), WAYS[event.event], _job(event), words)
        if event.event == "relocated" and self.marks and _one_arrival(self.marks[-1], mark):
            self.marks.pop()
        self.marks.append(mark)


def _one_arrival(first: Mark, then: Mark) -> bool:
    return first.way is Way.CAME and first.job == then.job and then.time - first.time <= SAME_S


def _job(event: Event) -> str:
    return f"{event.experiment}/{event.instance}" if event.instance else event.experiment
