"""Which hosts a writer leaves to an older one, so that two processes that watch one host do not both record it."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from zeligui.grid.history.tables import RECENT, SECOND, WRITERS

QUIET = 15 * SECOND
"""An older writer that was silent about a host for so long, or for three of our own intervals, has given it up."""


class Claims:
    """What one writer knows of the older ones; a writer is older where its number is smaller."""

    def __init__(self, writer: int) -> None:
        self._writer = writer
        self._seen = 0
        self._heard: dict[int, int] = {}
        self._own: dict[int, int] = {}

    def look(self, connection: Connection) -> bool:
        """What older writers have recorded since the last look; whether there are any."""
        elder = select(WRITERS.c.id).where(WRITERS.c.id < self._writer).limit(1)
        if connection.execute(elder).scalar() is None:
            self._heard.clear()
            self._own.clear()
            return False
        theirs = (
            select(RECENT.c.host, func.max(RECENT.c.time), func.max(RECENT.c.id))
            .where(RECENT.c.id > self._seen, RECENT.c.writer < self._writer)
            .group_by(RECENT.c.host)
        )
        for host, time, last in connection.execute(theirs):
            self._heard[host] = time
            self._seen = max(self._seen, last)
        return True

    def forget(self) -> None:
        """What hosts are called has changed."""
        self._heard.clear()
        self._own.clear()

    def mine(self, host: int, time: int) -> bool:
        """Whether what was measured of a host at that time is to be recorded by this writer."""
        before = self._own.get(host)
        self._own[host] = time
        if (heard := self._heard.get(host)) is None:
            return True
        quiet = QUIET if before is None else max(QUIET, 3 * (time - before))
        return time - heard > quiet
