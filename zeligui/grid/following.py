"""One task a source: what it says is handed on, and after a failure it is begun anew, the later the more often."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from zeligui.clock import Clock
from zeligui.errors import LinkError, Unreachable
from zeligui.grid.roster import Feed
from zeligui.grid.survey import Piece
from zeligui.tasks import Tasks

LONGEST_PAUSE_S = 30.0
"""Between two attempts to reach a source."""

TURN_S = 0.005
"""After so long of one source's pieces others have their turn."""


class Following:
    """`heard` gets each piece that a source yields, `failed` its failures; `waits` is called when it has no more."""

    def __init__(
        self,
        clock: Clock,
        tasks: Tasks,
        *,
        heard: Callable[[Feed, Piece], None],
        failed: Callable[[Feed, BaseException], None],
        waits: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._tasks = tasks
        self._heard = heard
        self._failed = failed
        self._waits = waits
        self._running: dict[Feed, asyncio.Task[None]] = {}

    def begin(self, feed: Feed) -> None:
        """Follow a source."""
        self._running[feed] = self._tasks.start(f"watching {feed.url}", self._follow(feed))

    async def end(self, feed: Feed) -> None:
        """Follow it no more; afterwards nothing of it runs."""
        if task := self._running.pop(feed, None):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, feed: Feed) -> None:
        while True:
            try:
                async with aclosing(cast(AsyncGenerator[Piece], feed.source.watch())) as pieces:
                    begun = time.perf_counter()
                    while True:
                        feed.waiting = True
                        self._waits()
                        piece = await anext(pieces, None)
                        feed.waiting = False
                        if piece is None:
                            raise Unreachable(f"{feed.url} has nothing more to say.")
                        self._heard(feed, piece)
                        if time.perf_counter() - begun > TURN_S:  # a file gives 10,000 hosts without a pause
                            await asyncio.sleep(0)
                            begun = time.perf_counter()
            except LinkError as error:
                self._failed(feed, error)
            pause = min(LONGEST_PAUSE_S, 2.0 ** min(feed.failures - 1, 10))
            await self._pause(feed, pause * random.SystemRandom().uniform(0.75, 1.25))

    async def _pause(self, feed: Feed, seconds: float) -> None:
        """Wait, or go on at once where somebody is in a hurry."""
        feed.hurry.clear()
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(feed.hurry.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
