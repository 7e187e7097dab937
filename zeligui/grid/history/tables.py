"""The history's file: its tables, how it is opened, and how it is begun anew."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, Integer, LargeBinary, MetaData, Table, Text, select

from zeligui.databases import DatabaseFile, writing
from zeligui.errors import HistoryDamaged, HistoryError

VERSION = 1
APPLICATION_ID = 0x5A656C48  # "ZelH"
SPARE_BYTES = 16 << 20
"""Room of the disk that is left to the journal and to others."""

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
"""In milliseconds, as all times in the database."""

HOST_BITS = 24
"""Of the key of a block; those above are its number, counted from 1970 in blocks of its tier."""
MOST_HOSTS = 1 << HOST_BITS
MOST_ATTRIBUTES = 1 << 16


TABLES = MetaData()


def _blocks(name: str) -> Table:
    key = Column("key", Integer, primary_key=True, autoincrement=False)
    return Table(name, TABLES, key, Column("block", LargeBinary, nullable=False))


def _names(name: str) -> Table:
    return Table(
        name,
        TABLES,
        Column("id", Integer, primary_key=True),
        Column("folded", Text, nullable=False, unique=True),
        Column("name", Text, nullable=False),
        sqlite_autoincrement=True,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tier:
    """How fine history is kept and how long: a mean for each `step` (0: every value), in blocks of `block` ms.

    So many blocks that follow one another are thinned `together`. `share` is its part of the room, where there is not
    enough for all.
    """

    table: Table
    step: int
    block: int
    together: int
    kept: int
    share: float

    def number(self, time: int) -> int:
        """The number of the block that a time is in."""
        return time // self.block

    def key(self, number: int, host: int = 0) -> int:
        """The key of one host's block; those of one number stand together, so that old ones make whole pages free."""
        return (number << HOST_BITS) | host


VALUES = Tier(_blocks("details"), 0, 10 * MINUTE, 6, DAY, 0.45)
MINUTES = Tier(_blocks("minutes"), MINUTE, HOUR, 24, 31 * DAY, 0.35)
HOURS = Tier(_blocks("hours"), HOUR, DAY, 1, 366 * DAY, 0.20)
TIERS = (VALUES, MINUTES, HOURS)
COARSER = {VALUES: MINUTES, MINUTES: HOURS}
"""What a tier is thinned to; hours are dropped."""

HISTORY = Table(
    "history",
    TABLES,
    Column("version", Integer, nullable=False),
    Column("names", Integer, nullable=False),  # rises when names are forgotten, and with them what their ids mean
    *(Column(tier.table.name, Integer, nullable=False) for tier in TIERS),  # bytes of the blocks there
)
HOSTS = _names("hosts")
ATTRIBUTES = _names("attributes")
WRITERS = Table("writers", TABLES, Column("id", Integer, primary_key=True), sqlite_autoincrement=True)
RECENT = Table(
    "recent",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("host", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("writer", Integer, nullable=False),
    Column("numbers", LargeBinary, nullable=False),  # ids of attributes of 16 bits each, then their doubles
    sqlite_autoincrement=True,
)


def database_file(file: Path) -> DatabaseFile:
    """The file as the history's, for sentences about it."""
    return DatabaseFile(
        file, "history", APPLICATION_ID, error=HistoryError, damaged=HistoryDamaged, spare_bytes=SPARE_BYTES
    )


def open_history(file: Path) -> Engine:
    """An engine for the history in `file`, made where there is none. HistoryError where it cannot be written.

    A commit survives the end of the process at once, that of the system after some seconds.
    """
    database = database_file(file)
    engine = database.open(synchronous="NORMAL", shrinks=True)
    try:
        with database.in_words(), writing(engine) as connection:
            if not database.is_ours(connection):
                connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
                TABLES.create_all(connection)
                connection.execute(HISTORY.insert().values(version=VERSION, names=0, details=0, minutes=0, hours=0))
            refuse_newer(connection, file)
    except BaseException:
        engine.dispose()
        raise
    return engine


def refuse_newer(connection: Connection, file: Path) -> None:
    """HistoryError where a newer release made it."""
    version = connection.execute(select(HISTORY.c.version)).scalar()
    if version is None:
        raise HistoryDamaged(f"The history {file} is damaged: it does not say its version.")
    if version > VERSION:
        raise HistoryError(
            f"The history {file} was written by a newer ZeliGrid.",
            hint="Use that release, or begin another history with --home DIR.",
        )


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While no other process moves a history of this folder aside."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def identity(file: Path) -> tuple[int, int] | None:
    """Which file that is now; None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def move_aside(file: Path, known: tuple[int, int] | None) -> Path | None:
    """Give a damaged history another name, and that back; None where it is no longer the one that was `known`."""
    with alone(file.parent):
        if not file.is_file() or identity(file) != known:
            return None
        stem = f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        places = (file.with_name(stem if not more else f"{stem}-{more}") for more in range(1000))
        aside = next(place for place in places if not place.exists())
        for end in ("-wal", "-shm", ""):
            if (part := file.with_name(file.name + end)).exists():
                part.rename(aside.with_name(aside.name + end))
        return aside
