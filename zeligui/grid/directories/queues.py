"""Batch queues of one group of machines: free slots stand once per queue and per organisation, and count once."""

from __future__ import annotations

from dataclasses import dataclass, field

from zeligui.grid.hosts import Value


@dataclass
class Queues:
    """What is told of the queues in front of one group of machines, by the queue's name."""

    free: dict[str, float] = field(default_factory=dict)
    wait_s: dict[str, float] = field(default_factory=dict)

    def told(self, queue: str, free: float | None, wait_s: float | None) -> None:
        """One organisation, or one server, tells of a queue: most slots and longest wait of what is told count."""
        if free is not None:
            self.free[queue] = max(free, self.free.get(queue, free))
        if wait_s is not None:
            self.wait_s[queue] = max(wait_s, self.wait_s.get(queue, wait_s))

    def values(self) -> dict[str, Value | None]:
        """`freeSlots` over all queues, and `queueWait` (s) of the one that waits least; None where none is told."""
        return {
            "freeSlots": sum(self.free.values()) if self.free else None,
            "queueWait": min(self.wait_s.values()) if self.wait_s else None,
        }
