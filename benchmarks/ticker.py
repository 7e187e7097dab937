"""How late an event loop gets: a task that wakes every few milliseconds; run by itself, how late a bare loop gets."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array

TICK_S = 0.005


class Ticker:
    """Runs from when it is made until `stop`."""

    def __init__(self) -> None:
        self.late = array("d")
        """Seconds, one entry a tick."""
        self.busy = array("d")
        """Seconds of processor time that the thread of the loop took meanwhile: what others do lengthens them not."""
        self._task = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            begun, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK_S)
            self.late.append(max(0.0, time.perf_counter() - begun - TICK_S))
            self.busy.append(time.thread_time() - used)

    async def stop(self) -> float:
        """The worst so far, in seconds."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return max(self.late, default=0.0)


async def lateness(seconds: float) -> tuple[list[float], list[float]]:
    """By how much the loop is late, and how busy its thread, tick by tick."""
    ticker = Ticker()
    await asyncio.sleep(seconds)
    await ticker.stop()
    return list(ticker.late), list(ticker.busy)


def quantile(figures: list[float] | array[float], share: float) -> float:
    """The least figure that this share of all does not exceed; 0 where there is none."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def ms(seconds: float) -> str:
    """Milliseconds, as a text."""
    return f"{1e3 * seconds:.0f}"


if __name__ == "__main__":
    print(json.dumps(asyncio.run(lateness(float(sys.argv[1])))[0]))
