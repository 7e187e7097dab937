"""Who is who: which source speaks of which machine, and the one name that each machine has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from zeligui.errors import LinkError, UnknownHostKey
from zeligui.grid.addresses import in_name, usable
from zeligui.grid.freshness import Freshness
from zeligui.grid.hosts import NOT_YET, FeedState, Measurement, Source
from zeligui.grid.sources.lines import name_in

WAY = frozenset({"latency", "bandwidth", "waymeasured"})
"""Attributes of the way to a machine, which are measured by themselves, and more rarely than the rest."""


MOST_ADDRESSES = 16
"""By which one machine is known; one that always has others must not fill the memory."""


@dataclass(eq=False, slots=True)
class Feed:
    """A source and how it does. `order` is its place among the sources; `waiting`: it has nothing to say just now."""

    order: int
    source: Source
    status: str = "unreachable"
    detail: str = NOT_YET
    answered: bool = False
    waiting: bool = False
    failures: int = 0
    offered_key: str = ""
    confirmed: float = float("-inf")
    """When (age clock) it said last that all it told stands still."""
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to try it again at once instead of after its pause."""
    machines: dict[str, Machine] = field(default_factory=dict)
    reaches: bool = field(init=False)
    """Whether it speaks for one machine that it is connected to, as a directory or a file does not."""

    def __post_init__(self) -> None:
        self.reaches = self.url.startswith(("local://", "ssh://"))

    @property
    def url(self) -> str:
        return self.source.url

    @property
    def settled(self) -> bool:
        """Whether it gave all that it measures once, or failed."""
        if self.failures or not (self.answered and self.waiting):
            return self.failures > 0
        return not self.reaches or any("bandwidth" in one.told[self].given for one in self.machines.values())

    @property
    def state(self) -> FeedState:
        return FeedState(self.url, self.status, self.detail, len(self.machines), self.settled)

    @property
    def rank(self) -> tuple[bool, int]:
        """Connections come before directories and files, else who was named first."""
        return not self.reaches, self.order

    def service(self, names: Sequence[str]) -> str | None:
        """The URL that jobs go to for a machine that it calls so; None where it is no way to run any."""
        if self.reaches:
            return self.url
        offers: Callable[[str], str | None] | None = getattr(self.source, "service", None)
        return None if offers is None else next(filter(None, map(offers, names)), None)

    def heard(self, note: str) -> None:
        """It answers."""
        self.status, self.detail = "up", note
        self.answered, self.failures, self.offered_key = True, 0, ""

    def failed(self, error: BaseException) -> None:
        """It does not answer; counts how often in a row."""
        self.status = error.status if isinstance(error, LinkError) else "unreachable"
        hint = error.hint if isinstance(error, LinkError) else ""
        self.detail = f"{error} {hint}".strip()
        self.offered_key = error.line if isinstance(error, UnknownHostKey) else ""
        self.failures += 1


@dataclass(eq=False, slots=True)
class Told:
    """What one source told of one machine. `given` are attributes in small letters, `names` what it calls it."""

    freshness: Freshness = field(default_factory=Freshness)
    given: frozenset[str] = frozenset()
    names: list[str] = field(default_factory=list)
    standing: Measurement | None = None
    """What it said last that stands; kept for when this source comes to lead."""
    until: float = float("inf")
    """How long (age clock) the publisher answers for its values."""
    missing: bool = False
    """Whether the source does not name it any more."""

    def gets(self, names: frozenset[str]) -> None:
        """Remember that the source gives these."""
        if names is not self.given:
            self.given = _joined(self.given, names)


