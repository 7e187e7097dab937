"""The configuration dialog: every option is there, checked as one types, and kept by Apply or OK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.test_forms import inside, write
from zeligui.errors import UsageError
from zeligui.gui.configuration import PAGES, ConfigurationDialog
from zeligui.gui.form_row import Row
from zeligui.settings import JobDefaults, Settings

Standard = QDialogButtonBox.StandardButton
FILE = Path("/home/ana/.config/zeligrid/settings.toml")
SETTINGS = Settings(sources=("ssh://lab1",), job=JobDefaults(executable="python3", arguments=("a b",)))


class Shown:
    """A dialog that is open, and what it asked to be kept."""

    def __init__(self, dialog: ConfigurationDialog) -> None:
        self.dialog = dialog
        self.asked: list[Settings] = []
        dialog.applied.connect(self.asked.append)

    def row(self, key: str) -> Row:
        return self.dialog.rows[key]

    def write(self, key: str, text: str) -> None:
        section = next((one.section for one in PAGES if one.section and key.startswith(f"{one.section}.")), "")
        page = [one.section for one in PAGES].index(section)
        write(self.dialog.forms[page], key.removeprefix(f"{section}."), text)

    def button(self, kind: Standard) -> QPushButton:
        return self.dialog.findChild(QDialogButtonBox).button(kind)  # type: ignore[no-any-return]

    def presses(self, kind: Standard) -> None:
        assert self.button(kind).isEnabled(), self.button(kind).toolTip()
        self.button(kind).click()

    @property
    def says(self) -> list[str]:
        """All that stands in the dialog outside its pages."""
        labels = self.dialog.findChildren(QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return [one.text() for one in labels if one.isVisible()]


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    dialog = ConfigurationDialog(SETTINGS, FILE)
    qtbot.addWidget(dialog)
    dialog.show()
    return Shown(dialog)


def keys_of(value: Any, before: str = "") -> Iterator[str]:
    for one in fields(value):
        key = f"{before}{one.metadata.get('key', one.name)}"
        below = getattr(value, one.name)
        yield from keys_of(below, f"{key}.") if is_dataclass(below) else (key,)


def test_every_option_is_on_a_page_with_its_words(shown: Shown) -> None:
    assert set(shown.dialog.rows) == set(keys_of(Settings()))
    assert shown.dialog.value == SETTINGS
    for row in shown.dialog.rows.values():
        assert row.label
        assert row.words.endswith(".")


@pytest.mark.parametrize(
    "label",
    [
        "NWS directory",
        "MDS or GIIS directory",
        "Measurement expiration time",
        "Time between reconfiguration attempts",
        "Restart finished jobs",
        "Time between host verifications",
        "Program",
    ],
)
def test_the_options_of_the_original_are_there_by_their_names(label: str, shown: Shown) -> None:
    assert label in {row.label for row in shown.dialog.rows.values()}


def test_nothing_changed_can_be_closed_by_ok_and_asks_nothing(shown: Shown) -> None:
    assert not shown.button(Standard.Apply).isEnabled()
    assert shown.button(Standard.Apply).toolTip() == "Nothing has been changed."
    shown.presses(Standard.Ok)
    assert not shown.dialog.isVisible()
    assert shown.asked == []


def test_apply_asks_once_and_stays_open(shown: Shown) -> None:
    shown.write("period", "5 s")
    shown.presses(Standard.Apply)
    wanted = replace(SETTINGS, period_s=5.0)
    assert shown.asked == [wanted]
    assert not shown.button(Standard.Apply).isEnabled()
    assert "It is being kept." in shown.says
    shown.dialog.kept(wanted)
    assert shown.dialog.isVisible()
    assert shown.button(Standard.Apply).toolTip() == "Nothing has been changed."


def test_ok_closes_when_it_has_been_kept(shown: Shown) -> None:
    shown.write("job.arguments", "c")
    shown.presses(Standard.Ok)
    assert shown.dialog.isVisible()
    shown.dialog.kept(shown.asked[0])
    assert not shown.dialog.isVisible()
    assert shown.asked[0].job.arguments == ("c",)


def test_what_cannot_be_kept_is_said_and_can_be_tried_again(shown: Shown) -> None:
    shown.write("period", "5 s")
    shown.presses(Standard.Ok)
    shown.dialog.failed(UsageError("The file x cannot be written: No space left.", hint="Check its rights."))
    assert "The file x cannot be written: No space left. Check its rights." in shown.says
    assert shown.dialog.isVisible()
    shown.presses(Standard.Apply)
    shown.dialog.kept(shown.asked[1])
    assert shown.dialog.isVisible(), "the OK before has failed"


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("period", "soon", "Sensor period: Expected: a number from 0.1 to 3600 s"),
        ("sources", "ssh://lab1\nlab2", "Sources: Expected: the URL of a source"),
        ("directories.mds", "http://x", "Expected: an ldap:// or ldaps:// URL"),
        ("job.environment", "2A = x", "Environment: Expected: a name of letters, digits and _."),
        ("job.output", "../x", "Output files: Expected: a path inside the job's directory."),
        ("reconfiguration.grace", "2 d", "Grace: Expected: a number from 0 to 86400 s"),
    ],
)
def test_what_is_wrong_is_said_and_cannot_be_applied(key: str, text: str, words: str, shown: Shown) -> None:
    shown.write(key, text)
    assert any(words in one for one in shown.says)
    assert shown.row(key).trouble
    for kind in (Standard.Ok, Standard.Apply):
        assert not shown.button(kind).isEnabled()
        assert words in shown.button(kind).toolTip().replace("\n", " ")
    shown.dialog.accept()  # Enter
    assert shown.dialog.isVisible()
    assert shown.asked == []


def test_defaults_are_restored_a_page_at_a_time(shown: Shown) -> None:
    shown.dialog.pages.setCurrentIndex(1)
    button = next(one for one in shown.dialog.findChildren(QPushButton) if "defaults" in one.text())
    button.click()
    assert shown.dialog.value == replace(SETTINGS, job=JobDefaults())
    assert shown.button(Standard.Apply).isEnabled()


def test_the_search_highlights_all_that_is_meant_and_leads_to_the_first(shown: Shown, qtbot: QtBot) -> None:
    dialog = shown.dialog
    qtbot.keyClick(dialog, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(dialog.search.line, "gang")
    assert dialog.pages.currentIndex() == 2
    assert [key for key, row in dialog.rows.items() if row.title.autoFillBackground()] == ["reconfiguration.gang"]
    assert dialog.search.counts.text() == f"1 of {len(dialog.rows)}"
    assert not shown.row("reconfiguration.gang").visibleRegion().isEmpty()
    qtbot.keyClick(dialog.search.line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.focusWidget() is shown.row("reconfiguration.gang").editor.inner
    dialog.search.line.clear()
    assert not any(row.title.autoFillBackground() for row in dialog.rows.values())


def test_it_says_where_it_is_kept(shown: Shown) -> None:
    assert f"Kept in {FILE}" in shown.says
    shown.dialog.findChild(QToolButton, options=Qt.FindChildOption.FindDirectChildrenOnly).click()
    assert QGuiApplication.clipboard().text() == str(FILE)


def test_everything_in_it_can_be_named(shown: Shown) -> None:
    widgets = shown.dialog.findChildren(QWidget)
    focusable = [one for one in widgets if one.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert [one for one in focusable if not (one.accessibleName() or one.focusProxy() or inside(one))] == []


def test_nothing_is_clipped_in_a_small_window(shown: Shown) -> None:
    shown.dialog.resize(shown.dialog.minimumSizeHint())
    assert shown.dialog.width() <= 800
    assert shown.dialog.height() <= 600
