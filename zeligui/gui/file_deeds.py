"""What is done to files: contracts and experiments are opened, edited, closed, and remembered for the next start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QUrl
from PySide6.QtGui import QDesktopServices

from zeligui.errors import UsageError, ZeliGridError
from zeligui.gui.dialogs import choose_file
from zeligui.gui.window import MainWindow
from zeligui.gui.words import tip, visible
from zeligui.gui.work import Work
from zeligui.session.session import Session

CONTRACTS = "Contracts (*.contract);;All files (*)"
EXPERIMENTS = "Experiments (*.toml *.experiment);;All files (*)"
MOST_RECENT = 10
LONGEST_PATH = 100


class FileDeeds:
    """The actions about contract and experiment files."""

    def __init__(self, window: MainWindow, session: Session, work: Work, store: QSettings) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._store = store
        window.actions_.connect(
            {
                "open_contract": lambda: work.do("Open a contract", lambda: self._ask_and_open(CONTRACTS)),
                "open_experiment": lambda: work.do("Open an experiment", lambda: self._ask_and_open(EXPERIMENTS)),
                "edit_file": self.edit_file,
                "close_file": self.close_file,
            }
        )
        window.contracts.activated.connect(self.edit_file)
        window.dropped.connect(self._open_all)
        self._fill_recent()

    def open_later(self, file: Path) -> None:
        """Open a file in the background."""
        self._work.do(f"Open {visible(file.name)}", lambda: self.open(file))

    def _open_all(self, files: Sequence[Path]) -> None:
        for file in files:
            self.open_later(file)

    async def open(self, file: Path) -> None:
        """Open a contract or an experiment, select it, and remember it."""
        try:
            await self._session.open_file(file)
        except UsageError:
            self._forget(file)
            raise
        self._remember(file)
        self._window.show_snapshot(self._session.view.snapshot())
        self._window.contracts.select_file(file)

    async def reopen(self) -> None:
        """Open what was open when the window was closed last; what is gone is left out."""
        for name in self._list("files/open"):
            try:
                await self._session.open_file(Path(name))
            except ZeliGridError as error:
                self._work.report(f"Open {Path(name).name} again", error)

    def keep_open_files(self) -> None:
        """Remember what is open for the next start."""
        self._store.setValue("files/open", [str(file) for file in self._session.shelf.files])

    async def _ask_and_open(self, filters: str) -> None:
        recent = self._list("files/recent")
        folder = Path(recent[0]).parent if recent else Path.home()
        file = await choose_file(self._window, "Open", filters, folder)
        if file:
            await self.open(file)

    def edit_file(self) -> None:
        """Hand the current contract or experiment to the desktop's editor; changes are read as they are saved."""
        contract, experiment = self._window.contracts.contract, self._window.contracts.experiment
        if contract:
            file = experiment.file if experiment else contract.file
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(file))):
                self._window.messages.say(
                    "warning", f"This desktop has no editor for {visible(str(file))}.", "Open it in an editor of yours."
                )

    def close_file(self) -> None:
        """Show the current contract or experiment no longer."""
        contract, experiment = self._window.contracts.contract, self._window.contracts.experiment
        if contract:
            self._session.close_file(experiment.file if experiment else contract.file)

    def _list(self, key: str) -> list[str]:
        stored = self._store.value(key, [])
        names = [stored] if isinstance(stored, str) else stored
        return [str(one) for one in names] if isinstance(names, list) else []

    def _remember(self, file: Path) -> None:
        names = dict.fromkeys([str(file.absolute()), *self._list("files/recent")])
        self._store.setValue("files/recent", list(names)[:MOST_RECENT])
        self._fill_recent()

    def _forget(self, file: Path) -> None:
        names = [name for name in self._list("files/recent") if name != str(file.absolute())]
        self._store.setValue("files/recent", names)
        self._fill_recent()

    def _fill_recent(self) -> None:
        menu = self._window.recent
        menu.clear()
        for number, name in enumerate(self._list("files/recent"), 1):
            action = menu.addAction(f"&{number % MOST_RECENT} {_path_text(name)}")
            action.setToolTip(tip(f"Open {visible(name, 1000)}"))
            action.triggered.connect(lambda _checked=False, name=name: self.open_later(Path(name)))
        menu.setEnabled(not menu.isEmpty())


def _path_text(name: str) -> str:
    """The end of a path, which tells most, as a menu shows it."""
    end = name if len(name) <= LONGEST_PATH else f"…{name[1 - LONGEST_PATH :]}"
    return visible(end).replace("&", "&&")
