"""The blocks of the database: added to those that are there, thinned and dropped, with account of their bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from zeligui.grid.history.blocks import Block, distinct, joined, thinned
from zeligui.grid.history.packing import pack, unpack
from zeligui.grid.history.tables import COARSER, HISTORY, HOST_BITS, MOST_HOSTS, TIERS, VALUES, Tier

KEYS_AT_ONCE = 500
"""In one question: SQLite takes a thousand."""

_ID_AND_NUMBER = 2 + 8


class Shelves:
    """Works in the transactions that it is given. `lost` counts what was damaged and left out."""

    def __init__(self) -> None:
        self.lost = 0

    def take_in(self, connection: Connection, rows: Iterable[tuple[int, int, bytes]]) -> None:
        """Make blocks of values of rows of host, time and numbers, in the order of hosts."""
        groups: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for host, time, numbers in rows:
            groups[VALUES.key(VALUES.number(time), host)].append((time, numbers))
        self._put(connection, VALUES, {key: self.block_of(group) for key, group in groups.items()})

    def block_of(self, rows: Iterable[tuple[int, bytes]]) -> Block:
        """One host's rows of time and numbers as a block, not yet `distinct`."""
        groups: defaultdict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
        for time, packed in rows:
            count, rest = divmod(len(packed), _ID_AND_NUMBER)
            if rest or not count:
                self.lost += 1
            else:
                groups[packed[: 2 * count]].append((time, packed[2 * count :]))
        blocks = [_of_one_shape(ids, group) for ids, group in groups.items()]
        return joined(blocks) if blocks else Block(np.empty(0, np.int64), (), np.empty((1, 0, 0)))

    def thin(self, connection: Connection, tier: Tier, first: int, hosts: tuple[int, int]) -> None:
        """Make coarser means of some hosts' blocks from the number `first` on; drop them where nothing is coarser."""
        column, coarser = tier.table.c["key"], COARSER.get(tier)
        numbers = range(first, first + tier.together)
        mine = or_(*(column.between(tier.key(number, hosts[0]), tier.key(number, hosts[1])) for number in numbers))
        if coarser:
            found: defaultdict[int, list[Block]] = defaultdict(list)
            for key, packed in connection.execute(select(column, tier.table.c.block).where(mine)):
                found[coarser.key(first // tier.together, key & (MOST_HOSTS - 1))] += self.unpacked([packed])
            self._put(connection, coarser, {key: joined(blocks) for key, blocks in found.items() if blocks})
        self._delete(connection, tier, mine)

    def drop_after(self, connection: Connection, time: int) -> None:
        """Drop the blocks that begin later."""
        for tier in TIERS:
            self._delete(connection, tier, tier.table.c["key"] >= tier.key(tier.number(time) + 1))

    def unpacked(self, packed: Iterable[bytes], wanted: Sequence[int] | None = None) -> list[Block]:
        """The blocks, without those that are damaged."""
        blocks = []
        for one in packed:
            try:
                blocks.append(unpack(one, wanted))
            except ValueError:
                self.lost += 1
        return blocks

    def _put(self, connection: Connection, tier: Tier, blocks: Mapping[int, Block]) -> None:
        there = self._there(connection, tier, sorted(blocks))
        rows: list[dict[str, Any]] = []
        for key, block in blocks.items():
            before = self.unpacked([there[key]]) if key in there else []
            both = joined([*before, block.means() if tier.step else block])
            rows.append({"key": key, "block": pack(thinned(both, tier.step) if tier.step else distinct(both))})
        if rows:
            connection.execute(tier.table.insert().prefix_with("OR REPLACE"), rows)
        _account(connection, tier, sum(len(row["block"]) for row in rows) - sum(map(len, there.values())))

    def _there(self, connection: Connection, tier: Tier, keys: Sequence[int]) -> dict[int, bytes]:
        column = tier.table.c["key"]
        there: dict[int, bytes] = {}
        for first in range(0, len(keys), KEYS_AT_ONCE):
            wanted = select(column, tier.table.c.block).where(column.in_(keys[first : first + KEYS_AT_ONCE]))
            there.update((key, packed) for key, packed in connection.execute(wanted))
        return there

    def _delete(self, connection: Connection, tier: Tier, which: ColumnElement[bool]) -> None:
        size = connection.execute(select(func.sum(func.length(tier.table.c.block))).where(which)).scalar() or 0
        if size:
            connection.execute(tier.table.delete().where(which))
            _account(connection, tier, -size)


def oldest(connection: Connection, tier: Tier) -> int | None:
    """The number of the oldest block, that with which those that are thinned together begin."""
    key = connection.execute(select(func.min(tier.table.c["key"]))).scalar()
    return None if key is None else (key >> HOST_BITS) // tier.together * tier.together


def hosts_of(connection: Connection, tier: Tier, first: int) -> list[int]:
    """The hosts that have blocks among those thinned together from the number `first` on."""
    column = tier.table.c["key"]
    host = column.op("&")(MOST_HOSTS - 1)
    these = column.between(tier.key(first), tier.key(first + tier.together) - 1)
    return list(connection.execute(select(host).where(these).distinct().order_by(host)).scalars())


def _of_one_shape(ids: bytes, rows: Sequence[tuple[int, bytes]]) -> Block:
    """Rows with the same attributes."""
    times = np.array([time for time, _ in rows], np.int64)
    attributes = np.frombuffer(ids, np.uint16)
    numbers = np.frombuffer(b"".join(packed for _, packed in rows)).reshape(len(rows), len(attributes)).T
    unique, places = np.unique(attributes, return_index=True)
    return Block(times, tuple(unique.tolist()), numbers[None, places])


def _account(connection: Connection, tier: Tier, more: int) -> None:
    column = HISTORY.c[tier.table.name]
    connection.execute(update(HISTORY).values({column.name: column + more}))
