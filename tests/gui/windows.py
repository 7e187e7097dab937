"""The main window without a session: shown snapshots made by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSettings

from tests.gui.happenings import event
from tests.gui.snapshots import CONTRACT, NOW, StillClock, contract, host, job, snapshot
from zeligui.events import Event
from zeligui.gui.details_pane import DetailsPane
from zeligui.gui.plots_pane import PlotsPane
from zeligui.gui.window import MainWindow
from zeligui.session.snapshot import RemoteJob, Snapshot, Standing
from zeligui.session.tail import Piece


def store(folder: Path) -> QSettings:
    """Where looks are kept."""
    return QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)


def made(looks: QSettings, clock: StillClock | None = None) -> MainWindow:
    """A window that nothing is behind: jobs print nothing, every attribute has been the same for ten minutes."""
    clock = clock or StillClock()
    details = DetailsPane(_nothing, _sent, _events)
    return MainWindow(clock, details, PlotsPane(_history, _events, clock), looks)


def everything() -> Snapshot:
    """Something for each pane: hosts of each status, jobs of each standing, contracts good and bad, events."""
    hosts = [host("node1"), host("node2", cpuAvail=0.1), host("old", status="stale", detail="It is silent.", age=90.0)]
    hosts += [host("gone", status="unreachable", detail="No route."), host("no", status="refused", detail="No key.")]
    jobs = [job("pi", number, standing) for number, standing in enumerate(Standing, 1)]
    contracts = [
        replace(contract(hosts, CONTRACT, experiments=["pi"]), judged_for="pi"),
        contract(hosts, "[a]\ncpuAvail > 5 MB\n", "/work/bad.contract"),
    ]
    return snapshot(hosts, jobs, contracts, recent=tuple(map(event, ("matched", "placed", "running", "violated"))))


async def _nothing(_job: RemoteJob, _stream: str) -> AsyncIterator[Piece]:
    yield Piece(b"", begins=0)


async def _sent(_job: RemoteJob, _data: bytes, _end: bool) -> None:
    """Nobody reads it."""


def _events(_experiment: str) -> Sequence[Event]:
    return everything().recent


def _history(_host: str, _attribute: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    times = NOW - np.arange(300.0)[::-1] * 2
    return times, np.full(300, 0.5)
