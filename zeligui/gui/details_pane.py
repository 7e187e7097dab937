"""The details of the selected job: what it prints, what it is sent, what happened to it, and what is known of it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from zeligui.errors import ZeliGridError
from zeligui.events import Event
from zeligui.gui.elided import ElidedLabel
from zeligui.gui.facts import Facts, Known
from zeligui.gui.following import Follow, Following
from zeligui.gui.input_line import InputLine
from zeligui.gui.output_view import OutputView
from zeligui.gui.pane import Pane
from zeligui.gui.service_words import service_words
from zeligui.gui.staging_line import StagingLine
from zeligui.gui.timeline import Timeline
from zeligui.gui.words import visible
from zeligui.session.snapshot import RemoteJob, Snapshot
from zeligui.tasks import Tasks

Send = Callable[[RemoteJob, bytes, bool], Coroutine[Any, Any, None]]
"""Sends a job a piece of its standard input; true where no more comes."""
Events = Callable[[str], Sequence[Event]]
"""The events of an experiment, oldest first."""

NEW = "\N{BLACK CIRCLE}"


class DetailsPane(Pane):
    """Shows one job. Its machine is asked only while that is looked at; `close_all` ends all asking.

    `save_asked` tells the job and the stream whose whole output is wished for; `can_save` says that somebody listens.
    """

    save_asked = Signal(object, str)

    def __init__(
        self, follow: Follow, send: Send, events: Events, parent: QWidget | None = None, *, can_save: bool = False
    ) -> None:
        super().__init__("Details", parent)
        self.name = ElidedLabel(self.title, self)
        self.name.setFont(self.heading.font())
        self.tools.replaceWidget(self.heading, self.name)
        self.heading.hide()
        self.heading.deleteLater()
        self.heading = self.name
        self._send = send
        self._events = events
        self._tasks = Tasks(self._report)
        self._job: RemoteJob | None = None
        self._snapshot: Snapshot | None = None
        self._closed = False
        self._order = asyncio.Lock()
        self._input_ended: set[str] = set()
        self.output = OutputView("Output", self, can_save=can_save)
        self.output.text.setPlaceholderText("What the job prints appears here.")
        self.errors = OutputView("Errors", self, can_save=can_save)
        self.errors.text.setPlaceholderText("What the job prints on its standard error appears here.")
        self.input = InputLine(self)
        self.timeline = Timeline(self)
        self.facts = Facts(self)
        self.staging = StagingLine(self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        for widget in (self.tabs, self.tabs.tabBar()):
            widget.setAccessibleName("Parts of the details")
        for part, title in self._parts().items():
            self.tabs.addTab(part, title)
        for view in (self.output, self.errors):
            self.tools.addWidget(view.tools)
        self.name.setMinimumHeight(self.output.tools.sizeHint().height())  # so that nothing jumps where they are hidden
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.staging)
        layout.addWidget(self.tabs)
        self._outputs = Following("stdout", self.output, follow, self._tasks)
        self._errors = Following("stderr", self.errors, follow, self._tasks)
        self._errors.grew.connect(self._mark_errors)
        self.output.save_asked.connect(lambda: self.save_asked.emit(self._job, "stdout"))
        self.errors.save_asked.connect(lambda: self.save_asked.emit(self._job, "stderr"))
        self.input.sent.connect(self._send_later)
        self.tabs.currentChanged.connect(lambda _: self._turned())
        self.look_at(None)
        self._turned()

    def _parts(self) -> dict[QWidget, str]:
        return {
            self.output: "&Output",
            self.errors: "&Errors",
            self.input: "&Input",
            self.timeline: "&Timeline",
            self.facts: "&Facts",
        }

    def look_at(self, job: RemoteJob | None) -> None:
        """Show this job from now on, as it stands now; None shows none. A fault of the pane's own stays in it."""
        if self._fault:
            return
        try:
            self._look_at(job)
        except Exception as error:  # noqa: BLE001 - the edge of a pane: the rest of the window goes on
            self._fail(error)

    def _look_at(self, job: RemoteJob | None) -> None:
        other = (job and job.key) != (self._job and self._job.key)
        self._job = job
        if other:
            self._mark_errors(new=False)
        for following in (self._outputs, self._errors):
            following.look_at(job)
        if job is None:
            self.name.say(self.title)
            self.show_empty(
                "No job is selected.", "Select one among the remote jobs to see what it does.", picture="job"
            )
        else:
            self.name.say(_title(job))
            self.show_body()
        self.staging.show_staging(job)
        self.input.set_reason(self._why_no_input())
        self._show_tools()
        self._show_tab()

    def update_from(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._show_tab()

    async def close_all(self) -> None:
        """End all that is being read or sent; nothing is begun again."""
        self._closed = True
        self._want()
        await self._tasks.stop()

    # --- what is looked at --------------------------------------------------------------------------------------------

    def _turned(self) -> None:
        """Another tab is in front."""
        self._show_tools()
        if self.tabs.currentWidget() is self.errors:
            self._mark_errors(new=False)
        self._want()
        self._show_tab()

    def _show_tools(self) -> None:
        for view in (self.output, self.errors):
            view.tools.setVisible(self._job is not None and self.tabs.currentWidget() is view)

    def _want(self) -> None:
        """Read what is looked at; errors also from behind, or their mark would not be true."""
        seen = self.isVisible() and not self._closed
        self._outputs.want(seen and self.tabs.currentWidget() is self.output)
        self._errors.want(seen)

    def _show_tab(self) -> None:
        """Bring the tab in front up to date; the others are when they come to the front."""
        job, front = self._job, self.tabs.currentWidget()
        if front is self.timeline:
            self.timeline.show_events(self._events(job.experiment) if job else (), job.instance if job else None)
        elif front is self.facts:
            self.facts.show_known(Known.of(job, self._snapshot) if job else None)

    def _mark_errors(self, *, new: bool = True) -> None:
        """Whether there is something among the errors that was not seen."""
        place = self.tabs.indexOf(self.errors)
        new = new and self.tabs.currentWidget() is not self.errors
        self.tabs.setTabText(place, f"&Errors {NEW}" if new else "&Errors")
        self.tabs.setTabToolTip(place, "The job has printed errors that you have not seen." if new else "")

    # --- standard input -----------------------------------------------------------------------------------------------

    def _why_no_input(self) -> str:
        job = self._job
        if job is None:
            return "No job is selected."
        if job.standing.ended:
            return "The job has ended."
        if job.attempt is None or not job.attempt.committed:
            return "The job does not run now."
        if job.attempt.interactive is False:
            return "The job takes no input: interactive = true is not in its experiment."
        return "The input was ended: the job gets no more." if job.attempt.id in self._input_ended else ""

    def _send_later(self, data: bytes, end: bool) -> None:
        job = self._job
        if job is None or job.attempt is None or self._closed:
            return
        if end:
            self._input_ended.add(job.attempt.id)
            self.input.set_reason(self._why_no_input())
        self._tasks.start(f"Send input to {job.name}", self._send_now(job, data, end))

    async def _send_now(self, job: RemoteJob, data: bytes, end: bool) -> None:
        """Send it after what was sent before, and say what became of it."""
        try:
            async with self._order:
                await self._send(job, data, end)
        except ZeliGridError as error:
            self.input.tell(job.name, data, f"[not sent: {error} {error.hint}]")
            if end and job.attempt:
                self._input_ended.discard(job.attempt.id)
                self.input.set_reason(self._why_no_input())
        else:
            self.input.tell(job.name, data, "[end of input]" if end else "")

    def _report(self, doing: str, error: BaseException) -> None:
        """What nobody expected: a fault of ours."""
        self.failed.emit(doing, "".join(traceback.format_exception(error)))

    # --- what Qt calls ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._want()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self._want()


def _title(job: RemoteJob) -> str:
    """Which job it is, where and by which service."""
    where = f" on {visible(job.host)}" if job.host else ""
    return f"{visible(job.name)}{where}{f' by {service_words(job.service)}' if job.service else ''}"
