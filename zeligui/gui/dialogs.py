"""Asking the user while everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QStyle,
    QWidget,
)

from zeligui.gui.icons import icon
from zeligui.gui.words import visible

MOST_NAMED = 10


async def answer(dialog: QDialog) -> int:
    """Show a dialog and wait for its end; the event loop goes on, which `exec()` would not let it."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    dialog.finished.connect(end)
    dialog.open()
    try:
        return await ended
    finally:
        dialog.deleteLater()


async def confirm(parent: QWidget, question: str, verb: str, names: Sequence[str], *, words: str = "") -> bool:
    """Ask before what cannot be undone, naming what it will hit; the default is to cancel."""
    return await choose(parent, question, [f"&{verb}"], names, words=words) == 0


async def choose(
    parent: QWidget, question: str, verbs: Sequence[str], names: Sequence[str] = (), *, words: str = ""
) -> int | None:
    """Ask for one of several deeds, named by verbs; its place comes back, None where it was cancelled."""
    box = QMessageBox(parent)
    # Qt would make its own picture anew for each question, and keep all of them.
    size = box.style().pixelMetric(QStyle.PixelMetric.PM_MessageBoxIconSize, None, box)
    box.setIconPixmap(icon("question").pixmap(QSize(size, size), box.devicePixelRatio()))
    box.setWindowTitle("ZeliGrid")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(visible(question, 1000))
    box.setInformativeText("\n".join(filter(None, [words, *listed(names)])))
    buttons: list[QPushButton] = [box.addButton(verb, QMessageBox.ButtonRole.ActionRole) for verb in verbs]
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    _name_all(box)
    await answer(box)
    clicked = box.clickedButton()
    return next((place for place, button in enumerate(buttons) if button is clicked), None)


def listed(names: Sequence[str]) -> list[str]:
    """The first names, and how many more there are."""
    shown = [visible(name) for name in names[:MOST_NAMED]]
    more = len(names) - len(shown)
    return [*shown, *([f"and {more} more"] if more else [])]


async def choose_one(parent: QWidget, title: str, words: str, names: Sequence[str]) -> int | None:
    """Choose one of several by its name, no two alike; its place comes back."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setLabelText(visible(words, 1000))
    shown = [visible(name) for name in names]
    dialog.setComboBoxItems(shown)
    dialog.setComboBoxEditable(False)
    dialog.setOption(QInputDialog.InputDialogOption.UseListViewForComboBoxItems)
    _name_all(dialog)
    if await answer(dialog) != QDialog.DialogCode.Accepted:
        return None
    return shown.index(dialog.textValue())


async def choose_file(parent: QWidget, title: str, filters: str, folder: Path) -> Path | None:
    """A file that is there, None where none was chosen."""
    dialog = QFileDialog(parent, title, str(folder), filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    code = await answer(dialog)
    chosen = dialog.selectedFiles()
    return Path(chosen[0]) if code == QDialog.DialogCode.Accepted and chosen else None


def buttons(dialog: QDialog, *standard: QDialogButtonBox.StandardButton) -> QDialogButtonBox:
    """The row of buttons at a dialog's foot, connected to accept and reject."""
    row = QDialogButtonBox(dialog)
    for one in standard:
        row.addButton(one)
    row.accepted.connect(dialog.accept)
    row.rejected.connect(dialog.reject)
    return row


def foot(dialog: QDialog, *others: QPushButton) -> QHBoxLayout:
    """The row at the foot of a dialog that stays open: these buttons, and the one that closes it."""
    close = QPushButton("&Close", dialog)
    close.clicked.connect(dialog.close)
    row = QHBoxLayout()
    for button in others:
        row.addWidget(button)
    row.addStretch(1)
    row.addWidget(close)
    unforced(*others, close)
    return row


def unforced(*those: QPushButton) -> None:
    """Buttons that Enter elsewhere in their dialog does not press, named by their text."""
    for button in those:
        button.setAutoDefault(False)
        button.setAccessibleName(button.text().replace("&", ""))


def _name_all(dialog: QDialog) -> None:
    """What a library's dialog leaves without a name gets that of its text."""
    for button in dialog.findChildren(QPushButton):
        button.setAccessibleName(button.text().replace("&", ""))
    for label in dialog.findChildren(QLabel):
        label.setTextFormat(Qt.TextFormat.PlainText)
    for widget in dialog.findChildren(QWidget):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not widget.accessibleName():
            widget.setAccessibleName(dialog.windowTitle() or "Choice")
