"""The job services in use or named: how each is, since when, what it said, and how many jobs it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from zeligui.grid.hosts import natural
from zeligui.gui.columns import LONGEST, state_column
from zeligui.gui.dialogs import foot, listed
from zeligui.gui.filter_line import FilterLine
from zeligui.gui.hosts_pane import STATUSES
from zeligui.gui.icons import icon
from zeligui.gui.pane import EmptyState, Offer
from zeligui.gui.rows import Column, RowModel
from zeligui.gui.views import Table, popup, select
from zeligui.gui.words import count_of, full_time, local_time, tip, visible
from zeligui.session.snapshot import ServiceHealth

LOOKS = {**STATUSES, "up": ("host-up", "good", "answers"), "unusable": ("host-locked", "bad", "cannot be used")}
"""Picture, tone and word of each status."""
ASKED = ("host", "dim", "asked…")
UNASKED = ("host", "dim", "not asked yet")
EMPTY: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service, and the names of the machines that jobs are brought to by it."""

    state: ServiceHealth
    machines: tuple[str, ...] = ()


class ServicesDialog(QDialog):
    """Shows all services, those first that would start no job, then those that run some.

    `seen` tells whether it is looked at, `check_asked` and `ways_asked` the URL of a service.
    """

    seen = Signal(bool)
    check_asked = Signal(str)
    ways_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, offers: Sequence[Offer] = ()) -> None:
        super().__init__(parent)
        self.setWindowTitle("Job services")
        self.setAccessibleName("Job services")
        self._offers = offers
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.filter = FilterLine(
            "job services", "Filter by machine, address, state, experiment or words (Ctrl+F)", self
        )
        self.model = RowModel(COLUMNS, lambda row: row.state.url, self)
        self.view = Table("Job services", self.model, (22, 22, 36, 8, 20, 30), self)
        self.nothing = EmptyState(self)
        self.check = self._action("refresh", "Check &again", lambda: self.check_asked.emit(self.current))
        self.ways = self._action("why-not", "What would &work?", lambda: self.ways_asked.emit(self.current))
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.filter)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(foot(self, pressing(self.check, self), pressing(self.ways, self)))
        self.filter.changed.connect(self._filter)
        self.filter.left.connect(self.view.setFocus)
        self.view.menu_asked.connect(lambda place: popup(self, place, (self.check, self.ways)))
        self.view.activated.connect(lambda _: self.ways.trigger())
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(self.filter.setFocus)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self).activated.connect(self.check.trigger)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._look())
        self.resize(self.fontMetrics().averageCharWidth() * 160, self.fontMetrics().height() * 24)
        self.show_services(())

    @property
    def current(self) -> str:
        """The URL of the current service, empty where none is."""
        index = self.view.currentIndex()
        return str(self.model.key_at(index.row())) if index.isValid() else ""

    def show_services(self, states: Sequence[ServiceHealth], machines: Mapping[str, Sequence[str]] = EMPTY) -> None:
        """Show these; `machines` are the names of those that each is the service of."""
        rows = [ServiceRow(state, tuple(machines.get(state.url, ()))) for state in sorted(states, key=_order)]
        self.model.show_rows(rows)
        self.words.setText(summary(states))
        for widget in (self.words, self.view, self.filter):
            widget.setVisible(bool(states))
        self.nothing.setVisible(not states)
        if not states:
            hint = "Machines that are reached by ssh run jobs, and the services that an open experiment names."
            self.nothing.say("There is no job service.", hint, self._offers, picture="service")
        self.filter.say(self.model.shown, self.model.total)
        if not self.current and self.model.rowCount():
            select(self.view, self.model.index(0, 0))
        self._look()

    def _look(self) -> None:
        """What can be done now; what cannot says why."""
        why = "" if self.current else "Select a service first."
        for action, words in ((self.check, CHECK), (self.ways, WAYS)):
            action.setEnabled(not why)
            action.setToolTip(tip(why or words))

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        self.model.filter((lambda row: _holds(row, words)) if words else None)
        self.filter.say(self.model.shown, self.model.total)
        self._look()

    def _action(self, picture: str, text: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(picture), text, self)
        action.triggered.connect(lambda _checked=False: act())
        return action

    # --- what Qt calls ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self.seen.emit(False)


def pressing(action: QAction, parent: QWidget) -> QPushButton:
    """A button that does what an action does, and can be pressed when that can be done."""
    button = QPushButton(action.icon(), action.text(), parent)
    button.clicked.connect(action.trigger)

    def follow() -> None:
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())

    action.changed.connect(follow)
    follow()
    return button


CHECK = "Ask the selected service now how it is"
WAYS = "Look step by step at what stands between here and it, and at other ways to its machine"


def looks(state: ServiceHealth) -> tuple[str, str, str]:
    """Picture, tone and word of a service."""
    if state.asking:
        return ASKED
    return LOOKS.get(state.status, ("question", "warn", visible(state.status))) if state.status else UNASKED


def summary(states: Sequence[ServiceHealth]) -> str:
    """How they are on the whole, in words."""
    answers = sum(state.status == "up" for state in states)
    away = sum(state.away for state in states)
    parts = [count_of(len(states), "job service"), f"{answers:,} {'answers' if answers == 1 else 'answer'}"]
    if away:
        parts.append(f"{away:,} would start no job")
    jobs = sum(state.jobs for state in states)
    return f"{', '.join(parts)}; {count_of(jobs, 'job')} on them now."


def _order(state: ServiceHealth) -> tuple[bool, bool, tuple[str | tuple[int, str], ...]]:
    return not state.away, not state.jobs, natural(state.url)


def _asked(row: ServiceRow) -> str:
    word = looks(row.state)[2]
    return f"{word}\nAsked last: {full_time(row.state.asked)}" if row.state.asked else word


def _machines(row: ServiceRow) -> str:
    first, *others = row.machines or ("",)
    return f"{visible(first)} and {len(others):,} more" if others else visible(first)


def _all_machines(row: ServiceRow) -> str:
    return "\n".join(listed(row.machines))


def _said(row: ServiceRow) -> str:
    return " ".join(filter(None, (row.state.says, row.state.mend)))


def _all_said(row: ServiceRow) -> str:
    return "\n".join(filter(None, (visible(row.state.says, LONGEST), visible(row.state.mend, LONGEST))))


def _address(row: ServiceRow) -> str:
    named = [f"named by {visible(name)}" for name in row.state.named_by]
    return "\n".join([visible(row.state.url, LONGEST), *named])


def _since(row: ServiceRow) -> float | None:
    return row.state.since.timestamp() if row.state.since else None


def _holds(row: ServiceRow, words: Sequence[str]) -> bool:
    parts = (row.state.url, looks(row.state)[2], _said(row), *row.state.named_by, *row.machines)
    text = "\0".join(parts).casefold()
    return all(word in text for word in words)


COLUMNS = (
    state_column(lambda row: looks(row.state), _asked),
    Column(
        "Machine",
        _machines,
        sort=lambda row: natural(row.machines[0]) if row.machines else None,
        tooltip=_all_machines,
    ),
    Column(
        "Service",
        lambda row: visible(row.state.url),
        sort=lambda row: natural(row.state.url),
        tooltip=_address,
    ),
    Column(
        "Jobs",
        lambda row: f"{row.state.jobs:,}" if row.state.jobs else "",
        sort=lambda row: row.state.jobs,
        numeric=True,
    ),
    Column(
        "Since",
        lambda row: local_time(row.state.since),
        sort=_since,
        tooltip=lambda row: full_time(row.state.since),
    ),
    Column("What it said", lambda row: visible(_said(row)), tooltip=_all_said),
)
