"""What would work: every step between here and a job service, with the line that mends what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zeligui.gui.columns import LONGEST, state_column, text_column
from zeligui.gui.dialogs import foot
from zeligui.gui.icons import icon
from zeligui.gui.rows import Column, RowModel
from zeligui.gui.views import Table, select
from zeligui.gui.words import tip, visible
from zeligui.jobs.checkups import Checkup
from zeligui.links.checkup import Status, Step

LOOKS = {
    Status.GOOD: ("job-done", "good", "good"),
    Status.MISSING: ("job-failed", "bad", "missing"),
    Status.UNREACHABLE: ("host-down", "bad", "unreachable"),
    Status.UNNEEDED: ("information", "dim", "not needed"),
}
"""Picture, tone and word of how a step went."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the way by one service; `number` is its place among all."""

    number: int
    of: str
    step: Step


class CheckupDialog(QDialog):
    """Stays open beside the window. `again` tells the URL that is to be looked at once more."""

    again = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What would work?")
        self.setAccessibleName("What would work?")
        self.url = ""
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.model = RowModel(COLUMNS, lambda row: row.number, self)
        self.view = Table("Steps to a job", self.model, (20, 30, 15, 57, 44), self)
        self.view.setSortingEnabled(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.verdict)
        layout.addWidget(self.view, 1)
        layout.addLayout(self._foot())
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._look())
        self.resize(self.fontMetrics().averageCharWidth() * 172, self.fontMetrics().height() * 24)
        self._look()

    def begin(self, url: str) -> None:
        """This is being looked at."""
        if url != self.url:
            self.model.show_rows(())
        self.url = url
        self.setWindowTitle(f"What would work for {visible(url)}?")
        self.verdict.setText(f"{visible(url)} is being looked at, step by step; that may take a minute…")
        self.look_again.setEnabled(False)
        self._look()

    def show_checkups(self, found: Sequence[Checkup]) -> None:
        """What was found: of the service itself, then of other ways to its machine."""
        steps = [(checkup.of, step) for one in found for checkup in (one, *one.ways) for step in checkup.steps]
        self.model.show_rows([StepRow(number, of, step) for number, (of, step) in enumerate(steps)])
        self.end(verdict(found))
        stop = next((number for number, (_, step) in enumerate(steps) if step.stops), 0)
        if steps:
            select(self.view, self.model.index(stop, 0))

    def end(self, words: str) -> None:
        """It is over, for this reason or with this result."""
        self.verdict.setText(visible(words, LONGEST))
        self.look_again.setEnabled(True)

    def _look(self) -> None:
        mend = self._mend()
        self.copy.setEnabled(bool(mend))
        self.copy.setToolTip(tip(f"Copy: {visible(mend)}" if mend else "Nothing has to be mended at this step."))

    def _mend(self) -> str:
        index = self.view.currentIndex()
        return str(self.model.row_at(index.row()).step.mend) if index.isValid() else ""

    def _foot(self) -> QHBoxLayout:
        self.look_again = QPushButton(icon("refresh"), "Look &again", self)
        self.look_again.setToolTip("Look at every step once more")
        self.copy = QPushButton(icon("copy"), "Copy what &mends it", self)
        self.look_again.clicked.connect(lambda: self.again.emit(self.url))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._mend()))
        return foot(self, self.look_again, self.copy)


def verdict(found: Sequence[Checkup]) -> str:
    """Whether a job could start, in one sentence or two; the first of `found` is the service that was asked about."""
    if not found:
        return "Nothing was found."
    ways = [way.of for one in found for way in (one.ways or (one,)) if way.exit_status == 0]
    first = found[0]
    if first.exit_status == 0:
        others = [way for way in ways if way != first.of]
        also = f" Also by: {', '.join(map(visible, others))}." if others else ""
        return f"A job could start by {visible(first.of)}.{also}"
    stops = [step.says for way in (first.ways or (first,)) for step in way.steps if step.stops]
    reason = f" {visible(stops[0], LONGEST)}" if stops else ""
    other = f" Another way would work: {', '.join(map(visible, ways))}." if ways else ""
    return f"No job could start by {visible(first.of)} now.{reason}{other}"


COLUMNS = (
    state_column(lambda row: LOOKS[row.step.status]),
    text_column("By", lambda row: row.of),
    Column("Step", lambda row: visible(row.step.name)),
    text_column("What was found", lambda row: row.step.says),
    text_column("What mends it", lambda row: row.step.mend),
)