@dataclass(eq=False, slots=True)
class Machine:
    """A machine that one or several sources speak of. `row` is its row in the measurements."""

    name: str
    row: int
    identity: str = ""
    addresses: tuple[str, ...] = ()
    feeds: list[Feed] = field(default_factory=list)
    told: dict[Feed, Told] = field(default_factory=dict)
    last: float = float("-inf")
    interval: float | None = None
    status: str = "unreachable"

    @property
    def leader(self) -> Feed:
        """The source that counts: the first that is up, else the first; connections come before directories."""
        first = self.feeds[0]
        return first if first.status == "up" else next((feed for feed in self.feeds if feed.status == "up"), first)

    @property
    def service(self) -> str | None:
        """The URL that jobs for it go to, by the first source that knows one."""
        return next(filter(None, (feed.service(self.told[feed].names) for feed in self.feeds)), None)

    @property
    def answered(self) -> bool:
        return any(told.given for told in self.told.values())

    @property
    def heard(self) -> float:
        """When (age clock) its leading source measured it last, or said that what it told stands."""
        return self.heard_by(self.leader)

    def heard_by(self, feed: Feed) -> float:
        """The same of any of its sources."""
        told = self.told[feed]
        return max(self.last, feed.confirmed) if told.standing and not told.missing else self.last

    def join(self, feed: Feed, told: Told | None = None) -> None:
        if feed not in self.told:
            self.told[feed] = told or Told()
            self.feeds = sorted(self.told, key=lambda one: one.rank) if self.feeds else [feed]

    def leave(self, feed: Feed) -> None:
        for name in self.told.pop(feed).names:
            feed.machines.pop(name, None)
        self.feeds.remove(feed)

    def take_over(self, other: Machine) -> None:
        """All sources that speak of the other speak of this one."""
        for feed, told in other.told.items():
            self.join(feed, told)
            feed.machines |= dict.fromkeys(told.names, self)
        self.addresses = tuple(dict.fromkeys((*self.addresses, *other.addresses)))[:MOST_ADDRESSES]
        self.identity = self.identity or other.identity
        self.last = max(self.last, other.last)

    def gets(self, feed: Feed, attributes: Collection[str]) -> frozenset[str]:
        """Remember that a source gives these; their names come back, without regard to case."""
        names = folded(tuple(attributes))
        self.told[feed].gets(names)
        return names

    def measured(self, time: float) -> None:
        """A whole new measurement: learns the time between two."""
        passed = time - self.last
        if passed > 0:
            if passed < float("inf"):
                self.interval = passed if self.interval is None else self.interval + 0.3 * (passed - self.interval)
            self.last = time


@lru_cache(maxsize=128)
def folded(names: tuple[str, ...]) -> frozenset[str]:
    """Most hosts have the same ones: kept once, they do not take 3 kB for each host."""
    return frozenset(name.casefold() for name in names)


@lru_cache(maxsize=128)
def _joined(some: frozenset[str], more: frozenset[str]) -> frozenset[str]:
    return some | more


