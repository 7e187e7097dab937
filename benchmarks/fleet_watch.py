"""`python -m benchmarks.fleet_watch SECONDS PERIOD KNOWN_HOSTS IDENTITY URL…`: watches machines; its cost, in JSON.

Three lines are printed: when all are up, after so many seconds of asking how late the loop is, and after as many more.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import rss_mb
from benchmarks.ticker import Ticker, lateness
from zeligui.clock import SystemClock
from zeligui.grid.machines import Arrival, Machines
from zeligui.grid.sources import open_source
from zeligui.links import open_links

UP_S, SETTLING_S = 300.0, 10.0


def main() -> None:
    """Watch."""
    seconds, period, known_hosts, identity, *urls = sys.argv[1:]
    asyncio.run(watch(float(seconds), float(period), Path(known_hosts), Path(identity), urls))


async def watch(seconds: float, period_s: float, known_hosts: Path, identity: Path, urls: list[str]) -> None:
    """Half of the time the loop is asked how late it is, the other half what all costs: asking costs something too."""
    links = open_links(known_hosts=[known_hosts], identities=[identity])
    machines = Machines([open_source(url, links, period_s=period_s) for url in urls], clock=SystemClock())
    try:
        tell(await begin(machines, len(urls)))
        await asyncio.sleep(SETTLING_S)
        tell(await lateness_of(machines, seconds))
        tell(await cost(seconds))
        if any(host.status != "up" for host in machines.hosts()):
            raise RuntimeError("A machine was lost meanwhile.")
    finally:
        await machines.close()
        await links.close()


async def begin(machines: Machines, count: int) -> dict[str, Any]:
    """Start, and wait until all are up."""
    ticker, since, used = Ticker(), time.perf_counter(), time.process_time()
    machines.start()
    async with asyncio.timeout(UP_S):
        while sum(feed.status == "up" for feed in machines.feeds) < count:
            await asyncio.sleep(0.5)
    figures = {"seconds": time.perf_counter() - since, "cpu_s": time.process_time() - used}
    await ticker.stop()
    return figures | {"late": list(ticker.late), "busy": list(ticker.busy)}


async def lateness_of(machines: Machines, seconds: float) -> dict[str, Any]:
    """How late the loop is, and how many measurements come meanwhile."""
    heard: list[Arrival] = []
    forget = machines.subscribe(heard.append)
    late, busy = await lateness(seconds)
    forget()
    return {"late": late, "busy": busy, "measurements": sum(arrival.measured for arrival in heard)}


async def cost(seconds: float) -> dict[str, Any]:
    """The share of a processor that all takes, and the memory."""
    used, since = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (time.process_time() - used) / (time.perf_counter() - since)
    return {"cpu": share, "rss": rss_mb(), "threads": threading.active_count()}


def tell(figures: dict[str, Any]) -> None:
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
