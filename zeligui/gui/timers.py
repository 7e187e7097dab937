"""Calls at a later time by Qt's timers, of which nothing is left once they are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from math import ceil
from typing import Any

from PySide6.QtCore import QObject, QTimerEvent

LONGEST_S = 20 * 86400.0
"""Qt counts milliseconds in 31 bits."""


class LaterCall(asyncio.Handle):
    """A call that waits for its time. Its timer ends when it is cancelled, as most limits are, some of hours."""

    def __init__(
        self,
        timers: Timers,
        call: Callable[..., object],
        given: Any,
        loop: asyncio.AbstractEventLoop,
        at: Context | None,
    ) -> None:
        super().__init__(call, given, loop, at)
        self._timers: Timers | None = timers
        self.timer = 0

    def cancel(self) -> None:
        super().cancel()
        if self._timers is not None:
            self._timers.forget(self)
            self._timers = None

    def come(self) -> None:
        """Its time has come."""
        self._timers = None
        self._run()  # what it raises goes to the loop's handler of exceptions


class Timers(QObject):
    """All calls of an event loop that wait for their time. For the loop's own thread."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[int, LaterCall] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, call: LaterCall, delay_s: float) -> None:
        """Let it come after so long."""
        call.timer = self.startTimer(ceil(min(delay_s, LONGEST_S) * 1000))
        self._waiting[call.timer] = call

    def forget(self, call: LaterCall) -> None:
        """Let it not come."""
        if self._waiting.pop(call.timer, None):
            self.killTimer(call.timer)

    def stop(self) -> None:
        """Let none come any more."""
        for call in list(self._waiting.values()):
            self.forget(call)

    def timerEvent(self, event: QTimerEvent) -> None:  # noqa: N802
        self.killTimer(event.timerId())
        call = self._waiting.pop(event.timerId(), None)
        if call is not None:
            call.come()
