"""NWS: what its sensors measured of hosts and of the ways between them, as a directory publishes it.

NWS never had an LDAP schema. Classes and attributes are those of its registrations (nwsHost, nwsSeries); the newest
value of a series is its `measurement`, taken at `timeStamp` (seconds since 1970), or stands under the resource's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zeligui.grid.directories import values
from zeligui.grid.directories.described import Described, Facts, at_most_one
from zeligui.grid.directories.names import Entry
from zeligui.grid.hosts import Value
from zeligui.grid.table import number_in

KINDS = ("nwshost", "nwsseries")

RESOURCES = {
    name.casefold(): name
    for name in """availableCpu currentCpu freeMemory freeDisk bandwidthTcp latencyTcp connectTimeTcp""".split()
}
"""What NWS measures, in the units of the contract language: fractions of a processor, MB, Mbit/s and milliseconds."""

LANGUAGE = {
    "availableCpu": "cpuAvail",
    "currentCpu": "cpuCurrent",
    "bandwidthTcp": "bandWidth",
    "latencyTcp": "latency",
}
"""What the contract language calls otherwise."""

LONGEST_GONE_S = 3600.0
"""A host of which nothing was measured for longer is not there: NWS sweeps expired registrations once an hour."""

_WAYS = frozenset({"bandwidthTcp", "latencyTcp", "connectTimeTcp"})
_MOST_IS_WORST = frozenset({"latencyTcp", "connectTimeTcp"})
_OWN_NAMES = frozenset({*(name.casefold() for name in LANGUAGE.values()), *RESOURCES, "name", "hostname", "timestamp"})
_PROCESS = re.compile(r"(?:\[([^\]]*)\]|([^:]+))(?::\d+)?")
_LATEST_EPOCH = 1e11
"""A larger number is a GeneralizedTime."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The newest value of one series. `target` is the other end of a way, empty where there is none."""

    host: str
    target: str
    value: float
    time: float | None


@dataclass
class _Machine:
    """One host: its sensor's registration and, by resource, what was read of it."""

    name: str
    sensors: list[Entry] = field(default_factory=list)
    readings: dict[str, list[_Reading]] = field(default_factory=dict)


def hosts(entries: Iterable[Entry], here: Collection[str] = ()) -> list[Described]:
    """The hosts of these entries, in their order. `here` are the names of this machine, in small letters.

    A way belongs to the host at its beginning; one that begins here, to the host at its end too.
    """
    machines: dict[str, _Machine] = {}

    def machine(name: str) -> _Machine:
        return machines.setdefault(name.casefold(), _Machine(name))

    for entry in entries:
        facts = Facts([entry])
        host = _host_of(entry, facts)
        if not host:
            continue
        if "nwshost" in entry.classes and (facts.text("hosttype") or "sensor").casefold() == "sensor":
            machine(host).sensors.append(entry)
        for resource, reading in _readings(host, facts):
            machine(host).readings.setdefault(resource, []).append(reading)
            if reading.target and host.casefold() in here:
                machine(reading.target).readings.setdefault(resource, []).append(reading)
    return [_described(one, here) for one in machines.values()]


def joined(machines: Iterable[Described], measured: Iterable[Described]) -> list[Described]:
    """Machines of other schemas with what NWS measured of them: of one name, what a machine says itself counts."""
    together = {host.name.casefold(): host for host in measured}
    found = [_both(host, together.pop(host.name.casefold(), None)) for host in machines]
    return [*found, *together.values()]


def _both(host: Described, more: Described | None) -> Described:
    if more is None:
        return host
    times = {name: time for name, time in more.times.items() if name not in host.values}
    known = (*host.addresses, *more.addresses)
    return replace(host, values={**more.values, **host.values}, times=times, addresses=known)


def ends(entry: Entry) -> tuple[str, str]:
    """The host of an entry, and the other end of the way that it speaks of; empty where there is none."""
    facts = Facts([entry])
    return _host_of(entry, facts), _machine_in(facts.text("target") or "")


def _host_of(entry: Entry, facts: Facts) -> str:
    """The host without the port of its process: sensors register as `lab1.example.org:8060`."""
    named = facts.text("host") if "nwsseries" in entry.classes else facts.text("name", "host")
    return _machine_in(named or (entry.dn.parts[0][1] if "nwshost" in entry.classes and entry.dn.parts else ""))


def _machine_in(process: str) -> str:
    found = _PROCESS.fullmatch(process.strip())
    return (found[1] or found[2]).strip() if found else process.strip()


def _readings(host: str, facts: Facts) -> Iterable[tuple[str, _Reading]]:
    """What an entry says: a series of its resource, a host of any."""
    target = _machine_in(facts.text("target") or "")
    resource = RESOURCES.get((facts.text("resource") or "").casefold())
    for name in (resource,) if resource else RESOURCES.values():
        own = facts.published(name.casefold()) or (facts.published("measurement") if resource else ())
        number = values.number(name.casefold(), own, _worst(name))
        if number is not None:
            yield name, _Reading(host, target if name in _WAYS else "", number, _time(facts))


def _time(facts: Facts) -> float | None:
    """Seconds since 1970, as NWS counts; ten digits are such before they are a GeneralizedTime of an hour."""
    times = facts.published("timestamp")
    counted = [number for number in map(number_in, times) if 0 < number < _LATEST_EPOCH]
    return max(counted) if counted else values.seconds(times)


def _worst(resource: str) -> Callable[[list[float]], float]:
    return max if resource in _MOST_IS_WORST else min


def _described(machine: _Machine, here: Collection[str]) -> Described:
    """Of several readings (disks, ways) the one that promises least; ways from or to this machine before others."""
    chosen = {name: _least(name, readings, here) for name, readings in machine.readings.items()}
    measured = {name: reading.value for name, reading in chosen.items()}
    times = {name: reading.time for name, reading in chosen.items() if reading.time is not None}
    newest = max(times.values(), default=None)
    return Described(
        machine.name,
        {"machines": 1.0, **_registered(machine.sensors), **_in_language(measured)},
        expires=None if newest is None else newest + LONGEST_GONE_S,
        times={**times, **{LANGUAGE[name]: time for name, time in times.items() if name in LANGUAGE}},
        addresses=tuple(text for sensor in machine.sensors for text in sensor.values.get("ipaddress", ())),
    )


def _least(resource: str, readings: list[_Reading], here: Collection[str]) -> _Reading:
    near = [one for one in readings if one.host.casefold() in here or one.target.casefold() in here]
    worst = _worst(resource)([one.value for one in near or readings])
    alike = [one for one in near or readings if one.value == worst]
    return max(alike, key=lambda one: one.time or 0.0)


def _registered(sensors: Sequence[Entry]) -> dict[str, Value]:
    natives = Facts(sensors).natives()
    return {name: value for name, value in natives.items() if name.casefold() not in _OWN_NAMES}


def _in_language(measured: Mapping[str, float]) -> dict[str, Value]:
    language = {LANGUAGE[name]: value for name, value in measured.items() if name in LANGUAGE}
    shares = {name: at_most_one(language[name]) for name in ("cpuAvail", "cpuCurrent") if name in language}
    values: dict[str, Value] = {**measured, **language}
    return values | {name: share for name, share in shares.items() if share is not None}
