"""The tree of hosts with their attributes: value, unit and age; what is stale is grey and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from PySide6.QtCore import QItemSelectionModel, QItemSelectionRange, QModelIndex, QPoint, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QStackedLayout, QVBoxLayout, QWidget

from zeligui.clock import Clock
from zeligui.contract.attributes import ATTRIBUTES
from zeligui.grid.hosts import Host, Value
from zeligui.grid.search import Found, Search
from zeligui.grid.table import Table
from zeligui.gui.expected import Expectations, Expected
from zeligui.gui.filter_line import FilterLine
from zeligui.gui.host_cells import LongTexts
from zeligui.gui.icons import icon
from zeligui.gui.pane import EmptyState, Pane
from zeligui.gui.rows import Column, RowRole
from zeligui.gui.tree import Node, TreeModel
from zeligui.gui.views import Tree, select
from zeligui.gui.words import count_of, duration, unit_of, value_text, visible
from zeligui.session.snapshot import Snapshot

STATUSES = {
    "up": ("host-up", "good", "up"),
    "stale": ("host-stale", "warn", "stale"),
    "unreachable": ("host-down", "bad", "unreachable"),
    "refused": ("host-down", "bad", "refused"),
    "unknown-key": ("host-locked", "warn", "unknown key"),
    "changed-key": ("host-locked", "bad", "changed key"),
}
"""Icon, tone and words of each status of a host."""
AWAITED = ("host", "dim", "connecting")
_ORDER = {name.casefold(): place for place, name in enumerate(ATTRIBUTES)}
MOST_CHOSEN = 9
"""Hosts of a selection that are named."""
EXPECTED_S = 60.0
"""How far ahead is said what is expected."""
FEW = 50
"""Hosts that are opened by themselves where the filter names an attribute."""


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute of one host, measured at `time` on the age clock."""

    name: str
    value: Value
    time: float
    host: str


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What there is to say of a host besides its figures."""

    name: str


Row = Host | AttributeRow | StatusRow


class HostsPane(Pane):
    """All machines, by name; `selected` tells the name of the host whose row is current, "" where none is, also when
    others are selected beside it: once, as soon as all is as it shall be."""

    selected = Signal(str)
    menu_asked = Signal(str, QPoint)
    activated = Signal(str)

    def __init__(
        self, clock: Clock, parent: QWidget | None = None, *, expectations: Expectations | None = None
    ) -> None:
        super().__init__("Hosts", parent)
        self._clock = clock
        self._expectations = expectations
        self._expiry_s = 60.0
        self._nodes: dict[str, Node] = {}
        self._snapshot: Snapshot | None = None
        self._search = Search()
        self._named: frozenset[str] = frozenset()
        """The attributes that the filter names: only these are shown below a host; none: all."""
        self._last: tuple[str, Table, Found] | None = None
        self.filter = FilterLine("hosts", "Name, attribute or cpuAvail > 0.5 (Ctrl+F)", self)
        self.model = TreeModel(self._columns(), self)
        self.view = Tree("Hosts and their attributes", self.model, (20, 11, 6, 11, 6), self)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        cells = LongTexts(self.view, 1, 3, lambda row: isinstance(row, AttributeRow) and isinstance(row.value, str))
        for column in (1, 2, 3):
            self.view.setItemDelegateForColumn(column, cells)
        self.nothing = EmptyState(self)
        self._lists = QStackedLayout()
        self._lists.addWidget(self.view)
        self._lists.addWidget(self.nothing)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.filter)
        layout.addLayout(self._lists, 1)
        self.filter.changed.connect(lambda _: self._filter())
        self.filter.left.connect(self.view.setFocus)
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.timeout.connect(lambda: self.selected.emit(self.current))
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._telling.start())
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._telling.start())
        if expectations:
            expectations.came.connect(self._age)
        self.view.menu_asked.connect(lambda place: self.menu_asked.emit(self.current, place))
        self.view.activated.connect(lambda _: self.activated.emit(self.current))
        ageing = QTimer(self)
        ageing.setInterval(1000)
        ageing.timeout.connect(self._age)
        ageing.start()

    @property
    def current(self) -> str:
        """The host of the current row."""
        index = self.view.currentIndex()
        return str(self.model.path_of(index)[0]) if index.isValid() else ""

    @property
    def chosen(self) -> tuple[list[str], int]:
        """The first few hosts that are selected, the current one before the others; and how many are."""
        selection, current = self.view.selectionModel(), self.view.currentIndex()
        parts = selection.selection().toList()
        count = sum(1 if part.parent().isValid() else part.height() for part in parts)
        inside = (index for part in parts for index in _firsts(part))
        names = [str(self.model.path_of(index)[0]) for index in islice(inside, MOST_CHOSEN)]
        if self.current and (not names or selection.isRowSelected(current.row(), current.parent())):
            names.insert(0, self.current)
        found = list(dict.fromkeys(names))
        return found, max(count, len(found))

    def select_host(self, name: str, *, beside: bool = False) -> None:
        """Make this host the current one, where it is shown; `beside` those that are selected, or no longer so."""
        index = self.model.index_of((name,))
        if not index.isValid():
            return
        if beside:
            flags = QItemSelectionModel.SelectionFlag.Toggle | QItemSelectionModel.SelectionFlag.Rows
            self.view.selectionModel().setCurrentIndex(index, flags)
            self.view.scrollTo(index)
        else:
            select(self.view, index)

    def update_from(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._expiry_s = snapshot.expiry_s
        self._show()
        if snapshot.hosts:
            self.show_body()
        else:
            self.show_empty("No machines yet.", "Add some, or try the demo grid.", picture="host")

    def _filter(self) -> None:
        self._show()
        if self._named and self.filter.text.strip() and self.model.rowCount() <= FEW:
            self.view.expandToDepth(0)

    def _show(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        named = self._named
        hosts, found = self._found(snapshot)
        self.view.show_forest(self._forest(hosts))
        if self._named != named:
            self.model.grow_again()
        if len(self._nodes) > 2 * len(snapshot.hosts) + FEW:
            self._nodes = {name: one for name, one in self._nodes.items() if name in snapshot.hosts}
        shown, total = self.model.rowCount(), len(snapshot.hosts)
        words = found.words if found else ""
        self.filter.say(shown, total, words, wrong=found is not None and found.wrong)
        if not shown:
            clear = "Clear the filter (Esc)", self.filter.line.clear
            self.nothing.say(f"None of {count_of(total, 'host')} is shown.", f"Looked for: {words}", [clear])
        self._lists.setCurrentWidget(self.view if shown else self.nothing)

    def _found(self, snapshot: Snapshot) -> tuple[Iterable[Host], Found | None]:
        text = self.filter.text.strip()
        if not text or snapshot.columns is None:
            self._named = frozenset()
            return snapshot.hosts.values(), None
        columns = snapshot.columns
        if self._last is None or self._last[0] != text or self._last[1] is not columns:
            self._last = text, columns, self._search.find(text, columns, attributes=columns.attributes)
        found = self._last[2]
        self._named = frozenset(name.casefold() for name in found.attributes)
        shown = {columns.names[place] for place in found.mask.nonzero()[0].tolist()}
        return (host for name, host in snapshot.hosts.items() if name in shown), found

    def _forest(self, hosts: Iterable[Host]) -> tuple[Node, ...]:
        """The nodes of hosts, each the same object as long as its host is."""
        known = self._nodes.get
        return tuple([node if (node := known(host.name)) and node.row is host else self._node(host) for host in hosts])

    def _node(self, host: Host) -> Node:
        node = self._nodes[host.name] = Node(host.name, host, grow=partial(self._below, host))
        return node

    def _below(self, host: Host) -> tuple[Node, ...]:
        return _attributes(host, self._named)

    def _age(self) -> None:
        """Ages go on by themselves: what is seen is drawn again, nothing is made anew."""
        if self.isVisible():
            self.view.viewport().update()

    # --- what the columns say -------------------------------------------------------------------------------------

    def _columns(self) -> Sequence[Column]:
        return (
            Column("Host", _name, tooltip=_tooltip, icon=_icon, tone=self._tone, accessible=_name),
            Column("Value", _value, tooltip=_tooltip, tone=self._tone),
            Column("Unit", lambda row: unit_of(row.name) if isinstance(row, AttributeRow) else "", tone=_dim),
            Column("In 1 min", self._expected, tooltip=self._expected_words, tone=_dim),
            Column("Age", self._age_of, tooltip=_tooltip, tone=self._tone),
        )

    def _expectation(self, row: Row) -> Expected | None:
        """What is expected of a figure that changes."""
        if self._expectations is None or not isinstance(row, AttributeRow) or isinstance(row.value, str):
            return None
        if not 0 <= self._clock.age() - row.time <= self._expiry_s:
            return None
        found = self._expectations.then(row.host, row.name, row.time, EXPECTED_S)
        return found if found and not (found.constant and found.values[-1] == row.value) else None

    def _expected(self, row: Row) -> str:
        found = self._expectation(row)
        return found.at(float(found.times[-1])) if found else ""

    def _expected_words(self, row: Row) -> str:
        found = self._expectation(row)
        if found is None:
            return ""
        said = f"{self._expected(row)} {unit_of(row.name)}".rstrip()
        name, method = visible(row.name), visible(found.method)
        return f"In a minute, {name} is expected to be {said}: by {method}, which has been nearest so far."

    def _age_of(self, row: Row) -> str:
        time = _newest(row)
        if time is None:
            return ""
        if time == float("inf"):
            return "yours"
        age = max(0.0, self._clock.age() - time)
        return f"{duration(float(int(age)))}{', stale' if age > self._expiry_s else ''}"

    def _tone(self, row: Row) -> str:
        if isinstance(row, Host):
            return _status(row)[1] if row.status != "up" else ""
        if isinstance(row, StatusRow):
            return "warn"
        return "dim" if self._clock.age() - row.time > self._expiry_s else ""


def _firsts(part: QItemSelectionRange) -> Iterator[QModelIndex]:
    """The first cell of each row of a selection, of rows below a host one."""
    last = part.top() if part.parent().isValid() else part.bottom()
    return (part.model().index(row, 0, part.parent()) for row in range(part.top(), last + 1))


def _attributes(host: Host, named: frozenset[str]) -> tuple[Node, ...]:
    names = [name for name in host.values if not named or name.casefold() in named]
    ordered = sorted(names, key=lambda name: (_ORDER.get(name.casefold(), len(_ORDER)), name.casefold()))
    attributes = (Node(name, AttributeRow(name, host.values[name], host.times[name], host.name)) for name in ordered)
    said = (Node(("status",), StatusRow(host.detail)),) if host.detail else ()
    return (*said, *attributes)


def _name(row: Row) -> str:
    return visible(row.name)


def _value(row: Row) -> str:
    if isinstance(row, StatusRow):
        return ""
    return value_text(row.value) if isinstance(row, AttributeRow) else _status(row)[2]


def _icon(row: Row) -> QIcon | None:
    return icon(_status(row)[0]) if isinstance(row, Host) else None


def _status(host: Host) -> tuple[str, str, str]:
    return AWAITED if host.awaited else STATUSES[host.status]


def _dim(_row: Row) -> str:
    return "dim"


def _tooltip(row: Row) -> str:
    if isinstance(row, AttributeRow):
        return f"{visible(row.name)} is {value_text(row.value)} {unit_of(row.name)}".rstrip()
    if isinstance(row, StatusRow):
        return visible(row.name, 2000)
    return "\n".join(filter(None, (visible(row.name), visible(row.source), visible(row.detail, 2000))))


def _newest(row: Row) -> float | None:
    if not isinstance(row, Host):
        return row.time if isinstance(row, AttributeRow) else None
    measured = [time for time in row.times.values() if time < float("inf")]
    return max(measured) if measured else None


def row_of(index: QModelIndex) -> Row | None:
    """The row behind an index."""
    row: Row | None = index.data(RowRole)
    return row
