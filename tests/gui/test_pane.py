"""A pane whose code fails shows that in its place, says it once, and is tried again when the user wishes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE, labels, offers
from tests.gui.snapshots import snapshot
from zeligui.gui.pane import Pane
from zeligui.session.snapshot import Snapshot


class Fragile(Pane):
    """Fails as long as it is told to."""

    def __init__(self) -> None:
        super().__init__("Fragile")
        QVBoxLayout(self.body).addWidget(QLabel("all is well"))
        self.wrong: Exception | None = None
        self.shown = 0

    def update_from(self, snapshot: Snapshot) -> None:
        self.shown += 1
        if self.wrong:
            raise self.wrong


@pytest.fixture
def pane(qtbot: QtBot) -> Fragile:
    made = Fragile()
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_fault_is_shown_in_its_place_and_told_once(pane: Fragile, qtbot: QtBot) -> None:
    told: list[tuple[str, str]] = []
    pane.failed.connect(lambda title, details: told.append((title, details)))
    pane.show_snapshot(snapshot())
    assert "all is well" in labels(pane)
    pane.wrong = KeyError("lab1")
    for _ in range(3):
        pane.show_snapshot(snapshot())
    assert {"Fragile cannot be shown.", "'lab1'"} <= set(labels(pane))
    assert "all is well" not in labels(pane)
    assert [title for title, _ in told] == ["Fragile"]
    assert "Traceback" in told[0][1]
    assert "KeyError: 'lab1'" in told[0][1]
    assert pane.shown == 2, "what has failed is not tried again and again"


def test_it_is_tried_again_when_the_user_wishes(pane: Fragile, qtbot: QtBot) -> None:
    pane.wrong = KeyError("lab1")
    pane.show_snapshot(snapshot())
    (again,) = pane.fault.findChildren(QPushButton)
    pane.wrong = None
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    assert pane.shown == 2, "at once, not with the next snapshot, which may never come"
    assert "all is well" in labels(pane)


def test_buttons_of_an_empty_state_stay_as_long_as_they_say_the_same(pane: Fragile) -> None:
    pane.show_empty("Nothing.", "Do this.", [("&Do it", lambda: None)])
    before = pane.empty.findChildren(QPushButton)
    pane.show_empty("Nothing.", "Do this.", [("&Do it", lambda: None)])
    assert pane.empty.findChildren(QPushButton) == before
    pane.show_empty("Nothing.", "", [("&Other", lambda: None)])
    assert offers(pane)[-1] == "&Other"
    assert "Do this." not in labels(pane)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_went_wrong_is_shown_as_text(pane: Fragile, text: str) -> None:
    pane.wrong = ValueError(text)
    pane.show_snapshot(snapshot())
    shown = [label for label in pane.fault.findChildren(QLabel) if label.text()]
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in shown)
    assert all(label.text().isprintable() for label in shown)
