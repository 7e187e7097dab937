"""The names of hosts and attributes as numbers, in one database."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table, func, select

from zeligui.contract.attributes import canonical
from zeligui.grid.history.tables import ATTRIBUTES, HISTORY, HOSTS, MOST_ATTRIBUTES, MOST_HOSTS

LONGEST = 256
"""Signs of a name that is kept."""

_MOST: Mapping[Table, int] = {HOSTS: MOST_HOSTS - 1, ATTRIBUTES: MOST_ATTRIBUTES - 1}
_MOST_UNKNOWN = 60_000
"""Attributes that the language does not know take no more: those that it knows always find a place."""


class Names:
    """Ids of names, remembered until `look` finds that some were forgotten, by whichever process.

    Names that differ in case alone are one, spelt as they were first.
    """

    def __init__(self) -> None:
        self._known: dict[Table, dict[str, int]] = {table: {} for table in _MOST}
        self._generation = -1

    def look(self, connection: Connection) -> bool:
        """At the beginning of each transaction: whether what was remembered does not hold any more."""
        generation = connection.execute(select(HISTORY.c.names)).scalar_one()
        if generation == self._generation:
            return False
        self.forget()
        self._generation = generation
        return True

    def forget(self) -> None:
        """Remember nothing: the transaction that gave names their ids was not committed."""
        for known in self._known.values():
            known.clear()
        self._generation = -1

    def id(self, connection: Connection, table: Table, name: str) -> int | None:
        """The id of a name in HOSTS or ATTRIBUTES, given where it has none; None where it cannot have one."""
        known = self._known[table]
        if (found := known.get(name)) is not None:
            return found
        written = printable(name)
        if len(written) > LONGEST:
            return None
        folded = written.casefold()
        number = connection.execute(select(table.c.id).where(table.c.folded == folded)).scalar()
        if number is None:
            number = self._new(connection, table, folded, written)
        if number is not None:
            known[name] = number
        return number

    def _new(self, connection: Connection, table: Table, folded: str, name: str) -> int | None:
        most = _MOST[table] if table is HOSTS or canonical(name) else _MOST_UNKNOWN
        if (connection.execute(select(func.max(table.c.id))).scalar() or 0) >= most:
            return None
        made = connection.execute(table.insert().values(folded=folded, name=name)).inserted_primary_key
        return int(made[0]) if made else None


def printable(text: str) -> str:
    """Bytes that another machine sent and that are no UTF-8 are spelt out: a database takes no surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()
