"""The history of the machines that are watched here: recorded while it is wanted, and read at any time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from zeligui.clock import Clock
from zeligui.errors import HistoryDamaged, HistoryError
from zeligui.grid.history.reading import Past, read_past
from zeligui.grid.history.recorder import CLOSE_S, Recorder
from zeligui.grid.machines import Machines
from zeligui.links.calls import call

READ_S = 30.0
MOST = 2000


class Chronicle:
    """Belongs to the event loop, where `report` hears of what went wrong. Nothing here waits for the disk."""

    def __init__(self, file: Path, machines: Machines, *, clock: Clock, report: Callable[[HistoryError], None]) -> None:
        self._file = file
        self._machines = machines
        self._clock = clock
        self._report = report
        self._recorder: Recorder | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    async def record(self, wanted: bool, size_mb: float) -> None:
        """Record all that is measured from now on, in so much room, or cease to."""
        if not wanted:
            await self.close()
        elif self._recorder:
            self._recorder.limit(size_mb * 1e6)
        else:
            self._begin(size_mb * 1e6)

    async def past(self, host: str, attribute: str, since: float, until: float, *, most: int = MOST) -> Past:
        """What is stored of an attribute of a host between two times; all times are on the age clock.

        At most `most` points come back, each with the least and the largest value that it stands for; nothing of a
        host or an attribute that is not known. HistoryError where the history cannot be read.
        """
        recorder = self._recorder
        offset = recorder.dating.offset(self._clock.age()) if recorder else self._calendar()

        def read() -> Past:
            if recorder:
                recorder.flush()
            return read_past(self._file, host, attribute, since + offset, until + offset, most=most)

        try:
            past = await call(read, limit=READ_S)
        except HistoryDamaged:
            if recorder:
                recorder.renew()
            raise
        except TimeoutError as error:
            raise HistoryError(f"The history {self._file} could not be read within {READ_S:g} s.") from error
        return Past(past.times - offset, past.values, past.low, past.high)

    async def close(self) -> None:
        """Write what is waiting, and let the file go; takes some seconds at most."""
        recorder, self._recorder = self._recorder, None
        if recorder:
            self._unsubscribe()
            await call(recorder.close, CLOSE_S)

    def _begin(self, limit_bytes: float) -> None:
        loop = asyncio.get_running_loop()

        def report(error: HistoryError) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._report, error)

        self._recorder = Recorder(self._file, clock=self._clock, limit_bytes=limit_bytes, report=report)
        self._unsubscribe = self._machines.subscribe(self._recorder.keep)
        self._recorder.start()

    def _calendar(self) -> float:
        return self._clock.now().timestamp() - self._clock.age()
