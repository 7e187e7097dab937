"""Configuration, manual, keyboard shortcuts and what ZeliGrid is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTextBrowser, QVBoxLayout, QWidget
from shiboken6 import isValid

from zeligui import __version__
from zeligui.errors import ZeliGridError
from zeligui.gui.actions import DEEDS
from zeligui.gui.configuration import ConfigurationDialog
from zeligui.gui.dialogs import answer, buttons
from zeligui.gui.icons import emblem
from zeligui.gui.window import MainWindow
from zeligui.gui.work import Work
from zeligui.session.session import Session
from zeligui.settings import Settings
from zeligui.shipped import shipped

FURTHER_KEYS = {
    "Ctrl+1 … Ctrl+7": "Go to a pane: hosts, contracts, jobs, details, plots, log, all hosts",
    "Esc": "Clear the filter that has the focus; close a dialog",
    "Down, Enter": "From a filter to its list",
    "Menu, Shift+F10": "What can be done to the current line",
    "Ctrl+C": "Copy the selected rows as text",
    "Left, Right": "Close or open a line of a tree; * opens all below it",
    "Tab, Shift+Tab": "To the next or the last control",
    "Arrows, +, -, 0": "In a plot: move, zoom, back to now",
    "Space": "In a plot: stand still, or go on",
    "Shift+Down, Ctrl+Space": "Among the hosts: plot another one as well",
    "Arrows, Enter": "Among the cells of all hosts: move, select; with Ctrl beside the others",
}


class HelpDeeds:
    """The actions that show a dialog about ZeliGrid itself."""

    def __init__(self, window: MainWindow, session: Session, work: Work) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._manual: QDialog | None = None
        window.actions_.connect(
            {
                "configuration": lambda: work.do("Configure", self.configure),
                "manual": self.show_manual,
                "shortcuts": lambda: work.do("Keyboard shortcuts", lambda: answer(_shortcuts(window))),
                "about": lambda: work.do("About ZeliGrid", lambda: answer(_about(window))),
            }
        )

    async def configure(self) -> None:
        """The configuration, applied as it is accepted."""
        dialog = ConfigurationDialog(self._session.settings, self._session.home.settings_file, self._window)
        dialog.applied.connect(lambda settings: self._apply(dialog, settings))
        await answer(dialog)

    def _apply(self, dialog: ConfigurationDialog, settings: Settings) -> None:
        """Keep the settings; what comes of it is said in the dialog, where it is still open."""

        async def keep() -> None:
            trouble: ZeliGridError | None = ZeliGridError("The configuration was not kept.")
            try:
                await self._session.save(settings)
                trouble = None
            except ZeliGridError as error:
                trouble = error
                if not isValid(dialog):
                    raise
            finally:
                if isValid(dialog):
                    dialog.kept(settings) if trouble is None else dialog.failed(trouble)

        self._work.tasks.start("Save the configuration", keep())

    def show_manual(self) -> None:
        """The manual, beside the window."""
        if self._manual is None:
            self._manual = _read("Manual", (shipped("resources") / "manual.md").read_text("utf-8"), self._window)
        self._manual.show()
        self._manual.raise_()
        self._manual.activateWindow()


def _read(title: str, markdown: str, parent: QWidget) -> QDialog:
    """A text of ours to be read."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setAccessibleName(title)
    text = QTextBrowser(dialog)
    text.setAccessibleName(title)
    text.setMarkdown(markdown)
    text.setOpenExternalLinks(False)
    layout = QVBoxLayout(dialog)
    layout.addWidget(text)
    layout.addWidget(buttons(dialog, QDialogButtonBox.StandardButton.Close))
    sign, height = dialog.fontMetrics().averageCharWidth(), dialog.fontMetrics().height()
    dialog.resize(QSize(sign * 100, height * 36))
    return dialog


def _shortcuts(parent: QWidget) -> QDialog:
    native = QKeySequence.SequenceFormat.NativeText
    rows = [
        (", ".join(QKeySequence(keys).toString(native) for keys in deed.keys), deed.words)
        for deed in DEEDS.values()
        if deed.keys
    ]
    table = "\n".join(f"| {keys} | {words} |" for keys, words in [*rows, *FURTHER_KEYS.items()])
    return _read("Keyboard shortcuts", f"| Keys | What they do |\n|---|---|\n{table}\n", parent)


def _about(parent: QWidget) -> QDialog:
    dialog = QDialog(parent)
    dialog.setWindowTitle("About ZeliGrid")
    dialog.setAccessibleName("About ZeliGrid")
    side = dialog.fontMetrics().height() * 4
    picture, words = QLabel(dialog), QLabel(dialog)
    picture.setPixmap(emblem().pixmap(side, side))
    words.setText(
        f"ZeliGrid {__version__}\n\nKeeps your jobs on machines that honour a contract.\n\n"
        "By the ZeliGrid developers. Licence: Apache-2.0."
    )
    layout = QVBoxLayout(dialog)
    for label in (picture, words):
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(label)
    layout.addWidget(buttons(dialog, QDialogButtonBox.StandardButton.Close))
    return dialog
