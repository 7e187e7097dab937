"""The history as its writer sees it: batches of measurements go in, one transaction each."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select

from zeligui.databases import writing
from zeligui.grid.history.claims import Claims
from zeligui.grid.history.names import Names
from zeligui.grid.history.tables import (
    ATTRIBUTES,
    HOST_BITS,
    HOSTS,
    RECENT,
    TIERS,
    WRITERS,
    database_file,
    identity,
    open_history,
)
from zeligui.grid.history.upkeep import Upkeep
from zeligui.grid.hosts import Value

MOST_ATTRIBUTES = 256
"""Of one measurement; the others are not kept."""
LARGEST = 1e300
"""What is beyond is no measurement."""

Measured = tuple[int, str, Mapping[str, Value]]
"""Milliseconds since 1970, the host, and what was measured."""


class Store:
    """The history of one file, open for writing. It belongs to one thread. HistoryError where it cannot be written."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._database = database_file(file)
        self._engine = open_history(file)
        self.identity = identity(file)
        """Which file it is, whatever it is called by now."""
        self._names = Names()
        with self._database.in_words(), writing(self._engine) as connection:
            made = connection.execute(WRITERS.insert()).inserted_primary_key
            self._writer = int(made[0]) if made else 0
        self._claims = Claims(self._writer)
        self.upkeep = Upkeep(self._engine, file, self._writer)

    @property
    def replaced(self) -> bool:
        """Whether another file, or none, has its name now."""
        return identity(self.file) != self.identity

    def newest(self) -> int | None:
        """The newest time in it; None where it is empty."""
        with self._database.in_words(), self._engine.connect() as connection:
            recent = connection.execute(select(func.max(RECENT.c.time))).scalar()
            ends = [
                (last >> HOST_BITS) * tier.block  # the beginning of the block: the end may not have come yet
                for tier in TIERS
                if (last := connection.execute(select(func.max(tier.table.c["key"]))).scalar()) is not None
            ]
            return max([*ends, *([] if recent is None else [recent])], default=None)

    def write(self, measured: Sequence[Measured]) -> int:
        """Commit a batch; how many values were not taken, for they or their names are none that can be kept.

        Texts are not kept. What an older writer records of a host is left to it.
        """
        self._database.refuse_full()
        refused = 0
        with self._database.in_words(), self._writing() as connection:
            shared = self._claims.look(connection)
            rows = []
            for time, name, values in measured:
                host = self._names.id(connection, HOSTS, name)
                if host is None:
                    refused += len(values)
                elif not shared or self._claims.mine(host, time):
                    numbers, left_out = self._numbers(connection, values)
                    refused += left_out
                    if numbers:
                        rows.append({"host": host, "time": time, "writer": self._writer, "numbers": numbers})
            if rows:
                connection.execute(RECENT.insert(), rows)
        return refused

    def close(self) -> None:
        """Let the file go; what it recorded is left to others at once."""
        try:
            with self._database.in_words(), writing(self._engine) as connection:
                connection.execute(WRITERS.delete().where(WRITERS.c.id == self._writer))
        finally:
            self._engine.dispose()

    def let_go(self) -> None:
        """Let a file go that cannot be written."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with writing(self._engine) as connection:
                if self._names.look(connection):
                    self._claims.forget()
                connection.execute(WRITERS.insert().prefix_with("OR IGNORE"), {"id": self._writer})
                yield connection
        except BaseException:
            self._names.forget()  # ids that it gave do not exist
            raise

    def _numbers(self, connection: Connection, values: Mapping[str, Value]) -> tuple[bytes, int]:
        """The bytes of what can be kept, and how many values cannot."""
        ids: list[int] = []
        numbers: list[float] = []
        refused = 0
        for name, value in values.items():
            if isinstance(value, str):
                continue
            id_ = self._names.id(connection, ATTRIBUTES, name) if len(ids) < MOST_ATTRIBUTES else None
            if id_ is None or not math.isfinite(value) or abs(value) > LARGEST:
                refused += 1
            else:
                ids.append(id_)
                numbers.append(value)
        return struct.pack(f"<{len(ids)}H{len(ids)}d", *ids, *numbers), refused
