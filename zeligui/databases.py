"""SQLite files of ours: how they are opened, and what can be wrong with them, in words."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from zeligui.errors import ZeliGridError

BUSY_S = 20.0
ROOM_BYTES = 1 << 20
SMALLEST_PAGE = 512
CACHE_KIB = 128
"""Of a connection; the system keeps what was read lately too, for all of them, and gives it back when there is need."""
NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|afs|ncpfs|ceph|lustre|gpfs|beegfs|glusterfs|ocfs2|gfs2|davfs"
    r"|fuse\.(sshfs|glusterfs|ceph|davfs2|rclone|s3fs)"
)
MOUNTS = Path("/proc/mounts")


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A file and what is in it: `what` is its name in sentences ("journal"), `error` what is raised in words.

    `damaged` is raised where the file is no database, or a damaged one. `application_id` is what `file` and other
    releases know ours by. Of the disk, `spare_bytes` are left to others.
    """

    file: Path
    what: str
    application_id: int
    error: type[ZeliGridError]
    damaged: type[ZeliGridError]
    spare_bytes: int = ROOM_BYTES

    def open(self, *, synchronous: str, shrinks: bool = False) -> Engine:
        """An engine for the file, made where there is none, in the mode in which readers never wait for the writer.

        Files on a network or a full disk, of other programs, or damaged at their head are refused. One that `shrinks`
        can give room back.
        """
        with self.in_words():
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refuse_network()
            self.refuse_full()
            engine = create_engine(URL.create("sqlite", database=str(self.file)), connect_args={"timeout": BUSY_S})
            event.listen(engine, "connect", partial(_set_up, f"PRAGMA synchronous={synchronous}"))
            event.listen(engine, "begin", _begin)
            try:
                self._refuse_foreign(engine)
                with closing(engine.raw_connection()) as raw:  # outside any transaction, where alone it can be changed
                    if shrinks and not raw.cursor().execute("PRAGMA page_count").fetchone()[0]:
                        raw.cursor().execute("PRAGMA auto_vacuum=INCREMENTAL")  # heeded only while the file is empty
                    raw.cursor().execute("PRAGMA journal_mode=WAL")
            except BaseException:
                engine.dispose()
                raise
        return engine

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Errors of the file system and of the database become one for the user."""
        try:
            yield
        except OSError as error:
            raise self.error(
                f"The {self.what} {self.file} cannot be used: {error.strerror}.", hint="--home DIR keeps it elsewhere."
            ) from error
        except DBAPIError as error:
            raise self._words(error.orig) from error
        except sqlite3.Error as error:
            raise self._words(error) from error
        except SQLAlchemyError as error:
            raise self.error(f"The {self.what} {self.file} cannot be used: {error}.") from error

    def is_ours(self, connection: Connection) -> bool:
        """Whether it has been marked as ours."""
        mark: int = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        return mark == self.application_id

    def refuse_full(self) -> None:
        """An error where the disk has less room than is to be left to others."""
        if shutil.disk_usage(self.file.parent).free < self.spare_bytes:
            raise self._full()

    def _refuse_foreign(self, engine: Engine) -> None:
        if self.file.exists() and 0 < self.file.stat().st_size < SMALLEST_PAGE:  # SQLite would take it for empty
            raise self.damaged(f"The file {self.file} is no {self.what}, nor any database.", hint=_ELSEWHERE)
        with engine.connect() as connection:
            ours = self.is_ours(connection)
            if not ours and connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
                raise self.error(
                    f"The file {self.file} is a database of another program, not a {self.what}.", hint=_ELSEWHERE
                )

    def _refuse_network(self) -> None:
        mounts = MOUNTS.read_text("utf-8", "surrogateescape") if MOUNTS.exists() else ""
        kind = file_system(self.file.parent.resolve(), mounts)
        if NETWORK.fullmatch(kind):
            local = Path("/var/tmp") / f"zeligrid-{os.getuid()}"  # noqa: S108 - a place to name, nothing is made there
            raise self.error(
                f"The {self.what} {self.file} would be on a network file system ({kind}), where a database loses "
                "writes.",
                hint=f"Keep it on a local disk: --home {local}, or ZELIGRID_HOME={local}.",
            )

    def _full(self) -> ZeliGridError:
        room = f"Make at least {self.spare_bytes >> 20} MiB free"
        return self.error(
            f"The disk is full: the {self.what} {self.file} cannot be written.",
            hint=f"{room}, or keep the {self.what} elsewhere with --home DIR.",
        )

    def _words(self, error: BaseException | None) -> ZeliGridError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return self._full()
        what, hint = _WORDS.get(code, ("cannot be used", _ELSEWHERE))
        kind = self.damaged if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT} else self.error
        return kind(f"The {self.what} {self.file} {what.format(what=self.what)} ({error}).", hint=hint)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that has the right to write from its start, committed at its end."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def file_system(path: Path, mounts: str) -> str:
    """The type of the file system that `path` (absolute, resolved) is on, by the text of /proc/mounts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        _, point, of, *_ = line.split(" ")
        folder = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point))
        if len(folder.parts) >= best and path.is_relative_to(folder):
            best, kind = len(folder.parts), of
    return kind


def _set_up(synchronous: str, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Transactions are begun by us."""
    connection.isolation_level = None
    connection.execute(synchronous)
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_ELSEWHERE = "Move it away, or keep it elsewhere with --home DIR."
_WORDS = {
    sqlite3.SQLITE_NOTADB: ("is no {what}, nor any database", _ELSEWHERE),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _ELSEWHERE),
    sqlite3.SQLITE_BUSY: (f"has been locked by another process for {BUSY_S:g} s", "Try again."),
    sqlite3.SQLITE_READONLY: ("may not be written", "It must be yours, and its disk writable."),
    sqlite3.SQLITE_PERM: ("may not be read", "It must be yours."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Is it a folder, or not yours to read?"),
    sqlite3.SQLITE_IOERR: ("cannot be written: the disk is full or faulty", "Make room, or use --home DIR."),
}
