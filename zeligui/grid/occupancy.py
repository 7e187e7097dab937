"""Figures as one experiment may judge them: its own jobs' use is free, and what was just placed counts already.

These are the rules 4 ("a running job is not its own enemy") and 5 ("jobs just placed count") of the contract language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zeligui.contract.columns import Columns, Numbers, Texts
from zeligui.grid.forecasting.correction import carried_over
from zeligui.grid.measurements import View, summary
from zeligui.grid.table import Table
from zeligui.grid.trail import WINDOWS, Trail, share

LOADS = dict(zip(("load1", "load5", "load15"), WINDOWS, strict=True))
PROCESSORS = frozenset({"cpuavail", "cpufree", "runnable"})
QUEUES = frozenset({"freeslots", "queuewait"})
ADJUSTED = PROCESSORS | LOADS.keys() | QUEUES | {"freememory"}

DIRECTORY_WINDOW = WINDOWS[0]
"""Where no sensor reports, cpuAvail and cpuFree come from a one-minute load, and memory is taken to lag as much."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A job on a host from the intent on. Times are on the age clock; `cpus` and `memory_mb` are what it asked for."""

    attempt: str
    host: str
    experiment: str
    cpus: float
    memory_mb: float
    placed_at: float
    ended_at: float | None = None


class Trails(Protocol):
    """Who knows what jobs were seen to use; `Machines` does."""

    def trail(self, attempt: str, host: str) -> Trail | None: ...


def adjust(columns: View, machines: Trails, placements: Iterable[Placement], *, experiment: str, now: float) -> Columns:
    """`columns` as `experiment` may judge them at `now`.

    Its own jobs' use is credited as far as each figure shows it: a figure of the last period wholly, a load average by
    1 - exp(-t / window), also after the job has ended. Jobs of the others lower their host by what they asked for,
    until the sensor reports their own use and the figures show it. A job's own placement is never held against it.
    """
    indices = {name: index for index, name in enumerate(columns.names)}
    there: dict[int, list[_Job]] = {}
    for placement in placements:
        index = indices.get(placement.host)
        if index is not None:
            trail = machines.trail(placement.attempt, placement.host)
            reports = columns.measured("runnable")[index] > -np.inf
            job = _Job(placement, trail, own=placement.experiment == experiment, reports=bool(reports), now=now)
            there.setdefault(index, []).append(job)
    return _Adjusted(columns, there, now) if there else columns


@dataclass(frozen=True, slots=True)
class _Job:
    """A placement as one experiment sees it. `reports`: a sensor on its host tells what jobs use."""

    placement: Placement
    trail: Trail | None
    own: bool
    reports: bool
    now: float

    def processors(self, times: Numbers, window: float | None) -> Numbers:
        """What to add to a number of runnable processes, the mean over a period (None) or a window."""
        if self.trail is not None:
            return self._reported(self.trail, times, window)
        if self.reports:
            return self._awaited(times, window)
        return self._unseen(times, self.placement.cpus, window or DIRECTORY_WINDOW)

    def _reported(self, trail: Trail, times: Numbers, window: float | None) -> Numbers:
        if window is None:
            shown, missing = trail.runnable(times), np.where(times < trail.first, trail.latest.runnable, 0.0)
        else:
            shown = trail.in_average(times, window, placed_at=self.placement.placed_at)
            missing = np.maximum(0.0, trail.latest.runnable - shown)
        return -shown if self.own else self._if_here(missing)

    def _awaited(self, times: Numbers, window: float | None) -> Numbers:
        if self.own:
            return np.zeros_like(times)
        shown = 0.0 if window is None else share(times, self.placement.placed_at, None, window)
        return self._if_here(self.placement.cpus * (1 - shown + np.zeros_like(times)))

    def _unseen(self, times: Numbers, asked: float, window: float) -> Numbers:
        """Where only a directory speaks of the host: the job is taken to use what it asked for."""
        shown = asked * share(times, self.placement.placed_at, self.placement.ended_at, window)
        return -shown if self.own else self._if_here(asked - shown)

    def memory_mb(self, times: Numbers) -> Numbers:
        """What to add to the memory in use."""
        if self.trail is None and not self.reports:
            return self._unseen(times, self.placement.memory_mb, DIRECTORY_WINDOW)
        if self.own:
            return -self.trail.memory_mb(times) if self.trail is not None else np.zeros_like(times)
        first = self.trail.first if self.trail is not None else np.inf
        return self._if_here(np.where(times < first, self.placement.memory_mb, 0.0))

    def slots(self, times: Numbers) -> Numbers:
        """What to add to the free slots of a queue: they show a job from the measurement on that comes after it."""
        ended_at = np.inf if self.placement.ended_at is None else self.placement.ended_at
        shown = (times > self.placement.placed_at) & (times <= ended_at)
        cpus = max(1.0, self.placement.cpus)
        return np.where(shown, cpus, 0.0) if self.own else self._if_here(np.where(shown, 0.0, -cpus))

    @property
    def waits_no_more(self) -> bool:
        """Whether it has its place in the queue, so that how long others would wait does not touch it."""
        return self.own and self.placement.ended_at is None

    def _if_here(self, lowered: Numbers) -> Numbers:
        return lowered if self.placement.ended_at is None else np.zeros_like(lowered)


