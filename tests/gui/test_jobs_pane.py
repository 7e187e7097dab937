"""The table of remote jobs: what it says of each, what a filter leaves, which is current."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE, as_read, cell, labels, lines, offers
from tests.gui.snapshots import job, snapshot
from zeligui.files.progress import Progress
from zeligui.gui.jobs_pane import STANDINGS, JobsPane
from zeligui.gui.words import visible
from zeligui.session.snapshot import RemoteJob, Standing

Role = Qt.ItemDataRole
COLUMNS = [
    "Job", "State", "Host", "Service", "Host status", "Profile", "Started", "CPU", "Memory", "Last line of output",
]  # fmt: skip
NAME, STATE, HOST, SERVICE, HOST_STATUS, PROFILE, STARTED, CPU, MEMORY, LAST = range(10)


@pytest.fixture
def pane(qtbot: QtBot) -> JobsPane:
    made = JobsPane()
    qtbot.addWidget(made)
    QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.resize(1000, 300)
    made.show()
    return made


def show(pane: JobsPane, *jobs: RemoteJob) -> None:
    pane.show_snapshot(snapshot((), jobs))


def names(pane: JobsPane) -> list[str]:
    return [line[NAME] for line in lines(pane.view)]


def filtered(pane: JobsPane, qtbot: QtBot, text: str, shown: list[str]) -> None:
    pane.filter.line.setText(text)
    qtbot.waitUntil(lambda: names(pane) == shown)


def test_before_the_first_job_it_says_how_to_start_one(pane: JobsPane) -> None:
    show(pane)
    assert "No job has been started yet." in labels(pane)
    assert not pane.view.isVisible()
    show(pane, job())
    assert pane.view.isVisible()


def test_what_it_says_of_a_job(pane: JobsPane) -> None:
    show(pane, job("pi", 1, host="node1"))
    assert [pane.model.headerData(place, Qt.Orientation.Horizontal) for place in range(10)] == COLUMNS
    line = lines(pane.view)[0]
    assert line[:STARTED] == ["pi/1", "Running", "node1", "ssh", "up", "profile1"]
    assert line[CPU:] == ["97 %", "120 MB", "step 3"]
    assert "41.0 s of processor time" in cell(pane.view, 0, CPU, Role.ToolTipRole)
    assert "ssh://node1" in cell(pane.view, 0, HOST, Role.ToolTipRole)
    assert cell(pane.view, 0, SERVICE, Role.ToolTipRole) == "ssh://node1"
    assert cell(pane.view, 0, SERVICE, Role.AccessibleTextRole) == "Service: ssh://node1"


def test_what_is_not_known_is_blank(pane: JobsPane) -> None:
    show(pane, RemoteJob("pi", 1, Standing.WAITING))
    assert lines(pane.view) == [["pi/1", "Waiting", *[""] * 8]]
    assert [cell(pane.view, 0, place, Role.ToolTipRole) for place in (HOST, STARTED, CPU, LAST)] == [""] * 4


@pytest.mark.parametrize("standing", Standing)
def test_every_state_is_a_glyph_and_a_word(pane: JobsPane, standing: Standing) -> None:
    assert set(STANDINGS) == set(Standing)
    show(pane, job(standing=standing, detail="because"))
    assert cell(pane.view, 0, STATE) == standing.value
    assert not cell(pane.view, 0, STATE, Role.DecorationRole).isNull()
    assert cell(pane.view, 0, STATE, Role.ToolTipRole) == f"{standing.value}\nbecause"


STAGING = Progress("input/data.bin", 45_600_000, 100_000_000, 2, 7)


def test_how_far_its_files_are_is_said_in_its_state_and_drawn(pane: JobsPane) -> None:
    show(pane, job(standing=Standing.STARTING))
    before = pane.grab().toImage()
    show(pane, job(standing=Standing.STARTING, staging=STAGING))
    assert cell(pane.view, 0, STATE) == "Starting 45 %"
    assert cell(pane.view, 0, STATE, Role.AccessibleTextRole) == "State: Starting 45 %"
    words = "Files are copied there: input/data.bin, 45.6 MB of 100 MB, 2 of 7 files"
    assert cell(pane.view, 0, STATE, Role.ToolTipRole) == f"Starting\n{words}"
    first = pane.grab().toImage()
    assert first != before
    show(pane, job(standing=Standing.STARTING, staging=replace(STAGING, done=99_999_999)))
    assert cell(pane.view, 0, STATE) == "Starting 99 %"
    assert pane.grab().toImage() != first


def test_a_job_that_nobody_keeps_says_so_and_what_to_do(pane: JobsPane) -> None:
    show(pane, job(driven=False))
    assert cell(pane.view, 0, STATE) == "Running, left"
    assert "press Start" in cell(pane.view, 0, STATE, Role.ToolTipRole)


def test_it_is_sorted_as_people_do_the_unknown_last(pane: JobsPane) -> None:
    show(pane, job("pi", 10, cpu=None), job("pi", 2, cpu=0.5), job("Alpha", 1, cpu=0.25))
    pane.view.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
    assert names(pane) == ["Alpha/1", "pi/2", "pi/10"]
    pane.view.sortByColumn(CPU, Qt.SortOrder.AscendingOrder)
    assert names(pane) == ["Alpha/1", "pi/2", "pi/10"]
    pane.view.sortByColumn(CPU, Qt.SortOrder.DescendingOrder)
    assert names(pane) == ["pi/2", "Alpha/1", "pi/10"]


@pytest.mark.parametrize("column", range(10))
def test_every_column_sorts_whatever_is_known(pane: JobsPane, column: int) -> None:
    now = datetime.now(UTC)
    jobs = [job("a", n, host=f"n{n}", cpu=None if n % 2 else 0.1 * n, started=None if n % 3 else now) for n in range(9)]
    show(pane, RemoteJob("b", 1, Standing.WAITING), *jobs)
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        pane.view.sortByColumn(column, order)
        assert len(names(pane)) == 10


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("beta", ["beta/1"]),
        ("RUNNING", ["pi/1", "beta/1"]),
        ("node2", ["pi/2"]),
        ("step 7", ["pi/2"]),
        ("pi held", ["pi/2"]),
        ("stale", ["beta/1"]),
        ("ssh://node2", ["pi/2"]),
    ],
)
def test_a_filter_looks_at_all_that_is_said(pane: JobsPane, qtbot: QtBot, text: str, shown: list[str]) -> None:
    held = job("pi", 2, Standing.HELD, host="node2", last_line="step 7")
    show(pane, job("pi", 1), held, job("beta", 1, host_status="stale"))
    filtered(pane, qtbot, text, shown)
    assert pane.filter.counts.text() == f"{len(shown)} of 3"
    filtered(pane, qtbot, "", ["pi/1", "pi/2", "beta/1"])
    assert not pane.filter.counts.isVisible()


def test_what_has_ended_can_be_left_out(pane: JobsPane) -> None:
    show(pane, job("pi", 1), job("pi", 2, Standing.DONE))
    pane.which.setCurrentText("Not ended")
    assert names(pane) == ["pi/1"]
    show(pane, job("pi", 1, Standing.FAILED), job("pi", 2, Standing.DONE), job("pi", 3))
    assert names(pane) == ["pi/3"]
    pane.which.setCurrentText("Ended")
    assert names(pane) == ["pi/1", "pi/2"]


def test_where_a_filter_hides_all_it_says_so_and_offers_to_clear_it(pane: JobsPane, qtbot: QtBot) -> None:
    show(pane, job("pi", 1))
    filtered(pane, qtbot, "no such job", [])
    assert pane.filter.counts.text() == "0 of 1"
    pane.which.setCurrentText("Ended")
    assert "None of 1 job is shown." in labels(pane)
    assert offers(pane) == ["Show &all jobs"]
    pane.show_all()
    assert names(pane) == ["pi/1"]
    assert pane.view.isVisible()
    pane.which.setCurrentText("Ended")
    assert "None of 1 job is shown." in labels(pane)
    show(pane, job("pi", 1, Standing.DONE))
    assert names(pane) == ["pi/1"]
    assert pane.view.isVisible()


def test_the_first_job_is_current_and_what_is_selected_stays(pane: JobsPane, qtbot: QtBot) -> None:
    with qtbot.waitSignal(pane.selected, check_params_cb=lambda key: key == ("pi", 1)):
        show(pane, job("pi", 1), job("pi", 2))
    assert pane.current == ("pi", 1)
    pane.select_job(("pi", 2))
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    pane.view.selectionModel().select(pane.model.index(0, 0), flags)
    show(pane, job("alpha", 1), job("pi", 1), job("pi", 2, Standing.DONE))
    assert pane.current == ("pi", 2)
    assert pane.chosen == [("pi", 1), ("pi", 2)]
    pane.select_job(("gone", 1))
    assert pane.current == ("pi", 2)


def test_selected_rows_are_copied_as_text(pane: JobsPane, qtbot: QtBot) -> None:
    show(pane, job("pi", 1))
    pane.view.selectAll()
    qtbot.keyClick(pane.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith("pi/1\tRunning\tnode1\tssh\tup\tprofile1\t")


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_others_are_shown_as_text(pane: JobsPane, text: str) -> None:
    show(pane, replace(job(text, 1, host=text), last_line=text, detail=text, profile=text, host_status="stale"))
    assert all(said.isprintable() for said in lines(pane.view)[0])
    tips = (as_read(cell(pane.view, 0, column, Role.ToolTipRole)).replace(" ", "") for column in (STATE, HOST, LAST))
    assert all(visible(text).replace(" ", "") in said for said in tips)
    pane.grab()
