"""What is done to experiments: started, by themselves or by the contract that they name, and newly described."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint
from shiboken6 import isValid

from zeligui.errors import ZeliGridError
from zeligui.experiment.description import ExperimentFile
from zeligui.gui.dialogs import answer, choose_one, confirm
from zeligui.gui.experiment_form import ExperimentDialog
from zeligui.gui.file_deeds import FileDeeds
from zeligui.gui.views import popup
from zeligui.gui.window import MainWindow
from zeligui.gui.words import count_of, visible
from zeligui.gui.work import Work
from zeligui.links.calls import call
from zeligui.session.session import Session
from zeligui.session.snapshot import OpenContract, OpenExperiment, RemoteJob


class ExperimentDeeds:
    """The actions about experiments, and why they cannot be done now."""

    def __init__(self, window: MainWindow, session: Session, work: Work, files: FileDeeds) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._files = files
        self._forms: list[ExperimentDialog] = []
        window.actions_.connect(
            {
                "new_experiment": lambda: self.new_experiment(None),
                "start": lambda: work.do("Start", self.start),
            }
        )
        window.contracts.menu_asked.connect(self._menu)

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
            await self._files.open(file)
            if start:
                await self._run(file)

        self._work.tasks.start(f"Save {visible(file.name)}", save())

    async def _written(self, form: ExperimentDialog, value: ExperimentFile, before: ExperimentFile, file: Path) -> bool:
        """Write the file; False where it is there and is to stay."""
        if await call(file.exists) and not await confirm(form, f"Replace {file.name}?", "Replace", [str(file)]):
            return False
        await self._session.write_experiment(file, value, before)
        return True

    def _menu(self, place: QPoint) -> None:
        actions = self._window.actions_
        names = ("start", None, "what_excludes", "why_not", None, "new_experiment", "edit_file", "close_file")
        popup(self._window, place, [actions[name] if name else None for name in names])

    def _current_job(self) -> RemoteJob | None:
        key, snapshot = self._window.jobs.current, self._window.snapshot
        return snapshot.job(*key) if key and snapshot else None


def _names(experiments: Sequence[OpenExperiment]) -> list[str]:
    """By which they are told apart: where two have one name, by their files too."""
    names = [one.name for one in experiments]
    return [f"{one.name} ({one.file})" if names.count(one.name) > 1 else one.name for one in experiments]


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
