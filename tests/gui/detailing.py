"""A machine that prints, and the details of a job on it, on the loop that the program has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import snapshots
from tests.gui.driving import run
from zeligui.errors import LinkError
from zeligui.events import Event
from zeligui.gui import following
from zeligui.gui.details_pane import DetailsPane
from zeligui.session.snapshot import RemoteJob
from zeligui.session.tail import Piece

JOB = snapshots.job("demo", 1, host="node1.grid")

Work = Callable[[], Coroutine[Any, Any, None]]
Sitting = Callable[[Work], None]


def moved(job: RemoteJob, host: str) -> RemoteJob:
    """The job, started again there."""
    assert job.attempt
    return replace(job, host=host, attempt=replace(job.attempt, id=host.ljust(32, "0"), host=host, restart=1))


@dataclass
class Machine:
    """Where jobs print: what is put into `printed` is read from there, as the session would."""

    printed: dict[tuple[str, str], bytes] = field(default_factory=dict)
    fails: LinkError | None = None
    ended: bool = False
    asked: int = 0
    reading: int = 0
    sent: list[tuple[str, bytes, bool]] = field(default_factory=list)
    refuses: LinkError | None = None
    events: list[Event] = field(default_factory=list)

    def prints(self, job: RemoteJob, data: bytes, stream: str = "stdout") -> None:
        key = _key(job, stream)
        self.printed[key] = self.printed.get(key, b"") + data

    async def follow(self, job: RemoteJob, stream: str) -> AsyncIterator[Piece]:
        self.asked += 1
        self.reading += 1
        try:
            at = 0
            yield Piece(b"", begins=0)
            while True:
                if self.fails:
                    raise self.fails
                data = self.printed.get(_key(job, stream), b"")
                if new := data[at : at + 7]:
                    at += len(new)
                    yield Piece(new)
                elif self.ended:
                    return
                else:
                    await asyncio.sleep(0.005)
        finally:
            self.reading -= 1

    async def send(self, job: RemoteJob, data: bytes, end: bool) -> None:
        await asyncio.sleep(0.001 * (3 - len(self.sent)))
        if self.refuses:
            raise self.refuses
        self.sent.append((job.name, data, end))

    def events_of(self, _experiment: str) -> list[Event]:
        return self.events


def _key(job: RemoteJob, stream: str) -> tuple[str, str]:
    return (job.attempt.id if job.attempt else ""), stream


async def until(look: Callable[[], object], limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not look():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


def made_pane(machine: Machine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> DetailsPane:
    """A pane that waits for nothing before it asks the machine."""
    monkeypatch.setattr(following, "SETTLE_S", 0.0)
    monkeypatch.setattr(following, "FIRST_PAUSE_S", 0.02)
    made = DetailsPane(machine.follow, machine.send, machine.events_of, can_save=True)
    qtbot.addWidget(made)
    made.resize(700, 320)
    return made


def sitting_before(application: QApplication, pane: DetailsPane, machine: Machine) -> Sitting:
    """Runs a coroutine with the pane shown, then closes the pane: nothing may be left."""

    def sit(work: Work) -> None:
        async def whole() -> None:
            pane.show()
            await work()
            await pane.close_all()
            assert machine.reading == 0

        run(application, whole())

    return sit


def output(pane: DetailsPane) -> str:
    """What is shown of the job's output."""
    return pane.output.text.toPlainText()


def front(pane: DetailsPane, part: QWidget) -> None:
    """Bring a tab to the front."""
    pane.tabs.setCurrentWidget(part)
