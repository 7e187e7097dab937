"""Time as a parameter: how old things are, how long to wait, and what the calendar says."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What everything that waits or stamps asks."""

    def age(self) -> float:
        """Seconds on a clock that goes on while the machine is suspended: for how old a value is."""
        ...

    def patience(self) -> float:
        """Seconds on a clock that stops while the machine is suspended: for grace, intervals and leases."""
        ...

    def now(self) -> datetime:
        """The calendar's time, aware, in UTC: for records only, never for differences."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the patience clock."""
        ...


class SystemClock:
    """The machine's own clocks: CLOCK_BOOTTIME for age, CLOCK_MONOTONIC for patience."""

    def age(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def patience(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
