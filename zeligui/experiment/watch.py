"""The contract on the hosts in use: how long a constraint has been false, and since when a host is apt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from zeligui.contract.columns import Columns
from zeligui.contract.evaluation import apt, judge
from zeligui.contract.model import Constraint, Contract, Profile


class Stamps(Protocol):
    """Tells when the newest distinct measurement among some attributes of a host came (age clock)."""

    def stamp(self, host: str, attributes: Collection[str]) -> float: ...


@dataclass(frozen=True, slots=True)
class Violation:
    """A constraint of the profile in force that has been false on a host for as long as it must be."""

    host: str
    constraint: Constraint
    seconds: float
    readings: int


@dataclass(slots=True)
class _Stretch:
    """A false stretch: from its first to its last false measurement, and how many distinct ones it has."""

    first: float
    last: float
    count: int = 1
    paused: bool = False


class Watch:
    """Rule 6 of the contract language, over the measurements that arrive for the hosts in use."""

    def __init__(self, tolerance_s: float) -> None:
        self._tolerance_s = tolerance_s
        self._profile = ""
        self._stretches: dict[tuple[str, int], _Stretch] = {}
        self._constraints: tuple[Constraint, ...] = ()
        self.unknown: dict[str, list[Constraint]] = {}

    def reset(self) -> None:
        """Forget every stretch: patience begins anew, as after the machine slept."""
        self._stretches.clear()

    def forget(self) -> None:
        """No profile is in force: nothing is judged."""
        self._profile, self._constraints, self.unknown = "", (), {}
        self.reset()

    def judge(self, profile: Profile, columns: Columns, stamps: Stamps, hosts: Collection[str]) -> None:
        """Judge the newest measurements of `hosts` under the profile in force."""
        if profile.name != self._profile:
            self._profile, self._constraints = profile.name, tuple(profile.constraints)
            self.reset()
        truth = judge(profile, columns)
        places = {name: index for index, name in enumerate(columns.names)}
        self.unknown = {}
        for host in hosts:
            self._judge_host(host, [int(row[places[host]]) if host in places else -1 for row in truth], stamps)
        self._stretches = {key: stretch for key, stretch in self._stretches.items() if key[0] in hosts}

    def _judge_host(self, host: str, truths: Iterable[int], stamps: Stamps) -> None:
        for index, (constraint, truth) in enumerate(zip(self._constraints, truths, strict=True)):
            key = (host, index)
            if truth < 0:
                self.unknown.setdefault(host, []).append(constraint)
                if key in self._stretches:
                    self._stretches[key].paused = True
            elif truth > 0:
                self._stretches.pop(key, None)
            else:
                self._lengthen(key, stamps.stamp(host, constraint.attributes))

    def _lengthen(self, key: tuple[str, int], stamp: float) -> None:
        stretch = self._stretches.get(key)
        if stretch is None:
            self._stretches[key] = _Stretch(stamp, stamp)
        elif stamp > stretch.last:
            if stretch.paused:  # nobody knows what was in between: it does not count
                stretch.first, stretch.paused = stretch.first + stamp - stretch.last, False
            stretch.last = stamp
            stretch.count += 1

    def false_on(self, host: str) -> list[Constraint]:
        """The constraints that the host's newest measurements make false, whether long enough or not."""
        return [self._constraints[index] for name, index in self._stretches if name == host]

    def violations(self) -> list[Violation]:
        """What is a violation now, the longest first."""
        found = [
            Violation(host, self._constraints[index], stretch.last - stretch.first, stretch.count)
            for (host, index), stretch in self._stretches.items()
            if self._long_enough(self._constraints[index], stretch)
        ]
        return sorted(found, key=lambda violation: -violation.seconds)

    def _long_enough(self, constraint: Constraint, stretch: _Stretch) -> bool:
        needed = self._tolerance_s if constraint.for_s is None else constraint.for_s
        return needed <= 0 or (stretch.count > 1 and stretch.last - stretch.first >= needed)


class AptSince:
    """Since when (patience clock) each host has been apt for each profile without a break."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._since: dict[str, dict[str, float]] = {profile.name: {} for profile in contract.profiles}

    def reset(self) -> None:
        for since in self._since.values():
            since.clear()

    def look(self, columns: Columns, now: float) -> None:
        for profile in self._contract.profiles:
            before = self._since[profile.name]
            fit = apt(profile, columns)
            self._since[profile.name] = {
                name: before.get(name, now) for name, yes in zip(columns.names, fit, strict=True) if yes
            }

    def steady(self, profile: str, seconds: float, now: float) -> set[str]:
        """The hosts that have been apt for the profile for at least so long."""
        return {host for host, since in self._since[profile].items() if now - since >= seconds}
