"""All machines, live: one task a source, what came of it in columns, and how each machine does, in words."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from zeligui.clock import Clock
from zeligui.contract.columns import Numbers
from zeligui.errors import LinkError, Unreachable
from zeligui.grid.hosts import FeedState, Host, Measurement, Source, Usage, Value
from zeligui.grid.measurements import Measurements, View
from zeligui.grid.roster import WAY, Feed, Machine, Roster
from zeligui.grid.trail import Trail, Trails
from zeligui.tasks import Tasks

LONGEST_PAUSE_S = 30.0
"""Between two attempts to reach a source."""

LOOK_S = 1.0
"""Between two looks at what nobody tells: silence, and a clock that jumped."""

GAP_S = 5.0
"""This machine slept when the age clock ran so much ahead of the patience clock."""

MOST_AT_ONCE = 500
"""Machines that are looked at in one turn of the event loop."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """News of a host. `measured` is False where only its status changed; `attributes` are those with a newer value.

    `values` are what was measured, and `time` when, on the age clock.
    """

    host: str
    measured: bool
    attributes: frozenset[str] = frozenset()
    values: Mapping[str, Value] = field(default_factory=dict, compare=False)
    time: float = field(default=float("-inf"), compare=False)


class Machines:
    """What is known of the machines that `sources` speak of, as of now.

    All of it belongs to the event loop; listeners are called there, and must be quick. `labels` are attributes that the
    user gives hosts by name. The links behind the sources are closed by whoever opened them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        clock: Clock,
        expiry_s: float = 60.0,
        labels: Mapping[str, Mapping[str, Value]] | None = None,
    ) -> None:
        self._clock = clock
        self._expiry_s = expiry_s
        self._labels = _folded(labels or {})
        self._roster = Roster(sources)
        self._following: dict[Feed, asyncio.Task[None]] = {}
        self._measurements = Measurements()
        self._trails: Trails[Machine] = Trails()
        self._listeners: list[Callable[[Arrival], None]] = []
        self._settled = asyncio.Event()
        self._tasks = Tasks(self._broke)
        self._ahead = clock.age() - clock.patience()
        self._since = float("-inf")
        self._rows: tuple[int, Mapping[str, int]] = -1, {}
        for machine in self._roster.machines.values():
            self._label(machine)

    def start(self) -> None:
        """Begin to watch all sources."""
        for feed in self._roster.feeds:
            self._begin(feed)
        self._tasks.start("looking for silent machines", self._look())

    def _begin(self, feed: Feed) -> None:
        self._following[feed] = self._tasks.start(f"watching {feed.url}", self._follow(feed))

    async def _end(self, feed: Feed) -> None:
        if task := self._following.pop(feed, None):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Stop watching; nothing of it runs any more afterwards."""
        await self._tasks.stop()

    async def first_round(self, limit_s: float = 10.0) -> None:
        """Wait until each source gave one full measurement, latency and bandWidth included, or failed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self.unsettled:
                    self._settled.clear()
                    await self._settled.wait()

    @property
    def unsettled(self) -> tuple[str, ...]:
        """The URLs of the sources that have neither given one full measurement nor failed."""
        return tuple(feed.url for feed in self._roster.feeds if not feed.settled)

    @property
    def feeds(self) -> tuple[FeedState, ...]:
        """What each source has said so far, in their order."""
        return tuple(feed.state for feed in self._roster.feeds)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is watched now."""
        return tuple(feed.source for feed in self._roster.feeds)

    async def change(
        self,
        sources: Sequence[Source],
        *,
        expiry_s: float | None = None,
        labels: Mapping[str, Mapping[str, Value]] | None = None,
    ) -> None:
        """Watch these sources instead, while all else goes on: one that is watched already is not begun anew.

        A source that takes the place of another with its URL goes on with what is known. Machines of which no source
        speaks any more are forgotten. `expiry_s` and `labels` replace those before.
        """
        self._expiry_s = self._expiry_s if expiry_s is None else expiry_s
        by_url = {source.url: source for source in sources}
        for feed in [feed for feed in self._roster.feeds if feed.source not in sources]:
            await self._end(feed)
            if successor := by_url.get(feed.url):
                feed.source = successor
                self._begin(feed)
            else:
                self._roster.remove(feed)
        watched = self.sources
        for source in sources:
            if source not in watched:
                self._begin(self._roster.add(source))
        self._labels = self._labels if labels is None else _folded(labels)
        for machine in tuple(self._roster.machines.values()):
            self._measurements.unlabel(machine.row)
            self._label(machine)
            self._review(machine)
        self._settled.set()

    async def search(self, limit_s: float = 10.0) -> None:
        """Try silent sources again at once, read directories and files anew, and wait as `first_round` does."""
        for feed in self._roster.feeds:
            if not feed.reaches and feed.status == "up":
                await self._end(feed)
                feed.answered = False
                self._begin(feed)
            elif feed.failures:
                feed.failures = 0
                feed.answered = False
                feed.hurry.set()
        await self.first_round(limit_s)

    def subscribe(self, heard: Callable[[Arrival], None]) -> Callable[[], None]:
        """Call `heard` with all news, on the event loop; what comes back ends that."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    def hosts(self) -> tuple[Host, ...]:
        """All hosts by name; one whose source never answered stands there by the name in its URL."""
        self._notice_gap()
        return tuple(self._host(machine) for _, machine in sorted(self._roster.machines.items()))

    def host(self, name: str) -> Host | None:
        """The host of that name, None where there is none."""
        self._notice_gap()
        machine = self._roster.machines.get(name)
        return None if machine is None else self._host(machine)

    @property
    def names(self) -> int:
        """Rises whenever a host comes, goes or gets another name."""
        return self._roster.version

    @property
    def listed(self) -> Collection[str]:
        """The names of all hosts."""
        return self._roster.machines.keys()

    def history(self, host: str, attribute: str) -> tuple[Numbers, Numbers]:
        """Times (age clock) and values of a numeric attribute of one host, oldest first, each of shape (n,)."""
        machine = self._roster.machines.get(host)
        if machine is None:
            return np.empty(0), np.empty(0)
        return self._measurements.history(machine.row, attribute)

    def columns(self, expiry_s: float | None = None) -> View:
        """What is known now, values older than `expiry_s` left out. Its statistics are read before the next await."""
        self._notice_gap()
        now = self._clock.age()
        since = max(self._since, now - (self._expiry_s if expiry_s is None else expiry_s))
        if self._rows[0] != self._roster.version:
            rows = {name: machine.row for name, machine in sorted(self._roster.machines.items())}
            self._rows = self._roster.version, rows
        return self._measurements.view(self._rows[1], now, since=since)

    def stamp(self, host: str, attributes: Collection[str]) -> float:
        """When the newest measurement among these attributes of a host came, on the age clock; -inf where none did."""
        machine = self._roster.machines.get(host)
        return float("-inf") if machine is None else self._measurements.newest(machine.row, attributes)

    def usage(self, attempt: str) -> Usage | None:
        """What a job was last seen to use; None where no sensor has reported it."""
        trail = self._trails.newest(attempt)
        return trail.latest if trail else None

    def processors(self, attempt: str) -> float | None:
        """How many processors a job was last seen to use; None where no sensor has reported it twice."""
        trail = self._trails.newest(attempt)
        return trail.processors if trail else None

    def trail(self, attempt: str, host: str) -> Trail | None:
        """All that the sensor of this host reported of a job; None where it has not."""
        machine = self._roster.machines.get(host)
        return None if machine is None else self._trails.of(attempt, machine)

    async def _follow(self, feed: Feed) -> None:
        while True:
            try:
                async with aclosing(cast(AsyncGenerator[Measurement], feed.source.watch())) as measurements:
                    while True:
                        feed.waiting = True
                        self._settled.set()
                        measurement = await anext(measurements, None)
                        feed.waiting = False
                        if measurement is None:
                            raise Unreachable(f"{feed.url} has nothing more to say.")
                        self._arrived(feed, measurement)
                        await asyncio.sleep(0)  # a file gives 10,000 hosts without a pause; others have their turn
            except LinkError as error:
                self._failed(feed, error)
            pause = min(LONGEST_PAUSE_S, 2.0 ** min(feed.failures - 1, 10))
            await self._pause(feed, pause * random.SystemRandom().uniform(0.75, 1.25))

    async def _pause(self, feed: Feed, seconds: float) -> None:
        """Wait, or go on at once where somebody is in a hurry."""
        feed.hurry.clear()
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(feed.hurry.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _failed(self, feed: Feed, error: BaseException) -> None:
        feed.failed(error)
        for machine in tuple(self._roster.machines.values()):
            if feed in machine.feeds:
                self._review(machine)
        self._settled.set()

    def _broke(self, doing: str, error: BaseException) -> None:
        """A fault in a source, or here: said in the status of its hosts, and in the log of the event loop."""
        for feed in self._roster.feeds:
            if doing == f"watching {feed.url}":
                self._failed(feed, RuntimeError(f"Watching it failed: {type(error).__name__}: {error}."))
        context = {"message": f"{doing} failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)

    def _arrived(self, feed: Feed, measurement: Measurement) -> None:
        self._notice_gap()
        if not measurement.values:
            feed.detail = measurement.note
            return
        feed.heard(measurement.note)
        machine = self._roster.machine_of(feed, measurement)
        self._label(machine)
        arrival = self._record(machine, feed, measurement)
        self._review(machine, quietly=arrival is not None)
        if arrival:
            self._tell(arrival)

    def _record(self, machine: Machine, feed: Feed, measurement: Measurement) -> Arrival | None:
        """Take over what is new; of a source that does not lead, what the leading one does not give."""
        measured = machine.freshness[feed].measured(measurement.stamp, self._clock.age())
        if measured is None:
            return None
        names, values = machine.gets(feed, measurement.values), measurement.values
        leading = machine.leader is feed
        if leading:
            self._trails.add(machine, measurement.jobs, measured)
            if not names <= WAY:
                machine.measured(measured)
        else:
            taken = machine.given[machine.leader]
            values = {name: value for name, value in values.items() if name.casefold() not in taken}
        attributes = self._measurements.record(machine.row, values, measured)
        if not attributes:
            return None
        return Arrival(machine.name, measured=True, attributes=attributes, values=values, time=measured)

    def _label(self, machine: Machine) -> None:
        while self._measurements.rows < self._roster.rows:
            self._measurements.add()
        if given := self._labels.get(machine.name.casefold()):
            self._measurements.label(machine.row, given)

    async def _look(self) -> None:
        while True:
            await self._clock.sleep(LOOK_S)
            self._notice_gap()
            for count, machine in enumerate(tuple(self._roster.machines.values())):
                self._review(machine)
                if count % MOST_AT_ONCE == MOST_AT_ONCE - 1:
                    await asyncio.sleep(0)
            self._trails.forget(self._clock.age())

    def _notice_gap(self) -> None:
        """After this machine slept, nothing that was measured before is known any more."""
        ahead = self._clock.age() - self._clock.patience()
        slept, self._ahead = ahead - self._ahead > GAP_S, ahead
        if slept:
            self._since = self._clock.age()
            for machine in tuple(self._roster.machines.values()):
                self._review(machine)

    def _review(self, machine: Machine, *, quietly: bool = False) -> None:
        """Find out the machine's status; who listens is told when it has changed."""
        before, machine.status = machine.status, self._status(machine)
        if machine.status != before and not quietly:
            self._tell(Arrival(machine.name, measured=False))

    def _status(self, machine: Machine) -> str:
        feed = machine.leader
        return "stale" if feed.status == "up" and self._silent(machine) else feed.status

    def _silent(self, machine: Machine) -> bool:
        """Whether no fresh measurement came for the expiry time, or for three periods of its sensor and 2 s."""
        limit_s = self._expiry_s
        if machine.leader.reaches and machine.interval is not None:
            limit_s = min(limit_s, 3 * machine.interval + 2)
        return machine.last < max(self._since, self._clock.age() - limit_s)

    def _tell(self, arrival: Arrival) -> None:
        for heard in tuple(self._listeners):
            heard(arrival)

    def _host(self, machine: Machine) -> Host:
        now = self._clock.age()
        known = self._measurements.values(machine.row, since=self._since)
        feed = machine.leader
        status, detail = self._status(machine), feed.detail
        if status == "stale" and not detail:
            detail = f"No fresh measurement for {now - machine.last:.0f} s."
        return Host(
            machine.name,
            feed.url,
            status,
            detail,
            {name: value for name, (value, _) in known.items()},
            {name: time for name, (_, time) in known.items()},
            now,
            machine.identity,
            next((one.url for one in machine.feeds if one.reaches), None),
            feed.offered_key,
        )


def _folded(labels: Mapping[str, Mapping[str, Value]]) -> dict[str, Mapping[str, Value]]:
    return {name.casefold(): given for name, given in labels.items()}
