"""How far a copy of files is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A copy under way: `name` is the file that is copied now, `done` and `total` are bytes."""

    name: str
    done: int
    total: int
    files_done: int
    files: int

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        if self.total:
            return min(1.0, self.done / self.total)
        return self.files_done / self.files if self.files else 1.0


Tell = Callable[[Progress], None]
"""Is told of a copy's progress, in the thread of the event loop."""
