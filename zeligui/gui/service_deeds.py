"""What is done with job services: see how they are, ask one again, and look at what would work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from shiboken6 import isValid

from zeligui.errors import ZeliGridError
from zeligui.grid.hosts import Host
from zeligui.gui.checkup_dialog import CheckupDialog
from zeligui.gui.services_dialog import ServicesDialog
from zeligui.gui.window import MainWindow
from zeligui.gui.work import Work
from zeligui.jobs.anywhere import url_of
from zeligui.session.session import Session

ASK = "Ask the job services how they are"
LOOK_S = 180.0
"""How long all steps of all ways may take."""


class ServiceDeeds:
    """The actions about job services. The dialogs stay open beside the window, and true."""

    def __init__(self, window: MainWindow, session: Session, work: Work) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._looking: asyncio.Task[None] | None = None
        self._hosts: Mapping[str, Host] = {}
        self._named: dict[str, list[str]] = {}
        self.dialog: ServicesDialog | None = None
        self.checkup: CheckupDialog | None = None
        window.actions_.connect({"services": self.show, "what_works": self._look_at_host})

    def show(self) -> None:
        """Show the services, beside the window."""
        if self.dialog is None:
            offers = [("Add &machines…", self._window.actions_["add_machines"].trigger)]
            self.dialog = ServicesDialog(self._window, offers=offers)
            self.dialog.seen.connect(self._watch)
            self.dialog.check_asked.connect(self._session.services.check)
            self.dialog.ways_asked.connect(self.look_at_ways)
            self.dialog.finished.connect(self._forget)
            self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self.follow()

    def follow(self) -> None:
        """Show how the services are now; nothing where nobody looks."""
        if self.dialog and self.dialog.isVisible():
            self.dialog.show_services(self._session.services.states, self._machines())

    def _machines(self) -> Mapping[str, Sequence[str]]:
        """By service, the hosts whose jobs go to it."""
        hosts = self._window.snapshot.hosts if self._window.snapshot else {}
        if hosts is not self._hosts:
            self._hosts, self._named = hosts, {}
            for host in hosts.values():
                if host.service:
                    self._named.setdefault(host.service, []).append(host.name)
        return self._named

    def look_at_ways(self, url: str) -> None:
        """Look at what stands between here and a service, and show it beside the window."""
        if self.checkup is None:
            self.checkup = CheckupDialog(self._window)
            self.checkup.again.connect(self.look_at_ways)
            self.checkup.finished.connect(self._forget_checkup)
            self.checkup.show()
        self._stop_looking()
        self.checkup.begin(url)
        self.checkup.raise_()
        self.checkup.activateWindow()
        self._looking = self._work.tasks.start(f"Look at the way to {url}", self._look_at_ways(url, self.checkup))

    def _look_at_host(self) -> None:
        if url := self._host_url():
            self.look_at_ways(url)

    def _host_url(self) -> str | None:
        """How jobs get to the selected host; None where none is selected, or its name is no address."""
        snapshot, name = self._window.snapshot, self._window.hosts.current
        host = snapshot.hosts.get(name) if snapshot else None
        return (host.service or url_of(host.name)) if host else None

    def why_not_ways(self) -> str:
        """Why no ways can be looked at now."""
        if self._host_url():
            return ""
        return "Its name is no address." if self._window.hosts.current else "Select a machine first."

    async def _look_at_ways(self, url: str, dialog: CheckupDialog) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                found = await self._session.services.ways(url)
        except (ZeliGridError, TimeoutError) as error:
            if isValid(dialog):
                dialog.end(str(error) or f"It took longer than {LOOK_S:g} s.")
            return
        if isValid(dialog):
            dialog.show_checkups(found)

    def _watch(self, seen: bool) -> None:
        """Services are asked at once when somebody begins to look."""
        self._session.services.watched = seen
        if seen:
            self._work.do(ASK, self._session.services.look)

    def _forget(self) -> None:
        if self.dialog:
            self.dialog.deleteLater()
            self.dialog = None

    def _forget_checkup(self) -> None:
        self._stop_looking()
        if self.checkup:
            self.checkup.deleteLater()
            self.checkup = None

    def _stop_looking(self) -> None:
        if self._looking:
            self._looking.cancel()
            self._looking = None
