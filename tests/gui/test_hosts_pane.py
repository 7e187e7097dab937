"""The tree of hosts: what is shown of each, how old it is, what a filter leaves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE, as_read, cell, labels, lines
from tests.gui.snapshots import NOW, StillClock, host, snapshot
from zeligui.grid.hosts import Host
from zeligui.gui.hosts_pane import STATUSES, HostsPane
from zeligui.gui.tones import brush
from zeligui.gui.words import visible

Role = Qt.ItemDataRole
FOUR = [host("node1"), host("node2", cpuAvail=0.2), host("node10", diskFree=5.0), host("other", osName="Plan 9")]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def pane(qtbot: QtBot, clock: StillClock) -> HostsPane:
    made = HostsPane(clock)
    qtbot.addWidget(made)
    tester = QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    tester.setUseFetchMore(False)
    made.resize(500, 600)
    made.show()
    return made


def show(pane: HostsPane, *hosts: Host, expiry_s: float = 60.0) -> None:
    pane.show_snapshot(snapshot(hosts, expiry_s=expiry_s))


def names(pane: HostsPane) -> list[str]:
    return [cell(pane.view, row, 0) for row in range(pane.model.rowCount())]


def opened(pane: HostsPane, name: str) -> list[list[str]]:
    """The lines below a host, once it is opened."""
    pane.view.doItemsLayout()
    pane.view.expand(pane.model.index_of((name,)))
    top = pane.model.index_of((name,))
    below = [pane.model.index(row, 0, top) for row in range(pane.model.rowCount(top))]
    return [[index.siblingAtColumn(column).data() or "" for column in range(5)] for index in below]


def type_filter(pane: HostsPane, text: str) -> list[str]:
    pane.filter.line.setText(text)
    return names(pane)


def test_without_machines_it_says_so_and_offers_what_can_be_done(pane: HostsPane, qtbot: QtBot) -> None:
    pressed: list[str] = []
    pane.offers = [("Add &machines…", lambda: pressed.append("add")), ("Try it", lambda: pressed.append("try"))]
    show(pane)
    assert pane.empty.isVisible()
    assert not pane.view.isVisible()
    assert "No machines yet." in labels(pane)
    for text, button in zip(["Add &machines…", "Try it"], buttons(pane), strict=True):
        assert button.text() == text
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == ["add", "try"]
    show(pane, host("node1"))
    assert pane.view.isVisible()


def buttons(pane: HostsPane) -> Sequence[QPushButton]:
    return pane.empty.findChildren(QPushButton)


def test_a_host_has_its_attributes_below_it_with_value_unit_and_age(pane: HostsPane) -> None:
    show(pane, host("node1", age=3.0, freeMemory=2048.0))
    assert lines(pane.view) == [["node1", "up", "", "", "3 s"]]
    below = {row[0]: row[1:] for row in opened(pane, "node1")}
    assert below["freeMemory"] == ["2,048", "MB", "", "3 s"]
    assert below["osName"] == ["Linux", "", "", "3 s"]
    assert list(below) == ["osName", "cpuCount", "cpuAvail", "freeMemory"]


def test_ages_go_on_without_a_snapshot(pane: HostsPane, clock: StillClock) -> None:
    show(pane, host("node1", age=1.0))
    clock.time = NOW + 14
    assert cell(pane.view, 0, 4) == "15 s"


def test_what_is_stale_is_grey_and_says_so(pane: HostsPane, clock: StillClock) -> None:
    show(pane, host("node1", age=1.0), expiry_s=10.0)
    opened(pane, "node1")
    value = pane.model.index(0, 1, pane.model.index_of(("node1",)))
    assert value.data(Role.ForegroundRole) is None
    clock.time = NOW + 20
    assert value.siblingAtColumn(4).data() == "21 s, stale"
    assert value.data(Role.ForegroundRole) == brush("dim")


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_a_glyph_a_word_and_a_colour(pane: HostsPane, status: str) -> None:
    show(pane, host("node1", status=status, detail="it said no" if status != "up" else ""))
    assert cell(pane.view, 0, 1) == STATUSES[status][2]
    assert not cell(pane.view, 0, 0, Role.DecorationRole).isNull()
    assert (cell(pane.view, 0, 1, Role.ForegroundRole) is None) == (status == "up")
    assert ("it said no" in cell(pane.view, 0, 0, Role.ToolTipRole)) == (status != "up")


def test_why_a_host_is_not_up_stands_first_below_it(pane: HostsPane) -> None:
    show(pane, host("node1", status="unreachable", detail="No route to it."))
    assert opened(pane, "node1")[0] == ["No route to it.", "", "", "", ""]


def test_an_attribute_of_the_users_own_has_no_age(pane: HostsPane) -> None:
    one = host("node1", room="2.11")
    show(pane, Host(one.name, one.source, "up", "", one.values, {**one.times, "room": float("inf")}, NOW))
    assert ["room", "2.11", "", "", "yours"] in opened(pane, "node1")
    assert cell(pane.view, 0, 4) == "1 s"


@pytest.mark.parametrize(
    ("text", "shown", "counts"),
    [
        ("node", ["node1", "node2", "node10"], "3 of 4"),
        ("NODE1", ["node1", "node10"], "2 of 4"),
        ("diskfree", ["node10"], "1 of 4"),
        ("plan", ["other"], "1 of 4"),
        ("cpuAvail > 0.5", ["node1", "node10", "other"], "3 of 4"),
        ("nothing like it", [], "0 of 4"),
        ("  ", ["node1", "node2", "node10", "other"], ""),
    ],
)
def test_a_filter_finds_names_attributes_texts_and_constraints(
    pane: HostsPane, text: str, shown: list[str], counts: str
) -> None:
    show(pane, *FOUR)
    assert type_filter(pane, text) == shown
    assert pane.filter.counts.text() == counts
    assert pane.filter.counts.isVisible() == bool(counts)


def test_a_filter_that_names_an_attribute_shows_it_alone_and_opened(pane: HostsPane) -> None:
    show(pane, *FOUR)
    type_filter(pane, "cpuAvail < 0.5")
    assert lines(pane.view) == [["node2", "up", "", "", "1 s"], ["cpuAvail", "0.2", "", "", "1 s"]]
    assert pane.view.isExpanded(pane.model.index_of(("node2",)))
    type_filter(pane, "")
    assert len(names(pane)) == 4


def test_an_open_host_shows_what_the_filter_names_and_all_again_without_it(pane: HostsPane) -> None:
    show(pane, *FOUR)
    before = opened(pane, "node1")
    type_filter(pane, "freeMem")
    assert [line[0] for line in lines(pane.view) if line[0] not in names(pane)] == ["freeMemory"] * 4
    type_filter(pane, "")
    assert opened(pane, "node1") == before


def test_a_constraint_that_cannot_be_read_hides_nothing_and_says_what_is_wrong(pane: HostsPane) -> None:
    show(pane, *FOUR)
    assert len(type_filter(pane, "cpuAvail > ")) == 4
    assert pane.filter.counts.text() == "not understood"
    assert "cannot be read" in pane.filter.counts.toolTip()


def test_where_a_filter_hides_all_it_says_so_and_offers_to_clear_it(pane: HostsPane, qtbot: QtBot) -> None:
    show(pane, *FOUR)
    type_filter(pane, "<b>")
    type_filter(pane, "no such host")
    assert "None of 4 hosts is shown." in labels(pane)
    assert not pane.view.isVisible()
    (clear,) = pane.nothing.findChildren(QPushButton)
    qtbot.mouseClick(clear, Qt.MouseButton.LeftButton)
    assert len(names(pane)) == 4
    assert pane.view.isVisible()


def test_escape_clears_the_filter_and_down_leads_to_the_list(pane: HostsPane, qtbot: QtBot) -> None:
    show(pane, *FOUR)
    pane.filter.setFocus()
    qtbot.keyClicks(pane.filter.line, "plan")
    assert names(pane) == ["other"]
    qtbot.keyClick(pane.filter.line, Qt.Key.Key_Escape)
    assert len(names(pane)) == 4
    with qtbot.waitSignal(pane.filter.left):
        qtbot.keyClick(pane.filter.line, Qt.Key.Key_Down)


def test_a_filter_holds_for_what_comes_and_selection_and_openings_stay(pane: HostsPane) -> None:
    show(pane, *FOUR)
    type_filter(pane, "node")
    pane.select_host("node2")
    opened(pane, "node2")
    show(pane, host("node0"), host("node2", cpuAvail=0.9), host("zeta"))
    assert names(pane) == ["node0", "node2"]
    assert pane.current == "node2"
    assert pane.view.isExpanded(pane.model.index_of(("node2",)))
    assert ["cpuAvail", "0.9", "", "", "1 s"] in opened(pane, "node2")


def test_the_host_of_the_current_line_is_told_also_of_an_attribute(pane: HostsPane, qtbot: QtBot) -> None:
    show(pane, *FOUR)
    with qtbot.waitSignal(pane.selected, check_params_cb=lambda name: name == "other"):
        pane.select_host("other")
    opened(pane, "other")
    pane.view.setCurrentIndex(pane.model.index_of(("other", "cpuAvail")))
    assert pane.current == "other"
    show(pane, FOUR[0])
    assert pane.current in {"", "node1"}


def test_where_a_filter_hides_the_current_host_another_one_is_and_is_seen_and_told_once(
    pane: HostsPane, qtbot: QtBot
) -> None:
    show(pane, *(host(f"{word}{number:03}") for word in ("left", "stay") for number in range(200)))
    pane.select_host("left150")
    QApplication.processEvents()
    told: list[str] = []
    pane.selected.connect(told.append)
    with qtbot.waitSignal(pane.selected):
        type_filter(pane, "stay")
    QApplication.processEvents()
    assert told == [pane.current] == ["stay000"]
    assert pane.view.viewport().rect().contains(pane.view.visualRect(pane.view.currentIndex()))


def test_where_all_hosts_have_gone_none_is_current(pane: HostsPane, qtbot: QtBot) -> None:
    show(pane, *FOUR)
    pane.select_host("node2")
    with qtbot.waitSignal(pane.selected, check_params_cb=lambda name: not name):
        show(pane)
    assert pane.current == ""
    assert names(pane) == []


def test_a_host_that_nothing_is_known_of_is_shown(pane: HostsPane) -> None:
    show(pane, Host("node1", "ssh://node1", "unreachable", "", {}, {}, NOW))
    assert lines(pane.view) == [["node1", "unreachable", "", "", ""]]
    assert opened(pane, "node1") == []


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_values_of_others_are_shown_as_text(pane: HostsPane, name: str) -> None:
    show(pane, host(name, osName=name, status="refused", detail=name))
    opened(pane, name)
    for row in lines(pane.view):
        assert all(text.isprintable() for text in row)
    assert as_read(cell(pane.view, 0, 0, Role.ToolTipRole)).replace(" ", "").startswith(visible(name).replace(" ", ""))
    pane.grab()
