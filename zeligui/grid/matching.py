"""Which machines are apt: the choice of a profile, its hosts best first, and why the others are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict, overload

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


class Finding(TypedDict):
    """One constraint on one host: `value` is the left side in its attribute's own unit, None where unknown."""

    constraint: str
    value: float | str | None
    result: str


def match(contract: Contract, columns: Columns, *, n: int | None = None) -> Match:
    """Choose the first profile, in the order written, that has `n` (1 where None) apt hosts; rules 1 and 2."""
    return Match([_Judged(profile, columns) for profile in contract.profiles], 1 if n is None else n)


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


class Match:
    """What a contract accepts, as of the columns' moment. All hosts are judged at once, lists made when asked for."""

    def __init__(self, judged: Sequence[_Judged], wanted: int) -> None:
        self._judged = judged
        self._chosen = next((one for one in judged if one.count >= wanted), None)

    @property
    def profile(self) -> str | None:
        """The first profile, in the order written, that has enough apt hosts; None where none has."""
        return self._chosen.profile.name if self._chosen else None

    @property
    def apt(self) -> Sequence[str]:
        """All apt hosts of the chosen profile, best first; none where there is no such profile."""
        return self._chosen.apt if self._chosen else ()

    @cached_property
    def profiles(self) -> dict[str, Sequence[str]]:
        """The apt hosts of every profile, best first."""
        return {one.profile.name: one.apt for one in self._judged}

    @cached_property
    def nearest(self) -> tuple[Miss, ...]:
        """Where no profile is chosen: each host with the profile of which it fails fewest, fewest first, then by name.

        Unknown counts as failing; of two profiles of which a host fails as many, the earlier.
        """
        if self._chosen or not self._judged:
            return ()
        failures = np.array([one.failures for one in self._judged])
        best, fewest, names = failures.argmin(axis=0), failures.min(axis=0), self._judged[0].columns.names
        order = sorted(range(len(names)), key=lambda host: (fewest[host], names[host]))
        return tuple(self._judged[best[host]].miss(host) for host in order)


class Names(Sequence[str]):
    """Some of the columns' hosts in an order of their own; a name is looked up when it is asked for.

    Of a million hosts a choice needs the first few: to collect all names takes longer than to rank them.
    """

    def __init__(self, names: Sequence[str], order: NDArray[np.intp]) -> None:
        self._names = names
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> Names: ...

    def __getitem__(self, place: int | slice) -> str | Names:
        if isinstance(place, slice):
            return Names(self._names, self._order[place])
        return self._names[int(self._order[place])]

    def __iter__(self) -> Iterator[str]:
        names = self._names
        return (names[index] for index in self._order.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Names({list(self)})"


class _Judged:
    """One profile held against all hosts."""

    def __init__(self, profile: Profile, columns: Columns) -> None:
        self.profile = profile
        self.columns = columns
        self._apt = apt(profile, columns)
        self.count = int(np.count_nonzero(self._apt))

    @cached_property
    def apt(self) -> Names:
        """The apt hosts, best first."""
        return Names(self.columns.names, rank(self.profile, self.columns, np.flatnonzero(self._apt)))

    @cached_property
    def results(self) -> NDArray[np.int8]:
        """Every constraint on every host: 1 true, 0 false, -1 unknown. Shape (constraints, hosts)."""
        return judge(self.profile, self.columns)

    @cached_property
    def failures(self) -> NDArray[np.intp]:
        """How many constraints each host fails. Shape (hosts,)."""
        failures: NDArray[np.intp] = np.count_nonzero(self.results != 1, axis=0)
        return failures

    def miss(self, index: int) -> Miss:
        failed = (finding["constraint"] for finding in self._results(index) if finding["result"] != "true")
        return Miss(self.columns.names[index], self.profile.name, tuple(failed))

    def findings(self, index: int) -> list[Finding]:
        values = (left_value(constraint, self.columns, index) for constraint in self.profile.constraints)
        return [{**found, "value": value} for found, value in zip(self._results(index), values, strict=True)]

    def _results(self, index: int) -> list[Finding]:
        """The findings on a host but for their values."""
        results = (_WORDS[result] for result in self.results[:, index].tolist())
        constraints = (constraint.text for constraint in self.profile.constraints)
        return [
            {"constraint": text, "value": None, "result": result}
            for text, result in zip(constraints, results, strict=True)
        ]
