"""`python -m benchmarks.listing load|change URL HOSTS`: a process that loads a directory, and what that costs; JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.slapd import change, host_name
from benchmarks.ticker import Ticker
from zeligui.clock import SystemClock
from zeligui.grid.machines import Arrival, Machines
from zeligui.grid.sources import open_source
from zeligui.grid.sources.directory import DirectorySource
from zeligui.links import open_links

LONG_S = 120.0
CHANGES, CHANGED = 10, 100
FREE = "Mds-Memory-Ram-Total-freeMB"


def main() -> None:
    """Load, or load and listen to changes."""
    what, url, hosts = sys.argv[1:]
    print(json.dumps(asyncio.run({"load": load, "change": listen}[what](url, int(hosts)))))


async def load(url: str, hosts: int) -> dict[str, Any]:
    """The first load, and then a search that finds nothing new."""
    begun, used = time.perf_counter(), time.process_time()
    async with watching(url, hosts) as (machines, _):
        first, cpu = time.perf_counter() - begun, time.process_time() - used
        if len(machines.columns().names) != hosts:
            raise RuntimeError("Not all hosts are known.")
    ticker = Ticker()
    async with watching(url, hosts) as (_, source):
        late = await ticker.stop()
    source._search()
    begun = time.perf_counter()
    source._search()
    return {"first_s": first, "cpu_s": cpu, "late_s": late, "again_s": time.perf_counter() - begun}


async def listen(url: str, hosts: int) -> dict[str, Any]:
    """100 hosts change, ten times: how long it takes until all are heard of, and how long the loop is busy with it."""
    figures: dict[str, list[float]] = {"taken_s": [], "busy_s": [], "modify_s": []}
    async with watching(url, hosts) as (machines, _):
        await asyncio.sleep(2)
        for turn in range(CHANGES):
            heard = Heard(machines)
            names = [host_name((turn * 997 + number * 37) % hosts) for number in range(CHANGED)]
            begun, busy = time.perf_counter(), time.thread_time()
            await asyncio.to_thread(
                change, url, {name: {FREE: str(turn), "Mds-validfrom": stamp(turn)} for name in names}
            )
            figures["modify_s"].append(time.perf_counter() - begun)
            await heard.of(set(names))
            figures["taken_s"].append(time.perf_counter() - begun - figures["modify_s"][-1])
            figures["busy_s"].append(time.thread_time() - busy)
    return figures


def stamp(turn: int) -> str:
    """A new one at each turn."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + turn - CHANGES))


class Heard:
    """The hosts of which there is news since it was made."""

    def __init__(self, machines: Machines) -> None:
        self._names: set[str] = set()
        self._news = asyncio.Event()
        self._forget = machines.subscribe(self._hear)

    def _hear(self, arrival: Arrival) -> None:
        if arrival.measured:
            self._names.add(arrival.host)
            self._news.set()

    async def of(self, names: set[str]) -> None:
        """Wait until there is news of all these."""
        async with asyncio.timeout(LONG_S):
            while not names <= self._names:
                self._news.clear()
                await self._news.wait()
        self._forget()


@asynccontextmanager
async def watching(url: str, hosts: int) -> AsyncIterator[tuple[Machines, DirectorySource]]:
    """Machines that know all hosts of the directory."""
    links = open_links()
    source = open_source(url, links)
    assert isinstance(source, DirectorySource)
    machines = Machines([source], clock=SystemClock())
    try:
        machines.start()
        await machines.first_round(LONG_S)
        if len(machines.listed) != hosts:
            raise RuntimeError(f"There are {len(machines.listed)} hosts: {machines.feeds}")
        yield machines, source
    finally:
        await machines.close()
        await links.close()


if __name__ == "__main__":
    main()
