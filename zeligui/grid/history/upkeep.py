"""What keeps the history small: rows become blocks, blocks means, and old means go, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, update

from zeligui.databases import writing
from zeligui.grid.history.shelves import Shelves, hosts_of, oldest
from zeligui.grid.history.tables import (
    HISTORY,
    HOSTS,
    MOST_HOSTS,
    RECENT,
    TIERS,
    VALUES,
    WRITERS,
    Tier,
    database_file,
)

HOSTS_AT_ONCE = 200
"""In one transaction: others who write wait for it some tenths of a second."""
MOST_RECENT = 100_000
"""Rows of measurements that are not in blocks yet: whoever reads a host looks at all of them."""
ROW_BYTES = 200
FULL = 0.8
"""Of the room that the history may take: from then on the oldest is thinned before its time."""
LOOSE_PAGES = 1000
"""Empty pages in the file that are worth giving back to the disk, where they are a tenth of it."""
PAGES_AT_ONCE = 500


class Upkeep:
    """The work on one database. Each step of an iterator is one transaction, so that others have their turn between.

    Where a process is ended between two, nothing is lost or counted twice.
    """

    def __init__(self, engine: Engine, file: Path, writer: int) -> None:
        self.shelves = Shelves()
        self._engine = engine
        self._database = database_file(file)
        self._writer = writer

    def steps(self, now: int, limit_bytes: float) -> Iterator[None]:
        """All that is to be done now, in milliseconds since 1970.

        Of each tier only one block's time is thinned: a calendar that is wrong for minutes must not cost all there is.
        """
        with self._database.in_words():
            if self._rows_are_due(now, limit_bytes):
                yield from self._fold()
            for tier in TIERS:
                first = self._oldest(tier)
                if first is not None and (first + tier.together) * tier.block <= now - tier.kept:
                    yield from self._thin(tier, first)
            yield from self._shrink(limit_bytes)
            yield from self._give_back(limit_bytes)

    def forget_names(self) -> None:
        """Hosts of which nothing is left, and writers that left nothing, are forgotten."""
        with self._database.in_words(), writing(self._engine) as connection:
            of_blocks = (select(tier.table.c["key"].op("&")(MOST_HOSTS - 1)) for tier in TIERS)
            kept = select(RECENT.c.host).union(*of_blocks)
            if connection.execute(HOSTS.delete().where(HOSTS.c.id.not_in(kept))).rowcount:
                connection.execute(update(HISTORY).values(names=HISTORY.c.names + 1))
            others = WRITERS.c.id != self._writer
            connection.execute(WRITERS.delete().where(others, WRITERS.c.id.not_in(select(RECENT.c.writer))))

    def forget_after(self, now: int) -> None:
        """What is dated after now was dated by a calendar that was wrong."""
        with self._database.in_words(), writing(self._engine) as connection:
            connection.execute(RECENT.delete().where(RECENT.c.time > now))
            self.shelves.drop_after(connection, now)

    def _rows_are_due(self, now: int, limit_bytes: float) -> bool:
        with self._engine.connect() as connection:
            first, last = connection.execute(select(func.min(RECENT.c.id), func.max(RECENT.c.id))).one()
            if first is None:
                return False
            begun = connection.execute(select(RECENT.c.time).where(RECENT.c.id == first)).scalar() or now
        return now - begun > VALUES.block or last - first > min(MOST_RECENT, limit_bytes / 8 / ROW_BYTES)

    def _fold(self) -> Iterator[None]:
        """Make blocks of the rows that there are now."""
        with self._engine.connect() as connection:
            last = connection.execute(select(func.max(RECENT.c.id))).scalar()
            hosts = list(connection.execute(select(RECENT.c.host).distinct().order_by(RECENT.c.host)).scalars())
        for first, end in _pieces(hosts):
            mine = RECENT.c.host.between(first, end) & (RECENT.c.id <= last)
            wanted = select(RECENT.c.host, RECENT.c.time, RECENT.c.numbers).where(mine)
            with writing(self._engine) as connection:
                rows = connection.execute(wanted.order_by(RECENT.c.host, RECENT.c.time, RECENT.c.id))
                self.shelves.take_in(connection, [(host, time, numbers) for host, time, numbers in rows])
                connection.execute(RECENT.delete().where(mine))
            yield

    def _oldest(self, tier: Tier) -> int | None:
        with self._engine.connect() as connection:
            return oldest(connection, tier)

    def _thin(self, tier: Tier, first: int) -> Iterator[None]:
        with self._engine.connect() as connection:
            hosts = hosts_of(connection, tier, first)
        for piece in _pieces(hosts):
            with writing(self._engine) as connection:
                self.shelves.thin(connection, tier, first, piece)
            yield

    def _shrink(self, limit_bytes: float) -> Iterator[None]:
        """Thin the oldest of what takes most of its share, until there is room again."""
        while self._used_bytes() > FULL * limit_bytes:
            tier = self._largest()
            first = None if tier is None else self._oldest(tier)
            if tier is None or first is None:
                yield from self._fold()
                return
            yield from self._thin(tier, first)

    def _used_bytes(self) -> int:
        """What is in the file, without its empty pages."""
        with self._engine.connect() as connection:
            pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
            return pages * _pragma(connection, "page_size")

    def _largest(self) -> Tier | None:
        """The tier that takes most by its share; None where none takes anything."""
        with self._engine.connect() as connection:
            row = connection.execute(select(*(HISTORY.c[tier.table.name] for tier in TIERS))).one()
        sizes = dict(zip(TIERS, row, strict=True))
        return max((tier for tier in TIERS if sizes[tier] > 0), key=lambda tier: sizes[tier] / tier.share, default=None)

    def _give_back(self, limit_bytes: float) -> Iterator[None]:
        """Give empty pages at the end of the file back to the disk, where they are many."""
        while True:
            with writing(self._engine) as connection:
                pages, loose = _pragma(connection, "page_count"), _pragma(connection, "freelist_count")
                over = pages * _pragma(connection, "page_size") > limit_bytes
                if not loose or not (over or loose > max(LOOSE_PAGES, pages / 10)):
                    return
                # Each step gives one page back, and has no columns: SQLAlchemy would take one and no more.
                connection.connection.cursor().execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
            yield


def _pieces(hosts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last of some hosts at a time; all are in order."""
    for place in range(0, len(hosts), HOSTS_AT_ONCE):
        piece = hosts[place : place + HOSTS_AT_ONCE]
        yield piece[0], piece[-1]


def _pragma(connection: Connection, name: str) -> int:
    value: int = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
    return value
