"""The main window: all panes around one snapshot, what the status bar counts, what is kept of its looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QLabel, QPushButton, QToolBar, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import windows
from tests.gui.driving import run
from tests.gui.looking import lines
from tests.gui.snapshots import NOW, StillClock, host, job, snapshot
from zeligui.grid.hosts import NOT_YET, Host
from zeligui.gui.window import LAYOUT_VERSION, MainWindow
from zeligui.gui.work import Work
from zeligui.session.snapshot import Snapshot, Standing

Make = Callable[[], MainWindow]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def looks(tmp_path: Path) -> QSettings:
    return windows.store(tmp_path)


@pytest.fixture
def make(qtbot: QtBot, clock: StillClock, looks: QSettings) -> Make:
    def made() -> MainWindow:
        window = windows.made(looks, clock)
        qtbot.addWidget(window)
        window.resize(1280, 800)
        window.show()
        return window

    return made


@pytest.fixture
def window(make: Make) -> MainWindow:
    return make()


def counts(window: MainWindow) -> str:
    return next(label.text() for label in window.findChildren(QLabel) if label.accessibleName() == "Counts")


def test_it_shows_a_snapshot_in_all_panes(window: MainWindow) -> None:
    window.show_snapshot(windows.everything())
    assert len(lines(window.hosts.view)) == 5
    assert len(lines(window.jobs.view)) == len(Standing)
    assert any(row[0] == "bad.contract" for row in lines(window.contracts.view))
    assert len(lines(window.log.view)) == 4


def test_between_two_panes_others_have_their_turn(qapp: QApplication, window: MainWindow) -> None:
    turns: list[int] = []

    async def tick() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    async def show() -> None:
        ticking = asyncio.create_task(tick())
        await window.show_in_turns(windows.everything())
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)

    run(qapp, show())
    assert len(turns) >= len(window.panes)
    assert len(lines(window.hosts.view)) == 5


FOUR = [host("a"), host("b"), host("c", status="stale"), host("d", status="refused", detail="no")]


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (snapshot(), "0 hosts  |  0 jobs  |  updated 2 s ago"),
        (snapshot([host("a")], [job()]), "1 host  |  1 job  |  updated 2 s ago"),
        (snapshot(FOUR), "4 hosts, 1 stale, 1 unreachable  |  0 jobs  |  updated 2 s ago"),
        (snapshot([], [job(), job("pi", 2, Standing.DONE)]), "0 hosts  |  2 jobs, 1 ended  |  updated 2 s ago"),
        (snapshot(FOUR[:1], searching=("ssh://a", "ssh://b")), "1 host  |  0 jobs  |  searching: 2 sources to answer"),
        (snapshot(FOUR[:1], heard=None), "1 host  |  0 jobs"),
    ],
)
def test_the_status_bar_counts_and_says_how_fresh_that_is(window: MainWindow, shown: Snapshot, text: str) -> None:
    window.show_snapshot(shown)
    assert counts(window) == text


def test_a_host_that_has_not_answered_yet_is_neither_up_nor_unreachable(window: MainWindow) -> None:
    window.show_snapshot(snapshot([host("a"), Host("b", "ssh://b", "unreachable", NOT_YET, {}, {}, NOW)]))
    assert counts(window).startswith("2 hosts, 1 connecting  |")


def test_how_fresh_it_is_goes_on_without_a_snapshot(window: MainWindow, clock: StillClock) -> None:
    window.show_snapshot(snapshot([host("a")]))
    clock.time += 40
    window._count()
    assert counts(window).endswith("updated 42 s ago")


def test_each_button_of_the_toolbar_says_what_it_does_or_why_it_cannot(window: MainWindow) -> None:
    bar = window.findChild(QToolBar)
    texts = [action.text().replace("&", "") for action in bar.actions()]
    assert texts == ["Search Hosts", "Start", "Refresh", "Stop", "Exit"]
    window.actions_.say_why("start", "There are no machines.")
    for action in bar.actions():
        button = bar.widgetForAction(action)
        assert button.toolTip() == action.toolTip()
        assert button.accessibleName()
        assert not button.icon().isNull()  # type: ignore[attr-defined]
    assert bar.widgetForAction(window.actions_["start"]).toolTip() == "There are no machines."


def test_a_pane_that_fails_leaves_the_others_and_is_reported_once(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    work = Work(window.messages, log.append)
    for pane in window.panes:
        pane.failed.connect(work.fault)

    def broken(_snapshot: Snapshot) -> None:
        raise KeyError("lab1")

    monkeypatch.setattr(window.contracts, "update_from", broken)
    for _ in range(3):
        window.show_snapshot(windows.everything())
    assert window.messages.texts == ["Something in ZeliGrid failed (Contracts): KeyError: 'lab1'"]
    assert [button.text() for button in window.messages.findChildren(QPushButton)] == ["Cop&y details"]
    assert len(log) == 1
    assert window.contracts.fault.isVisible()
    assert len(lines(window.hosts.view)) == 5
    assert len(lines(window.jobs.view)) == len(Standing)


def test_geometry_splitters_and_columns_are_as_they_were(make: Make, looks: QSettings, qtbot: QtBot) -> None:
    first = make()
    first.resize(1100, 700)
    first.jobs.view.horizontalHeader().resizeSection(2, 222)
    first.jobs.view.horizontalHeader().moveSection(0, 3)
    first.jobs.view.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    first.hosts.view.header().resizeSection(0, 199)
    whole = first._splitters["whole"]
    whole.setSizes([400, 700])
    sizes = whole.sizes()
    first.save_looks()
    second = make()
    second.resize(1100, 700)
    header = second.jobs.view.horizontalHeader()
    assert second._splitters["whole"].sizes() == sizes
    assert header.sectionSize(2) == 222
    assert header.visualIndex(0) == 3
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (4, Qt.SortOrder.DescendingOrder)
    assert second.hosts.view.header().sectionSize(0) == 199


def test_the_size_is_as_it_was(make: Make, qtbot: QtBot, looks: QSettings, clock: StillClock) -> None:
    first = make()
    first.resize(777, 666)
    first.save_looks()
    second = windows.made(looks, clock)
    qtbot.addWidget(second)
    assert (second.width(), second.height()) == (777, 666)


def test_jobs_are_sorted_as_they_were_when_the_window_is_opened_again(make: Make) -> None:
    jobs = [job("a", 1, cpu=0.1), job("b", 1, cpu=0.9), job("c", 1, cpu=0.5)]
    first = make()
    first.show_snapshot(snapshot((), jobs))
    first.jobs.view.sortByColumn(7, Qt.SortOrder.DescendingOrder)
    first.save_looks()
    second = make()
    second.show_snapshot(snapshot((), jobs))
    assert [row[0] for row in lines(second.jobs.view)] == ["b/1", "c/1", "a/1"]


@pytest.mark.parametrize("broken", ["nonsense", b"\x00\xff", ["a", "b"], 7])
def test_looks_that_cannot_be_read_do_no_harm(make: Make, looks: QSettings, broken: object) -> None:
    looks.setValue("window/version", LAYOUT_VERSION)
    for key in ("geometry", "state", "splitter-whole", "jobs", "hosts"):
        looks.setValue(f"window/{key}", broken)
    window = make()
    window.show_snapshot(windows.everything())
    assert len(lines(window.jobs.view)) == len(Standing)


def test_looks_of_another_layout_are_left_alone(make: Make, looks: QSettings) -> None:
    looks.setValue("window/version", "none")
    assert make().jobs.view.horizontalHeader().sectionSize(2) > 0


def test_a_pane_is_hidden_and_shown_by_the_menu(window: MainWindow) -> None:
    action = pane_action(window, "Log")
    action.trigger()
    assert not window.log.isVisible()
    action.trigger()
    assert window.log.isVisible()


def pane_action(window: MainWindow, title: str) -> QAction:
    """What shows and hides a pane."""
    found = window.findChild(QAction, f"pane {title}")
    assert isinstance(found, QAction)
    return found


def test_each_pane_is_gone_to_by_its_key_even_where_it_is_hidden(
    qapp: QApplication, window: MainWindow, qtbot: QtBot
) -> None:
    run(qapp, window.details.close_all())  # nothing is read
    window.plots.warm_up()
    window.show_snapshot(windows.everything())
    window.details.look_at(job())
    window.plots.look_at("node1", "pi", 1)
    assert gone_to(window, qtbot) == [pane.title for pane in window.panes]


def test_a_pane_that_is_empty_is_gone_to_where_there_is_something_to_do(window: MainWindow, qtbot: QtBot) -> None:
    for pane in (window.hosts, window.contracts, window.jobs):
        pane.offers = [("&Do it", lambda: None)]
    window.show_snapshot(snapshot())
    titles = gone_to(window, qtbot, QPushButton)
    assert titles == [pane.title for pane in (window.hosts, window.contracts, window.jobs)]


def gone_to(window: MainWindow, qtbot: QtBot, kind: type[QWidget] = QAbstractScrollArea) -> list[str]:
    """The panes in which something of this kind has the keyboard after their keys; they are hidden before."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    found = []
    for number, pane in enumerate(window.panes, 1):
        pane_action(window, pane.title).setChecked(False)
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
        assert pane.isVisible()
        focus = window.focusWidget()
        found += [pane.title] if pane.isAncestorOf(focus) and isinstance(focus, kind) else []
    return found


def test_closing_is_a_wish(window: MainWindow) -> None:
    assert not window.closed.is_set()
    window.close()
    assert window.isVisible()
    assert window.closed.is_set()


def test_files_that_are_dropped_are_told(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.contract")), QUrl("https://example.org/b.contract")])
    entering = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dragEnterEvent(entering)
    assert entering.isAccepted()
    dropping = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(window.dropped, check_params_cb=lambda files: files == [tmp_path / "a.contract"]):
        window.dropEvent(dropping)


def test_jobs_are_sorted_by_menu_and_the_other_way_round(window: MainWindow) -> None:
    window.show_snapshot(snapshot((), [job("a", 1), replace(job("b", 1), cpu=0.1)]))
    window._sort_jobs(7)
    assert [row[0] for row in lines(window.jobs.view)] == ["b/1", "a/1"]
    window._sort_jobs(7)
    assert [row[0] for row in lines(window.jobs.view)] == ["a/1", "b/1"]
