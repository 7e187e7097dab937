"""One stream of the job that is looked at, read while somebody looks, and taken up where it was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from zeligui.errors import ZeliGridError
from zeligui.gui.output_view import OutputView
from zeligui.gui.words import visible
from zeligui.session.snapshot import RemoteJob
from zeligui.tasks import Tasks

if TYPE_CHECKING:
    from zeligui.session.tail import Piece

Follow = Callable[[RemoteJob, str], "AsyncIterator[Piece]"]
"""Of a job "stdout" or "stderr": its end, then what comes, until the job has ended."""

SETTLE_S = 0.15
"""A job must be looked at for this long before its machine is asked: arrow keys go over many."""
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0
"""After an error, before it is tried again."""


class Following(QObject):
    """Keeps a view at one stream of one job. All reading ends with `look_at(None)`, and pauses while not `wanted`.

    What is shown stays when reading pauses, and when the job is started again elsewhere: that is a new section.
    """

    grew = Signal()
    """Something came that was not shown before."""

    def __init__(self, stream: str, view: OutputView, follow: Follow, tasks: Tasks) -> None:
        super().__init__(view)
        self._stream = stream
        self._view = view
        self._follow = follow
        self._tasks = tasks
        self._job: RemoteJob | None = None
        self._shown = 0
        self._said = ""
        self._over = False
        self._wanted = False
        self._pause = FIRST_PAUSE_S
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether it is being read now."""
        return self._task is not None and not self._task.done()

    def look_at(self, job: RemoteJob | None) -> None:
        """Show this job's; None shows nothing."""
        before, self._job = self._job, job
        if before and job and before.key == job.key and _attempt(before) == _attempt(job):
            return
        again = before and job and before.key == job.key and before.attempt and job.attempt
        self._stop()
        self._shown, self._over = -1, False
        self._said = f"— started again on {visible(job.host, 60)} —" if again and job else ""
        if not again:
            self._view.begin(0)
        self._go_on()

    def want(self, wanted: bool) -> None:
        """Whether somebody looks."""
        self._wanted = wanted
        if wanted:
            self._go_on()
        else:
            self._stop()

    def retry(self) -> None:
        """Try again now."""
        self._stop()
        self._view.take_back_trouble()
        self._go_on()

    def _go_on(self) -> None:
        if self._wanted and not self.running and not self._over and self._job and self._job.attempt:
            self._task = self._tasks.start(f"Read the {self._stream} of {self._job.name}", self._read(self._job))

    def _stop(self) -> None:
        if self._task:
            self._task.cancel()
            self._task = None
        self._view.take_back_trouble()

    async def _read(self, job: RemoteJob) -> None:
        """Read until the job has ended, whatever fails meanwhile."""
        await asyncio.sleep(SETTLE_S)
        self._pause = FIRST_PAUSE_S
        while True:
            try:
                await self._read_once(job)
            except ZeliGridError as error:
                self._view.say_trouble(str(error), error.hint, self.retry)
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE_S)
            else:
                self._view.take_back_trouble()
                self._view.end()
                self._over = True
                return

    async def _read_once(self, job: RemoteJob) -> None:
        """Read to the end; of what is shown already, nothing is shown again."""
        at = 0
        pieces = self._follow(job, self._stream)
        try:
            async for piece in pieces:
                self._view.take_back_trouble()
                self._pause = FIRST_PAUSE_S
                if piece.begins is not None:
                    at = piece.begins
                    if not 0 <= at <= self._shown:
                        self._begin(at)
                new = piece.data[max(0, self._shown - at) :]
                at += len(piece.data)
                if new:
                    self._shown = at
                    self._view.append(new)
                    self.grew.emit()
        finally:
            if close := getattr(pieces, "aclose", None):
                await close()

    def _begin(self, offset: int) -> None:
        self._view.begin(offset, self._said)
        self._shown, self._said = offset, ""


def _attempt(job: RemoteJob) -> str:
    return job.attempt.id if job.attempt else ""
