"""200 machines watched over ssh, a measurement each every 5 s: processor time, memory, and how late the loop gets.

HOSTS and SECONDS in the environment choose others. Ssh servers, connections and all that goes over them are real; the
machines are this one, each at an address and with an identity of its own. 200 sensors would take half of a processor
and be measured along: recorded lines of one are told in their place, with the time of now. With SENSORS=real they run.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.fleet_hosts import Fleet
from benchmarks.ticker import Ticker, ms, quantile

HOSTS, SECONDS = int(os.environ.get("HOSTS", "200")), int(os.environ.get("SECONDS", "60"))
REAL = os.environ.get("SENSORS") == "real"
PERIOD_S = 5.0
MOST_CPU, MOST_MB, MOST_LATE_MS = 0.25, 250, 100


def main() -> None:
    """Print the figures of the process that watches, and how late a bare event loop was meanwhile."""
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as folder:
        fleet = Fleet(Path(folder), HOSTS, real=REAL)
        try:
            asyncio.run(watched(fleet, Path(folder)))
        finally:
            fleet.stop()


async def watched(fleet: Fleet, folder: Path) -> None:
    """Print what the watching process measures of itself, and how late the loop of this one, which is idle, was."""
    own = folder / "own"
    own.mkdir()
    words = ["-m", "benchmarks.fleet_watch", str(SECONDS), str(PERIOD_S)]
    words += [str(fleet.known_hosts), str(fleet.identity), *fleet.urls]
    environment = os.environ | {"HOME": str(own), "ZELIGRID_HOME": str(own)}
    environment.pop("SSH_AUTH_SOCK", None)
    watching = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=environment, stdout=subprocess.PIPE, limit=2**28
    )
    sensors = "their sensors" if REAL else "recorded sensor lines"
    print(f"fleet  {HOSTS} ssh hosts with {sensors}, one measurement each every {PERIOD_S:g} s, for {SECONDS} s")
    for tell in (tell_start, tell_lateness, tell_cost):
        tell(*await next_of(watching))
    await watching.wait()


async def next_of(watching: asyncio.subprocess.Process) -> tuple[Mapping[str, Any], list[float]]:
    """The next figures of the process, and how late the loop here was until they came."""
    ticker = Ticker()
    line = await watching.stdout.readline() if watching.stdout is not None else b""
    await ticker.stop()
    if not line:
        raise RuntimeError("The process that watches has ended.")
    return json.loads(line), list(ticker.late)


def tell_start(figures: Mapping[str, Any], bare: list[float]) -> None:
    """How long it takes until all are up."""
    print(f"fleet  all up after {figures['seconds']:.1f} s, {figures['cpu_s']:.1f} s of processor time")
    tell_late(figures, bare)


def tell_lateness(figures: Mapping[str, Any], bare: list[float]) -> None:
    """Once all are up."""
    print(f"fleet  {figures['measurements'] / SECONDS:.1f} measurements a second, those of the ways among them")
    tell_late(figures, bare)


def tell_late(figures: Mapping[str, Any], bare: list[float]) -> None:
    """How late the loop was, and how much of that it was busy itself."""
    late, busy = figures["late"], figures["busy"]
    print(
        f"fleet    the loop late by at most {ms(max(late))} ms, {ms(quantile(late, 0.99))} in 99 % of all ticks; "
        f"a bare loop meanwhile {ms(max(bare))} and {ms(quantile(bare, 0.99))}; wanted: at most {MOST_LATE_MS}; "
        f"its thread busy for at most {ms(max(busy))} ms"
    )


def tell_cost(figures: Mapping[str, Any], _: list[float]) -> None:
    """Processor time and memory."""
    print(
        f"fleet  processor: {figures['cpu']:.1%} of one core, wanted: under {MOST_CPU:.0%}; "
        f"memory: {figures['rss']:.0f} MB, wanted: under {MOST_MB}; {figures['threads']} threads"
    )


if __name__ == "__main__":
    main()
