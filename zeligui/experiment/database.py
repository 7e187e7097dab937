"""The journal's database: its tables, and how its file is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, select

from zeligui.databases import DatabaseFile, writing
from zeligui.errors import JournalError

VERSION = 1
"""The version of the tables and of what is in them; a journal with a newer one is only read."""

APPLICATION_ID = 0x5A656C47  # "ZelG"

TABLES = MetaData()
JOURNAL = Table("journal", TABLES, Column("version", Integer, nullable=False), Column("opened", Text, nullable=False))
EVENTS = Table(
    "events",
    TABLES,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("time", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("experiment", Text, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("job", Text),
    Column("instance", Integer),
    Column("host", Text),
    Column("profile", Text),
    Column("data", Text, nullable=False),
)
LEASES = Table(
    "leases",
    TABLES,
    Column("experiment", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("holder", Text, nullable=False),
    Column("since", Text, nullable=False),
)


def open_database(file: Path, *, opened: str) -> tuple[Engine, int]:
    """The engine for the journal in `file`, made where there is none, and the version of what is in it.

    It has been written to (`opened` is the time to note) before this returns, unless it is of a newer version.
    JournalError where that cannot be done.
    """
    journal = _journal(file)
    engine = journal.open(synchronous="FULL")  # a commit is on the disk
    try:
        with journal.in_words():
            return engine, _prepare(engine, journal, opened)
    except BaseException:
        engine.dispose()
        raise


@contextmanager
def in_words(file: Path) -> Iterator[None]:
    """Errors of the file system and of the database become a JournalError for the user."""
    with _journal(file).in_words():
        yield


def _journal(file: Path) -> DatabaseFile:
    return DatabaseFile(file, "journal", APPLICATION_ID, error=JournalError, damaged=JournalError)


def _prepare(engine: Engine, journal: DatabaseFile, opened: str) -> int:
    with engine.connect() as connection:
        version = _version(connection, journal)
    if version > VERSION:
        return version
    with writing(engine) as connection:
        if not journal.is_ours(connection):
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            TABLES.create_all(connection)
            connection.execute(JOURNAL.insert().values(version=VERSION, opened=opened))
        connection.execute(JOURNAL.update().values(version=VERSION, opened=opened))
    return VERSION


def _version(connection: Connection, journal: DatabaseFile) -> int:
    if not journal.is_ours(connection):
        return 0
    version: int = connection.execute(select(JOURNAL.c.version)).scalar_one()
    return version
