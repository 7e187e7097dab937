"""Messages beside what they are about: what they say, what they offer, how many there are."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE
from zeligui.gui.message_bar import MOST, PICTURES, Message, MessageBar


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    made = MessageBar()
    qtbot.addWidget(made)
    return made


def button(bar: MessageBar, text: str) -> QPushButton:
    return next(one for one in bar.findChildren(QPushButton) if one.text() == text)


def test_it_takes_no_room_until_there_is_something_to_say(bar: MessageBar) -> None:
    assert not bar.isVisible()
    bar.say("warning", "Careful.", key="a")
    assert bar.isVisible()
    bar.take_back("never said")
    assert bar.isVisible()
    bar.take_back("a")
    assert not bar.isVisible()


@pytest.mark.parametrize("kind", PICTURES)
def test_a_message_is_a_glyph_a_sentence_and_what_to_do(bar: MessageBar, kind: str) -> None:
    bar.say(kind, "It failed.", "Do this.")
    (message,) = bar.findChildren(Message)
    assert message.words.text() == "It failed.\nDo this."
    assert message.accessibleName() == f"{kind.capitalize()}: It failed. Do this."


def test_a_button_goes_on_from_there(bar: MessageBar, qtbot: QtBot) -> None:
    done: list[str] = []
    bar.say("error", "It failed.", "", [("&Retry", lambda: done.append("again"))])
    qtbot.mouseClick(button(bar, "&Retry"), Qt.MouseButton.LeftButton)
    assert done == ["again"]


def test_details_are_copied(bar: MessageBar, qtbot: QtBot) -> None:
    bar.say("error", "It failed.", details="Traceback …")
    qtbot.mouseClick(button(bar, "Cop&y details"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "Traceback …"


def test_one_message_takes_the_place_of_another_of_its_key(bar: MessageBar) -> None:
    bar.say("error", "First.", key="a")
    bar.say("error", "Other.")
    bar.say("error", "Second.", key="a")
    assert bar.texts == ["Other.", "Second."]


def test_the_oldest_makes_room(bar: MessageBar) -> None:
    for number in range(MOST + 2):
        bar.say("error", f"No. {number}")
    assert bar.texts == [f"No. {number}" for number in range(2, MOST + 2)]


def test_the_user_closes_a_message(bar: MessageBar, qtbot: QtBot) -> None:
    bar.say("error", "First.")
    (message,) = bar.findChildren(Message)
    qtbot.mouseClick(message.closing, Qt.MouseButton.LeftButton)
    assert bar.texts == []
    assert not bar.isVisible()


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_others_are_shown_as_text(bar: MessageBar, text: str) -> None:
    bar.say("error", text, text)
    (message,) = bar.findChildren(Message)
    assert message.words.textFormat() is Qt.TextFormat.PlainText
    assert message.words.text().replace("\n", "").isprintable()
