"""The log: what happened to all experiments, with ZeliGrid's own messages, the newest last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from zeligui.events import Event
from zeligui.gui.event_words import GROUPS, OUTPUT
from zeligui.gui.filter_line import FilterLine
from zeligui.gui.log_lines import COLUMNS, Line, Message
from zeligui.gui.newest_last import newest_in_sight
from zeligui.gui.pane import Pane
from zeligui.gui.rows import RowModel
from zeligui.gui.views import Table, copy_rows, popup
from zeligui.gui.words import count_of
from zeligui.session.snapshot import Snapshot

MOST = 2000
MOST_OUTPUT = 500
"""Lines that are kept; of what jobs print fewer, so that a chatty one drives nothing else away."""
SLACK = 200
"""So many more before the oldest go, that they go together."""


class LogPane(Pane):
    """Takes in what is new of each snapshot; `say` adds a message of ZeliGrid's own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Log", parent)
        self._lines: list[Line] = []
        self._number = 0
        self._taken: Sequence[Event] = ()
        self._read = 0
        self._cleared = 0
        self._searched: dict[int, str] = {}
        self.model = RowModel(COLUMNS, lambda line: line.number, self)
        self.view = Table("Log", self.model, (11, 18, 36, 60), self)
        self.filter = FilterLine("the log", "Filter by job, host, kind or words", self)
        self.filter.line.setMinimumWidth(self.fontMetrics().averageCharWidth() * 40)
        self.kinds = self._kinds()
        self.clearing = QPushButton("&Clear view", self)
        self.clearing.setAccessibleName("Clear view")
        self.clearing.setToolTip("Hide what is here now; nothing is deleted")
        for widget in (self.filter, self.kinds, self.clearing):
            self.tools.addWidget(widget)
        self.hidden = _Hidden(self)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.hidden)
        layout.addWidget(self.view)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(30)
        self._typed.timeout.connect(self._filter)
        self.filter.changed.connect(lambda _: self._typed.start())
        self.filter.left.connect(self.view.setFocus)
        self.clearing.clicked.connect(self.clear_view)
        self.hidden.undo.clicked.connect(self.show_all)
        self.view.menu_asked.connect(self._open_menu)
        self._filter()

    def update_from(self, snapshot: Snapshot) -> None:
        if snapshot.recent is self._taken:
            return
        self._taken = snapshot.recent
        new = []
        for event in reversed(snapshot.recent):
            if event.sequence <= self._read:
                break
            new.append(event)
        if new:
            self._read = new[0].sequence
            self._add(list(reversed(new)))

    def say(self, kind: str, text: str) -> None:
        """Add a message of ZeliGrid's own: `kind` is message, question, warning or error."""
        self._add([Message(kind, text, datetime.now(UTC))])

    def clear_view(self) -> None:
        """Hide what is here now."""
        self._cleared = self._number
        self._filter()

    def show_all(self) -> None:
        """Show what was hidden by `clear_view`."""
        self._cleared = 0
        self._filter()
        self.view.setFocus()

    def _add(self, told: Sequence[Event | Message]) -> None:
        for one in told:
            self._number += 1
            self._lines.append(Line(self._number, one))
        if len(self._lines) > MOST + SLACK:
            self._lines = _shortened(self._lines)
            kept = {line.number for line in self._lines}
            self._searched = {number: text for number, text in self._searched.items() if number in kept}
        with newest_in_sight(self.view, self.model):
            self.model.show_rows(self._lines)
        self._say_what_is_shown()

    def _filter(self) -> None:
        words = self.filter.text.casefold().split()
        if not words:
            self._searched.clear()
        shown = {action.text() for action in self._groups if action.isChecked()}
        cleared = self._cleared

        def accepts(line: Line) -> bool:
            if line.number <= cleared or line.about.group not in shown:
                return False
            return not words or all(word in self._text(line) for word in words)

        with newest_in_sight(self.view, self.model):
            self.model.filter(accepts)
        all_shown = len(shown) == len(GROUPS)
        self.kinds.setText("Kinds" if all_shown else f"Kinds ({len(shown)} of {len(GROUPS)})")
        self._say_what_is_shown()

    def _text(self, line: Line) -> str:
        found = self._searched.get(line.number)
        if found is None:
            found = self._searched[line.number] = line.searched
        return found

    def _say_what_is_shown(self) -> None:
        self.filter.say(self.model.shown, self.model.total)
        older = sum(line.number <= self._cleared for line in self._lines) if self._cleared else 0
        self.hidden.say(older)
        self.clearing.setEnabled(self.model.shown > 0)
        if self.model.shown or older:
            self.show_body()
        elif not self._lines:
            self.show_empty(
                "Nothing has happened yet.", "What becomes of jobs is told here, with the reason.", picture="log"
            )
        else:
            offers = [("Show all &kinds and words", self.show_everything)]
            self.show_empty(
                f"None of {count_of(len(self._lines), 'message')} is shown.", "A filter hides them.", offers
            )

    def show_everything(self) -> None:
        """Let no filter hide anything."""
        self.filter.line.clear()
        for action in self._groups:
            action.setChecked(True)
        self._filter()

    def _kinds(self) -> QToolButton:
        button = QToolButton(self)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setAccessibleName("Kinds of messages that are shown")
        button.setToolTip("Which kinds of messages are shown")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu("Kinds", button)
        self._groups = [menu.addAction(group) for group in GROUPS]
        for action in self._groups:
            action.setCheckable(True)
            action.setChecked(action.text() != OUTPUT)
            action.toggled.connect(lambda _on: self._typed.start())
        button.setMenu(menu)
        return button

    def _open_menu(self, place: QPoint) -> None:
        copying, clearing = QAction("&Copy", self), QAction("C&lear view", self)
        copying.setEnabled(self.view.selectionModel().hasSelection())
        copying.triggered.connect(lambda: copy_rows(self.view))
        clearing.triggered.connect(self.clear_view)
        menu = popup(self, place, (copying, None, clearing))
        for action in (copying, clearing):
            action.setParent(menu)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Find):
            self.filter.setFocus()
        else:
            super().keyPressEvent(event)


class _Hidden(QWidget):
    """Says how many lines the user has hidden, and brings them back."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.undo = QPushButton("Show &all", self)
        self.undo.setFlat(True)
        self.undo.setAccessibleName("Show all messages again")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        layout.addWidget(self.undo)
        layout.addStretch(1)
        self.hide()

    def say(self, older: int) -> None:
        are = "is" if older == 1 else "are"
        self.words.setText(f"{count_of(older, 'older message')} {are} hidden, not deleted.")
        self.setVisible(older > 0)


def _shortened(lines: Sequence[Line]) -> list[Line]:
    """The newest; of what jobs printed, fewer."""
    output = [line.number for line in lines if line.about.group == OUTPUT]
    gone = set(output[:-MOST_OUTPUT])
    return [line for line in lines if line.number not in gone][-MOST:]
