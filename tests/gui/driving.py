"""Drives the whole window as a user does: by what is written on things, waiting for what must follow."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QDialog, QWidget

from zeligui.app import EventLoop, store_of
from zeligui.clock import SystemClock
from zeligui.gui.shell import Shell
from zeligui.settings import Home, load

T = TypeVar("T")
D = TypeVar("D", bound=QDialog)
LONG_S = 30.0


def run(application: QApplication, work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop that the program has; what it leaves running fails the test."""
    application.setQuitOnLastWindowClosed(False)
    gc.disable()  # as the program does: a thread that collects would end Qt's timers outside of their own
    loop = EventLoop(application)
    asyncio.set_event_loop(loop)
    try:
        with loop:
            result = loop.run_until_complete(work)
            left = [task.get_name() for task in asyncio.all_tasks(loop) if not task.done()]
            assert left == []
            return result
    finally:
        asyncio.set_event_loop(None)
        gc.enable()


class User:
    """Somebody before the window."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.window = shell.window
        self.left = False

    @classmethod
    @asynccontextmanager
    async def sits_down(cls, *files: Path) -> AsyncIterator[User]:
        """Start the program, with files to open; it is closed afterwards as far as it is not yet."""
        place = Home.find()
        shell = Shell(place, load(place), SystemClock(), store_of(place))
        shell.window.resize(1280, 800)
        shell.window.show()
        user = cls(shell)
        try:
            await shell.open(files)
            yield user
            await user.leaves()
        finally:
            if not user.left:
                await shell.close()

    async def leaves(self, answer: str = "") -> None:
        """Close the window for good, with an answer where it asks what becomes of the jobs."""
        if self.left:
            return
        self.window.close()
        closing = asyncio.ensure_future(self.shell.until_closed())
        if answer:
            await self.presses(answer)
        await closing
        self.left = True
        await self.shell.close()

    def action(self, text: str) -> QAction:
        """The action with this text, its mark of a key and its dots left out."""
        found = [one for one in self.window.findChildren(QAction) if plain(one.text()) == text]
        assert found, f"nothing is called {text}"
        return found[0]

    def why(self, text: str) -> str:
        """What an action's tooltip says, in one line."""
        return " ".join(self.action(text).toolTip().split())

    def does(self, text: str) -> None:
        """Trigger an action that can be done."""
        action = self.action(text)
        assert action.isEnabled(), f"{text}: {action.toolTip()}"
        action.trigger()

    def click(self, text: str) -> None:
        """Press a button in the window itself."""
        buttons = self.window.findChildren(QAbstractButton)
        next(button for button in buttons if plain(button.text()) == text and button.isVisible()).click()

    async def presses(self, text: str, kind: type[QWidget] = QDialog) -> None:
        """Press a button of the dialog that is open, or comes."""
        button = await self.sees(lambda: self._button(text, kind))
        button.click()
        await asyncio.sleep(0)

    def _button(self, text: str, kind: type[QWidget]) -> QAbstractButton | None:
        seen = [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]
        buttons = [button for one in seen for button in one.findChildren(QAbstractButton)]
        return next((button for button in buttons if plain(button.text()) == text and button.isVisible()), None)

    async def sees(self, look: Callable[[], T | None], limit_s: float = LONG_S) -> T:
        """Wait until there is something to be seen."""
        end = time.monotonic() + limit_s
        while not (found := look()):
            if time.monotonic() > end:
                raise AssertionError(f"not seen within {limit_s:g} s; messages: {self.window.messages.texts}")
            await asyncio.sleep(0.02)
        return found

    def dialog(self, kind: type[D]) -> D | None:
        """The dialog of a kind that is open."""
        return next((one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()), None)

    def rows(self, view: QAbstractItemView) -> list[list[str]]:
        """What a table or tree shows, its open lines in order."""
        return [list(row) for row in _rows(view, QModelIndex())]

    def cell(self, view: QAbstractItemView, first: str, column: int) -> str | None:
        """What stands in a column of the line that begins so."""
        return next((row[column] for row in self.rows(view) if row[0] == first), None)


def plain(text: str) -> str:
    return text.replace("&", "").removesuffix("…")


def _rows(view: QAbstractItemView, parent: QModelIndex) -> Any:
    model = view.model()
    for row in range(model.rowCount(parent)):
        first = model.index(row, 0, parent)
        yield [
            str(first.siblingAtColumn(c).data(Qt.ItemDataRole.DisplayRole)) for c in range(model.columnCount(parent))
        ]
        yield from _rows(view, first)
