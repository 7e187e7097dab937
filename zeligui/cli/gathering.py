"""The machines that a command is about: measured by its sources, read from its file of hosts, or both."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from zeligui.cli.common import home, links_for, proved
from zeligui.contract.columns import Columns
from zeligui.errors import UsageError
from zeligui.grid.hostfiles import HostFile, read
from zeligui.grid.hosts import Host
from zeligui.grid.table import Joined, Table
from zeligui.settings import Settings, load

if TYPE_CHECKING:
    from zeligui.links import Links

ANSWERED = frozenset({"up", "stale"})


@dataclass(frozen=True, slots=True, repr=False)  # asyncio.run asks for it twice: 0.6 s with 10,000 hosts
class Gathered:
    """The hosts by name, the same as columns, and sentences about what was left out of a file.

    `answered` is False only where there are sources, none of which answered, and nothing else.
    """

    hosts: tuple[Host, ...]
    columns: Columns
    warnings: tuple[str, ...]
    answered: bool

    @property
    def attributes(self) -> tuple[str, ...]:
        """What some host publishes."""
        return tuple({name: None for host in self.hosts for name in host.values})


def gather(options: argparse.Namespace) -> Gathered:
    """Wait for one full measurement of each `source`, at most `wait` seconds, and read the file of `hosts`.

    Without sources and file, the settings name the sources; UsageError where they name none.
    """
    place, file = home(options), options.hosts
    settings = proved(load(place).trusting(options.ca), options)
    urls = options.source or (() if file else settings.measured)
    if not urls and file is None:
        raise UsageError(
            "There are no machines to look at.",
            hint="Name some: --source ssh://HOST, --source local://, --hosts FILE, "
            f"or `sources` in {place.settings_file}.",
        )
    of_file = _of_file(read(file), settings.labels) if file else None
    if not urls and of_file:
        return of_file
    measured = asyncio.run(_measure(urls, settings, links_for(options, settings), options.wait))
    if any(host.status == "unknown-key" for host in measured.hosts):
        place.known_hosts_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # a line is to be added there
    return _joined(measured, of_file) if of_file else measured


async def _measure(urls: Sequence[str], settings: Settings, links: Links, wait_s: float) -> Gathered:
    from zeligui.clock import SystemClock
    from zeligui.grid.machines import Machines
    from zeligui.grid.sources import open_source

    expiry_s = settings.reconfiguration.measurement_expiry_s
    sources = [open_source(url, links, period_s=settings.period_s, expiry_s=expiry_s) for url in dict.fromkeys(urls)]
    machines = Machines(sources, clock=SystemClock(), expiry_s=expiry_s, labels=settings.labels)
    try:
        machines.start()
        await machines.first_round(limit_s=wait_s)
        hosts, columns = machines.hosts(), machines.columns()
    finally:
        await machines.close()
        await links.close()
    return Gathered(hosts, columns, (), any(host.status in ANSWERED for host in hosts))


def _of_file(file: HostFile, labels: Mapping[str, Mapping[str, str]]) -> Gathered:
    url = file.path.absolute().as_uri()
    folded = {name.casefold(): given for name, given in labels.items()}
    named = sorted(file.hosts, key=lambda host: host.name)
    hosts = tuple(
        Host(host.name, url, "up", "", {**host.values, **folded.get(host.name.casefold(), {})}) for host in named
    )
    warnings = tuple(f"{file.path}: {warning}" for warning in (*file.warnings, *_expired(file, datetime.now(UTC))))
    return Gathered(hosts, _columns(hosts), warnings, answered=True)


def _expired(file: HostFile, now: datetime) -> tuple[str, ...]:
    """A file is taken as of its own moment; that this is long past, by its publishers' own word, is said once."""
    past = [host.expires for host in file.hosts if host.expires is not None and host.expires < now.timestamp()]
    if not past:
        return ()
    last = datetime.fromtimestamp(max(past), UTC)
    return (
        f"The values of {len(past)} of {len(file.hosts)} hosts were valid until {last:%Y-%m-%d %H:%M} UTC at most.",
    )


def _joined(measured: Gathered, of_file: Gathered) -> Gathered:
    """A host that a source measures is not taken from the file."""
    live = {host.name.casefold() for host in measured.hosts}
    others = tuple(host for host in of_file.hosts if host.name.casefold() not in live)
    columns = Joined(measured.columns, _columns(others))
    hosts = tuple(sorted((*measured.hosts, *others), key=lambda host: host.name))
    return Gathered(hosts, columns, of_file.warnings, answered=True)


def _columns(hosts: Sequence[Host]) -> Table:
    return Table.of([(host.name, host.values) for host in hosts])
