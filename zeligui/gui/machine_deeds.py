"""What is done to machines: search, refresh, add, trust a key, explain, and play with the nodes of the demo grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint

from zeligui.grid.explanation import answer as answers_for
from zeligui.gui.dialogs import answer
from zeligui.gui.host_keys import KeysDialog, offered
from zeligui.gui.machines_dialog import MachinesDialog
from zeligui.gui.views import popup
from zeligui.gui.why_not import ExcludesDialog, WhyNotDialog
from zeligui.gui.window import MainWindow
from zeligui.gui.words import count_of, visible
from zeligui.gui.work import Work
from zeligui.links.calls import call
from zeligui.session.session import Session
from zeligui.session.snapshot import OpenContract, Snapshot
from zeligui.shipped import copy_of_demo

LOAD_S = 120.0
LOAD_PROCESSES = 6
"""As many as leave a node of two processors less than half of one for a new job."""
DETAILS: Mapping[str, Mapping[str, float]] = {
    "load": {"cpu": LOAD_PROCESSES, "seconds": LOAD_S},
    "unload": {"cpu": 0},
}
NODE_DEEDS = {
    "load": ("load", "Put load on {}", "{} is busy now."),
    "unload": ("load", "Take the load off {}", "{} is idle again."),
    "power_off": ("stop", "Switch {} off", "{} is switched off."),
    "power_on": ("start", "Switch {} on", "{} is switched on."),
    "cut": ("cut", "Cut the link to {}", "Nothing goes through to {} any more."),
    "heal": ("heal", "Mend the link to {}", "{} is reached again."),
}


class MachineDeeds:
    """The actions about machines, and why they cannot be done now."""

    node_deeds = tuple(NODE_DEEDS)

    def __init__(self, window: MainWindow, session: Session, work: Work) -> None:
        self._window = window
        self._session = session
        self._work = work
        self._asked: set[str] = set()
        self._why: WhyNotDialog | None = None
        self._excludes: ExcludesDialog | None = None
        window.actions_.connect(
            {
                "refresh": lambda: work.do("Refresh", session.refresh),
                "add_machines": lambda: work.do("Add machines", self.add_machines),
                "demo": lambda: work.do("Start the demo grid", lambda: self.demo(4)),
                "end_demo": lambda: work.do("End the demo grid", session.stop_grid),
                "why_not": self.explain,
                "what_excludes": self.explain_contract,
                "trust": lambda: work.do("Trust a host key", self.review_keys),
                **{name: partial(self._command, name) for name in NODE_DEEDS},
            }
        )
        window.hosts.menu_asked.connect(self._menu)
        window.hosts.activated.connect(lambda _: self.explain())

    def follow(self, snapshot: Snapshot) -> None:
        """Keep open explanations true, and ask about host keys that are unknown."""
        self._renew_why(snapshot)
        if self._excludes and (contract := self._contract_named(self._excludes.file)):
            self._excludes.show_exclusions(contract.exclusions)
        self._ask_about_keys(snapshot)

    # --- the demo grid --------------------------------------------------------------------------------------------

    async def demo(self, nodes: int) -> None:
        """Small machines on this one, with a contract open and its job ready to be started."""
        self._window.say(f"{count_of(nodes, 'small machine')} are being started on this one…", 60)
        await self._session.start_grid(nodes)
        self._window.say("The demo grid runs. Press Start, then put load on a machine and see what happens.", 20)
        file = await call(copy_of_demo, self._session.home.folder / "demo")
        contract = await self._session.open_file(file)
        self._window.show_snapshot(self._session.view.snapshot())
        self._window.contracts.select_file(contract)

    def _command(self, name: str) -> None:
        """Have something done to the selected node of the demo grid."""
        host = self._window.hosts.current
        deed, doing, done = NODE_DEEDS[name]
        details = DETAILS.get(name, {})

        async def command() -> None:
            await self._session.embedded.command(deed, host, **details)
            self._window.say(done.format(host))

        self._work.do(doing.format(visible(host)), command)

    def why_not_command(self) -> str:
        """Why nothing can be done to the selected host as to a node of the demo grid."""
        snapshot, host = self._window.snapshot, self._window.hosts.current
        return "" if snapshot and host in snapshot.nodes else "Select a machine of the demo grid first."

    # --- machines of the user's -----------------------------------------------------------------------------------

    async def add_machines(self) -> None:
        """Choose among the names of ~/.ssh/config, or write others; they are added to the settings."""
        dialog = MachinesDialog(await self._session.known_machines(), self._session.settings.measured, self._window)
        if await answer(dialog) and (urls := dialog.urls):
            await self._session.add_sources(urls)

    def _ask_about_keys(self, snapshot: Snapshot) -> None:
        keys = offered(snapshot)
        if self._asked.issuperset(key.line for key in keys):
            return
        self._asked.update(key.line for key in keys)
        if len(keys) == 1:
            text = f"The host key of {visible(keys[0].host)} is not known: {visible(keys[0].fingerprint)}."
        else:
            text = f"The host keys of {len(keys)} machines are not known."
        hint = "Compare the fingerprint with what the machine's administrator gives before you trust it."
        offers = [("&Look and trust…", self._window.actions_["trust"].trigger)]
        self._window.messages.say("question", text, hint, offers, key="host keys")

    async def review_keys(self) -> None:
        """Show all unknown host keys with their fingerprints; accept those that are ticked."""
        snapshot = self._window.snapshot
        if snapshot is None:
            return
        dialog = KeysDialog(offered(snapshot), self._window)
        if await answer(dialog):
            for line in dialog.accepted_lines:
                await self._session.accept_key(line)
            self._window.messages.take_back("host keys")

    def why_not_trust(self) -> str:
        """Why there is no key to trust."""
        snapshot = self._window.snapshot
        return "" if snapshot and offered(snapshot) else "No machine offers a key that is not known."

    @property
    def explained(self) -> WhyNotDialog | None:
        """The explanation that is open."""
        return self._why

    # --- explanations ---------------------------------------------------------------------------------------------

    def explain(self) -> None:
        """Hold the selected host against the open contracts, beside the window."""
        snapshot, host = self._window.snapshot, self._explained_host()
        contracts = [one for one in snapshot.contracts if one.contract] if snapshot else []
        if snapshot is None or not host or not contracts:
            return
        if self._why:
            self._why.close()
        current = self._window.contracts.contract
        contracts.sort(key=lambda one: one is not current)
        dialog = WhyNotDialog(host, [str(one.file) for one in contracts], self._window)
        dialog.contract.currentIndexChanged.connect(lambda _: self._renew_why(self._window.snapshot))
        dialog.finished.connect(self._forget_why)
        self._why = dialog
        self._renew_why(snapshot)
        dialog.show()

    def _explained_host(self) -> str:
        """The selected host, or that of the selected job where the jobs have the focus."""
        key, snapshot = self._window.jobs.current, self._window.snapshot
        job = snapshot.job(*key) if key and snapshot else None
        if job and (self._window.jobs.view.hasFocus() or not self._window.hosts.current):
            return job.host
        return self._window.hosts.current

    def why_not_explain(self) -> str:
        """Why no host can be explained now."""
        snapshot = self._window.snapshot
        if snapshot is None or not self._explained_host():
            return "Select a machine first."
        if not any(one.contract for one in snapshot.contracts):
            return "Open a contract first: a machine is held against its constraints."
        return ""

    def _renew_why(self, snapshot: Snapshot | None) -> None:
        dialog = self._why
        if dialog is None or snapshot is None:
            return
        contract = self._contract_named(Path(dialog.chosen))
        if contract is None or contract.contract is None:
            dialog.say_why_none(f"{dialog.chosen} is not open any more, or has errors.")
            return
        if dialog.host not in snapshot.hosts:
            dialog.say_why_none(f"{dialog.host} is not among the machines any more.")
            return
        columns = self._session.driving.columns(contract.judged_for) if contract.judged_for else None
        columns = snapshot.columns if columns is None else columns
        if columns is not None and dialog.host in columns.names:
            host = snapshot.hosts[dialog.host]
            ages = {name: max(0.0, snapshot.taken - time) for name, time in host.times.items()}
            answers = answers_for(
                contract.contract, columns, dialog.host, ages=ages, expiry_s=self._expiry_s(contract, snapshot)
            )
            dialog.show_answers(answers, self._other_reasons(snapshot, dialog.host, contract))

    def _expiry_s(self, contract: OpenContract, snapshot: Snapshot) -> float:
        """The age from which a value is unknown, by the rules of the experiment that it is judged for."""
        driven = self._session.driving.driven.get(contract.judged_for)
        return driven.experiment.reconfiguration.measurement_expiry_s if driven else snapshot.expiry_s

    def _other_reasons(self, snapshot: Snapshot, name: str, contract: OpenContract) -> Sequence[str]:
        """What keeps jobs from a host besides constraints."""
        host = snapshot.hosts[name]
        reasons = []
        if host.status != "up":
            reasons.append(f"It is {host.status}, so it gets no job: {host.detail}")
        elif host.service is None:
            reasons.append(
                "It is known from a directory or a file alone: no service is known that could start a job there."
            )
        for state in snapshot.experiments.values():
            entry = state.set_aside.get(name)
            if entry and entry.until > self._session.clock.now():
                until = f"{entry.until.astimezone():%H:%M:%S}"
                reasons.append(f"{state.name} found jobs failing there at once; it is set aside until {until}.")
        reasons += [f"{job.name} is there now ({job.standing.value.lower()})." for job in snapshot.on_host(name)]
        if contract.judged_for:
            reasons.append(f"Judged as {contract.judged_for} may: what its own jobs use is free.")
        return reasons

    def explain_contract(self) -> None:
        """Show which constraint of the current contract excludes most machines."""
        contract = self._window.contracts.contract
        if contract is None or not contract.exclusions:
            return
        if self._excludes:
            self._excludes.close()
        dialog = ExcludesDialog(contract.file, self._window)
        dialog.show_exclusions(contract.exclusions)
        dialog.finished.connect(self._forget_excludes)
        self._excludes = dialog
        dialog.show()

    def why_not_explain_contract(self) -> str:
        """Why no contract can be explained now."""
        contract = self._window.contracts.contract
        return "" if contract and contract.exclusions else "Select a contract without errors first."

    def _contract_named(self, file: Path) -> OpenContract | None:
        snapshot = self._window.snapshot
        return next((one for one in snapshot.contracts if one.file == file), None) if snapshot else None

    def _forget_why(self) -> None:
        if self._why:
            self._why.deleteLater()
            self._why = None

    def _forget_excludes(self) -> None:
        if self._excludes:
            self._excludes.deleteLater()
            self._excludes = None

    def _menu(self, host: str, place: QPoint) -> None:
        """What can be done to a host; what only nodes of the demo grid know is shown of those alone."""
        snapshot, actions = self._window.snapshot, self._window.actions_
        names: list[str | None] = ["why_not", "what_works"]
        if snapshot and host in snapshot.hosts and snapshot.hosts[host].offered_key:
            names.append("trust")
        if snapshot and host in snapshot.nodes:
            names += [None, "load", "unload", None, "power_off", "power_on", "cut", "heal"]
        popup(self._window, place, [actions[name] if name else None for name in names])
