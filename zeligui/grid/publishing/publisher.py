"""Keeps a directory up to date on the machines that this master measures itself."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from zeligui.clock import Clock
from zeligui.contract.attributes import canonical
from zeligui.errors import LinkError, Refused, Unreachable, UsageError, ZeliGridError
from zeligui.grid.machines import Arrival, Machines
from zeligui.grid.publishing.entries import NWS, WAYS, Measured, host_entry, series_entries
from zeligui.links.calls import call
from zeligui.links.ldap import Place, parse
from zeligui.links.ldap.writing import Writer
from zeligui.settings import Directories

MEASURED_HERE = ("local://", "ssh://")
"""What other directories and files say of machines is not published again: that is theirs to do."""

LIMIT_S = 60.0
LONGEST_PAUSE_S = 60.0
SERIES_S = 10.0
"""Between two publications of the series of one machine: the period of NWS's own sensors."""
TIDY_S = 3600.0
"""Between two removals of what publishers that are gone have left."""


class Publisher:
    """Writes what is new of each machine, at most once a period. `report` hears of trouble, once as long as it lasts.

    Where two masters publish one machine, the last word stands.
    """

    def __init__(
        self,
        place: Place,
        machines: Machines,
        *,
        clock: Clock,
        period_s: float,
        expiry_s: float,
        report: Callable[[ZeliGridError], None],
    ) -> None:
        self.place = place
        self.published = 0
        """How often a machine was written."""
        self._clock = clock
        self._period_s = period_s
        self._expiry_s = expiry_s
        self._report = report
        self._writer = Writer(place)
        self._writing = threading.Lock()
        self._measured: dict[str, Measured] = {}
        self._changed: dict[str, None] = {}
        self._series: dict[str, float] = {}
        self._tidied = float("-inf")
        self._failures = 0
        self._said = ""
        self._end = machines.subscribe(self._heard)

    async def run(self) -> None:
        """Publish until cancelled. Trouble with the directory ends nothing: it is tried again, after a longer pause."""
        try:
            while True:
                await asyncio.sleep(min(LONGEST_PAUSE_S, self._period_s * 2**self._failures))
                await self.publish()
        finally:
            self._end()
            self._writer.hang_up()
            await call(self._close, limit=LIMIT_S)

    async def publish(self) -> None:
        """Write what is new, once."""
        names, self._changed = self._changed, {}
        oldest = time.time() - self._expiry_s
        machines = [self._measured[name].since(oldest) for name in names]
        if not machines:
            return
        try:
            refused = await call(self._write, machines, limit=LIMIT_S)
        except (LinkError, TimeoutError) as error:
            self._changed = names | self._changed
            self._failed(error)
            return
        self.published += len(machines) - len(refused)
        self._failures = 0
        self._tell(next(iter(refused), None))

    def _failed(self, error: LinkError | TimeoutError) -> None:
        self._failures = min(self._failures + 1, 10)
        if isinstance(error, TimeoutError):
            error = Unreachable(f"{self.place.url} has not taken what is published within {LIMIT_S:g} s.")
        self._tell(error)

    def _tell(self, trouble: LinkError | None) -> None:
        if trouble is not None and str(trouble) != self._said:
            self._report(trouble)
        self._said = str(trouble or "")

    def _heard(self, arrival: Arrival) -> None:
        if not (arrival.measured and arrival.source.startswith(MEASURED_HERE)):
            return
        measured = self._measured.setdefault(arrival.host, Measured(arrival.host))
        when = time.time() - (self._clock.age() - arrival.time)
        way_to_itself = WAYS if arrival.source == "local://" else ()
        for written, value in arrival.values.items():
            if (name := canonical(written)) and name not in way_to_itself:
                measured.values[name] = (value, when)
        measured.addresses = arrival.addresses
        self._changed[arrival.host] = None

    def _write(self, machines: Sequence[Measured]) -> list[LinkError]:
        """Write these; what was refused of some of them. A LinkError where nothing can be written."""
        now, base = time.monotonic(), self.place.base
        with self._writing:
            self._writer.connect()
            due = [one for one in machines if now - self._series.get(one.host, float("-inf")) >= SERIES_S]
            refused = self._put(machines, due)
            self._series |= dict.fromkeys((one.host for one in due if one.host not in refused), now)
            if now - self._tidied > TIDY_S:
                self._tidy(base)
                self._tidied = now
        return list(refused.values())

    def _put(self, machines: Sequence[Measured], due: Sequence[Measured]) -> dict[str, Refused]:
        """Write these, and the series of those that are due; what was refused, by host. Refused where all were."""
        base, master = self.place.base, this_machine()
        hosts = {entry.dn: (one, entry) for one in machines for entry in host_entry(one, base, expiry_s=self._expiry_s)}
        series = {entry.dn: (one, entry) for one in due for entry in series_entries(one, base, master=master)}
        entries = hosts | series
        refused: dict[str, Refused] = {}
        for dn, error in self._writer.put(entry for _, entry in entries.values()).items():
            refused.setdefault(entries[dn][0].host, error)
        if len(refused) == len(machines):
            raise next(iter(refused.values()))
        return refused

    def _tidy(self, base: str) -> None:
        """Remove the entries that publishers like this one have left, and that are not worth keeping any more."""
        from ldap3.utils.conv import escape_filter_chars

        moment = f"{datetime.now(UTC):%Y%m%d%H%M%SZ}"
        old = f"(&(objectClass=zeligridHost)(Mds-keepto<={moment}))"
        for dn in self._writer.names(base, old):
            hosts = self._writer.values(dn, ["Mds-Host-hn"]).get("Mds-Host-hn", [])
            named = "".join(
                f"(host={host})(name={host})" for host in map(escape_filter_chars, map(bytes.decode, hosts))
            )
            kinds = "(|(objectClass=nwsHost)(objectClass=nwsSeries))"
            self._writer.remove([*self._writer.names(f"{NWS},{base}", f"(&{kinds}(|{named}))"), dn])

    def _close(self) -> None:
        with self._writing:
            self._writer.close()


def this_machine() -> str:
    """The name of this machine, with its domain where that is known."""
    full = socket.getfqdn()
    return socket.gethostname() if full.startswith("localhost") else full


class Publication:
    """Whether, and where, what this master measures is published: follows the settings."""

    def __init__(self, machines: Machines, *, clock: Clock, report: Callable[[ZeliGridError], None]) -> None:
        self._machines = machines
        self._clock = clock
        self._report = report
        self._wanted: tuple[Directories, float, float] | None = None
        self._task: asyncio.Task[None] | None = None

    async def follow(self, directories: Directories, *, period_s: float, expiry_s: float) -> None:
        """Publish as these settings say from now on; where they name no directory that there can be, that is told."""
        wanted = (directories, period_s, expiry_s)
        if wanted == self._wanted:
            return
        await self.close()
        self._wanted = wanted
        if directories.publish:
            try:
                place = parse(directories.publish, directories)
            except UsageError as error:
                self._report(error)
                return
            publisher = Publisher(
                place, self._machines, clock=self._clock, period_s=period_s, expiry_s=expiry_s, report=self._report
            )
            self._task = asyncio.create_task(publisher.run(), name=f"publishing in {place.url}")

    async def close(self) -> None:
        """Publish no more."""
        self._wanted = None
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
