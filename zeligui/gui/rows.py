"""One table model for every table: frozen rows in, the fewest signals out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QIcon

from zeligui.gui.tones import brush
from zeligui.gui.words import tip

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
RowRole = int(Role.UserRole)
NOWHERE = QModelIndex()
MOST_RANGES = 32
"""More ranges than this are told as one: each signal costs the view more than a few unchanged rows."""

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """How one thing is said of a row. `sort` gives a key, or None, which comes last; `tone` a word of `tones`."""

    title: str
    text: Callable[[Any], str]
    sort: Callable[[Any], Any] | None = None
    tooltip: Callable[[Any], str] | None = None
    numeric: bool = False
    icon: Callable[[Any], QIcon | None] | None = None
    tone: Callable[[Any], str] | None = None
    accessible: Callable[[Any], str] | None = None

    def data(self, row: Any, role: int) -> Any:
        """What a view is told for one of Qt's roles."""
        if role == Role.DisplayRole:
            return self.text(row)
        read = _ROLES.get(role)
        return read(self, row) if read else None

    def ordered(self, rows: Iterable[Any], *, descending: bool = False) -> list[Any]:
        """The rows in the order of this column, texts without regard to case; the unknown come last either way.

        Equal ones stay as they were; kinds that cannot be compared come one after the other, numbers first.
        """
        read = self.sort or self.text
        known: list[tuple[Any, Any]] = []
        unknown = []
        for row in rows:
            key = read(row)
            if key is None or key != key:  # noqa: PLR0124 - not a number
                unknown.append(row)
            else:
                known.append((key.casefold() if isinstance(key, str) else key, row))
        try:
            known = sorted(known, key=itemgetter(0), reverse=descending)
        except TypeError:  # mixed kinds; asking each key for its kind beforehand would double the time of all others
            known = sorted(known, key=lambda pair: _comparable(pair[0]), reverse=descending)
        return [row for _, row in known] + unknown


def _comparable(key: Any) -> tuple[str, Any]:
    if isinstance(key, int | float):
        return "", key
    if isinstance(key, tuple):
        return "tuple", tuple(map(_comparable, key))
    return type(key).__name__, str(key)


def _tone(column: Column, row: Any) -> Any:
    return brush(column.tone(row)) if column.tone else None


_ROLES: dict[int, Callable[[Column, Any], Any]] = {
    int(Role.DecorationRole): lambda column, row: column.icon(row) if column.icon else None,
    int(Role.ForegroundRole): _tone,
    int(Role.ToolTipRole): lambda column, row: tip(column.tooltip(row)) if column.tooltip else None,
    int(Role.TextAlignmentRole): lambda column, row: _RIGHT if column.numeric else None,
    int(Role.AccessibleTextRole): lambda column, row: f"{column.title}: {(column.accessible or column.text)(row)}",
    RowRole: lambda column, row: row,
}


