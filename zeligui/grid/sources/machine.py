"""A machine that is measured by the sensor, which is sent over the connection and streams its lines back over it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import cast
from weakref import WeakKeyDictionary

from zeligui.errors import LinkError, Unreachable, UsageError
from zeligui.grid.hosts import Measurement, Source, Value
from zeligui.grid.sources.lines import Publisher
from zeligui.grid.sources.pace import Pace
from zeligui.grid.sources.sending import script
from zeligui.grid.sources.way import Measured, Turns, Way
from zeligui.links.link import Link, Links
from zeligui.tasks import Tasks

WORDS = "a machine, by a sensor that runs there and is not installed"
"""What `zeligrid adaptors` says of it."""

CONNECT_S = 25.0
"""The time to the first line beyond the time between two: a connection, and a sensor on a machine that is very busy."""

SILENCE_S = 5.0
"""So long after three periods without a line, the sensor is given up."""

PROBE_S, SHORTEST_PROBE_S = 50.0, 1.0
"""Between two measurements of latency and bandWidth, at most and at least."""

PROBE_AHEAD_S = 10.0
"""So long before the last values expire, or after half of their time, the next ones are measured."""

PROBE_AGAIN_S = 10.0
"""The same after a failure."""

_TURNS: WeakKeyDictionary[Links, Turns] = WeakKeyDictionary()
"""Who may probe: of the ways out of this machine one at a time, for two probes at once would measure each other."""

_PACES: WeakKeyDictionary[Links, Pace] = WeakKeyDictionary()
"""How fast machines are begun with."""


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source for `local://` or `ssh://[user@]host[:port]`."""
    if not 0.1 <= period_s <= 3600:
        raise UsageError(f"A period of {period_s:g} s is not possible.", hint="Take one from 0.1 s to an hour.")
    turns = _TURNS.setdefault(links, Turns())
    probe_s = max(SHORTEST_PROBE_S, min(PROBE_S, max(expiry_s - PROBE_AHEAD_S, expiry_s / 2)))
    pace = _PACES.setdefault(links, Pace())
    return MachineSource(url, links.to(url), turns, pace, period_s=period_s, probe_s=probe_s)


class MachineSource:
    """One machine behind a link. The connection is the link's, and stays when the source ends."""

    def __init__(
        self,
        url: str,
        link: Link,
        turns: Turns | None = None,
        pace: Pace | None = None,
        *,
        period_s: float = 2.0,
        probe_s: float = PROBE_S,
    ) -> None:
        """One of `turns` is had while the way is probed; sources that share a way to the network share them.

        `pace` is shared by all sources of an event loop.
        """
        self.url = url
        self._link = link
        self._turns = turns or Turns()
        self._pace = pace or Pace()
        self._period_s = period_s
        self.probe_s = probe_s

    async def watch(self) -> AsyncIterator[Measurement]:
        """Measure for ever: a measurement a period, and every `probe_s` one of latency and bandWidth alone.

        Ends by a LinkError when the connection breaks, the sensor ends, or nothing comes for three periods and 5 s.
        """
        begun = await self._pace.turn()
        news: asyncio.Queue[Measurement | BaseException] = asyncio.Queue()
        tasks = Tasks(lambda _, error: news.put_nowait(error))
        watch = _Watch(self.url, self._link, self._turns, self._period_s)
        tasks.start(f"reading the sensor of {self.url}", watch.read(news))
        tasks.start(f"measuring the way to {self.url}", watch.probe(news, self.probe_s))
        try:
            while True:
                piece = await news.get()
                begun()
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            begun()
            await tasks.stop()


class _Watch:
    """One run of the sensor, and the probes of the way to it."""

    def __init__(self, url: str, link: Link, turns: Turns, period_s: float) -> None:
        self._url = url
        self._link = link
        self._turns = turns
        self._period_s = period_s
        self._known: asyncio.Future[Measurement] = asyncio.get_running_loop().create_future()
        self._complaint = ""

    async def read(self, news: asyncio.Queue[Measurement | BaseException]) -> None:
        """Put each line of the sensor into `news`, checked. A flood of lines is thinned, not piled up."""
        publisher = Publisher(self._url)
        silence_s = 3 * self._period_s + SILENCE_S
        limit_s, earliest = silence_s + CONNECT_S, 0.0
        async with aclosing(cast(AsyncGenerator[bytes], self._link.stream(script(self._period_s)))) as lines:
            while True:
                try:
                    async with asyncio.timeout(limit_s):
                        line = await anext(lines, None)
                except TimeoutError as error:
                    raise Unreachable(f"{self._url} has sent no measurement for {limit_s:g} s.") from error
                if line is None:
                    raise Unreachable(f"The sensor on {self._url} has ended.")
                if time.monotonic() < earliest:
                    continue
                earliest, limit_s = time.monotonic() + self._period_s / 10, silence_s
                measurement = publisher.measurement(line)
                if not self._known.done() and measurement.values:
                    self._known.set_result(measurement)
                note = " ".join(filter(None, (measurement.note, self._complaint)))
                addresses = (self._link.peer,) if self._link.peer else ()
                await news.put(replace(measurement, note=note, addresses=addresses))

    async def probe(self, news: asyncio.Queue[Measurement | BaseException], every_s: float) -> None:
        """Put latency and bandWidth into `news`, at first once the machine has a name."""
        host = await self._known
        way = Way(self._link, self._turns)
        async with self._turns.member():
            while True:
                begun = time.monotonic()
                try:
                    found = await way.measure(every_s)
                except LinkError as error:
                    self._complaint = f"Latency and bandwidth could not be measured: {error}"
                    await asyncio.sleep(min(PROBE_AGAIN_S, every_s))
                    continue
                self._complaint = ""
                await news.put(Measurement(host.host, self._url, _values(found), host.identity))
                await asyncio.sleep(max(0.0, begun + every_s - time.monotonic()))


def _values(found: Measured) -> dict[str, Value]:
    latency, bandwidth = round(found.latency_ms, 3), round(found.bandwidth, 1)
    return {"latency": latency, "bandWidth": bandwidth, "wayMeasured": found.by}
