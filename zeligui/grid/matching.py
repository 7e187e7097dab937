"""Which machines are apt: the choice of a profile, its hosts best first, and why the others are not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Columns
from zeligui.contract.evaluation import apt, judge, left_value, rank
from zeligui.contract.language import Contract, Profile

_WORDS = {1: "true", 0: "false", -1: "unknown"}


@dataclass(frozen=True, slots=True)
class Miss:
    """A host and the profile of which it fails fewest constraints; `fails` gives them as written."""

    host: str
    profile: str
    fails: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """What a contract accepts. `profile` is None when no profile has enough apt hosts; `apt` is then empty.

    `apt` is the whole apt set of the chosen profile, best first; `profiles` gives every profile's, best first.
    """

    profile: str | None
    apt: tuple[str, ...]
    profiles: dict[str, tuple[str, ...]]
    nearest: tuple[Miss, ...]


class Finding(TypedDict):
    """One constraint on one host: `value` is the left side in its attribute's own unit, None where unknown."""

    constraint: str
    value: float | str | None
    result: str


def match(contract: Contract, columns: Columns, *, n: int | None = None) -> Match:
    """Choose the first profile, in the order written, that has `n` (1 where None) apt hosts; rules 1 and 2."""
    wanted = 1 if n is None else n
    judged = [_Judged(profile, columns) for profile in contract.profiles]
    profiles = {one.profile.name: one.apt for one in judged}
    chosen = next((one for one in judged if len(one.apt) >= wanted), None)
    if chosen is None:
        return Match(None, (), profiles, nearest(judged, columns))
    return Match(chosen.profile.name, chosen.apt, profiles, ())


def explain(
    contract: Contract, columns: Columns, *, hosts: Collection[str] | None = None
) -> dict[str, dict[str, list[Finding]]]:
    """For every host (or those named) and profile, each constraint with its value and `true`, `false` or `unknown`."""
    judged = [_Judged(profile, columns) for profile in contract.profiles]
    return {
        host: {one.profile.name: one.findings(index) for one in judged}
        for index, host in enumerate(columns.names)
        if hosts is None or host in hosts
    }


class _Judged:
    """One profile held against all hosts."""

    def __init__(self, profile: Profile, columns: Columns) -> None:
        self.profile = profile
        self._columns = columns

    @cached_property
    def apt(self) -> tuple[str, ...]:
        """The apt hosts, best first."""
        names, found = self._columns.names, np.flatnonzero(apt(self.profile, self._columns))
        return tuple([names[index] for index in rank(self.profile, self._columns, found).tolist()])

    @cached_property
    def results(self) -> NDArray[np.int8]:
        """Every constraint on every host: 1 true, 0 false, -1 unknown. Shape (constraints, hosts)."""
        return judge(self.profile, self._columns)

    @cached_property
    def failures(self) -> NDArray[np.intp]:
        """How many constraints each host fails; unknown counts as failing. Shape (hosts,)."""
        return np.count_nonzero(self.results != 1, axis=0)

    def fails(self, index: int) -> tuple[str, ...]:
        return tuple(
            constraint.text
            for constraint, result in zip(self.profile.constraints, self.results[:, index], strict=True)
            if result != 1
        )

    def findings(self, index: int) -> list[Finding]:
        return [
            Finding(
                constraint=constraint.text,
                value=left_value(constraint, self._columns, index),
                result=_WORDS[int(result)],
            )
            for constraint, result in zip(self.profile.constraints, self.results[:, index], strict=True)
        ]


def nearest(judged: list[_Judged], columns: Columns) -> tuple[Miss, ...]:
    """Each host with the profile of which it fails fewest (the earlier one of two), fewest first, then by host name."""
    failures = np.array([one.failures for one in judged])
    best = failures.argmin(axis=0)
    order = sorted(range(len(columns.names)), key=lambda host: (failures[best[host], host], columns.names[host]))
    return tuple(
        Miss(columns.names[host], judged[best[host]].profile.name, judged[best[host]].fails(host)) for host in order
    )
