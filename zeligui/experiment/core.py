"""The core without a screen: machines, job services and journal, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zeligui.clock import Clock, SystemClock
from zeligui.contract.language import read
from zeligui.contract.model import Contract, Problem
from zeligui.errors import ZeliGridError
from zeligui.experiment.book import Book
from zeligui.experiment.calling.grants import Grants
from zeligui.experiment.calling.homecalls import HomeCalls
from zeligui.experiment.calling.sweeping import sweep
from zeligui.experiment.controller import Controller
from zeligui.experiment.description import Experiment
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import Lease
from zeligui.experiment.staging import Staging
from zeligui.grid.history.chronicle import Chronicle
from zeligui.grid.machines import Machines
from zeligui.grid.publishing import Publication
from zeligui.grid.sources import open_source
from zeligui.jobs import open_service
from zeligui.jobs.service import JobService
from zeligui.links import Contexts, open_links
from zeligui.links.link import Links
from zeligui.settings import Home, Settings

if TYPE_CHECKING:
    from zeligui.grid.hosts import Source


class ContractInvalid(ZeliGridError):
    """A contract file has errors; `errors` are all of them."""

    def __init__(self, file: Path, errors: Sequence[Problem]) -> None:
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        lines = "".join(f"\n  {file}:{one.line}:{one.column}: {one.message}" for one in errors)
        hint = f"zeligrid contract check {file} shows each with its line."
        super().__init__(f"The contract {file} has {count}; nothing was started.{lines}", hint=hint)
        self.errors = tuple(errors)


def read_contract(file: Path) -> Contract:
    """The contract in a file; ContractInvalid carries all its errors."""
    reading = read(file.read_bytes())
    if reading.contract is None:
        raise ContractInvalid(file, reading.errors)
    return reading.contract


@dataclass(slots=True)
class Core:
    """What a face of ZeliGrid (a window, the command line) works with."""

    home: Home
    settings: Settings
    clock: Clock
    links: Links
    machines: Machines
    journal: Journal
    staging: Staging = field(default_factory=Staging)
    """How far files of attempts are on their way."""
    _services: dict[str, JobService] = field(default_factory=dict)

    def service(self, url: str) -> JobService:
        """The job service at a URL, opened at its first use."""
        if url not in self._services:
            self._services[url] = open_service(url, self.links)
        return self._services[url]

    def controller(self, experiment: Experiment, contract: Contract, lease: Lease) -> Controller:
        """A driver for an experiment whose lease is held."""
        return Controller(
            experiment,
            contract,
            book=Book(self.journal, lease, self.clock),
            machines=self.machines,
            service=self.service,
            checkpoints=self.home.journal_file.parent / "checkpoints",
            clock=self.clock,
            staging=self.staging,
            calls=HomeCalls(self.home.folder, experiment, self.links),
        )


async def _sweep(home: Home, journal: Journal, complain: Callable[[ZeliGridError], None]) -> None:
    """Take back what jobs called home with that have ended meanwhile."""
    try:
        await sweep(Grants(home.folder), journal)
    except ZeliGridError as error:
        complain(error)


@asynccontextmanager
async def open_core(
    home: Home,
    settings: Settings,
    *,
    sources: Sequence[str],
    known_hosts: Sequence[Path] = (),
    identities: Sequence[Path] = (),
    complain: Callable[[ZeliGridError], None],
) -> AsyncIterator[Core]:
    """Open journal, links and sources, and begin to measure. JournalError comes before anything is reached.

    `complain` hears of what goes wrong with the history of what is measured, or with publishing it; all else goes on.
    """
    clock = SystemClock()
    journal = Journal.open(home.journal_file, clock=clock)
    links = open_links(
        known_hosts=[home.known_hosts_file, *settings.known_hosts, *known_hosts],
        contexts=Contexts.of_settings(settings, keys=identities),
        directories=settings.directories,
    )
    expiry_s = settings.reconfiguration.measurement_expiry_s
    opened: list[Source] = [open_source(url, links, period_s=settings.period_s, expiry_s=expiry_s) for url in sources]
    machines = Machines(opened, clock=clock, expiry_s=expiry_s, labels=settings.labels)
    history = Chronicle(home.history_file, machines, clock=clock, report=complain)
    await history.record(settings.history, settings.history_size_mb)
    machines.start()
    publication = Publication(machines, clock=clock, report=complain)
    await publication.follow(settings.directories, period_s=settings.period_s, expiry_s=expiry_s)
    try:
        await _sweep(home, journal, complain)
        yield Core(home, settings, clock, links, machines, journal)
    finally:
        await publication.close()
        await machines.close()
        await history.close()
        await links.close()
        journal.close()
