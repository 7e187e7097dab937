"""The tree of contracts: profiles, constraints, how many hosts satisfy each now, and the experiments that name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zeligui.contract.model import Problem, Profile
from zeligui.grid.explanation import ConstraintExclusion, ProfileExclusions
from zeligui.gui.icons import icon
from zeligui.gui.pane import Pane
from zeligui.gui.rows import Column, RowRole
from zeligui.gui.tree import Node, TreeModel
from zeligui.gui.views import Tree, select
from zeligui.gui.words import count_of, visible
from zeligui.session.snapshot import OpenContract, OpenExperiment, Snapshot

MOST_PROBLEMS = 200
"""Errors and warnings of a contract that are listed."""


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One line of the tree. `file` is the contract's; `experiment` the experiment's, of its own line."""

    text: str
    figures: str
    words: str
    picture: str
    tone: str
    file: Path
    experiment: Path | None = None


class ContractsPane(Pane):
    """All open contracts. `selected` tells that another line is current."""

    selected = Signal()
    menu_asked = Signal(QPoint)
    activated = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Contracts", parent)
        self._contracts: tuple[OpenContract, ...] = ()
        self._nodes: dict[Path, tuple[tuple[OpenContract, frozenset[str]], Node]] = {}
        self.model = TreeModel(
            (
                Column("Contract", lambda row: row.text, tooltip=_words, icon=_icon, tone=_tone),
                Column("Hosts now", lambda row: row.figures, tooltip=_words, tone=_tone),
            ),
            self,
        )
        self.view = Tree("Contracts, their profiles and constraints", self.model, (38, 14), self)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self.selected.emit())
        self.view.menu_asked.connect(self.menu_asked)
        self.view.activated.connect(lambda _: self.activated.emit())

    @property
    def contract(self) -> OpenContract | None:
        """The contract that is current, or the only one that is open."""
        row = self._row()
        if row is None:
            return self._contracts[0] if len(self._contracts) == 1 else None
        return next((one for one in self._contracts if one.file == row.file), None)

    @property
    def experiment(self) -> OpenExperiment | None:
        """The experiment whose own line is current."""
        row, contract = self._row(), self.contract
        if row is None or contract is None or row.experiment is None:
            return None
        return next((one for one in contract.experiments if one.file == row.experiment), None)

    def select_file(self, file: Path) -> None:
        """Make the contract or experiment of this file the current line."""
        paths: list[tuple[object, ...]] = [(one.file,) for one in self._contracts if one.file == file]
        paths += [(c.file, ("experiment", e.file)) for c in self._contracts for e in c.experiments if e.file == file]
        if paths and (index := self.model.index_of(paths[0])).isValid():
            select(self.view, index)

    def update_from(self, snapshot: Snapshot) -> None:
        self._contracts = snapshot.contracts
        before = set(self._nodes)
        self._nodes = {one.file: self._nodes[one.file] for one in snapshot.contracts if one.file in before}
        running = frozenset(name for name, state in snapshot.experiments.items() if state.running)
        self.model.show_forest(tuple(self._node(one, running) for one in snapshot.contracts))
        if snapshot.contracts:
            self.show_body()
        else:
            self.show_empty("No contract is open.", "Open one with Ctrl+O, or drop its file here.", picture="contract")
        for one in snapshot.contracts:
            if one.file not in before:
                self._open(one)

    def _open(self, contract: OpenContract) -> None:
        """A contract that has just come is shown with its profiles, and their constraints."""
        top = self.model.index_of((contract.file,))
        self.view.expand(top)
        for row in range(self.model.rowCount(top)):
            self.view.expand(self.model.index(row, 0, top))

    def _node(self, contract: OpenContract, running: frozenset[str]) -> Node:
        """The node of a contract, the same object as long as it would show the same."""
        shown = contract, running & {one.name for one in contract.experiments}
        before = self._nodes.get(contract.file)
        if before and before[0] == shown:
            return before[1]
        node = Node(contract.file, _contract_row(contract), tuple(_below(contract, running)))
        self._nodes[contract.file] = shown, node
        return node

    def _row(self) -> ContractRow | None:
        row: ContractRow | None = self.view.currentIndex().data(RowRole)
        return row


