"""Why not this machine: each constraint with value, bound and by how much; and what excludes most machines."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE, lines
from tests.gui.snapshots import CONTRACT, columns, host
from zeligui.contract.language import read
from zeligui.contract.model import Contract
from zeligui.grid.explanation import answer, exclusions
from zeligui.grid.hosts import Host
from zeligui.gui.why_not import ExcludesDialog, WhyNotDialog


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def contract(text: str = CONTRACT) -> Contract:
    found = read(text.encode()).contract
    assert found
    return found


def explained(window: QWidget, one: Host, text: str = CONTRACT, *others: str) -> WhyNotDialog:
    dialog = WhyNotDialog(one.name, ["/work/a.contract"], window)
    dialog.show()
    dialog.show_answers(answer(contract(text), columns([one]), one.name), others)
    return dialog


def test_every_constraint_has_its_value_its_bound_and_by_how_much(window: QWidget) -> None:
    dialog = explained(window, host("a", cpuAvail=0.5))
    rows = {line[0]: line[1:5] for line in lines(dialog.view)}
    assert rows["cpuAvail > 0.6"] == ["0.5", "> 0.6", "short by 0.1", "no"]
    assert rows["freeMemory > 200"] == ["2,000 MB", "> 200 MB", "1,800 MB to spare", "yes"]
    assert rows["osName = Linux"] == ["Linux", "= Linux", "", "yes"]
    assert rows["profile1"][3] == "no"
    assert rows["profile2"][3] == "yes"
    assert dialog.verdict.text() == "a is apt for profile2."


def test_what_is_not_known_is_said(window: QWidget) -> None:
    dialog = explained(window, host("a"), "[p]\ndiskFree > 5\n")
    row = next(line for line in lines(dialog.view) if line[0] == "diskFree > 5")
    assert row[1:5] == ["", "> 5 MB", "", "unknown"] or row[4] == "unknown"
    assert dialog.verdict.text() == "a is apt for no profile of this contract."


def test_reasons_besides_constraints_are_told(window: QWidget) -> None:
    dialog = explained(window, host("a"), CONTRACT, "It is refused, so it gets no job: no <b>key</b>")
    assert "It is refused, so it gets no job: no <b>key</b>" in dialog.verdict.text()
    assert dialog.verdict.textFormat() is Qt.TextFormat.PlainText


def test_it_follows_the_measurements_and_keeps_what_is_current_and_closed(window: QWidget) -> None:
    dialog = explained(window, host("a", cpuAvail=0.5))
    profile2 = dialog.model.index(1, 0)
    dialog.view.collapse(profile2)
    dialog.view.setCurrentIndex(dialog.model.index(1, 0, dialog.model.index(0, 0)))
    dialog.show_answers(answer(contract(), columns([host("a", cpuAvail=0.7)]), "a"), ())
    assert dialog.view.currentIndex().data() == "cpuAvail > 0.6"
    assert dialog.view.currentIndex().siblingAtColumn(4).data() == "yes"
    assert not dialog.view.isExpanded(profile2)
    assert dialog.verdict.text() == "a is apt for profile1, profile2."


def test_where_the_machine_or_the_contract_has_gone_it_says_so(window: QWidget) -> None:
    dialog = explained(window, host("a"))
    dialog.say_why_none("a is not among the machines any more.")
    assert dialog.verdict.text() == "a is not among the machines any more."
    assert lines(dialog.view) == []
    dialog.show_answers(answer(contract(), columns([host("a")]), "a"), ())
    assert dialog.view.isExpanded(dialog.model.index(0, 0))


def test_another_contract_is_chosen_by_its_path(window: QWidget) -> None:
    dialog = WhyNotDialog("a", ["/work/a.contract", "/other/a.contract"], window)
    assert dialog.chosen == "/work/a.contract"
    dialog.contract.setCurrentIndex(1)
    assert dialog.chosen == "/other/a.contract"


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_values_of_machines_are_shown_as_text(window: QWidget, text: str) -> None:
    dialog = explained(window, host(text, osName=text))
    assert dialog.verdict.textFormat() is Qt.TextFormat.PlainText
    assert all(said.isprintable() for line in lines(dialog.view) for said in line)
    assert dialog.windowTitle().isprintable()


def test_what_excludes_machines_counts_them_for_each_constraint(window: QWidget) -> None:
    hosts = [host("a"), host("b", cpuAvail=0.5), host("c", cpuAvail=0.1), host("d", freeMemory=1.0), host("e")]
    dialog = ExcludesDialog(Path("/work/<b>.contract"), window)
    dialog.show_exclusions(exclusions(contract(), columns(hosts)))
    assert lines(dialog.view)[:4] == [
        ["profile1", "2 apt", "", "", ""],
        ["osName = Linux", "5", "0", "0", "0"],
        ["cpuAvail > 0.6", "3", "2", "0", "2"],
        ["freeMemory > 200", "4", "1", "0", "1"],
    ]
    assert "cpuAvail > 0.6" in dialog.verdict.text()
    assert dialog.verdict.textFormat() is Qt.TextFormat.PlainText
    dialog.show_exclusions(exclusions(contract(), columns(hosts[:1])))
    assert lines(dialog.view)[2] == ["cpuAvail > 0.6", "1", "0", "0", "0"]
    dialog.show_exclusions(())
    assert "has errors" in dialog.verdict.text()
