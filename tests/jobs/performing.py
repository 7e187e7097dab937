"""Conformance: what every job service does. All of it is played at once on each, and told test by test.

Most of what a job service does is waiting (for a queue, for a poll of the site), so that all plays together take hardly
longer than the longest one; and that many jobs are under way at once is a test by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.places import Place
from zeligui.jobs.adaptors import Ability

Play = Callable[[Place], Awaitable[None]]

LIMIT_S = 100.0


def conformance(*needs: Ability) -> Callable[[Play], Callable[[Performance], None]]:
    """A test over every way to run jobs that can what the test needs."""

    def decorate(play: Play) -> Callable[[Performance], None]:
        def test(performance: Performance) -> None:
            performance.tell(play)

        test.__name__ = test.__qualname__ = play.__name__
        test.__module__ = play.__module__
        test.__doc__ = play.__doc__
        test.play, test.needs = play, needs  # type: ignore[attr-defined]
        return test

    return decorate


class Performance:
    """All plays on one way to run jobs, at most so many at once; `open_place` opens a place for each."""

    def __init__(self, open_place: Callable[[Path], Place], folder: Path, *, at_once: int) -> None:
        self._open_place = open_place
        self._folder = folder
        self._room = asyncio.Semaphore(at_once)
        self._ends: dict[Play, BaseException | None] = {}

    def run(self, plays: Sequence[Play]) -> None:
        """Play them all; how each ended is kept."""
        asyncio.run(self._run(plays))

    async def _run(self, plays: Sequence[Play]) -> None:
        ends = await asyncio.gather(*map(self._play, plays), return_exceptions=True)
        self._ends.update(zip(plays, ends, strict=True))

    async def _play(self, play: Play) -> None:
        async with self._room:
            folder = self._folder / play.__name__
            folder.mkdir()
            place = self._open_place(folder)
            try:
                async with asyncio.timeout(LIMIT_S):
                    await play(place)
            finally:
                await place.close()

    def tell(self, play: Play) -> None:
        """Fail as the play did, if it did."""
        if end := self._ends[play]:
            raise end


def selected(items: Sequence[pytest.Item], way: object) -> Sequence[Play]:
    """The plays among the tests that are to run, of one way."""
    found: dict[Play, None] = {}
    for item in items:
        test: Any = getattr(item, "function", None)
        how: Any = getattr(item, "callspec", None)
        if hasattr(test, "play") and how.params["performance"] == way:
            found[test.play] = None
    return list(found)
