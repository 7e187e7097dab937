"""Why not this machine: every constraint of a contract held against one host; and what excludes most of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from zeligui.grid.explanation import ConstraintAnswer, ProfileAnswer, ProfileExclusions
from zeligui.gui.dialogs import buttons
from zeligui.gui.icons import icon
from zeligui.gui.rows import Column
from zeligui.gui.tree import Node, TreeModel
from zeligui.gui.views import Tree
from zeligui.gui.words import value_text, visible

RESULTS = {
    "true": ("job-done", "good", "yes"),
    "false": ("job-failed", "bad", "no"),
    "unknown": ("question", "warn", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a profile, a constraint or a part of one."""

    text: str
    value: str
    bound: str
    by: str
    result: str
    words: str


class WhyNotDialog(QDialog):
    """Stays open beside the window, and follows the measurements through `show_answers`."""

    def __init__(self, host: str, contracts: Sequence[str], parent: QWidget) -> None:
        """`contracts` are the paths of the files among which can be chosen, the first at first."""
        super().__init__(parent)
        self.host = host
        self._contracts = contracts
        self.setWindowTitle(f"Why not {visible(host)}?")
        self.setAccessibleName("Why not this machine?")
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.contract = QComboBox(self)
        self.contract.setAccessibleName("Contract")
        self.contract.addItems([visible(name) for name in contracts])
        self.contract.setVisible(len(contracts) > 1)
        self.model = TreeModel(_columns(), self)
        self.view = Tree("Constraints", self.model, (36, 18, 18, 24, 10, 48), self)
        layout = QVBoxLayout(self)
        for widget in (self.contract, self.verdict, self.view):
            layout.addWidget(widget)
        layout.addWidget(buttons(self, QDialogButtonBox.StandardButton.Close))
        sign = self.fontMetrics().averageCharWidth()
        self.resize(sign * 165, self.fontMetrics().height() * 24)

    @property
    def chosen(self) -> str:
        """The path of the contract that the host is held against."""
        return self._contracts[self.contract.currentIndex()]

    def show_answers(self, answers: Sequence[ProfileAnswer], other_reasons: Sequence[str]) -> None:
        """Show how the host stands now; `other_reasons` are those that no constraint tells."""
        first = not self.model.rowCount()
        self.verdict.setText(_verdict(self.host, answers, other_reasons))
        self.model.show_forest(tuple(_profile_node(answer) for answer in answers))
        if first:
            self.view.expandAll()

    def say_why_none(self, words: str) -> None:
        """There is no answer any more."""
        self.verdict.setText(visible(words, 1000))
        self.model.show_forest(())


class ExcludesDialog(QDialog):
    """Which constraint of a contract excludes most machines, per profile."""

    def __init__(self, file: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.file = file
        self.setWindowTitle(f"What excludes machines from {visible(file.name)}?")
        self.setAccessibleName("What excludes machines?")
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.model = TreeModel(
            (
                Column("Profile, constraint", lambda row: row.text, icon=_icon, tone=_tone),
                Column("Satisfy it", lambda row: row.value, numeric=True),
                Column("Do not", lambda row: row.bound, numeric=True, tone=_tone),
                Column("Unknown", lambda row: row.by, numeric=True),
                Column("Excluded by it alone", lambda row: row.words, numeric=True),
            ),
            self,
        )
        self.view = Tree("Constraints and how many machines each excludes", self.model, (38, 11, 11, 11, 20), self)
        layout = QVBoxLayout(self)
        layout.addWidget(self.verdict)
        layout.addWidget(self.view)
        layout.addWidget(buttons(self, QDialogButtonBox.StandardButton.Close))
        self.resize(self.fontMetrics().averageCharWidth() * 100, self.fontMetrics().height() * 20)

    def show_exclusions(self, found: Sequence[ProfileExclusions]) -> None:
        """Show how it is now."""
        first = not self.model.rowCount()
        lines = [f"{visible(one.profile)}: {visible(one.summary, 1000)}" for one in found]
        self.verdict.setText("\n".join(lines) or f"{visible(str(self.file))} has errors, or no profile.")
        self.model.show_forest(tuple(_excluded_node(one) for one in found))
        if first:
            self.view.expandAll()


def _columns() -> Sequence[Column]:
    return (
        Column("Profile, constraint", lambda row: row.text, tooltip=lambda row: row.words, icon=_icon, tone=_tone),
        Column("Value", lambda row: row.value),
        Column("Bound", lambda row: row.bound),
        Column("By how much", lambda row: row.by, tone=_tone),
        Column("Holds", lambda row: RESULTS[row.result][2], tone=_tone),
        Column("In words", lambda row: row.words, tooltip=lambda row: row.words),
    )


def _verdict(host: str, answers: Sequence[ProfileAnswer], other_reasons: Sequence[str]) -> str:
    apt = [visible(answer.profile) for answer in answers if answer.apt]
    name = visible(host)
    first = f"{name} is apt for {', '.join(apt)}." if apt else f"{name} is apt for no profile of this contract."
    return "\n".join([first, *(visible(reason, 1000) for reason in other_reasons)])


def _profile_node(answer: ProfileAnswer) -> Node:
    result = "true" if answer.apt else "false"
    fails = sum(one.result != "true" for one in answer.constraints)
    words = "Every constraint holds." if answer.apt else f"{fails} of {len(answer.constraints)} do not hold."
    line = Line(visible(answer.profile), "", "", "", result, words)
    return Node(answer.profile, line, tuple(_answer_nodes(answer.constraints)))


def _answer_nodes(answers: Sequence[ConstraintAnswer]) -> Iterator[Node]:
    for place, one in enumerate(answers):
        by = "" if one.short_by is None else _by(one)
        line = Line(
            visible(one.constraint), _shown(one.value, one.unit), _bound(one), by, one.result, visible(one.words, 1000)
        )
        yield Node(place, line, tuple(_answer_nodes(one.parts)))


def _by(answer: ConstraintAnswer) -> str:
    short = answer.short_by or 0.0
    amount = f"{value_text(abs(short))} {answer.unit}".rstrip()
    return f"short by {amount}" if answer.result == "false" else f"{amount} to spare"


def _bound(answer: ConstraintAnswer) -> str:
    if answer.bound is None:
        return ""
    if isinstance(answer.bound, tuple):
        return f"{answer.operator} ({', '.join(map(visible, answer.bound))})"
    return f"{answer.operator} {_shown(answer.bound, answer.unit)}"


def _shown(value: float | str | None, unit: str) -> str:
    if value is None:
        return ""
    return value_text(value) if isinstance(value, str) else f"{value_text(value)} {unit}".rstrip()


def _excluded_node(found: ProfileExclusions) -> Node:
    result = "true" if found.apt else "false"
    top = Line(visible(found.profile), f"{found.apt:,} apt", "", "", result, "")
    below = [
        Node(
            place,
            Line(
                visible(one.constraint),
                f"{one.true:,}",
                f"{one.false:,}",
                f"{one.unknown:,}",
                "false" if one is found.most and one.true < found.hosts else "true",
                f"{one.alone:,}",
            ),
        )
        for place, one in enumerate(found.constraints)
    ]
    return Node(found.profile, top, tuple(below))


def _icon(line: Line) -> QIcon:
    return icon(RESULTS[line.result][0])


def _tone(line: Line) -> str:
    return RESULTS[line.result][1] if line.result != "true" else ""
