"""The journal's database: its tables, how its file is opened, and what can be wrong with it, in words."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Column, Connection, Engine, Integer, MetaData, Table, Text, create_engine, event, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from zeligui.errors import JournalError

VERSION = 1
"""The version of the tables and of what is in them; a journal with a newer one is only read."""

APPLICATION_ID = 0x5A656C47  # "ZelG": what `file` and other releases know the journal by
BUSY_S = 20.0
ROOM_BYTES = 1 << 20
SMALLEST_PAGE = 512
NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|afs|ncpfs|ceph|lustre|gpfs|beegfs|glusterfs|ocfs2|gfs2|davfs"
    r"|fuse\.(sshfs|glusterfs|ceph|davfs2|rclone|s3fs)"
)
MOUNTS = Path("/proc/mounts")

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
    with in_words(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_network(file)
        _refuse_full(file)
        engine = create_engine(URL.create("sqlite", database=str(file)), connect_args={"timeout": BUSY_S})
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        try:
            return engine, _prepare(engine, file, opened)
        except BaseException:
            engine.dispose()
            raise


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that has the right to write from its start, committed at its end."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def in_words(file: Path) -> Iterator[None]:
    """Errors of the file system and of the database become a JournalError for the user."""
    try:
        yield
    except OSError as error:
        raise JournalError(
            f"The journal {file} cannot be used: {error.strerror}.", hint="--home DIR keeps it elsewhere."
        ) from error
    except DBAPIError as error:
        raise _words(file, error.orig) from error
    except sqlite3.Error as error:
        raise _words(file, error) from error
    except SQLAlchemyError as error:
        raise JournalError(f"The journal {file} cannot be used: {error}.") from error


def file_system(path: Path, mounts: str) -> str:
    """The type of the file system that `path` (absolute, resolved) is on, by the text of /proc/mounts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        _, point, of, *_ = line.split(" ")
        folder = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point))
        if len(folder.parts) >= best and path.is_relative_to(folder):
            best, kind = len(folder.parts), of
    return kind


def _set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Transactions are begun by us, a commit is on the disk, and readers never wait for the writer."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(engine: Engine, file: Path, opened: str) -> int:
    _refuse_foreign(engine, file)
    with closing(engine.raw_connection()) as raw:  # outside any transaction, where alone the mode can be changed
        raw.cursor().execute("PRAGMA journal_mode=WAL")
    with engine.connect() as connection:
        version = _version(connection)
    if version > VERSION:
        return version
    with writing(engine) as connection:
        if connection.exec_driver_sql("PRAGMA application_id").scalar_one() != APPLICATION_ID:
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            TABLES.create_all(connection)
            connection.execute(JOURNAL.insert().values(version=VERSION, opened=opened))
        connection.execute(JOURNAL.update().values(version=VERSION, opened=opened))
    return VERSION


def _version(connection: Connection) -> int:
    if connection.exec_driver_sql("PRAGMA application_id").scalar_one() != APPLICATION_ID:
        return 0
    version: int = connection.execute(select(JOURNAL.c.version)).scalar_one()
    return version


def _refuse_foreign(engine: Engine, file: Path) -> None:
    if file.exists() and 0 < file.stat().st_size < SMALLEST_PAGE:  # SQLite would take it for empty
        raise JournalError(f"The file {file} is no journal, nor any database.", hint=_ELSEWHERE)
    with engine.connect() as connection:
        ours = connection.exec_driver_sql("PRAGMA application_id").scalar_one() == APPLICATION_ID
        if not ours and connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
            raise JournalError(
                f"The file {file} is a database of another program, not a journal.",
                hint=_ELSEWHERE,
            )


def _refuse_network(file: Path) -> None:
    kind = file_system(file.parent.resolve(), MOUNTS.read_text("utf-8", "surrogateescape")) if MOUNTS.exists() else ""
    if NETWORK.fullmatch(kind):
        local = Path("/var/tmp") / f"zeligrid-{os.getuid()}"  # noqa: S108 - a place to name, nothing is made there
        raise JournalError(
            f"The journal {file} would be on a network file system ({kind}), where a database loses writes.",
            hint=f"Keep it on a local disk: --home {local}, or ZELIGRID_HOME={local}.",
        )


def _refuse_full(file: Path) -> None:
    free = shutil.disk_usage(file.parent).free
    if free < ROOM_BYTES:
        raise _full(file)


def _full(file: Path) -> JournalError:
    return JournalError(
        f"The disk is full: the journal {file} cannot be written.",
        hint=f"Make at least {ROOM_BYTES >> 20} MiB free, or keep the journal elsewhere with --home DIR.",
    )


def _words(file: Path, error: BaseException | None) -> JournalError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return _full(file)
    what, hint = _WORDS.get(code, ("cannot be used", _ELSEWHERE))
    return JournalError(f"The journal {file} {what} ({error}).", hint=hint)


_ELSEWHERE = "Move it away, or keep the journal elsewhere with --home DIR."
_WORDS = {
    sqlite3.SQLITE_NOTADB: ("is no journal, nor any database", _ELSEWHERE),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _ELSEWHERE),
    sqlite3.SQLITE_BUSY: (f"has been locked by another process for {BUSY_S:g} s", "Try again."),
    sqlite3.SQLITE_READONLY: ("may not be written", "It must be yours, and its disk writable."),
    sqlite3.SQLITE_PERM: ("may not be read", "It must be yours."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Is it a folder, or not yours to read?"),
    sqlite3.SQLITE_IOERR: ("cannot be written: the disk is full or faulty", "Make room, or use --home DIR."),
}
