"""Machines are begun with one after another, as fast as the event loop bears it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

APART_S = 0.025
"""Between two: a login, its shell and the sensor take 13 ms of a processor, of which half is left to the loop."""

LATE_S = 0.02
"""By how much the loop may be late where the next one is begun with."""

LONGEST_S = 0.25
"""After so long it is, for something else may make the loop late."""

AT_ONCE = 4
"""So many at most that have not come up: each keeps threads busy, and the loop waits for the interpreter's lock."""

HELD_S = 0.5
"""After so long one that has not come up is not counted: it may never do so."""


class Pace:
    """Shared by all who begin. 200 threads begun with at once would stop the loop for seconds.

    Each new thread is waited for until it runs, and before it do all that want the interpreter's lock.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def turn(self) -> Callable[[], None]:
        """Wait for one's turn. What is returned is to be called, once or more, when one is up or has given up."""
        await self._room.acquire()
        try:
            async with self._turn:
                end = time.monotonic() + LONGEST_S
                while await _lateness() > LATE_S and time.monotonic() < end:
                    pass
        except BaseException:
            self._room.release()
            raise
        held = True

        def over() -> None:
            nonlocal held
            if held:
                held = False
                self._room.release()

        asyncio.get_running_loop().call_later(HELD_S, over)
        return over


async def _lateness() -> float:
    begun = time.monotonic()
    await asyncio.sleep(APART_S)
    return time.monotonic() - begun - APART_S
