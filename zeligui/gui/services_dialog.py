"""The job services in use or named: how each is, since when, what it said, and how many jobs it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QIcon, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zeligui.grid.hosts import natural
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
LONGEST = 2000


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
        self.filter = FilterLine("job services", "Filter by address, state, experiment or words (Ctrl+F)", self)
        self.model = RowModel(COLUMNS, lambda state: state.url, self)
        self.view = Table("Job services", self.model, (22, 40, 8, 20, 45), self)
        self.nothing = EmptyState(self)
        self.check = self._action("refresh", "Check &again", lambda: self.check_asked.emit(self.current))
        self.ways = self._action("why-not", "What would &work?", lambda: self.ways_asked.emit(self.current))
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.filter)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(self._foot())
        self.filter.changed.connect(self._filter)
        self.filter.left.connect(self.view.setFocus)
        self.view.menu_asked.connect(lambda place: popup(self, place, (self.check, self.ways)))
        self.view.doubleClicked.connect(lambda _: self.ways.trigger())
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._look())
        self.resize(self.fontMetrics().averageCharWidth() * 135, self.fontMetrics().height() * 24)
        self.show_services(())

    @property
    def current(self) -> str:
        """The URL of the current service, empty where none is."""
        index = self.view.currentIndex()
        return str(self.model.key_at(index.row())) if index.isValid() else ""

    def show_services(self, states: Sequence[ServiceHealth]) -> None:
        """Show these."""
        self.model.show_rows(sorted(states, key=_order))
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
        self.model.filter((lambda state: _holds(state, words)) if words else None)
        self.filter.say(self.model.shown, self.model.total)
        self._look()

    def _action(self, picture: str, text: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(picture), text, self)
        action.triggered.connect(lambda _checked=False: act())
        return action

    def _foot(self) -> QHBoxLayout:
        close = QPushButton("&Close", self)
        close.clicked.connect(self.close)
        layout = QHBoxLayout()
        for button in (pressing(self.check, self), pressing(self.ways, self)):
            layout.addWidget(button)
        layout.addStretch(1)
        layout.addWidget(close)
        close.setAutoDefault(False)
        close.setAccessibleName("Close")
        return layout

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
    button.setAutoDefault(False)
    button.setAccessibleName(action.text().replace("&", ""))
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


def _icon(state: ServiceHealth) -> QIcon:
    return icon(looks(state)[0])


def _asked(state: ServiceHealth) -> str:
    return f"{looks(state)[2]}\nAsked last: {full_time(state.asked)}" if state.asked else looks(state)[2]


def _said(state: ServiceHealth) -> str:
    return " ".join(filter(None, (state.says, state.mend)))


def _all_said(state: ServiceHealth) -> str:
    named = f"Named by: {', '.join(map(visible, state.named_by))}" if state.named_by else ""
    return "\n".join(filter(None, (visible(state.says, LONGEST), visible(state.mend, LONGEST), named)))


def _address(state: ServiceHealth) -> str:
    named = [f"named by {visible(name)}" for name in state.named_by]
    return "\n".join([visible(state.url, LONGEST), *named])


def _holds(state: ServiceHealth, words: Sequence[str]) -> bool:
    text = f"{state.url}\0{looks(state)[2]}\0{_said(state)}\0{' '.join(state.named_by)}".casefold()
    return all(word in text for word in words)


COLUMNS = (
    Column("State", lambda state: looks(state)[2], tooltip=_asked, icon=_icon, tone=lambda state: looks(state)[1]),
    Column("Service", lambda state: visible(state.url), sort=lambda state: natural(state.url), tooltip=_address),
    Column("Jobs", lambda state: f"{state.jobs:,}" if state.jobs else "", sort=lambda state: state.jobs, numeric=True),
    Column(
        "Since",
        lambda state: local_time(state.since),
        sort=lambda state: state.since.timestamp() if state.since else None,
        tooltip=lambda state: full_time(state.since),
    ),
    Column("What it said", lambda state: visible(_said(state)), tooltip=_all_said),
)
