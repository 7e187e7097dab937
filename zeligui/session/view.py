"""Makes snapshots: only what was touched since the last one is made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from zeligui.events import Event
from zeligui.grid.explanation import exclusions
from zeligui.grid.hosts import Host, natural
from zeligui.grid.machines import Arrival
from zeligui.grid.measurements import View as Columns
from zeligui.session.remote_jobs import RemoteJobs
from zeligui.session.snapshot import OpenContract, Snapshot

if TYPE_CHECKING:
    from zeligui.session.session import Session

JUDGE_S = 1.0
"""Between two judgements of all hosts by the open contracts."""


class View:
    """The session as it is shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._jobs = RemoteJobs(session.ledger, session.machines)
        self._hosts: dict[str, Host] = {}
        self._names = -1
        self._touched: set[str] = set()
        self._heard: float | None = None
        self._recent: tuple[Event, ...] = ()
        self._columns: Columns | None = None
        self._judged = float("-inf")
        self._contracts: tuple[OpenContract, ...] = ()
        self._judged_of: Sequence[OpenContract] = ()
        self.searching = False

    def touch(self, arrival: Arrival) -> None:
        """Something of a host is new."""
        self._touched.add(arrival.host)
        if arrival.measured:
            self._heard = self._session.clock.age()

    def touch_all(self) -> None:
        """Everything may have changed."""
        self._names = -1

    def judge_anew(self) -> None:
        """Judge all hosts by the open contracts at the next snapshot."""
        self._judged = float("-inf")

    def snapshot(self) -> Snapshot:
        """All as of now."""
        session = self._session
        touched, self._touched = self._touched, set()
        self._renew_hosts(touched)
        self._judge()
        ledger = session.ledger
        for one in session.driving.driven.values():
            for attempt, end in one.controller.ends.items():
                ledger.note_end(attempt, end)
        if not self._recent or not ledger.recent or self._recent[-1] is not ledger.recent[-1]:
            self._recent = tuple(ledger.recent)
        return Snapshot(
            taken=session.clock.age(),
            hosts=self._hosts,
            jobs=tuple(self._jobs.rows(self._hosts, touched, session.driving.all_driven)),
            contracts=self._contracts,
            experiments=dict(ledger.states),
            recent=self._recent,
            columns=self._columns,
            heard=self._heard,
            expiry_s=session.settings.reconfiguration.measurement_expiry_s,
            searching=session.machines.unsettled if self.searching else (),
            nodes=frozenset(session.grid.nodes) if session.grid else frozenset(),
        )

    def _renew_hosts(self, touched: set[str]) -> None:
        machines = self._session.machines
        if machines.names != self._names:
            self._names = machines.names
            self._hosts = {host.name: host for host in sorted(machines.hosts(), key=lambda host: natural(host.name))}
            touched |= self._hosts.keys()
        elif touched:
            changed = {name: host for name in touched if (host := machines.host(name))}
            self._hosts = {**self._hosts, **changed}

    def _judge(self) -> None:
        """How many hosts satisfy what, by figures at most a second old."""
        session, now = self._session, self._session.clock.age()
        if now - self._judged < JUDGE_S and session.shelf.shown == self._judged_of:
            return
        self._judged, self._judged_of = now, session.shelf.shown
        self._columns = session.machines.columns()
        self._contracts = tuple(map(self._judged_contract, session.shelf.shown))

    def _judged_contract(self, opened: OpenContract) -> OpenContract:
        if opened.contract is None:
            return opened
        driven = self._session.driving.driven
        names = [name for name, one in driven.items() if one.experiment.contract_file == opened.file]
        own = self._session.driving.columns(names[0]) if names else None
        columns = own if own is not None else self._session.machines.columns()
        found = exclusions(opened.contract, columns)
        return replace(opened, exclusions=found, judged_for=names[0] if own is not None else "")
