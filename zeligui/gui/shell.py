"""The window, the session behind it, and what goes on between them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings, QTimer

from zeligui.clock import Clock
from zeligui.errors import ZeliGridError
from zeligui.events import Event
from zeligui.gui.details_pane import DetailsPane
from zeligui.gui.expected import Expectations, Forecast
from zeligui.gui.plot_past import MOST_POINTS, Archive, Past
from zeligui.gui.plots_pane import PlotsPane
from zeligui.gui.window import MainWindow
from zeligui.gui.work import Work
from zeligui.settings import Home, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zeligui.gui.credential_deeds import CredentialDeeds
    from zeligui.gui.experiment_deeds import ExperimentDeeds
    from zeligui.gui.file_deeds import FileDeeds
    from zeligui.gui.help_deeds import HelpDeeds
    from zeligui.gui.job_deeds import JobDeeds
    from zeligui.gui.machine_deeds import MachineDeeds
    from zeligui.gui.plot_deeds import PlotDeeds
    from zeligui.gui.service_deeds import ServiceDeeds
    from zeligui.gui.source_deeds import SourceDeeds
    from zeligui.session.session import Session
    from zeligui.session.snapshot import RemoteJob
    from zeligui.session.tail import Piece

LOG = logging.getLogger("zeligui.window")
OFFERS = {
    "start": "&Start",
    "demo": "Try the &demo grid",
    "add_machines": "Add &machines…",
    "open_contract": "&Open a contract…",
}
"""Actions that empty panes offer, as buttons say them."""


class Shell:
    """One window and its session. The window is there at once; what is heavy is loaded once it is seen."""

    files: FileDeeds
    experiments: ExperimentDeeds
    jobs: JobDeeds
    machines: MachineDeeds
    sources: SourceDeeds
    services: ServiceDeeds
    credentials: CredentialDeeds
    plots: PlotDeeds
    help: HelpDeeds

    def __init__(self, home: Home, settings: Settings, clock: Clock, store: QSettings) -> None:
        self.home = home
        self.settings = settings
        self._clock = clock
        self._store = store
        self.session: Session | None = None
        self._connected = False
        self._waiting: list[Path] = []
        self._stop = False
        self._leaving = False
        self._asking: asyncio.Task[str | None] | None = None
        details = DetailsPane(self._follow, self._send, self._events, can_save=True)
        expectations = Expectations(self._forecast, clock, details)
        archive = Archive(self._past, self._start, details)
        plots = PlotsPane(self._history, self._events, clock, expectations=expectations, archive=archive)
        self.window = MainWindow(clock, details, plots, store, expectations=expectations)
        self.work = Work(self.window.messages, LOG.error)
        for pane in self.window.panes:
            pane.failed.connect(self.work.fault)
        expectations.failed.connect(self.work.fault)
        self.window.heat.chosen.connect(lambda host, beside: self.window.hosts.select_host(host, beside=beside))
        self.window.jobs.selected.connect(lambda _: self._look_at_job())
        self.window.hosts.selected.connect(self._look_at_host)
        self.window.contracts.selected.connect(self.say_why_not)
        self.window.actions_.connect({"exit": self.window.close, "filter": self._filter})
        self.say_why_not()

    # --- its life -------------------------------------------------------------------------------------------------

    async def open(self, files: Sequence[Path] = (), *, demo: bool = False, nodes: int = 4) -> None:
        """Open the session and show it; then the files, and what was open and running when it was closed last.

        What goes wrong is a message with Retry, over a window that can do no more than be closed.
        """
        await self.work.attempt("Open ZeliGrid", lambda: self._open(files, demo=demo, nodes=nodes))

    async def _open(self, files: Sequence[Path], *, demo: bool, nodes: int) -> None:
        await self._painted()
        session = await self._opened()
        self._connect(session)
        self.work.tasks.start("Show what there is", self._show(session))
        await self.files.reopen()
        self.work.do("Take up what was left running", lambda: self._take_up(session))
        for file in [*files, *self._waiting]:
            self.files.open_later(file)
        self._waiting.clear()
        if demo:
            self.work.do("Start the demo grid", lambda: self.machines.demo(nodes))
        QTimer.singleShot(0, self.window.plots.warm_up)

    def open_later(self, file: Path) -> None:
        """Open a file as soon as can be."""
        if self._connected:
            self.files.open_later(file)
        else:
            self._waiting.append(file)

    async def until_closed(self) -> None:
        """Wait until the user wishes to close, and has said what becomes of jobs that run."""
        while True:
            await self.window.closed.wait()
            answer = await self._answer()
            self.window.closed.clear()
            if answer is not None:
                self._stop = answer == "stop"
                return

    async def _answer(self) -> str | None:
        """What is to become of the jobs, asked unless nobody will answer."""
        if self._leaving or not self._connected:
            return "leave"
        self._asking = asyncio.ensure_future(self.jobs.ask_before_closing())
        try:
            return await self._asking
        except asyncio.CancelledError:
            if not self._leaving:
                raise
            return "leave"

    def leave(self) -> None:
        """Close without a question, even where one is open; the jobs go on."""
        self._leaving = True
        self.window.closed.set()
        if self._asking:
            self._asking.cancel()

    async def close(self) -> None:
        """Save looks, end or leave the jobs, and take all down."""
        self.window.save_looks()
        if self.session and self._connected:
            self.files.keep_open_files()
            if self._stop:
                self.window.say("The jobs are being stopped…", 60)
                await self.session.driving.stop_all()
        self.window.hide()
        await self.window.details.close_all()
        await self.work.tasks.stop()
        if self.session:
            await self._end_idle_grid(self.session)
            await self.session.close()
        self._store.sync()
        self.window.deleteLater()

    async def _painted(self) -> None:
        """Let the window be seen before anything heavy is done."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def _opened(self) -> Session:
        from zeligui.links.calls import call

        session_type = await call(_session_type)  # a second of imports: in a thread, while the window answers
        session: Session = session_type(self.home, self.settings, report=self.work.report, clock=self._clock)
        await session.open()
        self.session = session
        return session

    def _connect(self, session: Session) -> None:
        from zeligui.gui.credential_deeds import CredentialDeeds
        from zeligui.gui.experiment_deeds import ExperimentDeeds
        from zeligui.gui.file_deeds import FileDeeds
        from zeligui.gui.help_deeds import HelpDeeds
        from zeligui.gui.job_deeds import JobDeeds
        from zeligui.gui.machine_deeds import MachineDeeds
        from zeligui.gui.plot_deeds import PlotDeeds
        from zeligui.gui.service_deeds import ServiceDeeds
        from zeligui.gui.source_deeds import SourceDeeds

        self.files = FileDeeds(self.window, session, self.work, self._store)
        self.experiments = ExperimentDeeds(self.window, session, self.work, self.files)
        self.jobs = JobDeeds(self.window, session, self.work)
        self.machines = MachineDeeds(self.window, session, self.work)
        self.sources = SourceDeeds(self.window, session, self.work)
        self.services = ServiceDeeds(self.window, session, self.work)
        self.credentials = CredentialDeeds(self.window, session, self.work, self._clock)
        self.plots = PlotDeeds(self.window, self.work, self._clock)
        self.help = HelpDeeds(self.window, session, self.work)
        self._connected = True

    def _offer(self) -> None:
        """What empty panes offer, of what can be done now."""
        for pane, names in (
            (self.window.hosts, ("add_machines", "demo")),
            (self.window.contracts, ("open_contract",)),
            (self.window.jobs, ("start", "demo", "add_machines", "open_contract")),
        ):
            able = [name for name in names if self.window.actions_[name].isEnabled()]
            # A letter that two buttons have presses neither.
            texts = [OFFERS[name] if pane is self.window.jobs else OFFERS[name].replace("&", "") for name in able]
            pane.offer([(text, self.window.actions_[name].trigger) for text, name in zip(texts, able, strict=True)])

    async def _take_up(self, session: Session) -> None:
        """Drive again what was left; the files of what runs are open too."""
        await session.take_up()
        for one in list(session.driving.driven.values()):
            try:
                await session.open_file(one.experiment.file)
            except ZeliGridError as error:
                self.work.report(f"Open {one.experiment.name}", error)

    async def _end_idle_grid(self, session: Session) -> None:
        """The demo grid goes with the window, unless jobs stay on it."""
        if session.grid is None:
            return
        await session.ledger.catch_up()
        jobs = session.view.snapshot().jobs
        if not any(job.host in session.grid.nodes and not job.standing.ended for job in jobs):
            await session.stop_grid()

    # --- showing --------------------------------------------------------------------------------------------------

    async def _show(self, session: Session) -> None:
        async for snapshot in session.snapshots():
            await self.window.show_in_turns(snapshot)
            try:
                self.machines.follow(snapshot)
                self.sources.follow()
                self.services.follow()
                self.credentials.follow(snapshot)
                self.window.details.look_at(self._job())  # it may have moved
                self.say_why_not()
            except Exception as error:  # noqa: BLE001 - the edge of a refresh: the next one comes all the same
                self.work.report("Show what there is", error)

    def _look_at_job(self) -> None:
        job = self._job()
        self.window.details.look_at(job)
        if job and job.host:
            self.window.plots.look_at(job.host, job.experiment, job.instance)
        self.say_why_not()

    def _look_at_host(self, host: str) -> None:
        snapshot = self.window.snapshot
        chosen, count = self.window.hosts.chosen
        lead = chosen[0] if chosen else host
        on_it = snapshot.on_host(lead) if snapshot and lead else ()
        experiment = on_it[0].experiment if on_it else None
        self.window.plots.look_at(lead, experiment, beside=chosen[1:], of=count)
        self.window.heat.select(host)
        self.say_why_not()

    def _job(self) -> RemoteJob | None:
        key, snapshot = self.window.jobs.current, self.window.snapshot
        return snapshot.job(*key) if key and snapshot else None

    def say_why_not(self) -> None:
        """Enable what can be done now; what cannot says why."""
        say = self.window.actions_.say_why
        if self.session is None or not self._connected:
            for name in self.window.actions_.names:
                say(name, "" if name in {"exit", "filter", "borders"} else "ZeliGrid is still being opened.")
            return
        experiments, machines = self.experiments, self.machines
        for name in ("search_hosts", "refresh"):
            say(name, "" if self.session.machines.sources else "There are no machines to ask: add some first.")
        for name in ("new_experiment", "open_contract", "open_experiment", "configuration", "add_machines"):
            say(name, "")
        for name in ("manual", "shortcuts", "about", "sources", "services", "credentials", "borders"):
            say(name, "")
        for name in ("save_picture", "save_values"):
            say(name, self.plots.why_not())
        say("start", experiments.why_not_start())
        for name, what in (("stop", "cancel"), ("suspend", "suspend"), ("resume", "resume")):
            say(name, self.jobs.why_not_wish(what))  # type: ignore[arg-type]
        no_contract = "" if self.window.contracts.contract else "Select a contract first."
        say("edit_file", no_contract)
        say("close_file", no_contract)
        say("why_not", machines.why_not_explain())
        say("what_excludes", machines.why_not_explain_contract())
        say("what_works", self.services.why_not_ways())
        say("trust", machines.why_not_trust())
        grid = self.session.grid
        say("demo", "The demo grid runs." if grid else "")
        say("end_demo", "" if grid else "The demo grid does not run.")
        for name in machines.node_deeds:
            say(name, machines.why_not_command())
        self._offer()

    def _filter(self) -> None:
        """To the filter of the pane that has the focus; of the jobs where it has none."""
        panes = {self.window.hosts: self.window.hosts.filter, self.window.jobs: self.window.jobs.filter}
        panes[self.window.log] = self.window.log.filter
        focused = self.window.focusWidget()
        line = next((line for pane, line in panes.items() if focused and pane.isAncestorOf(focused)), None)
        (line or self.window.jobs.filter).setFocus()

    # --- what panes ask for ---------------------------------------------------------------------------------------

    def _history(self, host: str, attribute: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.session is None:
            raise RuntimeError("nothing is open")
        return self.session.machines.history(host, attribute)

    def _forecast(self, host: str, attribute: str, horizons_s: Sequence[float]) -> Forecast | None:
        return self.session.machines.forecast(host, attribute, horizons_s) if self.session else None

    async def _past(self, host: str, attribute: str, since: float, until: float) -> Past:
        if self.session is None:
            raise ZeliGridError("ZeliGrid is still being opened.")
        return await self.session.past(host, attribute, since, until, most=MOST_POINTS)

    def _start(self, doing: str, work: Coroutine[Any, Any, object]) -> None:
        self.work.tasks.start(doing, work)

    def _events(self, experiment: str) -> Sequence[Event]:
        return self.session.ledger.events_of(experiment) if self.session else ()

    def _follow(self, job: RemoteJob, stream: str) -> AsyncIterator[Piece]:
        if self.session is None:
            raise RuntimeError("nothing is open")
        return self.session.follow(job, stream)

    async def _send(self, job: RemoteJob, data: bytes, end: bool) -> None:
        if self.session and job.attempt:
            await self.session.driving.send(job.attempt, data, end=end)


def _session_type() -> type[Session]:
    from zeligui.session.session import Session

    return Session
