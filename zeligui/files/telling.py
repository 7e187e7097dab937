"""Tells of the progress of a copy, from whichever thread, but not too often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from zeligui.files.planning import Item
from zeligui.files.progress import Progress, Tell

TELL_S = 0.1


class Telling:
    """Counts what is done of `items`, and tells it in the thread of the event loop."""

    def __init__(self, items: Sequence[Item], tell: Tell | None) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._total, self._files = sum(item.entry.size for item in items), len(items)
        self._done = self._done_files = self._under_way = 0
        self._name = ""
        self._told = 0.0
        self.moved = 0
        """Bytes that were moved altogether, more than once where a copy was begun anew."""

    def at(self, name: str, count: int) -> None:
        """Of what is under way so many bytes are done; from any thread."""
        self.moved += max(0, count - self._under_way)
        self._name, self._under_way = name, count
        now = time.monotonic()
        if self._tell is not None and now - self._told >= TELL_S:
            self._told = now
            with suppress(RuntimeError):  # the loop has closed
                self._loop.call_soon_threadsafe(self.tell)

    def begin(self, offset: int) -> None:
        """A batch is begun, of which so much is there."""
        self._under_way = offset

    def done(self, item: Item) -> None:
        """A file is whole."""
        self._done, self._done_files = self._done + item.entry.size, self._done_files + 1
        self._under_way = max(0, self._under_way - item.entry.size)
        self._name = item.entry.name

    def tell(self) -> None:
        """Tell how it is now."""
        if self._tell is not None:
            done = min(self._total, self._done + self._under_way)
            self._tell(Progress(self._name, done, self._total, self._done_files, self._files))
