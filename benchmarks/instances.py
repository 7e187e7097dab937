"""The same job on 8 machines against on one, on kept connections to an embedded grid; and how late the loop gets."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

from benchmarks.ticker import Ticker
from zeligui.errors import LinkError
from zeligui.jobs import open_service
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.service import JobService
from zeligui.links import open_links
from zeligui.testbed.grid import Grid

NODES = 8
ROUNDS = 5
JOB = JobDescription("/bin/sleep", ("20",))


def main() -> None:
    """Print the times, their ratio, and the loop's worst lateness with eight machines that do not answer."""
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as name, Grid(Path(name), nodes=NODES) as grid:
        one, many, late = asyncio.run(measured(grid))
    print(f"{NODES} instances on {NODES} machines: {1e3 * many:.0f} ms, median of {ROUNDS}")
    print(f"  1 instance on 1 machine: {1e3 * one:.0f} ms")
    print(f"  ratio {many / one:.2f} (target: at most 5)")
    print(f"loop lateness during that: at most {1e3 * late:.0f} ms (target: at most 100)")
    print(f"loop lateness, 8 silent machines tried: at most {1e3 * asyncio.run(lateness_of_silence()):.0f} ms")


async def measured(grid: Grid) -> tuple[float, float, float]:
    links = open_links(known_hosts=[grid.known_hosts], identities=[grid.identity])
    services = [open_service(url, links) for url in grid.sources]
    await started(services)  # connects, and looks at each machine once
    ticker = Ticker()
    ones, manies = [], []
    for _ in range(ROUNDS):
        ones.append(await started(services[:1]))
        manies.append(await started(services))
    late = await ticker.stop()
    await links.close()
    return median(ones), median(manies), late


async def started(services: Sequence[JobService]) -> float:
    """Seconds from prepare until the job runs on all."""
    begun = time.perf_counter()
    attempts = [secrets.token_hex(16) for _ in services]
    pairs = list(zip(services, attempts, strict=True))
    await asyncio.gather(*(service.prepare(attempt, JOB) for service, attempt in pairs))
    await asyncio.gather(*(service.commit(attempt) for service, attempt in pairs))
    await asyncio.gather(*(runs(service, attempt) for service, attempt in pairs))
    taken = time.perf_counter() - begun
    await asyncio.gather(*(service.cancel(attempt, grace_s=1.0) for service, attempt in pairs))
    return taken


async def runs(service: JobService, attempt: str) -> None:
    while (await service.find([attempt]))[attempt].state is not JobState.RUNNING:
        await asyncio.sleep(0.01)


async def lateness_of_silence() -> float:
    """The loop's worst lateness while eight servers are tried that accept and say nothing."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(8)]
    links = open_links(known_hosts=[], identities=[])
    urls = [f"ssh://127.0.0.1:{one.getsockname()[1]}" for one in listeners]
    ticker = Ticker()
    await asyncio.gather(*(tried(links.to(url).run(":", limit_s=3.0)) for url in urls))
    late = await ticker.stop()
    await links.close()
    for one in listeners:
        one.close()
    return late


async def tried(work: object) -> None:
    with suppress(LinkError):
        await work  # type: ignore[misc]
