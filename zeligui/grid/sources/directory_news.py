"""What is new in a directory, in measurements: checked as if an enemy had written it, and told once."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress, islice

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Texts
from zeligui.errors import Unreachable
from zeligui.grid.directories import Alike, Described, Directory
from zeligui.grid.hosts import Bulletin, Measurement, Value
from zeligui.grid.sources.directory_clocks import Clocks, said_of_expired
from zeligui.grid.sources.lines import FRACTIONS, LONGEST_TEXT, QUANTITIES
from zeligui.grid.survey import Piece, Survey

MOST_HOSTS = 100_000
MOST_ADDRESSES = 16
LONGEST_NOTE = 1000

MOST_FAULTS, MOST_TOLD = 1000, 3
"""Hosts of which it is known which values cannot be, and how many of them are named."""

_NO_TIMES: Mapping[str, float] = {}
"""Of a host no value of which has a time of its own: so are most."""

LEAVES_AFTER, LEAVES_S = 3, 600.0
"""A host leaves when so many answers in a row, and all for so long, lack it: a GIIS drops who answers late."""


@dataclass(slots=True)
class _Lack:
    """That answers do not name a host: since when, and how many."""

    since: float
    answers: int = 0


class News:
    """Told are hosts that are new or different. All methods may be called in any thread; times are seconds since 1970.

    A value with a time of its own is told once, if it is not older than the host's newest by more than `expiry_s`: else
    a bandwidth whose sensor is gone would be as fresh as the load that is still measured.
    """

    def __init__(self, url: str, expiry_s: float) -> None:
        self._url = url
        self._expiry_s = expiry_s
        self._turn = threading.Lock()
        self._clocks = Clocks()
        self._times: dict[str, Mapping[str, float]] = {}
        """When the values with a time of their own were measured that are told, by the host's name in small letters."""
        self._told: dict[str, Described | bytes] = {}
        """What is told of each host, or the only entry that describes it."""
        self._listed: set[str] = set()
        self._lacking: dict[str, _Lack] = {}
        self._expired: dict[str, float] = {}
        self._impossible: dict[str, tuple[str, ...]] = {}
        """Which values of a host cannot be what their names mean."""
        self._nameless = 0
        self._looked = float("-inf")

    def begin(self) -> None:
        """Tell all again: who listens is another."""
        with self._turn:
            self._told.clear()

    def whole(
        self, directory: Directory, now: float, *, note: str = "", complete: bool = True, gone: Collection[str] = ()
    ) -> list[Piece]:
        """What is new in an answer; what a `complete` one does not name is missing, but for what is certainly `gone`.

        `note` is said of all besides.
        """
        with self._turn:
            for name in gone:
                self._forget(name)
            self._nameless, self._expired = 0, {}
            alike = [piece for hosts in directory.alike for piece in self._surveyed(hosts, now)]
            measurements = [*alike, *self._measured(directory.hosts, now)]
            seen = {host.name for host in directory.hosts if not self._clocks.purged(host, now)}
            for hosts in directory.alike:
                seen.update(compress(hosts.names, ~self._clocks.purged_each(hosts, now)))
            missing, left = self._lack(seen, now) if complete else ((), ())
            self._looked = now
            return self._with_notes(measurements, directory.warnings, note, now, missing=missing, gone=(*gone, *left))

    def change(
        self, hosts: Collection[Described], gone: Iterable[str], now: float, *, warnings: tuple[str, ...], note: str
    ) -> list[Piece]:
        """What is new where these hosts changed, and those left."""
        with self._turn:
            left = tuple(gone)
            for name in left:
                self._forget(name)
            measurements = list(self._measured(hosts, now))
            self._looked = now
            return self._with_notes(measurements, warnings, note, now, gone=left)

    def _measured(self, hosts: Iterable[Described], now: float) -> Iterator[Measurement]:
        for host in hosts:
            if self._told.get(host.name) == host:
                continue
            if not self._takes(host.name):
                self._nameless += 1
                continue
            until = self._clocks.until(host, now, self._looked)
            self._expired.pop(host.name, None)
            if until < now or self._clocks.purged(host, now):
                self._expired[host.name] = until
                continue
            self._told[host.name] = host
            self._listed.add(host.name)
            yield from self._pieces(host, None if host.expires is None else until - now)

    def _surveyed(self, hosts: Alike, now: float) -> Iterator[Measurement | Survey]:
        """As `_measured`, of hosts that are alike."""
        new = [place for place, name in enumerate(hosts.names) if self._told.get(name) != hosts.entries[place][1]]
        hosts = hosts if len(new) == len(hosts.names) else hosts.some(new)
        odd = self._odd(hosts)
        if odd.any():
            yield from self._measured(hosts.some(np.flatnonzero(odd)).each(), now)
            hosts = hosts.some(np.flatnonzero(~odd))
        if not hosts.names:
            return
        until = self._clocks.until_each(hosts, now, self._looked)
        over = (until < now) | self._clocks.purged_each(hosts, now)
        for name in self._expired.keys() & hosts.names:
            del self._expired[name]
        if over.any():
            self._expired |= zip(compress(hosts.names, over), until[over].tolist(), strict=True)
            hosts, until = hosts.some(np.flatnonzero(~over)), until[~over]
        for name in self._impossible.keys() & hosts.names:
            del self._impossible[name]
        self._told |= zip(hosts.names, (content for _, content in hosts.entries), strict=True)
        self._listed.update(hosts.names)
        for name in hosts.names:
            self._times.setdefault(name.casefold(), _NO_TIMES)
        if hosts.names:
            yield Survey(self._url, hosts.names, hosts.values, hosts.stamps, until - now, hosts.addresses)

    def _odd(self, hosts: Alike) -> NDArray[np.bool_]:
        """Of which hosts there is more to say than of others: they have no stamp, or values that cannot be."""
        odd = np.isnan(hosts.stamps) | (len(self._times) + len(hosts.names) > MOST_HOSTS)
        for name, most in _limited(tuple(hosts.values)):
            column = hosts.values[name]
            odd |= True if isinstance(column, Texts) else ~((column >= 0) & (column <= most))
        return odd

    def _takes(self, name: str) -> bool:
        """Whether the name is one, and not one too many."""
        if not 0 < len(name) <= LONGEST_TEXT or not name.isprintable() or name.startswith("-"):
            return False
        if len(self._times) < MOST_HOSTS:
            self._times.setdefault(name.casefold(), _NO_TIMES)
        return name.casefold() in self._times

    def _pieces(self, host: Described, valid_s: float | None) -> Iterator[Measurement]:
        told = self._times[host.name.casefold()]
        oldest = max(host.times.values(), default=0.0) - self._expiry_s
        news = {name: when for name, when in host.times.items() if when > told.get(name, oldest)}
        if news:
            self._times[host.name.casefold()] = {**told, **news}
        lasting = self._possible(host)
        if host.times:
            lasting = {name: value for name, value in lasting.items() if name not in host.times}
        measurement = Measurement(
            host.name,
            self._url,
            lasting,
            stamp=host.stamp,
            addresses=host.addresses[:MOST_ADDRESSES],
            valid_s=valid_s,
            stands=host.stamp is None,
        )
        yield measurement
        if news:
            values = {name: value for name, value in self._possible(host).items() if name in news}
            yield replace(measurement, values=values, stamp=None, stands=False)

    def _possible(self, host: Described) -> Mapping[str, Value]:
        """Values that a directory publishes under names of the contract language are held to what these mean."""
        values = host.values
        wrong = tuple(name for name, most in _limited(tuple(values)) if not _is_quantity(values[name], most))
        self._impossible.pop(host.name, None)
        if not wrong:
            return values
        if len(self._impossible) < MOST_FAULTS:
            self._impossible[host.name] = wrong[:MOST_TOLD]
        return {name: value for name, value in values.items() if name not in wrong}

    def _lack(self, seen: Collection[str], now: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The hosts that this answer does not name, and those of them that it is time to give up."""
        for name in self._lacking.keys() & seen:
            del self._lacking[name]
        missing: list[str] = []
        gone: list[str] = []
        for name in self._listed - set(seen):
            lack = self._lacking.setdefault(name, _Lack(now))
            lack.answers += 1
            self._told.pop(name, None)
            away = lack.answers >= LEAVES_AFTER and now - lack.since >= LEAVES_S
            (gone if away else missing).append(name)
        for name in gone:
            self._forget(name)
        return tuple(missing), tuple(gone)

    def _forget(self, name: str) -> None:
        for kept in (self._told, self._lacking, self._expired, self._impossible):
            kept.pop(name, None)
        self._times.pop(name.casefold(), None)
        self._listed.discard(name)
        self._clocks.forget(name)

    def check_some(self, directory: Directory, now: float) -> None:
        """Unreachable where none of these hosts was taken."""
        with self._turn:
            hosts = [host.name for host in directory.hosts] + [name for some in directory.alike for name in some.names]
            if not self._told.keys().isdisjoint(hosts):
                return
            expired = said_of_expired(self._expired.values(), now)
        raise Unreachable(
            f"{self._url} knows no machines{' that are there now' if hosts else ''}. {expired}".rstrip(),
            hint="The clocks here and there may differ." if hosts else "Its base may be another.",
        )

    def _with_notes(
        self,
        measurements: Sequence[Measurement | Survey],
        warnings: Iterable[str],
        note: str,
        now: float,
        *,
        missing: tuple[str, ...] = (),
        gone: tuple[str, ...] = (),
    ) -> list[Piece]:
        expired = self._expired.values()
        nobody = "" if self._listed else f"{self._url} knows no machines{' that are there now' if expired else ''}."
        nameless = (
            f"Left out are {self._nameless} hosts whose names cannot be, or are too many." if self._nameless else ""
        )
        lacking = f"{len(missing)} hosts are not in its last answer." if missing else ""
        wrong = _said_of_impossible(self._impossible)
        said = (nobody, *warnings, said_of_expired(expired, now), self._clocks.said(), nameless, wrong, lacking)
        each = _shown(said)
        noted = [replace(one, note=each) for one in measurements] if each else [*measurements]
        return [*noted, Bulletin(_shown((*said, note)), missing, gone)]


def _said_of_impossible(impossible: Mapping[str, tuple[str, ...]]) -> str:
    if not impossible:
        return ""
    named = [f"{', '.join(names)} of {host}" for host, names in islice(impossible.items(), MOST_TOLD)]
    more = len(impossible) - len(named)
    return f"Values that cannot be are left out: {'; '.join(named)}{f'; and of {more} more hosts' if more else ''}."


@lru_cache(maxsize=256)
def _limited(names: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Those of these attributes that are quantities, with their most; most hosts have the same ones."""
    folded = ((name, name.casefold()) for name in names)
    return tuple((name, _MOST.get(key, math.inf)) for name, key in folded if key in QUANTITIES or key in _MOST)


_MOST = {"hostname": -math.inf} | dict.fromkeys(FRACTIONS, 1.0)


def _is_quantity(value: Value, most: float) -> bool:
    return isinstance(value, float) and 0 <= value <= most


def _shown(texts: Iterable[str]) -> str:
    text = " ".join(filter(None, texts))
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return plain if len(plain) <= LONGEST_NOTE else f"{plain[:LONGEST_NOTE]}…"
