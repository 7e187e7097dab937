"""When each machine has to be looked at because nothing came of it: a queue of due times."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from itertools import count
from typing import Generic, TypeVar

M = TypeVar("M", bound=Hashable)


class Due(Generic[M]):
    """Machines by the time at which they are due. Each stands there once, however often it is put off."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, M]] = []
        self._earliest: dict[M, float] = {}
        self._number = count()

    def at(self, time: float, machine: M) -> None:
        """Look at it at that time at the latest."""
        if time < self._earliest.get(machine, float("inf")):
            self._earliest[machine] = time
            heapq.heappush(self._queue, (time, next(self._number), machine))

    def by(self, now: float) -> Iterator[M]:
        """Those that are due now; who goes on being watched is put in again."""
        while self._queue and self._queue[0][0] <= now:
            time, _, machine = heapq.heappop(self._queue)
            if self._earliest.get(machine) == time:
                del self._earliest[machine]
                yield machine
