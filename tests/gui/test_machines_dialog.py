"""Add machines: those that ~/.ssh/config names, others by their address."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE
from zeligui.errors import UsageError
from zeligui.gui.machines_dialog import MachinesDialog


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def adding(dialog: MachinesDialog) -> QPushButton:
    return dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)


def named(dialog: MachinesDialog) -> list[str]:
    return [dialog.list.item(row).text() for row in range(dialog.list.count())]


def test_what_is_watched_already_is_not_offered(window: QWidget) -> None:
    dialog = MachinesDialog(["lab1", "lab2", "lab3"], ["ssh://lab2", "local://"], window)
    assert named(dialog) == ["lab1", "lab3"]


def test_until_something_is_chosen_it_says_what_to_do(window: QWidget) -> None:
    dialog = MachinesDialog(["lab1"], [], window)
    assert not adding(dialog).isEnabled()
    assert dialog.trouble.text() == adding(dialog).toolTip() == "Tick a machine, or write an address."
    dialog.list.item(0).setCheckState(Qt.CheckState.Checked)
    assert adding(dialog).isEnabled()
    assert dialog.trouble.text() == ""
    assert dialog.urls == ["ssh://lab1"]


def test_without_any_name_it_says_so_and_nothing_can_be_ticked(window: QWidget) -> None:
    dialog = MachinesDialog([], [], window)
    assert named(dialog) == ["No further machine is named there."]
    assert not dialog.list.item(0).flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert dialog.urls == []


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("lab1", ["ssh://lab1"]),
        ("ana@lab1:2222  lab2", ["ssh://ana@lab1:2222", "ssh://lab2"]),
        ("local://", ["local://"]),
        ("ssh://lab1 lab1", ["ssh://lab1"]),
        ("file:///tmp/hosts.json", ["file:///tmp/hosts.json"]),
    ],
)
def test_addresses_are_written_as_people_do(window: QWidget, text: str, urls: list[str]) -> None:
    dialog = MachinesDialog([], [], window)
    dialog.line.setText(text)
    assert dialog.urls == urls
    assert adding(dialog).isEnabled()


@pytest.mark.parametrize("text", ["lab1:port", "a b@:c", "-oProxyCommand=id", "ssh://", "lab1:99999"])
def test_what_is_no_address_is_said_as_one_types(window: QWidget, text: str) -> None:
    dialog = MachinesDialog([], [], window)
    dialog.line.setText(text)
    assert dialog.trouble.text()
    assert not adding(dialog).isEnabled()
    with pytest.raises(UsageError):
        _ = dialog.urls


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_the_file_and_what_is_typed_are_shown_as_text(window: QWidget, text: str) -> None:
    dialog = MachinesDialog([text], [], window)
    dialog.line.setText(text.replace("\n", " "))
    assert all(one.isprintable() for one in named(dialog))
    assert dialog.trouble.textFormat() is Qt.TextFormat.PlainText
    assert dialog.trouble.text().isprintable()
