"""The tree of contracts: profiles, constraints and how many hosts satisfy them, errors on their lines, experiments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE, as_read, cell, labels, lines
from tests.gui.snapshots import contract, host, snapshot
from zeligui.experiment.description import Experiment
from zeligui.experiment.state import ExperimentState
from zeligui.gui.contracts_pane import MOST_PROBLEMS, ContractsPane
from zeligui.gui.tones import brush
from zeligui.session.snapshot import OpenContract, OpenExperiment
from zeligui.settings import JobDefaults, Reconfiguration

Role = Qt.ItemDataRole
HOSTS = [host("a"), host("b", cpuAvail=0.5), host("c", cpuAvail=0.1), host("d", freeMemory=100.0)]


@pytest.fixture
def pane(qtbot: QtBot) -> ContractsPane:
    made = ContractsPane()
    qtbot.addWidget(made)
    QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.resize(500, 600)
    made.show()
    return made


def show(pane: ContractsPane, *contracts: OpenContract, **more: object) -> None:
    pane.show_snapshot(snapshot(HOSTS, (), contracts, **more))


def figures(pane: ContractsPane) -> dict[str, str]:
    return {line[0]: line[1] for line in lines(pane.view)}


def tooltip(pane: ContractsPane, text: str) -> str:
    found = pane.model.match(
        pane.model.index(0, 0), Role.DisplayRole, text, 1, Qt.MatchFlag.MatchRecursive | Qt.MatchFlag.MatchStartsWith
    )
    return as_read(found[0].data(Role.ToolTipRole))


def runnable(name: str) -> OpenExperiment:
    file = Path(f"/work/{name}.toml")
    job = JobDefaults(executable="sh", arguments=("-c", "echo <b>"))
    made = Experiment(name, file, Path("/work/pi.contract"), (), job, Reconfiguration(), "")
    return OpenExperiment(file, name, made)


def test_without_a_contract_it_says_how_to_open_one(pane: ContractsPane) -> None:
    show(pane)
    assert "No contract is open." in labels(pane)
    show(pane, contract(HOSTS))
    assert pane.view.isVisible()


def test_beside_each_profile_and_constraint_stands_how_many_hosts_satisfy_it(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS))
    assert figures(pane) == {
        "pi.contract": "profile1: 1",
        "profile1": "1 of 4 apt",
        "osName = Linux": "4 of 4",
        "cpuAvail > 0.6": "2 of 4",
        "freeMemory > 200": "3 of 4",
        "profile2": "3 of 4 apt",
        "cpuAvail > 0.3": "3 of 4",
        "profile1 → profile2, profile2 → hold": "",
    }


def test_it_says_which_constraint_excludes_most(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS))
    assert "cpuAvail > 0.6" in tooltip(pane, "profile1")
    assert "No other constraint of this profile excludes more." in tooltip(pane, "cpuAvail > 0.6")
    assert "1 host would be apt but for this alone." in tooltip(pane, "freeMemory > 200")
    assert "No other" not in tooltip(pane, "freeMemory > 200")


def test_where_no_host_is_apt_the_profile_and_what_excludes_most_stand_out(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS, "[a]\ncpuAvail > 0.99\nosName = Linux\n"))
    top = pane.model.index(0, 0, pane.model.index(0, 0))
    assert figures(pane)["a"] == "0 of 4 apt"
    assert top.data(Role.ForegroundRole) == brush("warn")
    assert pane.model.index(0, 0, top).data(Role.ForegroundRole) == brush("warn")
    assert pane.model.index(1, 0, top).data(Role.ForegroundRole) is None
    assert figures(pane)["pi.contract"] == "none apt"


def test_of_how_many_hosts_it_is_not_known_is_said(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS, "[a]\ndiskFree > 5\n"))
    assert figures(pane)["diskFree > 5"] == "0 of 4 (? 4)"


def test_errors_and_warnings_stand_on_their_lines(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS, "[a]\ncpuAvail > 5 MB\nosName = \n"))
    rows = lines(pane.view)
    assert rows[0] == ["pi.contract", "2 errors"]
    assert [row[0].partition(",")[0] for row in rows[1:3]] == ["line 2", "line 3"]
    assert "it cannot be started" in tooltip(pane, "pi.contract")
    assert cell(pane.view, 0, 0, Role.ForegroundRole) == brush("bad")


def test_of_thousands_of_errors_the_first_are_listed(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS, "[a]\n" + "cpuAvail > 5 MB\n" * 3000))
    assert len(lines(pane.view)) <= 2 + 2 * MOST_PROBLEMS
    assert lines(pane.view)[0][1] == "3,000 errors"


def test_a_file_that_cannot_be_read_says_why(pane: ContractsPane) -> None:
    show(pane, OpenContract(Path("/work/gone.contract"), trouble="The file has gone."))
    assert lines(pane.view) == [["gone.contract", ""]]
    assert tooltip(pane, "gone.contract") == "The file has gone."
    assert pane.contract is not None


def test_experiments_stand_below_the_contract_that_they_name(pane: ContractsPane) -> None:
    opened = replace(contract(HOSTS), experiments=(runnable("pi"), *contract(experiments=["bad"]).experiments))
    show(pane, opened)
    assert figures(pane)["Experiment pi"] == "ready"
    assert "sh -c echo <b>" in tooltip(pane, "Experiment pi")
    assert "It has no job." in tooltip(pane, "Experiment bad")
    show(pane, opened, experiments={"pi": ExperimentState("pi", run=1)})
    assert figures(pane)["Experiment pi"] == "runs"


def test_a_contract_that_comes_is_opened_and_one_that_was_closed_stays_so(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS))
    top = pane.model.index(0, 0)
    assert pane.view.isExpanded(top)
    assert pane.view.isExpanded(pane.model.index(0, 0, top))
    pane.view.collapse(top)
    show(pane, contract(HOSTS[:2]))
    assert not pane.view.isExpanded(top)
    assert figures(pane)["pi.contract"] == "profile1: 1"


def test_one_that_is_closed_is_forgotten_and_opened_anew_when_it_comes_again(pane: ContractsPane) -> None:
    show(pane, contract(HOSTS))
    pane.select_file(Path("/work/pi.contract"))
    pane.view.collapse(pane.model.index(0, 0))
    show(pane)
    assert lines(pane.view) == []
    assert pane.contract is None
    show(pane, contract(HOSTS))
    assert pane.view.isExpanded(pane.model.index(0, 0))


def test_the_only_contract_is_meant_until_another_line_is_current(pane: ContractsPane) -> None:
    assert pane.contract is None
    first, second = contract(HOSTS), replace(contract(HOSTS, file="/work/b.contract"), experiments=(runnable("b"),))
    show(pane, first)
    assert pane.contract is first
    show(pane, first, second)
    assert pane.contract is None or pane.contract is first
    pane.select_file(Path("/work/b.toml"))
    assert pane.contract is second
    assert pane.experiment is second.experiments[0]
    pane.select_file(second.file)
    assert (pane.contract, pane.experiment) == (second, None)
    show(pane, first)
    assert pane.contract is first


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_files_and_experiments_are_shown_as_text(pane: ContractsPane, text: str) -> None:
    bad = OpenExperiment(Path(f"/work/{text.replace('/', '')}.toml"), text, None, text, text)
    file = f"/work/{text.replace('/', '')}.contract"
    show(pane, replace(contract(HOSTS, f"[a]\nosName = {text}\n", file), experiments=(bad,)))
    assert all(said.isprintable() for line in lines(pane.view) for said in line)
    for row in range(pane.model.rowCount(pane.model.index(0, 0))):
        as_read(pane.model.index(row, 0, pane.model.index(0, 0)).data(Role.ToolTipRole))
    pane.grab()
