"""What is done to contracts, experiments and jobs: open, start, stop, suspend, resume."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, QSettings, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from zeligui.errors import UsageError, ZeliGridError
from zeligui.experiment.description import ExperimentFile
from zeligui.experiment.wishes import What
from zeligui.gui.dialogs import answer, choose, choose_file, choose_one, confirm
from zeligui.gui.experiment_form import ExperimentDialog
from zeligui.gui.views import popup
from zeligui.gui.window import MainWindow
from zeligui.gui.words import count_of, tip, visible
from zeligui.gui.work import Work
from zeligui.links.calls import call
from zeligui.session.session import Session
from zeligui.session.snapshot import OpenContract, OpenExperiment, RemoteJob

CONTRACTS = "Contracts (*.contract);;All files (*)"
EXPERIMENTS = "Experiments (*.toml *.experiment);;All files (*)"
MOST_RECENT = 10
LONGEST_PATH = 100
VERBS = {"cancel": "Stop", "suspend": "Suspend", "resume": "Resume"}


class ExperimentDeeds:
    """The actions about contracts, experiments and jobs, and why they cannot be done now."""

    def __init__(self, window: MainWindow, session: Session, work: Work, store: QSettings) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._store = store
        self._forms: list[ExperimentDialog] = []
        window.actions_.connect(
            {
                "new_experiment": lambda: self.new_experiment(None),
                "open_contract": lambda: work.do("Open a contract", lambda: self._ask_and_open(CONTRACTS)),
                "open_experiment": lambda: work.do("Open an experiment", lambda: self._ask_and_open(EXPERIMENTS)),
                "start": lambda: work.do("Start", self.start),
                "stop": lambda: work.do("Stop", lambda: self.wish("cancel")),
                "suspend": lambda: work.do("Suspend", lambda: self.wish("suspend")),
                "resume": lambda: work.do("Resume", lambda: self.wish("resume")),
                "edit_file": self.edit_file,
                "close_file": self.close_file,
            }
        )
        window.contracts.menu_asked.connect(self._contracts_menu)
        window.contracts.activated.connect(self.edit_file)
        window.details.save_asked.connect(self.save_output)
        window.jobs.menu_asked.connect(self._jobs_menu)
        window.dropped.connect(self._open_all)
        self._fill_recent()

    # --- files ----------------------------------------------------------------------------------------------------

    def open_later(self, file: Path) -> None:
        """Open a file in the background."""
        self._work.do(f"Open {visible(file.name)}", lambda: self.open(file))

    def _open_all(self, files: Sequence[Path]) -> None:
        for file in files:
            self.open_later(file)

    async def open(self, file: Path) -> None:
        """Open a contract or an experiment, select it, and remember it."""
        try:
            await self._session.open_file(file)
        except UsageError:
            self._forget(file)
            raise
        self._remember(file)
        self._window.show_snapshot(self._session.view.snapshot())
        self._window.contracts.select_file(file)

    async def reopen(self) -> None:
        """Open what was open when the window was closed last; what is gone is left out."""
        for name in self._list("files/open"):
            try:
                await self._session.open_file(Path(name))
            except ZeliGridError as error:
                self._work.report(f"Open {Path(name).name} again", error)

    def keep_open_files(self) -> None:
        """Remember what is open for the next start."""
        self._store.setValue("files/open", [str(file) for file in self._session.shelf.files])

    async def _ask_and_open(self, filters: str) -> None:
        recent = self._list("files/recent")
        folder = Path(recent[0]).parent if recent else Path.home()
        file = await choose_file(self._window, "Open", filters, folder)
        if file:
            await self.open(file)

    def edit_file(self) -> None:
        """Hand the current contract or experiment to the desktop's editor; changes are read as they are saved."""
        contract, experiment = self._window.contracts.contract, self._window.contracts.experiment
        if contract:
            file = experiment.file if experiment else contract.file
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(file))):
                self._window.messages.say(
                    "warning", f"This desktop has no editor for {visible(str(file))}.", "Open it in an editor of yours."
                )

    def close_file(self) -> None:
        """Show the current contract or experiment no longer."""
        contract, experiment = self._window.contracts.contract, self._window.contracts.experiment
        if contract:
            self._session.close_file(experiment.file if experiment else contract.file)

    # --- start ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Run what is selected: the experiment, or the one that names the contract, or the default job in it."""
        if file := self._selected_left():
            await self._run(file)
            return
        contract, experiment = self._window.contracts.contract, self._window.contracts.experiment
        if experiment:
            await self._run(experiment.file)
        elif contract and contract.contract:
            await self._start_in(contract)

    async def _start_in(self, contract: OpenContract) -> None:
        ready = [one for one in contract.experiments if one.experiment]
        if len(ready) == 1:
            await self._run(ready[0].file)
        elif ready:
            words = f"Several experiments name {contract.file.name}. Which is to run?"
            chosen = await choose_one(self._window, "Start", words, _names(ready))
            if chosen is not None:
                await self._run(ready[chosen].file)
        elif self._session.settings.job.executable:
            await self._run(await self._session.default_experiment(contract.file))
        else:
            self.new_experiment(contract.file)

    async def _run(self, file: Path) -> None:
        self._window.say("Starting, as soon as the machines have been measured…", 30)
        name = await self._session.start(file)
        self._window.say(f"{visible(name)} runs.")
        await asyncio.sleep(0)
        self._window.show_snapshot(self._session.view.snapshot())
        self._window.jobs.select_job((name, 1))

    def _selected_left(self) -> Path | None:
        """The file of a selected job's experiment that nobody drives, where the jobs have the focus."""
        if not self._window.jobs.view.hasFocus():
            return None
        job = self._current_job()
        state = self._session.ledger.states.get(job.experiment) if job else None
        if job is None or state is None or not state.file or job.experiment in self._session.driving.driven:
            return None
        return Path(state.file)

    def why_not_start(self) -> str:
        """Why nothing can be started now; "" where it can."""
        snapshot = self._window.snapshot
        if snapshot is None:
            return "ZeliGrid is still being opened."
        if not snapshot.hosts:
            return "There are no machines to start it on: add some, or try the demo grid."
        if self._selected_left():
            return ""
        contract, experiment = self._window.contracts.contract, self._window.contracts.experiment
        if contract is None:
            return "Select a contract first." if snapshot.contracts else "Open a contract first (Ctrl+O)."
        return _why_not(contract, experiment) or self._running(contract, experiment)

    def _running(self, contract: OpenContract, experiment: OpenExperiment | None) -> str:
        """Why it cannot be started: it runs already."""
        names = [experiment.name] if experiment else [one.name for one in contract.experiments if one.experiment]
        running = [name for name in names if name in self._session.driving.driven]
        return f"{visible(running[0])} runs already." if running and len(running) == len(names) else ""

    # --- new experiment -------------------------------------------------------------------------------------------

    def new_experiment(self, contract: Path | None) -> None:
        """A form for an experiment, with the current contract filled in."""
        current = self._window.contracts.contract
        contract = contract or (current.file if current else None)
        folder = contract.parent if contract else Path.home()
        settings = self._session.settings
        written = ExperimentFile(job=settings.job, reconfiguration=settings.reconfiguration)
        filled = replace(written, name=contract.stem, contract=contract.name) if contract else written
        form = ExperimentDialog(filled, folder, self._window)
        form.saved.connect(lambda value, file, start: self._saved(form, value, written, Path(file), start=start))
        self._forms.append(form)
        self._work.do("New experiment", lambda: self._show_form(form))

    async def _show_form(self, form: ExperimentDialog) -> None:
        try:
            await answer(form)
        finally:
            self._forms.remove(form)

    def _saved(
        self, form: ExperimentDialog, value: ExperimentFile, before: ExperimentFile, file: Path, *, start: bool
    ) -> None:
        """Write the file, asked first where it is there already, open it, and start it where that is wished."""

        async def save() -> None:
            written = False
            try:
                written = await self._written(form, value, before, file)
            except ZeliGridError as error:
                if not isValid(form):
                    raise
                form.failed(error)
            finally:
                if isValid(form):
                    form.finish(written=written)
            if written:
                self._work.do(f"Open {visible(file.name)}", open_it)

        async def open_it() -> None:
            await self.open(file)
            if start:
                await self._run(file)

        self._work.tasks.start(f"Save {visible(file.name)}", save())

    async def _written(self, form: ExperimentDialog, value: ExperimentFile, before: ExperimentFile, file: Path) -> bool:
        """Write the file; False where it is there and is to stay."""
        if await call(file.exists) and not await confirm(form, f"Replace {file.name}?", "Replace", [str(file)]):
            return False
        await self._session.write_experiment(file, value, before)
        return True

    # --- wishes for jobs ------------------------------------------------------------------------------------------

    async def wish(self, what: What) -> None:
        """Cancel, suspend or resume the selected jobs; what cannot be undone is asked about, and lists them."""
        jobs = self._wished(what)
        if not jobs:
            return
        if what == "cancel":
            verb = f"Stop {count_of(len(jobs), 'job')}"
            names = [f"{job.name} on {job.host}" if job.host else job.name for job in jobs]
            if not await confirm(
                self._window, f"{verb} for good?", verb, names, words="They end, and are not started again:"
            ):
                return
        done = await asyncio.gather(*(self._session.driving.wish(what, job) for job in jobs), return_exceptions=True)
        for job, result in zip(jobs, done, strict=True):
            if isinstance(result, BaseException):
                self._work.report(f"{VERBS[what]} {visible(job.name)}", result)
        self._window.say(f"{VERBS[what]}: {count_of(len(jobs), 'job')}.")

    def _wished(self, what: What) -> list[RemoteJob]:
        """The selected jobs for which that can be meant; without a selection all of the current contract."""
        snapshot = self._window.snapshot
        if snapshot is None:
            return []
        chosen = set(self._window.jobs.chosen)
        contract = self._window.contracts.contract
        names = {experiment for experiment, _ in chosen}
        if not chosen and contract:
            names = {one.name for one in contract.experiments}
        jobs = [job for job in snapshot.jobs if job.experiment in names and not job.standing.ended]
        if chosen:
            jobs = [job for job in jobs if job.key in chosen]
        if what == "cancel":
            return jobs
        suspended = what == "resume"
        return [job for job in jobs if job.attempt and (job.standing.value == "Suspended") == suspended]

    def why_not_wish(self, what: What) -> str:
        """Why there is nothing to cancel, suspend or resume."""
        if self._wished(what):
            return ""
        return {
            "cancel": "No job that could be stopped is selected.",
            "suspend": "No job that runs is selected.",
            "resume": "No suspended job is selected.",
        }[what]

    def save_output(self, job: RemoteJob | None, stream: str) -> None:
        """Ask for a file, and write the whole of what a job printed into it."""
        if job is None:
            return

        async def save() -> None:
            dialog = QFileDialog(self._window, "Save all output", f"{job.experiment}-{job.instance}.{stream}")
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            if await answer(dialog) and (chosen := dialog.selectedFiles()):
                await self._session.save_output(job, stream, Path(chosen[0]))
                self._window.say(f"Saved {visible(chosen[0], 100)}.")

        self._work.do(f"Save the output of {visible(job.name)}", save)

    # --- leaving --------------------------------------------------------------------------------------------------

    async def ask_before_closing(self) -> str | None:
        """ "leave" or "stop" for what runs, None to stay."""
        driven = self._session.driving.driven
        jobs = [
            job for job in self._session.view.snapshot().jobs if job.experiment in driven and not job.standing.ended
        ]
        if not jobs:
            return "leave"
        names = [f"{job.name} on {job.host}" if job.host else f"{job.name}, {job.standing.value}" for job in jobs]
        words = (
            "Left, they go on where they are; nobody moves them until ZeliGrid is opened again, "
            "and finds them where they stand."
        )
        verbs = ["&Leave them running", f"&Stop {count_of(len(jobs), 'job')}"]
        chosen = await choose(self._window, f"{count_of(len(jobs), 'job')} still run.", verbs, names, words=words)
        return None if chosen is None else ("leave", "stop")[chosen]

    # --- menus and memory -----------------------------------------------------------------------------------------

    def _contracts_menu(self, place: QPoint) -> None:
        actions = self._window.actions_
        names = ("start", None, "what_excludes", "why_not", None, "new_experiment", "edit_file", "close_file")
        popup(self._window, place, [actions[name] if name else None for name in names])

    def _jobs_menu(self, place: QPoint) -> None:
        actions = self._window.actions_
        names = ("start", "stop", None, "suspend", "resume", None, "why_not")
        popup(self._window, place, [actions[name] if name else None for name in names])

    def _current_job(self) -> RemoteJob | None:
        key, snapshot = self._window.jobs.current, self._window.snapshot
        return snapshot.job(*key) if key and snapshot else None

    def _list(self, key: str) -> list[str]:
        stored = self._store.value(key, [])
        names = [stored] if isinstance(stored, str) else stored
        return [str(one) for one in names] if isinstance(names, list) else []

    def _remember(self, file: Path) -> None:
        names = dict.fromkeys([str(file.absolute()), *self._list("files/recent")])
        self._store.setValue("files/recent", list(names)[:MOST_RECENT])
        self._fill_recent()

    def _forget(self, file: Path) -> None:
        names = [name for name in self._list("files/recent") if name != str(file.absolute())]
        self._store.setValue("files/recent", names)
        self._fill_recent()

    def _fill_recent(self) -> None:
        menu = self._window.recent
        menu.clear()
        for number, name in enumerate(self._list("files/recent"), 1):
            action = menu.addAction(f"&{number % MOST_RECENT} {_path_text(name)}")
            action.setToolTip(tip(f"Open {visible(name, 1000)}"))
            action.triggered.connect(lambda _checked=False, name=name: self.open_later(Path(name)))
        menu.setEnabled(not menu.isEmpty())


def _names(experiments: Sequence[OpenExperiment]) -> list[str]:
    """By which they are told apart: where two have one name, by their files too."""
    names = [one.name for one in experiments]
    return [f"{one.name} ({one.file})" if names.count(one.name) > 1 else one.name for one in experiments]


def _path_text(name: str) -> str:
    """The end of a path, which tells most, as a menu shows it."""
    end = name if len(name) <= LONGEST_PATH else f"…{name[1 - LONGEST_PATH :]}"
    return visible(end).replace("&", "&&")


def _why_not(contract: OpenContract, experiment: OpenExperiment | None) -> str:
    """Why a contract or experiment cannot be started as its files are."""
    if contract.trouble:
        return contract.trouble
    if contract.reading and contract.reading.errors:
        first = contract.reading.errors[0]
        errors = count_of(len(contract.reading.errors), "error")
        return f"{contract.file.name} has {errors}; line {first.line}: {visible(first.message)}"
    if experiment and experiment.trouble:
        return experiment.trouble
    return ""
