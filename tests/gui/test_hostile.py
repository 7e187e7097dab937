"""Names and texts of others are text everywhere: the whole window and what it opens, full of markup and controls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtGui import Qt as Markup
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import windows
from tests.gui.driving import run
from tests.gui.happenings import event
from tests.gui.looking import HOSTILE, as_read
from tests.gui.snapshots import contract, host, job, snapshot
from zeligui.gui.window import MainWindow
from zeligui.gui.words import visible
from zeligui.session.snapshot import OpenExperiment, Snapshot, Standing

AT_MOST_S = 2.0


def full_of(text: str) -> Snapshot:
    """A snapshot in which everything is called so."""
    hosts = [host(text, status="refused", detail=text, osName=text), host("node1", **{text: text})]
    name = text.replace("/", "").replace("\n", "")
    bad = OpenExperiment(Path(f"/work/{name}.toml"), text, None, text, text)
    opened = replace(contract(hosts, f"[a]\nosName = {text}\n", f"/work/{name}.contract"), experiments=(bad,))
    one = replace(job(text, 1, Standing.FAILED, host=text, detail=text, profile=text, last_line=text), host_status="up")
    told = [replace(event(kind), experiment=text, host=text, reason=text) for kind in ("violated", "failed", "output")]
    return snapshot(hosts, [one], [opened], recent=tuple(told))


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    made = windows.made(windows.store(tmp_path))
    qtbot.addWidget(made)
    run(qapp, made.details.close_all())
    made.resize(1280, 800)
    made.show()
    return made


def taken_for_markup(top: QWidget) -> Iterator[str]:
    """What Qt would not show as it stands, but for tooltips that we have made fit for that."""
    for label in top.findChildren(QLabel):
        plain = label.textFormat() is Qt.TextFormat.PlainText
        if not plain and Markup.mightBeRichText(label.text()):
            yield f"label {label.text()}"
    for one in [*top.findChildren(QWidget), *top.findChildren(QAction)]:
        if Markup.mightBeRichText(one.toolTip()) and not one.toolTip().startswith("<p>"):
            yield f"tooltip {one.toolTip()}"


def obeyed(top: QWidget) -> list[str]:
    """What is seen with signs in it that are not to be seen."""
    texts = [label.text() for label in top.findChildren(QLabel) if label.isVisible()]
    return [text for text in texts if not text.replace("\n", "").isprintable()]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_whole_window_shows_it_as_text_in_no_time(window: MainWindow, text: str, qapp: QApplication) -> None:
    start = time.thread_time()
    shown = full_of(text)
    window.show_snapshot(shown)
    window.hosts.view.expandAll()
    window.hosts.select_host(text)
    window.details.look_at(shown.jobs[0])
    window.plots.look_at(text, text, 1)
    window.actions_.say_why("start", f"It cannot be started: {visible(text)}")
    window.messages.say("error", f"Start: {text}", text, key="a")
    for tab in range(window.details.tabs.count()):
        window.details.tabs.setCurrentIndex(tab)
        window.grab()
        assert list(taken_for_markup(window)) == []
        assert obeyed(window) == []
    assert time.thread_time() - start < AT_MOST_S
    assert [one.title for one in window.panes if one.fault.isVisible()] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_every_cell_says_it_in_one_line_and_its_tooltip_as_it_stands(window: MainWindow, text: str) -> None:
    window.show_snapshot(full_of(text))
    for view in (window.hosts.view, window.jobs.view, window.contracts.view, window.log.view):
        model = view.model()
        for column in range(model.columnCount()):
            index = model.index(0, column)
            assert (index.data() or "").isprintable()
            as_read(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            assert (index.data(Qt.ItemDataRole.AccessibleTextRole) or "").isprintable()