class Roster:
    """All machines by name; names that differ in case alone are one. A source waits under the name in its URL.

    `cleared(row)` is called when a machine is forgotten, before its row is another's.
    """

    def __init__(self, sources: Sequence[Source], cleared: Callable[[int], None] = lambda _: None) -> None:
        self.machines: dict[str, Machine] = {}
        self._folded: dict[str, Machine] = {}
        self._cleared = cleared
        self._spare: list[int] = []
        self.rows = 0
        self.unjoined = False
        """Whether a name or an address came since who is the same was looked at last."""
        self.version = 0
        """Rises with every name that comes or goes."""
        self.feeds: list[Feed] = []
        self._begun = 0
        self._waiting: dict[Feed, Machine] = {}
        for source in sources:
            self.add(source)

    def add(self, source: Source) -> Feed:
        """One more source, after all others."""
        feed = Feed(self._begun, source)
        self._begun += 1
        self.feeds.append(feed)
        self._waiting[feed] = self._new(name_in(feed.url), feed)
        return feed

    def remove(self, feed: Feed) -> None:
        """Forget a source, and the machines that no other source speaks of."""
        self.feeds.remove(feed)
        self._waiting.pop(feed, None)
        for machine in [one for one in self.machines.values() if feed in one.feeds]:
            self._leave(machine, feed)

    def machine_of(self, feed: Feed, name: str, *, identity: str = "", addresses: Collection[str] = ()) -> Machine:
        """The machine that a source calls so, new where need be.

        Sources with one identity speak of one machine. One name is one machine too where nothing speaks against it,
        but two connections are two machines unless their identity says otherwise.
        """
        machine = feed.machines.get(name)
        if machine is not None and identity in ("", machine.identity):
            self._note_addresses(machine, name, addresses)
            return machine
        same = self._identical(identity)
        if machine is not None:
            if same is None and not any(other.status == "up" for other in machine.feeds if other is not feed):
                machine.identity = identity  # it was started anew
                machine.told[feed].freshness = Freshness()
                return machine
            self._leave(machine, feed)
        machine = same or self._alike(feed, name, identity) or self._claimed(feed, name)
        machine.identity = machine.identity or identity
        machine.join(feed)
        feed.machines[name] = machine
        machine.told[feed].names.append(name)
        self._note_addresses(machine, name, addresses)
        self._stop_waiting(feed, machine)
        self.unjoined = True
        return machine

    def machines_of(self, feed: Feed, names: Sequence[str], addresses: Sequence[Collection[str]]) -> list[Machine]:
        """The machines of many names, each with its addresses."""
        return [
            self._newcomer(feed, name, of_it)
            if name.casefold() not in self._folded and feed not in self._waiting
            else self.machine_of(feed, name, addresses=of_it)
            for name, of_it in zip(names, addresses, strict=True)
        ]

    def _newcomer(self, feed: Feed, name: str, addresses: Collection[str]) -> Machine:
        """What `machine_of` makes of a name that nobody has."""
        named = in_name(name)
        known_by = usable((*named, *addresses) if named else addresses)[:MOST_ADDRESSES]
        machine = Machine(name, self._row(), addresses=known_by, feeds=[feed], told={feed: Told(names=[name])})
        self._enter(machine)
        feed.machines[name] = machine
        self.unjoined = True
        return machine

    def _note_addresses(self, machine: Machine, name: str, addresses: Collection[str]) -> None:
        named = in_name(name)
        if not (named or addresses) or (not named and machine.addresses == addresses):
            return
        all_known = dict.fromkeys((*machine.addresses, *named, *usable(addresses)))
        if len(all_known) > len(machine.addresses) < MOST_ADDRESSES:
            machine.addresses = tuple(all_known)[:MOST_ADDRESSES]
            self.unjoined = True

    def merge(self, dropped: Machine, kept: Machine) -> None:
        """Make one of two machines, under the name of the second."""
        kept.take_over(dropped)
        self._forget(dropped)

    def drop(self, feed: Feed, name: str) -> None:
        """A source does not name this host any more."""
        machine = feed.machines.get(name)
        if machine is None:
            return
        names = machine.told[feed].names
        names.remove(name)
        del feed.machines[name]
        if not names:
            self._leave(machine, feed)

    def _identical(self, identity: str) -> Machine | None:
        if not identity:
            return None
        return next((one for one in self.machines.values() if one.identity == identity), None)

    def _alike(self, feed: Feed, name: str, identity: str) -> Machine | None:
        one = self._folded.get(name.casefold())
        if one is None or (identity and one.identity):
            return None
        connected = any(other.reaches for other in one.feeds if other is not feed)
        return None if feed.reaches and connected else one

    def _claimed(self, feed: Feed, name: str) -> Machine:
        """The machine under which the source was waiting, by its right name; else a new one."""
        machine = self._waiting.get(feed)
        if machine is None or machine.answered:
            return self._new(name, feed)
        self._rename(machine, self._free(name, feed, but=machine))
        return machine

    def _rename(self, machine: Machine, name: str) -> None:
        self._unname(machine)
        machine.name = name
        self._enter(machine)

    def _stop_waiting(self, feed: Feed, machine: Machine) -> None:
        waited = self._waiting.pop(feed, None)
        if waited is None or waited is machine:
            return
        self._leave(waited, feed)
        if not waited.feeds and machine.name.startswith(f"{waited.name}@"):
            self._rename(machine, waited.name)

    def _leave(self, machine: Machine, feed: Feed) -> None:
        machine.leave(feed)
        if not machine.feeds:
            self._forget(machine)

    def _new(self, name: str, feed: Feed) -> Machine:
        machine = Machine(self._free(name, feed), self._row())
        machine.join(feed)
        self._enter(machine)
        return machine

    def _row(self) -> int:
        if self._spare:
            return self._spare.pop()
        self.rows += 1
        return self.rows - 1

    def _enter(self, machine: Machine) -> None:
        self.machines[machine.name] = self._folded[machine.name.casefold()] = machine
        self.version += 1

    def _forget(self, machine: Machine) -> None:
        self._unname(machine)
        machine.feeds, machine.told = [], {}
        self._cleared(machine.row)
        self._spare.append(machine.row)

    def _unname(self, machine: Machine) -> None:
        del self.machines[machine.name], self._folded[machine.name.casefold()]
        self.version += 1

    def _free(self, name: str, feed: Feed, *, but: Machine | None = None) -> str:
        """The name, or where another machine has it, with the host and port of the URL."""
        if name.casefold() not in self._folded:
            return name
        scheme, _, rest = feed.url.partition("://")
        where = rest.rpartition("@")[2].strip("/") or scheme
        free, count = name, 1
        while self._folded.get(free.casefold(), but) is not but:
            free = f"{name}@{where}" if count == 1 else f"{name}@{where}#{count}"
            count += 1
        return free
