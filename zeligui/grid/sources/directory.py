"""`ldap://` and `ldaps://`: a directory of machines (GRIS, GIIS, BDII, NWS) as a source, searched from time to time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from zeligui.errors import Unreachable
from zeligui.grid.directories import CLASSES, Described, Directory, describe
from zeligui.grid.hosts import Measurement, Source, Value
from zeligui.grid.sources.lines import FRACTIONS, LONGEST_TEXT, QUANTITIES
from zeligui.grid.sources.sieve import Sieve
from zeligui.links.calls import call
from zeligui.links.ldap import SEARCH_S, Place, parse, search
from zeligui.links.link import Links

POLL_S = 10.0
"""Between two searches: a directory is no sensor. Shorter where values would expire before they come again."""

SPARE_S = 60.0
"""Beyond the time for a search: to look up a name, to connect, and to make hosts of what was found."""

MOST_HOSTS = 100_000
LONGEST_NOTE = 500

CLOCK_SLACK_S = 60.0
"""So much a publisher's clock may be behind ours before what it says to be valid is taken as expired."""

CONDITION = f"(|{''.join(f'(objectClass={name})' for name in CLASSES)})"


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source for `ldap://host[:port]/base` or `ldaps://…`, entered as the links say. UsageError for another URL."""
    return DirectorySource(parse(url, links.directories), period_s=period_s, expiry_s=expiry_s)


class DirectorySource:
    """Searches its directory every `max(period_s, 10 s)`; a host that is gone from it is not told of any more."""

    def __init__(self, place: Place, *, period_s: float, expiry_s: float) -> None:
        self.url = place.url
        self._place = place
        self._pause_s = max(period_s, min(POLL_S, expiry_s / 2))
        self._news = News(place.url, expiry_s)

    async def watch(self) -> AsyncIterator[Measurement]:
        """All hosts of the directory after each search. A LinkError says why it does not answer or has none."""
        while True:
            directory = await self._directory()
            for measurement in self._news.of(directory, time.time()):
                yield measurement
            await asyncio.sleep(self._pause_s)

    async def _directory(self) -> Directory:
        limit_s = SEARCH_S + SPARE_S
        try:
            return await call(read, self._place, limit=limit_s)
        except TimeoutError as error:
            raise Unreachable(f"{self.url} has not given its answer within {limit_s:g} s.") from error


def read(place: Place) -> Directory:
    """What a directory knows of machines now. A LinkError says why it does not answer. Blocks."""
    sieve = Sieve()
    entries = {entry.dn.key: entry for found in search(place, CONDITION) if (entry := sieve.entry(found))}
    here = {name.casefold() for name in (socket.gethostname(), socket.getfqdn())}
    directory = describe(entries.values(), here=here)
    return Directory(directory.hosts, (*directory.warnings, *sieve.warnings()))


class News:
    """What is new in a directory, checked as if an enemy had written it.

    A value with a time of its own is told once, if it is not older than the host's newest by more than `expiry_s`: else
    a bandwidth whose sensor is gone would be as fresh as the load that is still measured.
    """

    def __init__(self, url: str, expiry_s: float) -> None:
        self._url = url
        self._expiry_s = expiry_s
        self._told: dict[str, dict[str, float]] = {}

    def of(self, directory: Directory, now: float) -> Iterator[Measurement]:
        """The measurements of the hosts that are valid at `now` (seconds since 1970); Unreachable where none is."""
        hosts = [host for host in directory.hosts if self._takes(host.name)]
        past = [host.expires for host in hosts if host.expires is not None and host.expires < now - CLOCK_SLACK_S]
        valid = [host for host in hosts if host.expires is None or host.expires >= now - CLOCK_SLACK_S]
        expired = _said_of_expired(past)
        if not valid:
            raise Unreachable(
                f"{self._url} knows no machines{' that are there now' if hosts else ''}. {expired}".rstrip(),
                hint="The clocks here and there may differ." if hosts else "Its base may be another.",
            )
        note = _shown(" ".join(filter(None, (*directory.warnings, expired, _said_of_nameless(directory, hosts)))))
        for host in valid:
            yield from self._measured(host, note)

    def _takes(self, name: str) -> bool:
        """Whether the name is one, and not one too many: rows of machines are never given back."""
        if not 0 < len(name) <= LONGEST_TEXT or not name.isprintable() or name.startswith("-"):
            return False
        if len(self._told) < MOST_HOSTS:
            self._told.setdefault(name.casefold(), {})
        return name.casefold() in self._told

    def _measured(self, host: Described, note: str) -> Iterator[Measurement]:
        told = self._told[host.name.casefold()]
        oldest = max(host.times.values(), default=0.0) - self._expiry_s
        news = {name: when for name, when in host.times.items() if when > told.get(name, oldest)}
        told.update(news)
        lasting = {name: value for name, value in host.values.items() if name not in host.times}
        yield Measurement(host.name, self._url, _possible(lasting), stamp=host.stamp, note=note)
        if news:
            yield Measurement(host.name, self._url, _possible({name: host.values[name] for name in news}), note=note)


def _possible(values: Mapping[str, Value]) -> dict[str, Value]:
    """Attributes that a directory publishes under names of the contract language are held to what these mean."""
    return {name: value for name, value in values.items() if _can_be(name.casefold(), value)}


def _can_be(name: str, value: Value) -> bool:
    if name in QUANTITIES:
        return isinstance(value, float) and value >= 0 and (value <= 1 or name not in FRACTIONS)
    return name != "hostname"


def _said_of_nameless(directory: Directory, taken: Sequence[Described]) -> str:
    left_out = len(directory.hosts) - len(taken)
    return f"Left out are {left_out} hosts whose names cannot be, or are too many." if left_out else ""


def _said_of_expired(times: list[float]) -> str:
    if not times:
        return ""
    hosts = "1 host" if len(times) == 1 else f"{len(times)} hosts"
    return (
        f"The values of {hosts} were valid until {datetime.fromtimestamp(max(times), UTC):%Y-%m-%d %H:%M} UTC at most."
    )


def _shown(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return plain if len(plain) <= LONGEST_NOTE else f"{plain[:LONGEST_NOTE]}…"
