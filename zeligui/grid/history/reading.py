"""The history as its readers see it: what is known of a host's attributes, while others write."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from sqlalchemy import Connection, Table, create_engine, event, select, text
from sqlalchemy.pool import NullPool

from zeligui.contract.columns import Numbers
from zeligui.databases import BUSY_S
from zeligui.errors import HistoryDamaged
from zeligui.grid.history.blocks import MEANS, Block, distinct, joined, spread
from zeligui.grid.history.names import printable
from zeligui.grid.history.shelves import Shelves
from zeligui.grid.history.tables import (
    ATTRIBUTES,
    HOST_BITS,
    HOSTS,
    RECENT,
    SECOND,
    TIERS,
    VALUES,
    Tier,
    database_file,
    refuse_newer,
)


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What was measured of one attribute: each value stands for some between `low` and `high`. All of shape (n,).

    `times` ascend. They are seconds since 1970, or on the age clock where a session gives them; a minute's or an
    hour's mean has the time at which that began.
    """

    times: Numbers
    values: Numbers
    low: Numbers
    high: Numbers

    @classmethod
    def empty(cls) -> Past:
        """Nothing was measured."""
        return cls(*(np.empty(0) for _ in range(4)))


class Archive:
    """A moment of the history: what is written meanwhile is not seen."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._shelves = Shelves()

    def name(self, table: Table, name: str) -> str | None:
        """A host (HOSTS) or an attribute (ATTRIBUTES) as it is spelt here; None where there is none of that name."""
        folded = printable(name).casefold()
        return self._connection.execute(select(table.c.name).where(table.c.folded == folded)).scalar()

    def nearest(self, table: Table, name: str) -> str | None:
        """The name that is spelt most alike; None where none is."""
        known = {one.folded: one.name for one in self._connection.execute(select(table.c.folded, table.c.name))}
        found = difflib.get_close_matches(printable(name)[:64].casefold(), list(known), 1, 0.0)
        return known[found[0]] if found else None

    def past(
        self, host: str, attributes: Sequence[str], since: float, until: float, *, most: int | None = None
    ) -> dict[str, Past]:
        """What was measured from `since` to `until`, in seconds since 1970; at most `most` points of each attribute."""
        ids, whole = self._found(host, attributes, since, until)
        return {name: _past(whole, ids.get(name), most) for name in attributes}

    def sheet(
        self, host: str, attributes: Sequence[str], since: float, until: float, *, most: int | None = None
    ) -> tuple[Numbers, dict[str, Past]]:
        """The same over the same times for all attributes, which come first: NaN where one has no value."""
        ids, whole = self._found(host, attributes, since, until)
        some = whole if most is None else spread(whole, most)
        missing = np.full((MEANS, len(some.times)), np.nan)
        planes = {
            name: some.numbers[:, some.attributes.index(id_)] if id_ in some.attributes else missing
            for name, id_ in ((name, ids.get(name)) for name in attributes)
        }
        times = some.times / SECOND
        return times, {name: Past(times, *numbers[:3]) for name, numbers in planes.items()}

    def _found(self, host: str, attributes: Sequence[str], since: float, until: float) -> tuple[dict[str, int], Block]:
        """The ids of the attributes that are known here, and what was measured of them."""
        ids = {name: id_ for name in attributes if (id_ := self._id(ATTRIBUTES, name)) is not None}
        number = self._id(HOSTS, host)
        if number is None or not ids or not since <= until:
            return {}, Block(np.empty(0, np.int64), (), np.empty((MEANS, 0, 0)))
        first, last = (int(np.clip(time, 0, 1e11) * SECOND) for time in (since, until))
        return ids, self._block(number, sorted(set(ids.values())), first, last)

    def _id(self, table: Table, name: str) -> int | None:
        folded = printable(name).casefold()
        return self._connection.execute(select(table.c.id).where(table.c.folded == folded)).scalar()

    def _block(self, host: int, ids: Sequence[int], since: int, until: int) -> Block:
        """All tiers, and what is in none yet, as means. A value is in one of them."""
        values = self._shelves.unpacked(self._packed(VALUES, host, since, until), ids)
        rows = select(RECENT.c.time, RECENT.c.numbers).where(RECENT.c.host == host, RECENT.c.time.between(since, until))
        values.append(
            self._shelves.block_of(tuple(row) for row in self._connection.execute(rows.order_by(RECENT.c.id)))
        )
        blocks = [distinct(joined(values)).means()]
        for tier in TIERS[1:]:
            blocks += self._shelves.unpacked(self._packed(tier, host, since, until), ids)
        return joined([block.within(since, until) for block in blocks])

    def _packed(self, tier: Tier, host: int, since: int, until: int) -> Iterator[bytes]:
        """The blocks of one host, found by going from one number to the next that there is."""
        table = tier.table.name
        found = self._connection.execute(
            text(_BLOCKS.format(table=table)),
            {"first": tier.key(tier.number(since)), "last": tier.number(until), "bits": HOST_BITS, "host": host},
        )
        return iter(found.scalars())


_BLOCKS = """
WITH RECURSIVE numbers(number) AS (
    SELECT min(key) >> :bits FROM {table} WHERE key >= :first
    UNION ALL
    SELECT (SELECT min(key) FROM {table} WHERE key >= (number + 1) << :bits) >> :bits FROM numbers WHERE number < :last
)
SELECT block FROM numbers JOIN {table} ON key = (number << :bits) | :host WHERE number <= :last ORDER BY number
"""


@contextmanager
def reading(file: Path) -> Iterator[Archive]:
    """The history in a file, as it is now. HistoryError where it cannot be read, HistoryDamaged where it is none."""
    database = database_file(file)
    with database.in_words():
        engine = create_engine("sqlite://", creator=lambda: _connected(file), poolclass=NullPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        with engine.connect() as connection:
            if not database.is_ours(connection):
                raise HistoryDamaged(f"The file {file} is no history of measurements.")
            refuse_newer(connection, file)
            yield Archive(connection)


def read_past(file: Path, host: str, attribute: str, since: float, until: float, *, most: int) -> Past:
    """What a history knows of one attribute; nothing where there is no history yet. Times in seconds since 1970."""
    if not file.exists():
        return Past.empty()
    with reading(file) as archive:
        return archive.past(host, [attribute], since, until, most=most)[attribute]


def _connected(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None)


def _past(whole: Block, attribute: int | None, most: int | None) -> Past:
    if attribute is None or attribute not in whole.attributes:
        return Past.empty()
    place = whole.attributes.index(attribute)
    known = ~np.isnan(whole.numbers[0, place])
    one = Block(whole.times[known], (attribute,), whole.numbers[:, [place]][:, :, known])
    if most is not None:
        one = spread(one, max(1, most))
    value, low, high, _ = one.numbers[:, 0]
    return Past(one.times / SECOND, value, low, high)
