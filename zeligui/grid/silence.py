"""When each machine has to be looked at because nothing came of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

M = TypeVar("M", bound=Hashable)


class Due(Generic[M]):
    """Machines by the time at which they are due. Each stands there once, however often it is put off.

    All of them are gone through when one is due: that takes less than to keep them in order when thousands come.
    """

    def __init__(self) -> None:
        self._times: dict[M, float] = {}
        self._next = float("inf")

    def at(self, time: float, machine: M) -> None:
        """Look at it at that time at the latest."""
        if time < self._times.get(machine, float("inf")):
            self._times[machine] = time
            self._next = min(self._next, time)

    def by(self, now: float) -> list[M]:
        """Those that are due now, who is so longest first; who goes on being watched is put in again."""
        if now < self._next:
            return []
        due = sorted((one for one, time in self._times.items() if time <= now), key=self._times.__getitem__)
        for machine in due:
            del self._times[machine]
        self._next = min(self._times.values(), default=float("inf"))
        return due
