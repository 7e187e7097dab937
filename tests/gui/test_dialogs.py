"""Questions to the user while everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QInputDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.gui.driving import run
from tests.gui.looking import HOSTILE
from zeligui.gui.dialogs import MOST_NAMED, answer, choose, choose_file, choose_one, confirm, foot, listed

D = TypeVar("D", bound=QDialog)
T = TypeVar("T")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


async def seen(kind: type[D]) -> D:
    """The dialog that comes."""
    while True:
        found = [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]
        if found:
            return found[0]
        await asyncio.sleep(0.01)


def press(dialog: QDialog, text: str) -> None:
    buttons = dialog.findChildren(QAbstractButton)
    next(one for one in buttons if one.text().replace("&", "") == text).click()


async def both(question: Coroutine[Any, Any, T], answering: Coroutine[Any, Any, None]) -> T:
    asked, _ = await asyncio.gather(question, answering)
    return asked


def test_everything_else_goes_on_while_it_is_asked(qapp: QApplication, window: QWidget) -> None:
    ticks: list[int] = []

    async def tick() -> None:
        dialog = await seen(QDialog)
        for number in range(20):
            await asyncio.sleep(0.001)
            ticks.append(number)
        dialog.accept()

    assert run(qapp, both(answer(QDialog(window)), tick())) == QDialog.DialogCode.Accepted
    assert len(ticks) == 20


def test_a_question_that_is_given_up_closes_its_dialog(qapp: QApplication, window: QWidget) -> None:
    async def ask() -> None:
        asking = asyncio.create_task(answer(QDialog(window)))
        await seen(QDialog)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    run(qapp, ask())


def test_what_cannot_be_undone_names_what_it_hits_and_is_cancelled_by_default(
    qapp: QApplication, window: QWidget
) -> None:
    async def look() -> None:
        box = await seen(QMessageBox)
        assert box.text() == "Stop 2 jobs for good?"
        assert box.informativeText() == "They end:\npi/1\npi/2"
        assert box.defaultButton().text().replace("&", "") == "Cancel"
        assert box.escapeButton() is box.defaultButton()
        press(box, "Stop 2 jobs")

    asked = confirm(window, "Stop 2 jobs for good?", "Stop 2 jobs", ["pi/1", "pi/2"], words="They end:")
    assert run(qapp, both(asked, look()))


@pytest.mark.parametrize(("text", "chosen"), [("Leave", 0), ("Stop", 1), ("Cancel", None)])
def test_one_of_several_deeds_is_chosen(qapp: QApplication, window: QWidget, text: str, chosen: int | None) -> None:
    async def look() -> None:
        press(await seen(QMessageBox), text)

    assert run(qapp, both(choose(window, "Jobs still run.", ["&Leave", "&Stop"]), look())) == chosen


def test_of_many_names_the_first_are_listed(qapp: QApplication) -> None:
    assert listed([f"job{n}" for n in range(MOST_NAMED + 5)])[-1] == "and 5 more"
    assert listed(["a\nb"]) == ["a␊b"]
    assert listed([]) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_names_are_shown_as_text(qapp: QApplication, window: QWidget, text: str) -> None:
    async def look() -> None:
        box = await seen(QMessageBox)
        shown = [label for label in box.findChildren(QLabel) if label.text()]
        assert all(label.textFormat() is Qt.TextFormat.PlainText for label in shown)
        assert all(label.text().replace("\n", "").isprintable() for label in shown)
        box.reject()

    assert not run(qapp, both(confirm(window, f"Replace {text}?", "Replace", [text]), look()))


def test_one_of_several_names_is_chosen_by_its_place(qapp: QApplication, window: QWidget) -> None:
    async def look() -> None:
        dialog = await seen(QInputDialog)
        assert dialog.labelText() == "Which is to run?"
        dialog.setTextValue("pi␊2")
        dialog.accept()

    asked = choose_one(window, "Start", "Which is to run?", ["a", "pi", "pi\n2"])
    assert run(qapp, both(asked, look())) == 2


def test_a_file_is_chosen_or_none(qapp: QApplication, window: QWidget, tmp_path: Path) -> None:
    file = tmp_path / "a.contract"
    file.write_text("")

    async def choose_it() -> None:
        dialog = await seen(QFileDialog)
        dialog.selectFile(str(file))
        dialog.accept()

    async def give_up() -> None:
        (await seen(QFileDialog)).reject()

    filters = "Contracts (*.contract)"
    assert run(qapp, both(choose_file(window, "Open", filters, tmp_path), choose_it())) == file
    assert run(qapp, both(choose_file(window, "Open", filters, tmp_path), give_up())) is None


def test_the_foot_of_a_dialog_that_stays_open_closes_it_last(window: QWidget) -> None:
    dialog = QDialog(window)
    QVBoxLayout(dialog).addLayout(foot(dialog, QPushButton("Look &again", dialog)))
    dialog.show()
    shown = sorted(dialog.findChildren(QPushButton), key=lambda button: button.x())
    assert [button.accessibleName() for button in shown] == ["Look again", "Close"]
    assert not any(button.autoDefault() for button in shown), "Enter in a filter would press one"
    press(dialog, "Close")
    assert not dialog.isVisible()


def test_the_picture_of_a_question_is_drawn_once(qapp: QApplication, window: QWidget) -> None:
    async def pictures() -> set[int]:
        keys = set()

        async def look() -> None:
            box = await seen(QMessageBox)
            assert not box.iconPixmap().isNull()
            keys.add(box.iconPixmap().cacheKey())
            press(box, "Cancel")

        for _ in range(3):
            await both(confirm(window, "Stop it?", "Stop", []), look())
        return keys

    assert len(run(qapp, pictures())) == 1
