"""The sources of what is known of machines: how each does, how many hosts it knows, and what it said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from zeligui.grid.hosts import FeedState
from zeligui.gui.columns import state_column, text_column
from zeligui.gui.dialogs import foot
from zeligui.gui.filter_line import FilterLine
from zeligui.gui.hosts_pane import STATUSES
from zeligui.gui.icons import icon
from zeligui.gui.pane import EmptyState
from zeligui.gui.rows import Column, RowModel
from zeligui.gui.views import Table
from zeligui.gui.words import count_of, duration, visible

ASKED = ("host", "dim", "asked…")
"""Picture, tone and word of a source that has not said all yet."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source; `took` is how many seconds of the search it took to answer, None where it was not waited for."""

    state: FeedState
    took: float | None = None


class SourcesDialog(QDialog):
    """Shows all sources, and how far a search is. `asked` and `stopped` are wishes: to search, and to stop it."""

    asked = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sources")
        self.setAccessibleName("Sources")
        self._took: dict[str, float | None] = {}
        self._begun: float | None = None
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName("Sources that have answered")
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(self.fontMetrics().height() // 2)
        self.filter = FilterLine("sources", "Filter by address, state or words (Ctrl+F)", self)
        self.model = RowModel(COLUMNS, lambda row: row.state.url, self)
        self.view = Table("Sources", self.model, (20, 42, 8, 9, 40), self)
        self.nothing = EmptyState(self)
        self.nothing.say("There are no sources.", "Add machines, or name a directory in the configuration.", [])
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.progress)
        layout.addWidget(self.filter)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(self._foot())
        self.filter.changed.connect(self._filter)
        self.filter.left.connect(self.view.setFocus)
        self.resize(self.fontMetrics().averageCharWidth() * 120, self.fontMetrics().height() * 24)
        self.show_sources((), searching=False, now=0.0)

    @property
    def searching(self) -> bool:
        """Whether a search goes on, as far as is shown."""
        return self._begun is not None

    def show_sources(self, states: Sequence[FeedState], *, searching: bool, now: float) -> None:
        """Show this as of `now` (age clock)."""
        if searching and self._begun is None:
            self._begun, self._took = now, {}
        if self._begun is not None:
            waited = now - self._begun
            for state in states:  # who has said all keeps the time of the last look at which it had not
                self._took[state.url] = waited if not state.settled else self._took.get(state.url)
        if not searching:
            self._begun = None
        self.model.show_rows([SourceRow(state, self._took.get(state.url)) for state in states])
        self._say(states, searching=searching)

    def _say(self, states: Sequence[FeedState], *, searching: bool) -> None:
        settled = sum(state.settled for state in states)
        wrong = sum(state.settled and state.status != "up" for state in states)
        failed = f", {count_of(wrong, 'source')} cannot be asked" if wrong else ""
        hosts = f"{count_of(sum(state.hosts for state in states), 'host')} known{failed}"
        if searching:
            self.words.setText(f"Searching: {settled:,} of {count_of(len(states), 'source')} said all, {hosts}.")
        else:
            self.words.setText(f"{count_of(len(states), 'source')}, {hosts}." if states else "")
        self.progress.setRange(0, max(1, len(states)))
        self.progress.setValue(settled)
        keep = self.progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # so that nothing jumps
        self.progress.setSizePolicy(keep)
        self.progress.setVisible(searching)
        for widget in (self.view, self.filter):
            widget.setVisible(bool(states))
        self.nothing.setVisible(not states)
        self.search.setEnabled(bool(states) and not searching)
        self.stop.setEnabled(searching)
        self.filter.say(self.model.shown, self.model.total)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        self.model.filter((lambda row: _holds(row, words)) if words else None)
        self.filter.say(self.model.shown, self.model.total)

    def _foot(self) -> QHBoxLayout:
        self.search = QPushButton(icon("search-hosts"), "&Search again", self)
        self.search.setToolTip("Ask every source which machines there are, and try silent ones again")
        self.stop = QPushButton(icon("stop"), "S&top searching", self)
        self.stop.setToolTip("Wait for no more answers; what comes later is taken all the same")
        self.search.clicked.connect(self.asked)
        self.stop.clicked.connect(self.stopped)
        return foot(self, self.search, self.stop)


def looks(state: FeedState) -> tuple[str, str, str]:
    """Picture, tone and word of a source."""
    if not state.settled:
        return ASKED
    picture, tone, word = STATUSES.get(state.status, ("question", "warn", visible(state.status)))
    return (picture, tone, "answers") if state.status == "up" else (picture, tone, word)


def _said(row: SourceRow) -> str:
    return row.state.detail or ("" if not row.state.settled else "Nothing to object.")


def _took(row: SourceRow) -> str:
    return "" if row.took is None else duration(round(row.took, 1))


def _holds(row: SourceRow, words: Sequence[str]) -> bool:
    text = f"{row.state.url}\0{looks(row.state)[2]}\0{row.state.detail}".casefold()
    return all(word in text for word in words)


COLUMNS = (
    state_column(lambda row: looks(row.state)),
    text_column("Source", lambda row: row.state.url),
    Column("Hosts", lambda row: f"{row.state.hosts:,}", sort=lambda row: row.state.hosts, numeric=True),
    Column("Time", _took, sort=lambda row: row.took, numeric=True),
    text_column("What it said", _said),
)
