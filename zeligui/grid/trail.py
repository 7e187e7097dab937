"""What jobs were seen to use on their hosts, and what a load average shows of it."""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.hosts import Usage

WINDOWS = (60.0, 300.0, 900.0)
"""The windows of load1, load5 and load15, in seconds."""

MOST_KEPT = 1024
"""Reports of one job."""

WIDTH = 4 + len(WINDOWS)
"""Figures of a report."""

MOST_JOBS = 4096
"""Jobs that are followed on one machine: one that always reports others must not fill the memory."""

KEPT_S = 3600.0
"""What an ended job used is known so long: by then a fifteen-minute load has forgotten it."""

M = TypeVar("M", bound=Hashable)


class Trails(Generic[M]):
    """The trails of all jobs, by the job's attempt and the machine that reported it."""

    def __init__(self) -> None:
        self._trails: dict[str, dict[M, Trail]] = {}
        self._jobs: dict[M, int] = {}

    def add(self, machine: M, jobs: Mapping[str, Usage], time: float) -> None:
        """What a machine reports of its jobs at one time (age clock)."""
        for attempt, usage in jobs.items():
            trails = self._trails.setdefault(attempt, {})
            if machine in trails:
                trails[machine].add(time, usage)
            elif self._jobs.get(machine, 0) < MOST_JOBS:
                trails[machine] = Trail(time, usage)
                self._jobs[machine] = self._jobs.get(machine, 0) + 1

    def of(self, attempt: str, machine: M) -> Trail | None:
        """What this machine reported of a job; None where it has not."""
        return self._trails.get(attempt, {}).get(machine)

    def newest(self, attempt: str) -> Trail | None:
        """Of the machines that reported a job, what that said which did so last."""
        trails = self._trails.get(attempt)
        return max(trails.values(), key=lambda trail: trail.last) if trails else None

    def forget(self, now: float) -> None:
        """Forget what ended long ago."""
        for attempt, trails in tuple(self._trails.items()):
            for machine in [machine for machine, trail in trails.items() if trail.last < now - KEPT_S]:
                del trails[machine]
                self._jobs[machine] -= 1
                if not self._jobs[machine]:
                    del self._jobs[machine]
            if not trails:
                del self._trails[attempt]


class Trail:
    """The reports of one job by the sensor of one host, oldest first. Times are seconds on the age clock."""

    def __init__(self, time: float, usage: Usage) -> None:
        self.first = time
        self._first_runnable = usage.runnable
        # One array of doubles: with 10,000 jobs, objects would take a gigabyte more.
        self._figures = array("d", (time, usage.cpu_s, usage.memory_mb, usage.runnable, *(0.0 for _ in WINDOWS)))

    @property
    def latest(self) -> Usage:
        _, cpu_s, memory_mb, runnable, *_ = self._figures[-WIDTH:]
        return Usage(cpu_s, memory_mb, runnable)

    @property
    def processors(self) -> float | None:
        """How many processors it used between its last two reports; None where there are not two."""
        if len(self._figures) < 2 * WIDTH:
            return None
        earlier, cpu_s = self._figures[-2 * WIDTH : -2 * WIDTH + 2]
        time, later_cpu_s = self._figures[-WIDTH : -WIDTH + 2]
        return max(0.0, (later_cpu_s - cpu_s) / (time - earlier))

    @property
    def last(self) -> float:
        """When it was reported last."""
        return self._figures[-WIDTH]

    def add(self, time: float, usage: Usage) -> None:
        """One more report; `time` is that of the figures in the same measurement."""
        passed = time - self.last
        if passed <= 0:
            return
        averages = []
        for average, window in zip(self._figures[-len(WINDOWS) :], WINDOWS, strict=True):
            fading = math.exp(-passed / window)
            averages.append(average * fading + usage.runnable * (1 - fading))
        self._figures.extend((time, usage.cpu_s, usage.memory_mb, usage.runnable, *averages))
        del self._figures[: -MOST_KEPT * WIDTH]

    def _columns(self) -> Numbers:
        """(WIDTH, n): times, seconds of processor, memory, runnable processes, and then the averages of all reports."""
        return np.array(self._figures).reshape(-1, WIDTH).T

    def runnable(self, times: Numbers) -> Numbers:
        """The mean number of its runnable processes in the measurements of these times, 0 where it was not seen."""
        return self._reported(times, 3)

    def memory_mb(self, times: Numbers) -> Numbers:
        """Its resident memory in the measurements of these times, 0 where it was not seen."""
        return self._reported(times, 2)

    def _reported(self, times: Numbers, column: int) -> Numbers:
        columns = self._columns()
        seen = columns[0]
        at = np.searchsorted(seen, times, side="right") - 1
        same = (at >= 0) & (seen[at] == times)
        return np.where(same, columns[column][at], 0.0)

    def in_average(self, times: Numbers, window: float, *, placed_at: float) -> Numbers:
        """What a load average over one of the `WINDOWS` shows of it at these times.

        An average follows a use u as u * (1 - exp(-t / window)) and forgets it as exp(-t / window). Before the first
        report, the job is taken to have used since `placed_at` what that says: another master may have placed it.
        """
        columns = self._columns()
        seen, averages = columns[0], columns[4 + WINDOWS.index(window)]
        at = np.searchsorted(seen, times, side="right") - 1
        since = np.maximum(0.0, times - seen[at])
        followed = np.where(at >= 0, averages[at] * np.exp(-since / window), 0.0)
        return followed + self._first_runnable * share(times, placed_at, self.first, window)


def share(times: Numbers, begin: float, end: float | None, window: float) -> Numbers:
    """How much of a use that lasts from `begin` to `end` (None: it goes on) an average over `window` shows.

    (1 - exp(-(t - begin) / window)) while it lasts, and what that came to times exp(-(t - end) / window) after it.
    """
    last = times if end is None else np.minimum(times, end)
    grown = -np.expm1(-np.maximum(0.0, last - begin) / window)
    return grown * np.exp(-np.maximum(0.0, times - last) / window)