class _Adjusted(Columns):
    """`columns` with the figures of a few hosts corrected for the jobs there."""

    def __init__(self, columns: View, jobs: dict[int, list[_Job]], now: float) -> None:
        self._columns = columns
        self._jobs = jobs
        self._now = now
        self._corrected: dict[str, Table] = {}

    @property
    def names(self) -> Sequence[str]:
        return self._columns.names

    def knows(self, attribute: str) -> bool:
        return self._columns.knows(attribute)

    def numbers(self, attribute: str) -> Numbers:
        key = attribute.casefold()
        return self._table(key).numbers(key) if key in ADJUSTED else self._columns.numbers(attribute)

    def texts(self, attribute: str) -> Texts:
        key = attribute.casefold()
        return self._table(key).texts(key) if key in ADJUSTED else self._columns.texts(attribute)

    def words(self, attribute: str) -> Texts:
        return self._columns.words(attribute)

    def statistic(self, function: str, attribute: str, seconds: float | None) -> Numbers:
        result = self._columns.statistic(function, attribute, seconds)
        key = attribute.casefold()
        if key not in ADJUSTED or function == "age":
            return result
        result = result.copy()
        for index in self._jobs:
            times, values = (held[index] for held in self._columns.history(key))
            some = ~np.isnan(values)
            corrected = self._correct(index, key, times[some], values[some])
            if np.isnan(self._columns.numbers(key)[index]):
                continue
            if function == "forecast":
                result[index] = carried_over(result[index], values[some], corrected)
            else:
                held = times[some][None, :], corrected[None, :]
                result[index] = summary(function, *held, now=self._now, seconds=seconds)[0]
        return result

    def _table(self, key: str) -> Table:
        if key not in self._corrected:
            numbers = self._columns.numbers(key).copy()
            times = self._columns.measured(key)
            for index in self._jobs:
                if not np.isnan(numbers[index]):
                    numbers[index] = self._correct(index, key, times[[index]], numbers[[index]])[0]
            self._corrected[key] = Table(self.names, {key: numbers})
        return self._corrected[key]

    def _correct(self, index: int, key: str, times: Numbers, values: Numbers) -> Numbers:
        """The values that a host's attribute had at these times, corrected. Shapes (n,)."""
        jobs = self._jobs[index]
        if key == "freeslots":
            return np.maximum(0.0, values + sum((job.slots(times) for job in jobs), np.zeros_like(times)))
        if key == "queuewait":
            return np.zeros_like(values) if any(job.waits_no_more for job in jobs) else values
        if key == "freememory":
            used = sum((job.memory_mb(times) for job in jobs), np.zeros_like(times))
            total = self._columns.numbers("totalMemory")[index]
            return np.where(used == 0, values, np.clip(values - used, 0.0, np.inf if np.isnan(total) else total))
        source, runnable = (key, values) if key not in PROCESSORS else self._run_queue(index, key, times, values)
        window = LOADS.get(source)
        added = sum((job.processors(times, window) for job in jobs), np.zeros_like(times))
        corrected = np.maximum(0.0, runnable + added)
        return np.where(added == 0, values, _figure(key, corrected, self._processors(index), source))

    def _run_queue(self, index: int, key: str, times: Numbers, values: Numbers) -> tuple[str, Numbers]:
        """The number of runnable processes behind a figure of the processors, and the attribute that tells it.

        `runnable` where the host publishes it, else load1, else cpuFree, else what the figure itself says.
        """
        for name in ("runnable", "load1", "cpufree"):
            known = self._values_at(index, name, times)
            if not np.isnan(known).any():
                return name, _inverted(name, known, self._processors(index)) if name == "cpufree" else known
        return key, _inverted(key, values, self._processors(index))

    def _values_at(self, index: int, name: str, times: Numbers) -> Numbers:
        """The values of an attribute that came in the same measurements; for the present, what is known now."""
        if not len(times):
            return times
        now = self._columns.numbers(name)[index]
        if len(times) == 1:
            return np.array([now])
        held_times, held = (one[index] for one in self._columns.history(name))
        kept = ~np.isnan(held)
        held_times, held = held_times[kept], held[kept]
        if not len(held):
            return np.full(len(times), np.nan)
        at = np.minimum(np.searchsorted(held_times, times), len(held) - 1)
        return np.where(held_times[at] == times, held[at], np.nan)

    def _processors(self, index: int) -> float:
        count, free, limit = (self._columns.numbers(name)[index] for name in ("cpuCount", "cpuFree", "cpuLimit"))
        return float(np.fmax(1.0, free) if np.isnan(count) else np.fmin(count, limit))


def _figure(key: str, runnable: Numbers, processors: float, source: str) -> Numbers:
    """What a figure is with so many runnable processes: cpuAvail = min(1, n / (r + 1)), cpuFree = max(0, n - r).

    Of a host of which only cpuFree is known, cpuAvail = min(1, cpuFree), as it was mapped.
    """
    if key == "cpuavail" and source != "cpufree":
        return np.minimum(1.0, processors / (runnable + 1))
    free = np.maximum(0.0, processors - runnable)
    return {"cpufree": free, "cpuavail": np.minimum(1.0, free)}.get(key, runnable)


def _inverted(key: str, values: Numbers, processors: float) -> Numbers:
    """The number of runnable processes that a figure stands for; a cpuAvail of 1, at most one less than processors."""
    if key == "cpufree":
        return np.maximum(0.0, processors - values)
    with np.errstate(divide="ignore"):
        return np.where(values > 0, processors / values - 1, np.inf)