class RowModel(QAbstractTableModel):
    """Shows rows, each known by its key; selection, scroll position and open editors stay with their rows."""

    counted = Signal()
    """How many are shown, or how many there are, has changed."""

    def __init__(
        self, columns: Sequence[Column], key: Callable[[Any], Hashable], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._key = key
        self._source: Sequence[Any] = ()
        self._rows: list[Any] = []
        self._keys: list[Hashable] = []
        self._accepts: Callable[[Any], bool] | None = None
        self._order: tuple[int, bool] | None = None
        self._counts = (0, 0)

    @property
    def shown(self) -> int:
        return len(self._rows)

    @property
    def total(self) -> int:
        return len(self._source)

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Show these, telling views only what differs."""
        self._source = rows
        wanted = [row for row in rows if self._accepts(row)] if self._accepts else list(rows)
        if self._order is not None:
            column, descending = self._order
            wanted = self.columns[column].ordered(wanted, descending=descending)
        self._become(wanted)
        if self._counts != (self.shown, self.total):
            self._counts = self.shown, self.total
            self.counted.emit()

    def filter(self, accepts: Callable[[Any], bool] | None) -> None:
        """Show only the rows that `accepts` takes, all where it is None."""
        self._accepts = accepts
        self.show_rows(self._source)

    def row_of(self, key: Hashable) -> int | None:
        """Where the row with this key is shown; None where it is not."""
        try:
            return self._keys.index(key)
        except ValueError:
            return None

    def key_at(self, row: int) -> Any:
        return self._keys[row]

    def row_at(self, row: int) -> Any:
        return self._rows[row]

    # --- from what is shown to what is wanted: remove, reorder, insert, update ------------------------------------

    def _become(self, wanted: list[Any]) -> None:
        if not self._in_place(wanted):
            self._rearrange([self._key(row) for row in wanted], wanted)
        changed = [place for place in _differing(self._rows, wanted) if self._rows[place] != wanted[place]]
        self._rows = wanted
        ranges = runs(changed)
        if len(ranges) > MOST_RANGES:
            ranges = [(changed[0], changed[-1])]
        for first, last in ranges:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _in_place(self, wanted: list[Any]) -> bool:
        """Whether each row has the key of the one that is shown there; the very same row has it unasked."""
        if len(wanted) != len(self._rows):
            return False
        return all(self._key(wanted[place]) == self._keys[place] for place in _differing(self._rows, wanted))

    def _rearrange(self, keys: list[Hashable], wanted: list[Any]) -> None:
        stay = set(keys)
        if len(stay) < len(keys):
            raise ValueError("two rows have the same key")
        self._remove_but(stay)
        there = dict(zip(self._keys, self._rows, strict=True))
        coming = runs(place for place, key in enumerate(keys) if key not in there)
        if len(coming) > MOST_RANGES:  # all at the end, then to their places
            new = [place for first, last in coming for place in range(first, last + 1)]
            self._insert(len(self._rows), [keys[place] for place in new], [wanted[place] for place in new])
            self._reorder(keys, [there.get(key, row) for key, row in zip(keys, wanted, strict=True)])
            return
        survivors = [key for key in keys if key in there]
        if survivors != self._keys:
            self._reorder(survivors, [there[key] for key in survivors])
        for first, last in coming:
            self._insert(first, keys[first : last + 1], wanted[first : last + 1])

    def _remove_but(self, stay: Set[Hashable]) -> None:
        leaving = runs(place for place, key in enumerate(self._keys) if key not in stay)
        if len(leaving) > MOST_RANGES:  # all to the front first: where the current row leaves, the first one follows it
            before = sorted(range(len(self._keys)), key=lambda place: self._keys[place] in stay)
            self._reorder([self._keys[place] for place in before], [self._rows[place] for place in before])
            leaving = [(0, sum(last - first for first, last in leaving) + len(leaving) - 1)]
        for first, last in reversed(leaving):
            self.beginRemoveRows(NOWHERE, first, last)
            del self._rows[first : last + 1], self._keys[first : last + 1]
            self.endRemoveRows()

    def _insert(self, place: int, keys: list[Hashable], rows: list[Any]) -> None:
        self.beginInsertRows(NOWHERE, place, place + len(keys) - 1)
        self._rows[place:place] = rows
        self._keys[place:place] = keys
        self.endInsertRows()

    def _reorder(self, keys: list[Hashable], rows: list[Any]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        of = [self._keys[index.row()] for index in before]
        self._keys, self._rows = keys, rows
        place = {key: row for row, key in enumerate(keys)} if before else {}
        after = [self.index(place[key], index.column()) for key, index in zip(of, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    # --- what Qt asks ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row = index.row()
        return self.columns[index.column()].data(self._rows[row], role) if 0 <= row < len(self._rows) else None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.TextAlignmentRole:
            return _RIGHT if self.columns[section].numeric else None
        return self.columns[section].title if role == Role.DisplayRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self.show_rows(self._source)


def _differing(these: Sequence[Any], those: Sequence[Any]) -> list[int]:
    """Where two sequences of one length have not the very same object."""
    return [place for place, (one, other) in enumerate(zip(these, those, strict=True)) if one is not other]


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Rising numbers as ranges without a gap: 1, 2, 3, 7 are (1, 3) and (7, 7)."""
    rising = list(numbers)
    if not rising:
        return []
    breaks = [(a, b) for a, b in pairwise(rising) if b != a + 1]
    firsts = [rising[0], *(b for _, b in breaks)]
    lasts = [*(a for a, _ in breaks), rising[-1]]
    return list(zip(firsts, lasts, strict=True))
