"""Half an hour of the demo under load: what a user does again and again takes no more memory at the end."""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from tests.gui.driving import User, run
from zeligui.gui.heap import keep_tidy
from zeligui.gui.sweeping import Sweeper

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
"""A trial may be shorter."""
SETTLED = 0.1
"""The share of the time after which all is loaded that is ever used: three minutes of thirty."""
MOST = 1.03
DIALOGS = ("Configuration", "New experiment", "Add machines", "Keyboard shortcuts", "About ZeliGrid", "Manual")

Samples = list[tuple[float, float]]
"""Shares of the time that had passed, and MB."""


@pytest.fixture
def garbage_as_in_the_application() -> Iterator[None]:
    keep_tidy()
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 * 1.5 + 300)
@pytest.mark.usefixtures("garbage_as_in_the_application")
def test_half_an_hour_under_load_takes_no_more_memory(qapp: QApplication) -> None:
    samples = run(qapp, sitting())
    first = median(memory for share, memory in samples if SETTLED <= share <= SETTLED + 0.1)
    last = median(memory for share, memory in samples if share >= 0.9)
    print(f"{len(samples)} rounds, {first:.1f} MB, then {last:.1f} MB: {last / first - 1:+.1%}")
    assert last <= MOST * first, [(f"{share:.2f}", round(memory)) for share, memory in samples]


async def sitting() -> Samples:
    samples: Samples = []
    async with User.sits_down() as user:
        Sweeper(user.window)
        await does(user, "Try the demo grid")
        await user.sees(lambda: (user.cell(user.window.contracts.view, "profile1", 1) or "").startswith("3 of 4"))
        begun, chance = time.monotonic(), random.Random(7)
        while (passed := time.monotonic() - begun) < MINUTES * 60:
            await plays(user, chance)
            samples.append((passed / (MINUTES * 60), resident_mb()))
            print(f"{passed:5.0f} s {samples[-1][1]:.1f} MB", flush=True)
    return samples


async def plays(user: User, chance: random.Random) -> None:
    """Start, load the machine, look around while the job moves, and stop it."""
    jobs = user.window.jobs
    await does(user, "Start")
    await user.sees(lambda: runs_on(user))
    first = runs_on(user)
    user.window.hosts.select_host(first)
    await does(user, "Put load on this machine")
    await looks_around(user, chance)
    await user.sees(lambda: runs_on(user) not in {"", first})
    user.window.hosts.select_host(first)
    await does(user, "Take the load off")
    jobs.select_job(("demo", 1))
    await does(user, "Stop")
    await user.sees(lambda: user.dialog(QMessageBox))
    await user.presses("Stop 1 job")
    await user.sees(lambda: user.cell(jobs.view, "demo/1", 1) == "Canceled")


async def does(user: User, text: str) -> None:
    """Trigger an action as soon as it can be done."""
    await user.sees(lambda: user.action(text).isEnabled())
    user.does(text)


def runs_on(user: User) -> str:
    """The host on which the job runs, "" while it does not."""
    state, host = (user.cell(user.window.jobs.view, "demo/1", column) for column in (1, 2))
    return host or "" if state == "Running" else ""


async def looks_around(user: User, chance: random.Random) -> None:
    window = user.window
    for host in ("node1.grid", "node2.grid", "node3.grid", "node4.grid"):
        window.hosts.select_host(host)
        window.hosts.view.setExpanded(window.hosts.view.currentIndex(), chance.random() < 0.5)
        window.details.tabs.setCurrentIndex(chance.randrange(window.details.tabs.count()))
    for pane, texts in (
        (window.hosts, ("node", "cpuAvail > 0.5", "freeMemory")),
        (window.jobs, ("running", "demo", "nothing like this")),
        (window.log, ("violated", "node", "relocated")),
    ):
        pane.filter.line.setText(chance.choice(texts))
        await user.sees(pane.filter.counts.isVisible)
        pane.filter.line.clear()
    for name in DIALOGS:
        await does(user, name)
        dialog = await user.sees(lambda: user.dialog(QDialog))
        dialog.close()
        await user.sees(lambda: user.dialog(QDialog) is None)
    await explains(user)


async def explains(user: User) -> None:
    await does(user, "Why not this machine?")
    dialog = await user.sees(lambda: user.shell.machines.explained)
    await user.sees(lambda: user.rows(dialog.view))
    dialog.close()


def resident_mb() -> float:
    """The memory of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6
