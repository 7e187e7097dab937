"""What a job reports of itself becomes an event in the journal, as a user's wish does."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zeligui.experiment.calling.grants import Grant


@dataclass(frozen=True, slots=True)
class Reports:
    """Writes into the journal in a file."""

    journal: Path

    def __call__(self, grant: Grant, text: str, progress: float | None) -> None:
        """Write it down; it is on the disk when this returns. JournalError."""
        import asyncio  # with these, an answer takes three times as long

        from zeligui.events import Event
        from zeligui.experiment.book import REPORTED
        from zeligui.experiment.journal import Journal

        data: dict[str, Any] = {} if progress is None else {"progress": progress}
        words = text or f"{progress or 0:.0%} done"
        about = grant.attempt, grant.instance, grant.host, grant.profile
        event = Event(REPORTED, grant.experiment, words, *about, data)
        with closing(Journal.open(self.journal)) as journal:

            async def write() -> None:
                await journal.append(event)

            asyncio.run(write())
