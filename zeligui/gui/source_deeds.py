"""What is done with sources: search them, see how far that is and what each said, stop it."""

from __future__ import annotations

import asyncio

from zeligui.gui.sources_dialog import SourcesDialog
from zeligui.gui.window import MainWindow
from zeligui.gui.work import Work
from zeligui.session.session import Session

SEARCH = "Search hosts"
LOOK_S = 0.1
"""Between two looks at how far a search is."""


class SourceDeeds:
    """The actions about sources. The dialog stays open beside the window, and true."""

    def __init__(self, window: MainWindow, session: Session, work: Work) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._searching: asyncio.Task[None] | None = None
        self.dialog: SourcesDialog | None = None
        """What is open."""
        window.actions_.connect({"search_hosts": self.search, "sources": self.show})

    def search(self) -> None:
        """Ask every source again, and show what each says."""
        self.show()
        self._work.do(SEARCH, self._search)

    def show(self) -> None:
        """Show the sources, beside the window."""
        if self.dialog is None:
            self.dialog = SourcesDialog(self._window)
            self.dialog.asked.connect(self.search)
            self.dialog.stopped.connect(self.stop)
            self.dialog.finished.connect(self._forget)
            self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self.follow()

    def stop(self) -> None:
        """Wait for no more answers."""
        if self._searching:
            self._searching.cancel()

    def follow(self) -> None:
        """Show how the sources do now; nothing where nobody looks."""
        if self.dialog and self.dialog.isVisible():
            session = self._session
            searching = self._searching is not None
            self.dialog.show_sources(session.machines.feeds, searching=searching, now=session.clock.age())

    async def _search(self) -> None:
        """Search, and look how far that is: an answer without a new value would be seen by nobody."""
        self._searching = asyncio.ensure_future(self._session.search())
        try:
            while not self._searching.done():
                self.follow()
                await asyncio.wait([self._searching], timeout=LOOK_S)
            if not self._searching.cancelled():
                self._searching.result()
        finally:
            searching, self._searching = self._searching, None
            searching.cancel()
            self.follow()

    def _forget(self) -> None:
        if self.dialog:
            self.dialog.deleteLater()
            self.dialog = None
