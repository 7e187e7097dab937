"""Makes snapshots: only what was touched since the last one is made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
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

HOSTS_AT_ONCE = 200
JOBS_AT_ONCE = 2000
"""So many are looked at in one turn of the event loop."""
JUDGE_S = 1.0
"""Between two judgements of all hosts by the open contracts."""


class View:
    """The session as it is shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._jobs = RemoteJobs(session.ledger, session.machines, session.core.staging.of)
        self._hosts: Mapping[str, Host] = {}
        self._made: dict[str, Host] = {}
        self._order: Sequence[str] = ()
        self._names = -1
        self._touched: set[str] = set()
        self._renewed: set[str] = set()
        """Hosts that were made anew since the last snapshot."""
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
        self._touched |= self._made.keys()

    def judge_anew(self) -> None:
        """Judge all hosts by the open contracts at the next snapshot."""
        self._judged = float("-inf")

    async def next_snapshot(self) -> Snapshot:
        """All as of now, made piece by piece, so that others have their turn between."""
        for _ in self._catching_up():
            await asyncio.sleep(0)
        return self._assembled()

    def snapshot(self) -> Snapshot:
        """All as of now, at once."""
        for _ in self._catching_up():
            pass
        return self._assembled()

    def _catching_up(self) -> Iterator[None]:
        """Take in what is new; the world may change wherever it yields."""
        self._look_for_hosts()
        while len(self._touched) > HOSTS_AT_ONCE:
            self._renew(tuple(islice(self._touched, HOSTS_AT_ONCE)))
            yield
            self._look_for_hosts()
        self._renew(tuple(self._touched))
        renewed, self._renewed = self._renewed, set()
        if renewed:
            self._hosts = {name: self._made[name] for name in self._order}
        yield
        self._judge()
        yield
        yield from self._renew_jobs(renewed)

    def _assembled(self) -> Snapshot:
        session, ledger = self._session, self._session.ledger
        if not self._recent or not ledger.recent or self._recent[-1] is not ledger.recent[-1]:
            self._recent = tuple(ledger.recent)
        return Snapshot(
            taken=session.clock.age(),
            hosts=self._hosts,
            jobs=tuple(self._jobs.rows()),
            contracts=self._contracts,
            experiments=dict(ledger.states),
            recent=self._recent,
            columns=self._columns,
            heard=self._heard,
            expiry_s=session.settings.reconfiguration.measurement_expiry_s,
            searching=session.machines.unsettled if self.searching else (),
            nodes=frozenset(session.grid.nodes) if session.grid else frozenset(),
            services=session.services.states,
            proxy=session.wallet.proxy,
        )

    def _renew_jobs(self, renewed: Collection[str]) -> Iterator[None]:
        ledger, driving = self._session.ledger, self._session.driving
        for one in driving.driven.values():
            for attempt, end in one.controller.ends.items():
                ledger.note_end(attempt, end)
        driven, looked_at = driving.all_driven, 0
        for state in tuple(ledger.states.values()):
            self._jobs.renew(state, self._hosts, renewed, driven=state.name in driven)
            looked_at += len(state.instances)
            if looked_at >= JOBS_AT_ONCE:
                looked_at = 0
                yield

    def _look_for_hosts(self) -> None:
        """Which there are, in the order of their names."""
        machines = self._session.machines
        if machines.names != self._names:
            self._names = machines.names
            self._order = sorted(machines.listed, key=natural)
            self._touched |= self._made.keys() ^ set(self._order)

    def _renew(self, names: Collection[str]) -> None:
        for name in names:
            host = self._session.machines.host(name)
            if host is None:
                self._made.pop(name, None)
            else:
                self._made[name] = host
        self._touched.difference_update(names)
        self._renewed.update(names)

    def _judge(self) -> None:
        """How many hosts satisfy what, by figures at most a second old."""
        session, now = self._session, self._session.clock.age()
        if now - self._judged < JUDGE_S and session.shelf.shown == self._judged_of:
            return
        self._judged, self._judged_of = now, session.shelf.shown
        columns = self._columns = session.machines.columns()
        self._contracts = tuple(self._judged_contract(opened, columns) for opened in session.shelf.shown)

    def _judged_contract(self, opened: OpenContract, columns: Columns) -> OpenContract:
        if opened.contract is None:
            return opened
        driven = self._session.driving.driven
        names = [name for name, one in driven.items() if one.experiment.contract_file == opened.file]
        own = self._session.driving.columns(names[0]) if names else None
        found = exclusions(opened.contract, columns if own is None else own)
        return replace(opened, exclusions=found, judged_for=names[0] if own is not None else "")
