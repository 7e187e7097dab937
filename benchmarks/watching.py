"""`python -m benchmarks.watching HOSTS JOBS RATE SECONDS`: the window over a crowd, in a process of its own; JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication

from benchmarks.looks import Looks, answer_s, proxy_s
from benchmarks.memory import in_status, rss_mb
from benchmarks.ticker import lateness
from zeligui.app import EventLoop, store_of
from zeligui.clock import SystemClock
from zeligui.experiment.journal import Journal
from zeligui.gui.shell import Shell
from zeligui.gui.sweeping import Sweeper
from zeligui.settings import Home, load
from zeligui.shipped import shipped

if TYPE_CHECKING:
    from benchmarks.crowd import Crowd

LONG_S = 120.0
SETTLING_S = 3.0
IDLE_S = 3.0
LOOK_S = 0.7
"""A filter stays for some snapshots."""
FILTERS = {
    "hosts": ("node0", "site7", "cpuAvail > 0.6 and freeMemory > 2000", "freeDisk", "node00017"),
    "jobs": ("running", "survey1/ node000", "error", "suspended profile1", "node00017"),
}


def main() -> None:
    """Run, and print the figures."""
    hosts, jobs, rate, seconds = (int(word) for word in sys.argv[1:5])
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as folder:
        os.environ |= {"HOME": folder, "ZELIGRID_HOME": folder}
        print(json.dumps(run(watched(hosts, jobs, rate, seconds))))


def run(work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """Run a coroutine on the loop that the window has, as the application does."""
    gc.disable()
    application = QApplication.instance() or QApplication(["zeligrid"])
    loop = EventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        figures: dict[str, Any] = loop.run_until_complete(work)
    return figures


async def watched(hosts: int, jobs: int, rate: int, seconds: int) -> dict[str, Any]:
    """Fill the window, look on for some seconds while all goes on, then type filters."""
    from benchmarks.crowd import Crowd, Jobs  # after the window, as in the program: it matters for the memory

    figures: dict[str, Any] = {"rss_bare": bare_mb()}
    home, crowd = Home.find(), Crowd(hosts, jobs, rate=rate)
    journal = Journal.open(home.journal_file)
    made_up = Jobs(journal, crowd.names, jobs)
    await made_up.begin(home.leases_folder)
    async with opened(home) as shell:
        figures["rss_start"], (figures["idle"], _) = rss_mb(), await lateness(IDLE_S)
        figures["filled"] = await filled(shell, crowd, jobs)
        happening = asyncio.create_task(made_up.go_on(min(rate, jobs / 20)))
        looks = Looks.taken(shell)
        await asyncio.sleep(SETTLING_S)
        counting = asyncio.create_task(snapshots(shell, seconds))
        figures["late"], figures["busy"] = await lateness(seconds)
        figures["rss"] = rss_mb()
        figures["snapshots"], figures["lost"] = await counting, looks.lost(shell)
        figures["filters"] = {name: await answers(shell, name) for name in FILTERS}
        figures["proxy"] = proxy_s(shell.window.jobs, FILTERS["jobs"])
        happening.cancel()
        with suppress(asyncio.CancelledError):
            await happening
    made_up.end()
    journal.close()
    return figures


@asynccontextmanager
async def opened(home: Home) -> AsyncIterator[Shell]:
    """The window and its session, with a contract of two profiles open."""
    shell = Shell(home, load(home), SystemClock(), store_of(home))
    shell.window.resize(1280, 800)
    shell.window.show()
    try:
        await shell.open([shipped("contracts") / "two-profiles.contract"])
        Sweeper(shell.window)
        await until(lambda: shell.window.contracts.contract is not None)
        yield shell
    finally:
        await shell.close()


async def filled(shell: Shell, crowd: Crowd, jobs: int) -> float:
    """Seconds until all is shown."""
    begun = time.perf_counter()
    if shell.session is None:
        raise RuntimeError("nothing is open")
    await shell.session.machines.change([crowd])
    shell.session.view.touch_all()
    hosts = shell.window.hosts.model
    await until(lambda: hosts.rowCount() == len(crowd.names) and shell.window.jobs.model.shown == jobs)
    return time.perf_counter() - begun


async def snapshots(shell: Shell, seconds: float) -> int:
    """How many are shown in that time."""
    count, seen, end = 0, shell.window.snapshot, time.perf_counter() + seconds
    while time.perf_counter() < end:
        await asyncio.sleep(0.02)
        count += shell.window.snapshot is not seen
        seen = shell.window.snapshot
    return count


async def answers(shell: Shell, name: str) -> list[tuple[float, float]]:
    """From typing to the filtered view, and from clearing to the whole one, for each text; as `answer_s`."""
    pane = shell.window.hosts if name == "hosts" else shell.window.jobs
    taken = []
    for text in FILTERS[name]:
        taken.append(await answer_s(pane, text))
        await asyncio.sleep(LOOK_S)
        if pane.filter.text != text or not pane.filter.counts.isVisible():
            raise RuntimeError(f"The filter {text} did not stay.")
        taken.append(await answer_s(pane, ""))
        await asyncio.sleep(LOOK_S)
    return taken


async def until(true: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(LONG_S):
        while not true():
            await asyncio.sleep(0.01)


def bare_mb() -> float:
    """The memory of a process that shows an empty window and does no more."""
    code = (
        "from PySide6.QtWidgets import QApplication, QMainWindow as Window; app = QApplication([]); window = Window();"
        "window.show(); app.processEvents(); print(open('/proc/self/status').read())"
    )
    status = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout
    return in_status(status)


if __name__ == "__main__":
    main()
