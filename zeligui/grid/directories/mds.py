"""MDS 2: a host and the entries below it, whose values are merged upwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zeligui.grid.directories.described import Described, Facts, at_most_one
from zeligui.grid.directories.names import Dn, Entry
from zeligui.grid.directories.values import family

KINDS = ("mdshost", "mdsdevicegroup", "mdsdevice", "mdssoftware")
"""Object classes of a host and of the entries below it."""

_EVERYWHERE = frozenset({"local", "resource", "grid"})


def host_of(entry: Entry) -> str | None:
    """The name of the MDS host that the entry is or lies below, None where it is no part of one."""
    named = entry.dn.value("mds-host-hn")
    return named or next((name.strip() for name in entry.values.get("mds-host-hn", ()) if name.strip()), None)


def hosts(entries: Iterable[Entry]) -> list[Described]:
    """The hosts that these entries are or lie below, in their order."""
    parts: dict[str, list[Entry]] = {}
    for entry in entries:
        if name := host_of(entry):
            parts.setdefault(name.casefold(), []).append(entry)
    return [_host(group) for group in parts.values()]


def site_in(entry: Entry) -> str | None:
    """The nearest Mds-Vo-name that names a site, as `local` and the like do not."""
    return next((name for name in _organisations(entry) if name.casefold() not in _EVERYWHERE), None)


def _organisations(entry: Entry) -> tuple[str, ...]:
    return (*entry.values.get("mds-vo-name", ()), *entry.dn.every("mds-vo-name"))


def _host(group: Sequence[Entry]) -> Described:
    """The host's own entry goes before those below it; of the same host under two names, the later goes first."""
    own = [entry for entry in reversed(group) if entry.dn.kind == "mds-host-hn"]
    below = [entry for entry in group if entry.dn.kind != "mds-host-hn"]
    facts = Facts([*own, _merged(below)] if below else own)
    top = (own or below)[0]
    name = host_of(top) or ""
    free = facts.number("mds-cpu-total-free-1minx100", "mds-cpu-free-1minx100")
    processors = None if free is None else free / 100
    system = facts.text("mds-os-name")
    mapped = {
        "osName": family(system) or system,
        "osRelease": facts.text("mds-os-release"),
        "arch": facts.text("mds-computer-isa", "mds-computer-platform"),
        "cpuModel": facts.text("mds-cpu-model"),
        "cpuCount": facts.number("mds-cpu-total-count", "mds-cpu-smp-size"),
        "machines": 1.0,
        "cpuSpeed": facts.number("mds-cpu-speedmhz"),
        "cpuFree": processors,
        "cpuAvail": at_most_one(processors),
        "totalMemory": facts.number("mds-memory-ram-total-sizemb", "mds-memory-ram-sizemb"),
        "freeMemory": facts.number("mds-memory-ram-total-freemb", "mds-memory-ram-freemb"),
        "freeSwap": facts.number("mds-memory-vm-total-freemb", "mds-memory-vm-freemb"),
        "freeDisk": facts.number("mds-fs-total-freemb"),
        "site": site_in(top) or next(iter(_organisations(top)), None),
    }
    return facts.described(
        name,
        mapped,
        stamp=facts.seconds("mds-validfrom"),
        expires=facts.seconds("mds-validto"),
        kept=facts.seconds("mds-keepto"),
        addresses=facts.published("mds-net-addr"),
    )


def _merged(below: Iterable[Entry]) -> Entry:
    """The entries below a host as one: the values of an attribute are a set over all of them."""
    values: dict[str, tuple[str, ...]] = {}
    spelling: dict[str, str] = {}
    for entry in below:
        spelling = {**entry.spelling, **spelling}
        for name, texts in entry.values.items():
            values[name] = (*values.get(name, ()), *texts)
    return Entry(Dn.of(""), values, spelling)
