"""What is done to jobs: stopped, suspended, resumed, their output saved; and what becomes of them at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFileDialog

from zeligui.experiment.wishes import What
from zeligui.gui.dialogs import answer, choose, confirm
from zeligui.gui.views import popup
from zeligui.gui.window import MainWindow
from zeligui.gui.words import count_of, visible
from zeligui.gui.work import Work
from zeligui.session.session import Session
from zeligui.session.snapshot import RemoteJob

VERBS = {"cancel": "Stop", "suspend": "Suspend", "resume": "Resume"}


class JobDeeds:
    """The actions about remote jobs, and why they cannot be done now."""

    def __init__(self, window: MainWindow, session: Session, work: Work) -> None:
        self._window = window
        self._session = session
        self._work = work
        window.actions_.connect(
            {
                "stop": lambda: work.do("Stop", lambda: self.wish("cancel")),
                "suspend": lambda: work.do("Suspend", lambda: self.wish("suspend")),
                "resume": lambda: work.do("Resume", lambda: self.wish("resume")),
            }
        )
        window.details.save_asked.connect(self.save_output)
        window.jobs.menu_asked.connect(self._menu)

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
        still = "1 job still runs." if len(jobs) == 1 else f"{len(jobs):,} jobs still run."
        chosen = await choose(self._window, still, verbs, names, words=words)
        return None if chosen is None else ("leave", "stop")[chosen]

    def _menu(self, place: QPoint) -> None:
        actions = self._window.actions_
        names = ("start", "stop", None, "suspend", "resume", None, "why_not")
        popup(self._window, place, [actions[name] if name else None for name in names])
