"""What must stay as it is while all is shown anew four times a second; and how fast a filter answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import median

from PySide6.QtCore import QItemSelectionModel, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QTableView

from zeligui.gui.hosts_pane import HostsPane
from zeligui.gui.jobs_pane import JobsPane
from zeligui.gui.shell import Shell
from zeligui.gui.views import select

LONG_S = 10.0


@dataclass(frozen=True, slots=True)
class Looks:
    """What a user has selected, opened and scrolled to."""

    host: str
    host_is_open: bool
    first_host: str
    jobs: tuple[tuple[str, int], ...]
    first_job: tuple[str, int]
    explained: bool

    @classmethod
    def taken(cls, shell: Shell) -> Looks:
        """Make a user's choices: a host in the middle opened and explained, some jobs selected, both scrolled to."""
        hosts, jobs = shell.window.hosts, shell.window.jobs
        middle = hosts.model.index(hosts.model.rowCount() // 3, 0)
        select(hosts.view, middle)
        hosts.view.expand(middle)
        hosts.view.scrollTo(middle, hosts.view.ScrollHint.PositionAtCenter)
        rows = jobs.model.rowCount()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        jobs.select_job(jobs.model.key_at(rows // 2))
        for row in (rows // 2 + 3, rows // 2 + 5):
            jobs.view.selectionModel().select(jobs.model.index(row, 0), flags)
        shell.window.actions_["why_not"].trigger()
        return cls.of(shell)

    @classmethod
    def of(cls, shell: Shell) -> Looks:
        """As they are now."""
        hosts, jobs = shell.window.hosts, shell.window.jobs
        top, first = hosts.view.indexAt(hosts.view.rect().topLeft()), jobs.view.rowAt(1)
        explained = shell.machines.explained
        return cls(
            hosts.current,
            hosts.view.isExpanded(hosts.view.currentIndex()),
            str(hosts.model.path_of(top)),
            tuple(jobs.chosen),
            jobs.model.key_at(first),
            explained is not None and explained.isVisible(),
        )

    def lost(self, shell: Shell) -> list[str]:
        """What is not as it was."""
        now = Looks.of(shell)
        return [one.name for one in fields(self) if getattr(self, one.name) != getattr(now, one.name)]


async def answer_s(pane: HostsPane | JobsPane, text: str) -> tuple[float, float]:
    """Seconds from the last key to a view that is filtered and painted, and how many of them this thread was busy."""
    begun, used = time.perf_counter(), time.thread_time()
    pane.filter.line.setText(text)
    async with asyncio.timeout(LONG_S):
        while pane.filter.counts.isVisible() != bool(text):
            await asyncio.sleep(0)
    pane.view.viewport().repaint()
    return time.perf_counter() - begun, time.thread_time() - used


def proxy_s(pane: JobsPane, texts: Sequence[str]) -> float:
    """Seconds that the usual way takes to filter the same rows: Qt's proxy over all columns; the median."""
    proxy, view = QSortFilterProxyModel(), QTableView()
    proxy.setSourceModel(pane.model)
    proxy.setFilterKeyColumn(-1)
    proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    view.setModel(proxy)
    view.resize(pane.view.size())
    view.show()
    taken = []
    for text in texts:
        for typed in (text, ""):
            begun = time.perf_counter()
            proxy.setFilterFixedString(typed)
            view.viewport().repaint()
            taken.append(time.perf_counter() - begun)
    view.close()
    return median(taken)
