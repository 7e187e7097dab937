"""A crowd made up: hosts that are measured all the time, and experiments whose jobs something happens to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import numpy as np

from zeligui.events import Event
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import Lease, acquire
from zeligui.grid.hosts import Measurement, Usage, Value

INSTANCES = 500
"""Of one experiment."""
TURN_S = 0.04
"""Between two pieces of what happens: it comes evenly."""
RANGES = {
    "cpuAvail": (0.0, 1.0),
    "cpuFree": (0.0, 1.0),
    "load1": (0.0, 8.0),
    "load5": (0.0, 8.0),
    "load15": (0.0, 8.0),
    "freeMemory": (0.0, 32_000.0),
    "freeSwap": (0.0, 8_000.0),
    "freeDisk": (0.0, 900_000.0),
    "bandWidth": (10.0, 200.0),
    "latency": (0.1, 20.0),
    "cpuSpeed": (1_000.0, 4_000.0),
    "totalMemory": (32_000.0, 32_000.1),
    "cpuCount": (8.0, 8.1),
    "machines": (1.0, 1.1),
    "freeSlots": (0.0, 8.0),
    "queueWait": (0.0, 600.0),
}
TEXTS = {"osName": "Linux", "osDistribution": "Debian", "osRelease": "6.1", "arch": "x86_64", "cpuModel": "Epyc"}


class Crowd:
    """A source of so many hosts: all at once at first, then `rate` measurements a second, evenly, in turn."""

    url = "file:///crowd"

    def __init__(self, hosts: int, jobs: int, *, rate: float) -> None:
        self.names = [f"node{number:05}.grid" for number in range(hosts)]
        self._jobs = jobs
        self._rate = rate
        self._random = np.random.default_rng(1)
        self._rounds = [0] * hosts

    async def watch(self) -> AsyncIterator[Measurement]:
        """Measure for ever."""
        for place in range(len(self.names)):
            yield self._measured(place)
        begun, given = time.perf_counter(), 0
        while True:
            await asyncio.sleep(TURN_S)
            while given < (time.perf_counter() - begun) * self._rate:
                yield self._measured(given % len(self.names))
                given += 1

    def _measured(self, place: int) -> Measurement:
        """All attributes of a host, and what its job uses."""
        name, parts = self.names[place], self._random.random(len(RANGES)).tolist()
        self._rounds[place] += 1
        values: dict[str, Value] = {"hostName": name, "site": f"site{place % 40}", **TEXTS}
        for part, (attribute, (low, high)) in zip(parts, RANGES.items(), strict=True):
            values[attribute] = low + part * (high - low)
        usage = Usage(self._rounds[place] * (1 + parts[0]), 100 + 900 * parts[1], 1.0)
        return Measurement(name, self.url, values, jobs={attempt_on(place): usage} if place < self._jobs else {})


class Jobs:
    """So many jobs in the journal of a home, one on each host, driven as by another process: this holds the leases."""

    def __init__(self, journal: Journal, hosts: Sequence[str], jobs: int) -> None:
        self._journal = journal
        self._hosts = hosts
        self._jobs = jobs
        self._suspended: set[int] = set()
        self._leases: list[Lease] = []

    async def begin(self, leases: Path) -> None:
        """Write how they came to run."""
        for first in range(0, self._jobs, INSTANCES):
            places = range(first, min(self._jobs, first + INSTANCES))
            name = experiment_of(first)
            lease = await acquire(self._journal, leases, name)
            begun = {"digest": "0" * 64, "file": "", "instances": len(places)}
            history = [event for place in places for event in self._started(place)]
            matched = Event("matched", name, "500 hosts are apt.", profile="profile1")
            await self._journal.append(Event("begun", name, data=begun), matched, *history, lease=lease)
            self._leases.append(lease)

    def end(self) -> None:
        """Nobody drives them any more."""
        for lease in self._leases:
            lease.close()

    async def go_on(self, rate: float) -> None:
        """Something happens to `rate` jobs a second: each second one prints a line, the others stop or go on."""
        begun, given = time.perf_counter(), 0
        while True:
            await asyncio.sleep(TURN_S)
            due = int((time.perf_counter() - begun) * rate)
            await self._journal.append(*(self._happens(number) for number in range(given, due)))
            given = due

    def _started(self, place: int) -> Iterator[Event]:
        yield self._event("intent", place, data={"service": f"ssh://{self._host(place)}"})
        yield self._event("prepared", place)
        yield self._event("placed", place)
        yield self._event("running", place, reason="It was started.")

    def _happens(self, number: int) -> Event:
        place = number * 7919 % self._jobs  # all over the table, each as often as any other
        if number % 2:
            text = f"step {number}: error {1 / (1 + number):.6f}\n"
            return self._event("output", place, data={"stream": "stdout", "offset": 0, "bytes": 30, "text": text})
        goes_on = place in self._suspended
        (self._suspended.discard if goes_on else self._suspended.add)(place)
        kind, reason = ("continued", "It goes on.") if goes_on else ("suspended", "Its processes were stopped.")
        return self._event(kind, place, reason=reason)

    def _event(self, kind: str, place: int, *, reason: str = "", data: dict[str, object] | None = None) -> Event:
        return Event(
            kind,
            experiment_of(place),
            reason,
            job=attempt_on(place),
            instance=place % INSTANCES + 1,
            host=self._host(place),
            profile="profile1",
            data=data or {},
        )

    def _host(self, place: int) -> str:
        return self._hosts[place % len(self._hosts)]


def attempt_on(place: int) -> str:
    """The id of the job with this number."""
    return f"{place:032x}"


def experiment_of(place: int) -> str:
    return f"survey{place // INSTANCES + 1}"
