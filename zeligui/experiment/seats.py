"""Seats for instances: a machine has one; a queue in front of many machines has one for each of its free slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from zeligui.grid.hosts import Host
from zeligui.grid.occupancy import Placement

_SIGN = "\t"
"""Stands in no name of a host. The first seat has the name of its host."""
_MACHINES = ("local://", "ssh://", "any://")


def host_of(seat: str) -> str:
    """The host of a seat."""
    return seat.partition(_SIGN)[0]


def hosts_of(seats: Iterable[str]) -> list[str]:
    """The hosts of seats, each once, in their order."""
    return list(dict.fromkeys(map(host_of, seats)))


def seat_of(host: str, number: int) -> str:
    """The seat of a host with a number, from 1 on."""
    return host if number == 1 else f"{host}{_SIGN}{number}"


def seated(hosts: Iterable[str]) -> Iterator[str]:
    """The next seat of a host for each time that it is named."""
    taken: Counter[str] = Counter()
    for host in hosts:
        taken[host] += 1
        yield seat_of(host, taken[host])


def by_host(seats: Iterable[str]) -> dict[str, list[str]]:
    """The seats of each host, the first one first."""
    found: dict[str, list[str]] = {}
    for seat in seats:
        found.setdefault(host_of(seat), []).append(seat)
    for several in (each for each in found.values() if len(each) > 1):  # of thousands of hosts, few are queues
        several.sort(key=lambda seat: (len(seat), seat))
    return found


def room(host: Host, *, used: int, cpus: float, placements: Iterable[Placement]) -> int:
    """How many instances of one experiment fit on a host, those that it has there included; at least one.

    `placements` are the jobs of all experiments: those that its free slots do not show yet take some of them.
    """
    free = host.values.get("freeSlots")
    if host.service is None or host.service.startswith(_MACHINES) or not isinstance(free, int | float):
        return 1
    seen = host.times.get("freeSlots", float("inf"))
    coming = sum(
        max(1.0, one.cpus)
        for one in placements
        if one.host == host.name and one.ended_at is None and one.placed_at >= seen
    )
    return max(1, used + int((free - coming) // max(1.0, cpus)))
