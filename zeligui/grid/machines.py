"""All machines, live: one task a source, what came of it in columns, and how each machine does, in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

import numpy as np

from zeligui.clock import Clock
from zeligui.contract.columns import Numbers
from zeligui.grid import garbage
from zeligui.grid.arrival import Arrival
from zeligui.grid.following import Following
from zeligui.grid.forecasting.forecaster import Forecast
from zeligui.grid.hosts import Bulletin, FeedState, Host, Measurement, Source, Usage, Value
from zeligui.grid.intake import Intake
from zeligui.grid.joining import namesakes
from zeligui.grid.liveness import Liveness
from zeligui.grid.measurements import Measurements, View
from zeligui.grid.roster import Feed, Machine, Roster
from zeligui.grid.silence import Due
from zeligui.grid.survey import Piece, Survey
from zeligui.grid.trail import Trail, Trails
from zeligui.tasks import Tasks

__all__ = ["Arrival", "Machines"]

LOOK_S = 1.0
"""Between two looks at what nobody tells: silence, and a clock that jumped."""

LEARN_S = 0.02
"""In one turn of the event loop, an attribute's values are learned for so long: 10,000 hosts take over a second."""

MOST_AT_ONCE = 500
"""Machines that are looked at in one turn of the event loop."""


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
        self._liveness = Liveness(clock, expiry_s)
        self._measurements = Measurements(LEARN_S)
        self._roster = Roster(sources, self._measurements.clear)
        self._due: Due[Machine] = Due()
        self._trails: Trails[Machine] = Trails()
        self._intake = Intake(clock, self._roster, self._measurements, self._trails, _folded(labels or {}))
        self._listeners: list[Callable[[Arrival], None]] = []
        self._settled = asyncio.Event()
        self._tasks = Tasks(self._broke)
        self._following = Following(clock, self._tasks, heard=self._heard, failed=self._failed, waits=self._settled.set)
        self._rows: tuple[int, Mapping[str, int]] = -1, {}
        for machine in self._roster.machines.values():
            self._intake.label(machine)

    def start(self) -> None:
        """Begin to watch all sources."""
        for feed in self._roster.feeds:
            self._following.begin(feed)
        self._tasks.start("looking for silent machines", self._look())

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
        self._liveness.expiry_s = self._liveness.expiry_s if expiry_s is None else expiry_s
        by_url = {source.url: source for source in sources}
        for feed in [feed for feed in self._roster.feeds if feed.source not in sources]:
            await self._following.end(feed)
            if successor := by_url.get(feed.url):
                feed.source = successor
                self._following.begin(feed)
            else:
                self._roster.remove(feed)
        watched = self.sources
        for source in sources:
            if source not in watched:
                self._following.begin(self._roster.add(source))
        self._intake.labels = self._intake.labels if labels is None else _folded(labels)
        for machine in tuple(self._roster.machines.values()):
            self._measurements.unlabel(machine.row)
            self._intake.label(machine)
            self._review(machine)
        self._settled.set()

    async def search(self, limit_s: float = 10.0) -> None:
        """Try silent sources again at once, read directories and files anew, and wait as `first_round` does."""
        for feed in self._roster.feeds:
            if not feed.reaches and feed.status == "up":
                await self._following.end(feed)
                feed.answered = False
                self._following.begin(feed)
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
        machines = [machine for _, machine in sorted(self._roster.machines.items())]
        with garbage.kept():
            known = self._measurements.all_values([machine.row for machine in machines], since=self._liveness.since)
            return tuple(self._host(machine, *of_it) for machine, of_it in zip(machines, known, strict=True))

    def host(self, name: str) -> Host | None:
        """The host of that name, None where there is none."""
        self._notice_gap()
        machine = self._roster.machines.get(name)
        if machine is None:
            return None
        known = self._measurements.values(machine.row, since=self._liveness.since)
        values = {name: value for name, (value, _) in known.items()}
        return self._host(machine, values, {name: time for name, (_, time) in known.items()})

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

    def forecast(self, host: str, attribute: str, horizons_s: Sequence[float]) -> Forecast | None:
        """What is foretold of a numeric attribute of one host so many seconds ahead, with its expected errors.

        None where fewer than ten values are known.
        """
        machine = self._roster.machines.get(host)
        return None if machine is None else self._measurements.forecast(machine.row, attribute, horizons_s)

    def columns(self, expiry_s: float | None = None) -> View:
        """What is known now, values older than `expiry_s` left out. Its statistics are read before the next await."""
        self._notice_gap()
        now = self._clock.age()
        since = max(self._liveness.since, now - (self._liveness.expiry_s if expiry_s is None else expiry_s))
        if self._rows[0] != self._roster.version:
            rows = {name: machine.row for name, machine in sorted(self._roster.machines.items())}
            self._rows = self._roster.version, rows
        return self._measurements.view(self._rows[1], now, since=since)

    def stamp(self, host: str, attributes: Collection[str]) -> float:
        """When the newest measurement among these attributes of a host came, on the age clock; -inf where none did."""
        machine = self._roster.machines.get(host)
        return float("-inf") if machine is None else self._measurements.newest(machine.row, attributes)

    def confirmed(self) -> Mapping[str, float]:
        """When (age clock) each directory that is up said last that what it told stands, by its URL."""
        feeds = (feed for feed in self._roster.feeds if feed.status == "up")
        return {feed.url: feed.confirmed for feed in feeds if feed.confirmed > float("-inf")}

    def speaking_only_for(self, host: str) -> set[str]:
        """The URLs of the sources that tell of this host and of no other."""
        machine = self._roster.machines.get(host)
        feeds = [] if machine is None else machine.feeds
        return {feed.url for feed in feeds if all(one is machine for one in feed.machines.values())}

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

    def _failed(self, feed: Feed, error: BaseException) -> None:
        feed.failed(error)
        for machine in tuple(self._roster.machines.values()):
            if feed in machine.told:
                self._let_lead(machine)
                self._review(machine)
        self._settled.set()

    def _let_lead(self, machine: Machine) -> None:
        """What the source that leads now said before, while another led."""
        told = machine.told[machine.leader]
        if told.standing and not told.missing and machine.leader.status == "up":
            self._intake.one(machine, machine.leader, told.standing)

    def _broke(self, doing: str, error: BaseException) -> None:
        """A fault in a source, or here: said in the status of its hosts, and in the log of the event loop."""
        for feed in self._roster.feeds:
            if doing == f"watching {feed.url}":
                self._failed(feed, RuntimeError(f"Watching it failed: {type(error).__name__}: {error}."))
        context = {"message": f"{doing} failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)

    def _heard(self, feed: Feed, piece: Piece) -> None:
        self._notice_gap()
        was_up = feed.status == "up"
        if isinstance(piece, Bulletin):
            self._confirmed(feed, piece)
        elif isinstance(piece, Survey):
            self._surveyed(feed, piece)
        elif piece.values:
            self._arrived(feed, piece)
        else:
            feed.detail = piece.note
        if feed.status == "up" and not was_up:
            for machine in tuple(feed.machines.values()):
                self._review(machine)
        if self._roster.unjoined and (feed.reaches or isinstance(piece, Bulletin)):
            self._join()

    def _arrived(self, feed: Feed, measurement: Measurement) -> None:
        feed.heard(measurement.note)
        machine = self._intake.machine_of(feed, measurement)
        arrival = self._intake.one(machine, feed, measurement)
        self._review(machine, quietly=arrival is not None)
        if arrival:
            self._tell(arrival)

    def _surveyed(self, feed: Feed, survey: Survey) -> None:
        feed.heard(survey.note)
        with garbage.kept():
            taken, others = self._intake.many(feed, survey)
            for machine, is_newer in taken.machines:
                self._review(machine, quietly=is_newer)
        for place in others:
            self._arrived(feed, survey.measurement(place))
        if self._listeners:
            for arrival in taken.arrivals():
                self._tell(arrival)

    def _confirmed(self, feed: Feed, bulletin: Bulletin) -> None:
        """All that stands does so still, but for the hosts that are missing or gone."""
        feed.heard(bulletin.note)
        if not feed.machines:
            feed.status = "unreachable"  # it speaks of none: the host that stands for it cannot be said to be up
        feed.confirmed = self._clock.age()
        for name in bulletin.missing:
            if machine := feed.machines.get(name):
                machine.told[feed].missing = True
                self._measurements.release(machine.row, feed.order)
        for name in bulletin.gone:
            if machine := feed.machines.get(name):
                self._roster.drop(feed, name)
                self._tell(Arrival(machine.name, measured=False))
        self._measurements.renew(feed.order, feed.confirmed)

    def _join(self) -> None:
        """Make one of hosts that turn out to be one machine, as far as all sources have told."""
        self._roster.unjoined = False
        if sum(bool(feed.machines) for feed in self._roster.feeds) < 2:
            return  # a source tells its own hosts apart
        for one, other in tuple(namesakes(self._roster.machines.values())):
            kept, dropped = sorted((one, other), key=lambda machine: machine.feeds[0].rank)
            self._measurements.move(dropped.row, kept.row, but=kept.told[kept.leader].given)
            self._roster.merge(dropped, kept)
            self._review(kept)

    async def _look(self) -> None:
        while True:
            await self._clock.sleep(LOOK_S)
            self._notice_gap()
            for count, machine in enumerate(self._due.by(self._clock.age())):
                self._review(machine)
                if count % MOST_AT_ONCE == MOST_AT_ONCE - 1:
                    await asyncio.sleep(0)
            self._trails.forget(self._clock.age())
            await self._learn()

    async def _learn(self) -> None:
        """What forecasts were asked for, as far as nobody waited for it."""
        more = True
        while more:
            more = self._measurements.go_on()
            await asyncio.sleep(0)

    def _notice_gap(self) -> None:
        """After this machine slept, nothing that was measured before is known any more."""
        if self._liveness.slept():
            for machine in tuple(self._roster.machines.values()):
                self._review(machine)

    def _review(self, machine: Machine, *, quietly: bool = False) -> None:
        """Find out the machine's status; who listens is told when it has changed."""
        if not machine.feeds:
            return
        before = machine.status
        machine.status, falls_silent = self._liveness.judged(machine)
        if falls_silent > float("-inf"):
            self._due.at(falls_silent + LOOK_S / 100, machine)
        if machine.status != before and not quietly:
            self._tell(Arrival(machine.name, measured=False))

    def _tell(self, arrival: Arrival) -> None:
        for heard in tuple(self._listeners):
            heard(arrival)

    def _host(self, machine: Machine, values: dict[str, Value], times: dict[str, float]) -> Host:
        feed = machine.leader
        return Host(
            machine.name,
            feed.url,
            self._liveness.status(machine),
            self._liveness.details(machine),
            values,
            times,
            self._clock.age(),
            machine.identity,
            machine.service,
            feed.offered_key,
        )


def _folded(labels: Mapping[str, Mapping[str, Value]]) -> dict[str, Mapping[str, Value]]:
    return {name.casefold(): given for name, given in labels.items()}
