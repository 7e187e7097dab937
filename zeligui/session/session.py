"""What a window works with: machines, experiments, contracts and the journal, open together until it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from zeligui.clock import Clock, SystemClock
from zeligui.contract.model import Contract
from zeligui.errors import HistoryError, UsageError, ZeliGridError
from zeligui.experiment.calling.grants import Grants
from zeligui.experiment.calling.sweeping import sweep
from zeligui.experiment.core import Core
from zeligui.experiment.description import Experiment, ExperimentFile
from zeligui.experiment.journal import Journal
from zeligui.experiment.outputs import kept_file, read_output
from zeligui.experiment.overview import Job
from zeligui.experiment.spanning import covers, to_watch
from zeligui.experiment.state import AttemptState
from zeligui.grid.history.chronicle import MOST, Chronicle
from zeligui.grid.history.reading import Past
from zeligui.grid.hosts import Source
from zeligui.grid.machines import Arrival, Machines
from zeligui.grid.publishing import Publication
from zeligui.grid.sources import open_source
from zeligui.links import Contexts, open_links
from zeligui.links.calls import call
from zeligui.links.routes import aliases
from zeligui.session.driving import Driving
from zeligui.session.embedded import EmbeddedGrid, Grid
from zeligui.session.ledger import Ledger
from zeligui.session.services import Services
from zeligui.session.shelf import Shelf
from zeligui.session.snapshot import RemoteJob, Snapshot
from zeligui.session.tail import Piece, follow
from zeligui.session.view import View
from zeligui.session.wallet import Wallet
from zeligui.settings import Directories, Home, Settings
from zeligui.tasks import Tasks
from zeligui.writing import write_experiment, write_settings

CATCH_UP_S = 0.5
"""Between two looks at what other processes wrote into the journal."""
LOOK_S = 2.0
"""Between two looks at the files that are open, and at what other processes drive."""
FIRST_ROUND_S = 5.0
"""How long a start waits for machines that have not been measured yet."""
DEMO_PERIOD_S = 1.0
"""Between two measurements of a node of the embedded grid."""
REFRESH_S = 0.25
"""Between two snapshots at least."""

Report = Callable[[str, BaseException], None]


class Session:
    """One user's machines and experiments. All of it belongs to the event loop's thread; what blocks goes by `call`.

    `report(doing, error)` hears of what failed in the background, `doing` in the user's words.
    """

    def __init__(self, home: Home, settings: Settings, *, report: Report, clock: Clock | None = None) -> None:
        self.home = home
        self.settings = settings
        self.clock = clock or SystemClock()
        self.grid: Grid | None = None
        self.embedded = EmbeddedGrid(home)
        self.shelf = Shelf()
        self._report = report
        self._tasks = Tasks(report)
        self._sources: dict[tuple[str, float, float, Directories | None], Source] = {}
        self._spanned: dict[str, tuple[str, ...]] = {}
        """By experiment, the services that it names, which are watched for it."""
        self._watching = asyncio.Lock()
        self._changed = asyncio.Event()
        self._news = asyncio.Event()
        self.wallet = Wallet(self.clock, contexts=lambda: self.links.contexts, changed=self._changed.set)
        self._expiry_s = settings.reconfiguration.measurement_expiry_s

    async def open(self) -> None:
        """Open the journal and begin to measure. JournalError where the journal cannot be used."""
        journal = await call(lambda: Journal.open(self.home.journal_file, clock=self.clock))
        self.links = open_links()
        self.machines = Machines([], clock=self.clock, labels=self.settings.labels)
        self.core = Core(self.home, self.settings, self.clock, self.links, self.machines, journal)
        self.core.staging.listen(lambda _attempt: self._changed.set())
        self.ledger = Ledger(journal)
        self.driving = Driving(self.core, self.ledger, self._tasks, self._wake, self._ended)
        self.services = Services(self, changed=self._changed.set, report=self._report)
        self.view = View(self)
        self.history = Chronicle(self.home.history_file, self.machines, clock=self.clock, report=self._history_failed)
        await self.history.record(self.settings.history, self.settings.history_size_mb)
        self.publication = Publication(self.machines, clock=self.clock, report=self._not_published)
        self.machines.subscribe(self._heard)
        self.machines.start()
        await self.ledger.load()
        self.grid = await self.embedded.find() if await call(self.home.testbed_folder.is_dir) else None
        await self._watch()
        self._tasks.start("Take back what ended jobs called home with", sweep(Grants(self.home.folder), journal))
        self._tasks.start("reading the journal", self._follow_journal())
        self._tasks.start("looking at open files", self._look_around())
        self._tasks.start("looking after job services and the proxy", self._look_after())

    async def close(self, *, stop: bool = False) -> None:
        """Stop to drive and to measure; the jobs go on, or with `stop` end first."""
        if stop:
            await self.driving.stop_all()
        await self.driving.close()
        await self.services.close()
        await self._tasks.stop()
        await self.publication.close()
        await self.machines.close()
        await self.history.close()
        await self.links.close()
        await call(self.core.journal.close)

    async def snapshots(self) -> AsyncIterator[Snapshot]:
        """What there is to show, again after each change, at most four times a second."""
        while True:
            yield await self.view.next_snapshot()
            await self._changed.wait()
            await self.clock.sleep(REFRESH_S)
            self._changed.clear()

    def _wake(self) -> None:
        """The journal has something new, by our own hand."""
        self._news.set()
        self._changed.set()

    def _ended(self, experiment: str) -> None:
        """Nobody drives it here any more."""
        if self._spanned.pop(experiment, ()):
            self._tasks.start("Watch what is still needed", self._watch())

    def _heard(self, arrival: Arrival) -> None:
        self.view.touch(arrival)
        self._changed.set()

    # --- machines -------------------------------------------------------------------------------------------------

    async def apply(self, settings: Settings) -> None:
        """Go by other settings from now on, without a new start; jobs that run go by those they were started with."""
        self.settings = self.core.settings = settings
        self._expiry_s = settings.reconfiguration.measurement_expiry_s
        self.shelf.forget()
        await self.history.record(settings.history, settings.history_size_mb)
        await self._watch()
        await self.shelf.refresh(settings)
        self._changed.set()

    async def search(self) -> None:
        """Ask every source again which hosts there are; silent ones are tried at once."""
        self.view.searching = True
        try:
            await self.machines.search()
        finally:
            self.view.searching = False
            self._changed.set()

    async def refresh(self) -> None:
        """Look at everything now: silent machines, the jobs of all experiments, open files, the journal."""
        self.driving.nudge()
        self.view.judge_anew()
        await self.shelf.refresh(self.settings)
        await self.machines.search()
        await self.ledger.catch_up()
        self._changed.set()

    async def past(self, host: str, attribute: str, since: float, until: float, *, most: int = MOST) -> Past:
        """What is stored of an attribute between two times on the age clock, at most `most` points. HistoryError."""
        return await self.history.past(host, attribute, since, until, most=most)

    def _history_failed(self, error: HistoryError) -> None:
        self._report("Keep the history", error)

    def _not_published(self, error: ZeliGridError) -> None:
        self._report("Publish what is measured", error)

    async def known_machines(self) -> tuple[str, ...]:
        """The machines that ~/.ssh/config names."""
        return await call(aliases)

    async def add_sources(self, urls: Sequence[str]) -> None:
        """Watch these too, now and at every start."""
        sources = tuple(dict.fromkeys([*self.settings.sources, *urls]))
        await self.save(replace(self.settings, sources=sources))

    async def save(self, settings: Settings) -> None:
        """Write the settings down, and go by them. UsageError where the file cannot be written."""
        await call(write_settings, self.home.settings_file, settings, self.settings)
        await self.apply(settings)

    async def accept_key(self, line: str) -> None:
        """Accept a host's key, given as its known_hosts line, and try its machine again."""
        await call(_append_line, self.home.known_hosts_file, line)
        await self.search()

    async def start_grid(self, nodes: int = 4) -> Grid:
        """Run the embedded grid of this home and watch its nodes; one that runs already is used."""
        self.grid = await self.embedded.find() or await self.embedded.start(nodes)
        await self._watch()
        return self.grid

    async def stop_grid(self) -> None:
        """End the embedded grid, with all that runs on it."""
        if self.grid:
            self.grid = None
            await self._watch()
            await self.embedded.command("down")

    async def _watch(self) -> None:
        """Watch the machines of the settings, of the embedded grid and of what is driven, by the keys that fit."""
        async with self._watching:
            await self._watch_all(self.grid)

    async def _watch_all(self, grid: Grid | None) -> None:
        self.links.accept(
            known_hosts=[self.home.known_hosts_file, *self.settings.known_hosts, *([grid.known_hosts] if grid else [])],
            contexts=Contexts.of_settings(self.settings, keys=[grid.identity] if grid else []),
            directories=self.settings.directories,
        )
        spanned = [url for urls in self._spanned.values() for url in to_watch(urls, self.settings.measured)]
        wanted = dict.fromkeys((*self.settings.measured, *spanned), self.settings.period_s)
        if grid:
            wanted |= dict.fromkeys(grid.sources, min(DEMO_PERIOD_S, self.settings.period_s))
        entered = self.settings.directories
        keys = [
            (url, period_s, self._expiry_s, entered if url.startswith("ldap") else None)
            for url, period_s in wanted.items()
        ]
        self._sources = {key: source for key in keys if (source := self._sources.get(key) or self._opened(*key[:3]))}
        await self.machines.change(list(self._sources.values()), expiry_s=self._expiry_s, labels=self.settings.labels)
        await self.publication.follow(entered, period_s=self.settings.period_s, expiry_s=self._expiry_s)
        self.view.touch_all()
        self._changed.set()

    def _opened(self, url: str, period_s: float, expiry_s: float) -> Source | None:
        """The source, newly opened; None, and a report, where it cannot be."""
        try:
            return open_source(url, self.links, period_s=period_s, expiry_s=expiry_s)
        except UsageError as error:
            self._report(f"Watch {url}", error)
            return None

    # --- contracts and experiments --------------------------------------------------------------------------------

    async def open_file(self, file: Path) -> Path:
        """Open a contract or an experiment; the contract's file comes back. UsageError where it is neither."""
        contract = await self.shelf.open(file, self.settings)
        self._changed.set()
        return contract

    def close_file(self, file: Path) -> None:
        """Show a contract or an experiment no longer."""
        self.shelf.close(file)
        self._changed.set()

    async def start(self, file: Path) -> str:
        """Begin an experiment, or take it up where it stands; its name comes back.

        UsageError, ContractInvalid or LeaseHeld say why it cannot be, with a hint what to do.
        """
        experiment, contract = await self.driving.read(file, self.settings)
        if not self._sources and not to_watch(experiment.on, ()):
            raise UsageError(
                "There is no machine to start it on.",
                hint="Add machines in the configuration, or try the demo grid.",
            )
        await self._begin(experiment, contract)
        return experiment.name

    async def _begin(self, experiment: Experiment, contract: Contract) -> None:
        expiry_s = experiment.reconfiguration.measurement_expiry_s
        spanned = self._spanned.setdefault(experiment.name, experiment.on)
        try:
            if spanned or expiry_s < self._expiry_s:
                # What is measured more rarely must come again before it expires.
                self._expiry_s = min(expiry_s, self._expiry_s)
                await self._watch()
            await self.machines.first_round(FIRST_ROUND_S)
            await self.driving.start(experiment, contract)
        finally:
            if experiment.name not in self.driving.driven:
                self._ended(experiment.name)

    async def default_experiment(self, contract: Path) -> Path:
        """An experiment file of ours that runs the settings' default job in this contract; written where it is not."""
        file = self.home.folder / "experiments" / f"{contract.stem}.toml"
        given = ExperimentFile(job=self.settings.job, reconfiguration=self.settings.reconfiguration)
        await call(write_experiment, file, replace(given, name=contract.stem, contract=str(contract)), given)
        return file

    async def write_experiment(self, file: Path, experiment: ExperimentFile, before: ExperimentFile) -> None:
        """Write an experiment file with what differs from `before`; one that is there is replaced."""
        await call(lambda: write_experiment(file, experiment, before, anew=True))

    def follow(self, job: RemoteJob, stream: str) -> AsyncIterator[Piece]:
        """The end of what a job prints on "stdout" or "stderr", then what comes; ends when it has ended."""
        if job.attempt is None:
            raise ZeliGridError(f"{job.name} has not been started yet.")
        id_, name = job.attempt.id, job.experiment

        def now() -> AttemptState | None:
            state = self.ledger.states.get(name)
            return state.attempts.get(id_) if state else None

        async def kept(attempt: AttemptState) -> Path | None:
            return await kept_file(self.core.journal, name, attempt, stream)

        return follow(now, self.core.service(job.attempt.service), stream, kept=kept, clock=self.clock)

    async def save_output(self, job: RemoteJob, stream: str, file: Path) -> None:
        """Write the whole of what a job printed on a stream into a file, piece by piece."""
        if job.attempt is None:
            raise ZeliGridError(f"{job.name} has not been started yet.")
        whole = Job(job.experiment, job.attempt)
        service = self.core.service(job.attempt.service)
        try:
            opened = await call(file.open, "wb")
            try:
                async for piece in read_output(self.core.journal, whole, service, stream):
                    await call(opened.write, piece)
            finally:
                await call(opened.close)
        except OSError as error:
            raise UsageError(f"The file {file} cannot be written: {error.strerror}.") from error

    async def take_up(self) -> None:
        """Drive again what was left running and nobody drives, where its machines are watched here."""
        hosts = self.machines.hosts()
        services = {host.service for host in hosts if host.service}
        elsewhere = {host.name for host in hosts if not host.service}  # their jobs go by `on`, or by any adaptor
        for state in await self.driving.left():
            needed = {attempt.service for attempt in state.live() if attempt.host not in elsewhere}
            try:
                experiment, contract = await self.driving.read(Path(state.file), self.settings)
                known = (*self.settings.measured, *to_watch(experiment.on, ()))
                if missing := {one for one in needed - services if not any(covers(url, one) for url in known)}:
                    raise ZeliGridError(
                        f"{state.name} was left running on machines that are not watched here: "
                        f"{', '.join(sorted(missing))}.",
                        hint="Add them to the sources in the configuration, then start it again.",
                    )
                await self._begin(experiment, contract)
            except ZeliGridError as error:
                self._report(f"Take up {state.name}", error)

    # --- in the background ----------------------------------------------------------------------------------------

    async def _follow_journal(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP_S):
                    await self._news.wait()
            self._news.clear()
            if await self.ledger.catch_up():
                self._changed.set()

    async def _look_around(self) -> None:
        """What files and other processes do, nobody tells."""
        while True:
            before = self.shelf.shown
            await self.shelf.refresh(self.settings)
            if await self.driving.look_elsewhere() or self.shelf.shown != before:
                self._changed.set()
            await self.clock.sleep(LOOK_S)

    async def _look_after(self) -> None:
        """By itself: a proxy on a file system that hangs keeps open files waiting no longer."""
        while True:
            await self.services.look()
            await self.wallet.look()
            await self.clock.sleep(LOOK_S)


def _append_line(file: Path, line: str) -> None:
    """Add one line to a known_hosts file of ours, made where it is missing."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        before = file.read_text("utf-8") if file.exists() else ""
        with file.open("a", encoding="utf-8") as opened:
            opened.write(("" if not before or before.endswith("\n") else "\n") + line + "\n")
    except OSError as error:
        raise UsageError(f"The key cannot be written into {file}: {error.strerror}.") from error
