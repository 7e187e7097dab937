"""Which profile and which hosts: the negotiation's edges walked, and N hosts chosen, those in use first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

import numpy as np

from zeligui.contract.columns import Columns
from zeligui.contract.evaluation import apt, rank
from zeligui.contract.model import Contract, Edge, Profile
from zeligui.experiment.seats import by_host

HOLD = "hold"


def order_of(contract: Contract, name: str) -> int:
    """The place of a profile in the order of preference, 0 for the best."""
    return [profile.name for profile in contract.profiles].index(name)


def profile_of(contract: Contract, name: str) -> Profile:
    return contract.profiles[order_of(contract, name)]


def edges_down(contract: Contract, name: str) -> list[Edge]:
    """The edges from a profile to worse ones or to hold, in the order written."""
    here = order_of(contract, name)
    return [
        edge
        for edge in contract.edges
        if edge.source == name and (edge.target == HOLD or order_of(contract, edge.target) > here)
    ]


def edges_up(contract: Contract, name: str) -> list[Edge]:
    """The edges from a profile to better ones, the best target first."""
    here = order_of(contract, name)
    up = [e for e in contract.edges if e.source == name and e.target != HOLD and order_of(contract, e.target) < here]
    return sorted(up, key=lambda edge: order_of(contract, edge.target))


def fallbacks(contract: Contract, name: str, violated_s: float = float("inf")) -> Iterator[str]:
    """The profiles to try when `name` cannot be kept, along the edges down.

    A profile that lacks hosts is passed through to what its own edges lead to. An edge with `after` is taken only when
    the violation has lasted so long (`violated_s`).
    """
    seen = {name}
    ahead = _targets([edge for edge in edges_down(contract, name) if edge.after_s <= violated_s])
    while ahead:
        target = ahead.pop(0)
        if target not in seen:
            seen.add(target)
            yield target
            ahead += _targets(edges_down(contract, target))


def _targets(edges: Sequence[Edge]) -> list[str]:
    """The profiles that edges lead to; what is written after an edge to hold is never reached."""
    return [edge.target for edge in takewhile(lambda edge: edge.target != HOLD, edges)]


def ranked(profile: Profile, columns: Columns, usable: Collection[str]) -> list[str]:
    """The seats among `usable` on apt hosts, those of the best host first (rule 2)."""
    names, seats = columns.names, by_host(usable)
    fit = np.flatnonzero(apt(profile, columns))
    fit = np.array([index for index in fit.tolist() if names[index] in seats], dtype=np.intp)
    return [seat for index in rank(profile, columns, fit).tolist() for seat in seats[names[index]]]


def choose(apt_hosts: Sequence[str], in_use: Collection[str], count: int) -> list[str] | None:
    """`count` of the seats on apt hosts, those in use first, each group best first; None where there are too few."""
    chosen = [host for host in apt_hosts if host in in_use] + [host for host in apt_hosts if host not in in_use]
    return chosen[:count] if len(chosen) >= count else None
