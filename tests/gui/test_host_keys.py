"""Unknown host keys: each with its fingerprint, accepted one by one."""

from __future__ import annotations

from base64 import b64encode

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.looking import HOSTILE
from tests.gui.snapshots import host, snapshot
from zeligui.gui.host_keys import KeysDialog, OfferedKey, offered
from zeligui.gui.words import visible
from zeligui.links.hostkeys import fingerprint_of

HEAD = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
LINES = [f"lab{n} ssh-ed25519 {b64encode(HEAD + bytes([n] * 32)).decode()}" for n in range(2)]


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def boxes(dialog: KeysDialog) -> list[QCheckBox]:
    return dialog.findChildren(QCheckBox)


def accepting(dialog: KeysDialog) -> QPushButton:
    return dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)


def test_only_hosts_that_offer_an_unknown_key_are_asked_about_each_key_once() -> None:
    hosts = [
        host("a"),
        host("lab0", status="unknown-key", key=LINES[0]),
        host("lab0b", status="unknown-key", key=LINES[0]),
        host("lab1", status="unknown-key", key=LINES[1]),
    ]
    found = offered(snapshot(hosts))
    assert [key.line for key in found] == LINES
    assert [key.fingerprint for key in found] == [fingerprint_of(line) for line in LINES]
    assert all(key.fingerprint.startswith("ssh-ed25519 SHA256:") for key in found)


def test_none_is_ticked_at_first_and_what_is_ticked_is_accepted(window: QWidget) -> None:
    dialog = KeysDialog([OfferedKey(f"lab{n}", LINES[n], f"SHA256:{n}") for n in range(2)], window)
    assert dialog.accepted_lines == []
    assert not accepting(dialog).isEnabled()
    boxes(dialog)[1].setChecked(True)
    assert dialog.accepted_lines == LINES[1:]
    assert accepting(dialog).isEnabled()
    boxes(dialog)[1].setChecked(False)
    assert not accepting(dialog).isEnabled()


def test_beside_each_host_stands_its_fingerprint(window: QWidget) -> None:
    dialog = KeysDialog([OfferedKey("lab0", LINES[0], "SHA256:abc")], window)
    assert "SHA256:abc" in [label.text() for label in dialog.findChildren(QLabel)]
    assert boxes(dialog)[0].accessibleDescription() == "SHA256:abc"


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_hosts_are_shown_as_text(window: QWidget, text: str) -> None:
    dialog = KeysDialog([OfferedKey(text, LINES[0], text)], window)
    assert boxes(dialog)[0].text().replace("&&", "&") == visible(text)
    shown = [label for label in dialog.findChildren(QLabel) if label.text() == visible(text)]
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in shown)
    dialog.grab()
