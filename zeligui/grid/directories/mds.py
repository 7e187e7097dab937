"""MDS 2: a host and the entries below it, whose values are merged upwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from zeligui.contract.columns import Texts
from zeligui.grid.directories.alike import Alike, Columns, Keyed
from zeligui.grid.directories.described import Described, Facts, at_most_one
from zeligui.grid.directories.names import Dn, Entry
from zeligui.grid.directories.values import family

KINDS = ("mdshost", "mdsdevicegroup", "mdsdevice", "mdssoftware")
"""Object classes of a host and of the entries below it."""

_EVERYWHERE = frozenset({"local", "resource", "grid"})

_TEXTS = {
    "osRelease": ("mds-os-release",),
    "arch": ("mds-computer-isa", "mds-computer-platform"),
    "cpuModel": ("mds-cpu-model",),
}
_NUMBERS = {
    "cpuCount": ("mds-cpu-total-count", "mds-cpu-smp-size"),
    "cpuSpeed": ("mds-cpu-speedmhz",),
    "totalMemory": ("mds-memory-ram-total-sizemb", "mds-memory-ram-sizemb"),
    "freeMemory": ("mds-memory-ram-total-freemb", "mds-memory-ram-freemb"),
    "freeSwap": ("mds-memory-vm-total-freemb", "mds-memory-vm-freemb"),
    "freeDisk": ("mds-fs-total-freemb",),
}
_SYSTEM = "mds-os-name"
_FREE = ("mds-cpu-total-free-1minx100", "mds-cpu-free-1minx100")
"""In hundredths of a processor."""
_FROM, _TO, _KEPT, _ADDRESS = "mds-validfrom", "mds-validto", "mds-keepto", "mds-net-addr"


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
    free = facts.number(*_FREE)
    processors = None if free is None else free / 100
    system = facts.text(_SYSTEM)
    mapped = {
        "osName": family(system) or system,
        "machines": 1.0,
        "cpuFree": processors,
        "cpuAvail": at_most_one(processors),
        "site": _site_of(top),
        **{name: facts.text(*published) for name, published in _TEXTS.items()},
        **{name: facts.number(*published) for name, published in _NUMBERS.items()},
    }
    return facts.described(
        name,
        mapped,
        stamp=facts.seconds(_FROM),
        expires=facts.seconds(_TO),
        kept=facts.seconds(_KEPT),
        addresses=facts.published(_ADDRESS),
    )


def _families(systems: Texts) -> Texts:
    return Texts(systems.codes, tuple(family(text) or text for text in systems.vocabulary))


def _site_of(entry: Entry) -> str | None:
    return site_in(entry) or next(iter(_organisations(entry)), None)


def may_be_alike(like: Entry, constant: Collection[str]) -> bool:
    """Whether a host says all there is to say of it in attributes that have one value, but for the `constant` ones.

    Those have several, the same for all, which nothing of the language is made of.
    """
    read = {*(name for names in (*_TEXTS.values(), *_NUMBERS.values()) for name in names), *_FREE, _SYSTEM}
    several = all(len(set(like.values[name])) > 1 for name in constant if name != "objectclass")
    return several and "mds-vo-name" not in like.values and not {*read, _FROM, _TO, _KEPT, _ADDRESS} & {*constant}


def alike(names: Sequence[str], columns: Columns, like: Entry, entries: Sequence[Keyed]) -> Alike | None:
    """As `hosts` describes each of hosts that have one entry each, on the same branch of the tree as `like`.

    None where not all of them can be described alike.
    """
    free = columns.number(*_FREE)
    system = columns.text(_SYSTEM)
    site = _site_of(like)
    mapped = {
        "osName": None if system is None else _families(system),
        "machines": np.ones(len(names)),
        "cpuFree": None if free is None else free / 100,
        "cpuAvail": None if free is None else np.minimum(1.0, free / 100),
        "site": None if site is None else Texts(np.zeros(len(names), np.int32), (site,)),
        **{name: columns.text(*published) for name, published in _TEXTS.items()},
        **{name: columns.number(*published) for name, published in _NUMBERS.items()},
    }
    known = {name: column for name, column in mapped.items() if column is not None} | columns.natives()
    if any(not isinstance(column, Texts) and np.isnan(column).any() for column in known.values()):
        return None
    if len({name.casefold() for name in known}) < len(known):
        return None
    hosts = len(names)
    return Alike(
        tuple(names),
        known,
        stamps=columns.seconds(_FROM, hosts),
        expires=columns.seconds(_TO, hosts),
        kept=columns.seconds(_KEPT, hosts),
        addresses=columns.published(_ADDRESS, hosts),
        entries=tuple(entries),
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
