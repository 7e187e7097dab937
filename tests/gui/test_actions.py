"""Every action: words in its tooltip, why it cannot be done now, keys of its own."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE, as_read
from zeligui.gui.actions import DEEDS, Actions


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def actions(parent: QWidget) -> Actions:
    return Actions(parent)


def test_each_says_in_words_what_it_does(actions: Actions) -> None:
    for name in actions.names:
        assert actions[name].toolTip() == actions[name].statusTip() == DEEDS[name].words
        assert "&" in actions[name].text()


def test_what_cannot_be_done_says_why_and_what_can_says_what_and_by_which_key(actions: Actions) -> None:
    start = actions["start"]
    actions.say_why("start", "There are no machines.")
    assert not start.isEnabled()
    assert start.toolTip() == start.statusTip() == "There are no machines."
    actions.say_why("start", "")
    assert start.isEnabled()
    assert start.toolTip() == f"{DEEDS['start'].words} (Ctrl+Return)"
    assert start.statusTip() == DEEDS["start"].words


def test_no_two_have_a_key_in_common(actions: Actions) -> None:
    keys = Counter(key.toString() for name in actions.names for key in actions[name].shortcuts())
    assert [key for key, count in keys.items() if count > 1] == []


def test_a_disabled_action_does_nothing(actions: Actions) -> None:
    done: list[str] = []
    actions.connect({"stop": lambda: done.append("stop")})
    actions.say_why("stop", "No job is selected.")
    actions["stop"].trigger()
    assert done == []
    actions.say_why("stop", "")
    actions["stop"].trigger()
    assert done == ["stop"]


@pytest.mark.parametrize("text", HOSTILE)
def test_why_is_shown_as_text(actions: Actions, text: str) -> None:
    actions.say_why("start", text)
    assert as_read(actions["start"].toolTip()).replace(" ", "") == "".join(text.split())
