"""Reasons in words: which constraint fails by what, who is the nearest miss."""

from __future__ import annotations

from collections.abc import Sequence

from zeligui.contract.columns import Columns
from zeligui.contract.evaluation import judge, left_value
from zeligui.contract.model import Constraint, Contract
from zeligui.experiment.choice import profile_of

NEAREST = 3
SHOWN = 8


def because(error: Exception) -> str:
    """An error's sentence as a part of another one."""
    return str(error).rstrip(".")


def value_words(constraint: Constraint, columns: Columns, host: str) -> str:
    """What a constraint finds on a host: "cpuAvail > 0.6 fails with 0.33"."""
    index = list(columns.names).index(host)
    value = left_value(constraint, columns, index)
    if value is None:
        return f"{constraint.text} does not hold"
    return f"{constraint.text} does not hold: it is {_short(value)}"


def apt_words(profile: str, hosts: Sequence[str]) -> str:
    """How many hosts a profile accepts, and the first of them: "2 machines are apt for fast: n1, n2"."""
    count = "1 machine is" if len(hosts) == 1 else f"{len(hosts)} machines are"
    return f"{count} apt for {profile}: {', '.join(hosts[:SHOWN])}"


def nearest_words(contract: Contract, columns: Columns, count: int) -> str:
    """Why too few hosts are apt, with those that fail least: the reason of `held`."""
    from zeligui.grid.matching import match

    if not len(columns.names):
        return "no machine has answered yet"
    found = match(contract, columns, n=count)
    misses = [_miss(contract, columns, near.host, near.profile) for near in found.nearest[:NEAREST] if near.fails]
    if not misses:
        needed = "one is" if count == 1 else f"{count} are"
        return f"there are too few machines, or free slots of queues: {needed} needed"
    wanted = "no machine is apt" if count == 1 else f"fewer than {count} machines are apt"
    return f"{wanted} under any profile; nearest: {'; '.join(misses)}"


def _miss(contract: Contract, columns: Columns, host: str, profile: str) -> str:
    index = list(columns.names).index(host)
    under = profile_of(contract, profile)
    truth = judge(under, columns)
    fails = [c for c, row in zip(under.constraints, truth, strict=True) if row[index] < 1]
    return f"{host} under {profile}: {_each(fails, columns, index)}"


def _each(fails: Sequence[Constraint], columns: Columns, index: int) -> str:
    values = [(constraint.text, left_value(constraint, columns, index)) for constraint in fails]
    return ", ".join(f"{text} (unknown)" if value is None else f"{text} ({_short(value)})" for text, value in values)


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