def _contract_row(contract: OpenContract) -> ContractRow:
    name = visible(contract.file.name)
    reading = contract.reading
    if reading is None:
        return ContractRow(name, "", contract.trouble, "error", "bad", contract.file)
    if reading.errors:
        errors = count_of(len(reading.errors), "error")
        return ContractRow(
            name, errors, f"{contract.file}\n{errors}: it cannot be started.", "error", "bad", contract.file
        )
    judged = f"\nJudged as {contract.judged_for} may: what its own jobs use is free." if contract.judged_for else ""
    apt = next((f"{one.profile}: {one.apt}" for one in contract.exclusions if one.apt), "none apt")
    return ContractRow(name, apt, f"{visible(str(contract.file), 1000)}{judged}", "contract", "", contract.file)


def _below(contract: OpenContract, running: frozenset[str]) -> Iterator[Node]:
    reading = contract.reading
    if reading:
        for place, problem in enumerate(reading.errors[:MOST_PROBLEMS]):
            yield Node(("error", place), _problem_row(contract.file, problem, "error", "bad"))
        for place, problem in enumerate(reading.warnings[:MOST_PROBLEMS]):
            yield Node(("warning", place), _problem_row(contract.file, problem, "warning", "warn"))
        found = {one.profile: one for one in contract.exclusions}
        for profile in reading.profiles:
            yield _profile(contract, profile, found.get(profile.name))
        if edges := [f"{edge.source} → {edge.target}" for edge in reading.edges]:
            words = "\n".join(["How profiles may follow each other:", *edges])
            yield Node("edges", ContractRow(", ".join(edges), "", words, "", "dim", contract.file))
    for experiment in contract.experiments:
        yield Node(("experiment", experiment.file), _experiment_row(contract.file, experiment, running))


def _problem_row(file: Path, problem: Problem, picture: str, tone: str) -> ContractRow:
    where = f"line {problem.line}, column {problem.column}"
    return ContractRow(f"{where}: {visible(problem.message)}", "", visible(problem.message, 2000), picture, tone, file)


def _profile(contract: OpenContract, profile: Profile, found: ProfileExclusions | None) -> Node:
    figures = f"{found.apt:,} of {found.hosts:,} apt" if found else ""
    tone = "" if not found or found.apt else "warn"
    words = visible(found.summary, 1000) if found else ""
    each = found.constraints if found else ()
    rows: list[Node] = []
    for place, constraint in enumerate(profile.constraints):
        one = each[place] if place < len(each) else None
        rows.append(Node(("constraint", place), _constraint_row(contract.file, constraint.text, one, found)))
    for place, preference in enumerate(profile.preferences):
        row = ContractRow(visible(preference.text), "", "Orders the apt hosts.", "", "dim", contract.file)
        rows.append(Node(("preference", place), row))
    top = ContractRow(visible(profile.name), figures, words, "profile", tone, contract.file)
    return Node(("profile", profile.name), top, tuple(rows))


def _constraint_row(
    file: Path, text: str, found: ConstraintExclusion | None, profile: ProfileExclusions | None
) -> ContractRow:
    if found is None or profile is None:
        return ContractRow(visible(text), "", visible(text, 1000), "constraint", "", file)
    unknown = f" (? {found.unknown:,})" if found.unknown else ""
    words = f"{found.true:,} satisfy it, {found.false:,} do not, of {found.unknown:,} it is not known."
    if found.alone:
        words += f"\n{count_of(found.alone, 'host')} would be apt but for this alone."
    most = profile.most is found and (found.false or found.unknown)
    if most:
        words += "\nNo other constraint of this profile excludes more."
    tone = "warn" if most and not profile.apt else ""
    return ContractRow(visible(text), f"{found.true:,} of {profile.hosts:,}{unknown}", words, "constraint", tone, file)


def _experiment_row(file: Path, experiment: OpenExperiment, running: frozenset[str]) -> ContractRow:
    name = f"Experiment {visible(experiment.name)}"
    if experiment.experiment is None:
        return ContractRow(name, "", f"{experiment.trouble}\n{experiment.hint}", "error", "bad", file, experiment.file)
    job = experiment.experiment.job
    command = visible(" ".join((job.executable, *job.arguments)), 1000)
    words = f"{experiment.file}\n{command}\n{count_of(job.instances, 'instance')}"
    runs = experiment.name in running
    return ContractRow(
        name, "runs" if runs else "ready", words, "experiment", "good" if runs else "", file, experiment.file
    )


def _words(row: ContractRow) -> str:
    return row.words


def _icon(row: ContractRow) -> QIcon | None:
    return icon(row.picture) if row.picture else None


def _tone(row: ContractRow) -> str:
    return row.tone
