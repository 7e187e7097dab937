"""Which hosts that sources name differently are one machine: by its addresses, then by its name without the domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zeligui.grid.addresses import in_name
from zeligui.grid.roster import Machine


def namesakes(machines: Iterable[Machine]) -> Iterator[tuple[Machine, Machine]]:
    """Pairs of hosts that are one machine. Where a third could be meant too, none is.

    Two connections are never joined here, for they know their machine's identity; nor are two hosts of one source,
    which tells them apart.
    """
    answered = [one for one in machines if one.answered]
    joined: set[int] = set()
    for together in (*_by_address(answered), *_by_short_name(answered)):
        if len(together) == 2 and not joined & {id(one) for one in together} and _may_be_one(*together):
            joined |= {id(one) for one in together}
            yield together[0], together[1]


def _by_address(machines: Iterable[Machine]) -> Iterable[list[Machine]]:
    at: dict[str, list[Machine]] = {}
    for machine in machines:
        for address in machine.addresses:
            at.setdefault(address, []).append(machine)
    return at.values()


def _by_short_name(machines: Iterable[Machine]) -> Iterable[list[Machine]]:
    """`lab1` and `lab1.example.org`, where there is no `lab1.example.com`, and no address speaks against it."""
    named: dict[str, list[Machine]] = {}
    for machine in machines:
        if not in_name(machine.name):
            named.setdefault(machine.name.casefold().partition(".")[0], []).append(machine)
    for together in named.values():
        if len(together) == 2 and sum("." in one.name for one in together) == 1:
            first, second = (set(one.addresses) for one in together)
            if not first or not second or first & second:
                yield together


def _may_be_one(first: Machine, second: Machine) -> bool:
    connected = [any(feed.reaches for feed in one.feeds) for one in (first, second)]
    apart = bool(set(first.feeds) & set(second.feeds)) or (bool(first.identity) and bool(second.identity))
    return not apart and not all(connected)
