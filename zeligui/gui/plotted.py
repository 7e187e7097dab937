"""What is plotted of a host: which attributes, and the bounds that contracts set them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeVar

from zeligui.contract.model import Contract
from zeligui.grid.bounds import Bound, bounds, constrained
from zeligui.gui.words import value_text
from zeligui.session.snapshot import OpenContract, Snapshot

ALWAYS = ("cpuAvail", "freeMemory")
MOST = 6
"""Attributes that are plotted unless more are asked for."""
MOST_ASKED_FOR = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A bound of an attribute, in its own unit; `in_force` where its profile is."""

    value: float
    label: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A contract that a host is held against, and its profile in force, if any is."""

    file: str
    contract: Contract
    profile: str | None


class Named(Protocol):
    """What stands for an attribute."""

    @property
    def attribute(self) -> str: ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user asked for, and what not, on whatever host."""

    added: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()

    def including(self, attribute: str) -> Choice:
        """With this one, whatever was chosen before."""
        again = attribute.casefold() in self.removed
        added = self.added if again or attribute in self.added else (*self.added, attribute)
        return Choice(added, self.removed - {attribute.casefold()})

    def without(self, attribute: str) -> Choice:
        """Without this one."""
        added = tuple(name for name in self.added if name.casefold() != attribute.casefold())
        return Choice(added, self.removed | {attribute.casefold()})

    def usual(self, against: Sequence[Held]) -> list[str]:
        """What is plotted where nothing more is asked for, if it has values."""
        return [name for name in attributes(against) if name.casefold() not in self.removed]

    def chosen(self, usual: Sequence[N], asked_for: Sequence[N]) -> list[N]:
        """The first few usual ones, then all that are asked for, each once."""
        found = {one.attribute.casefold(): one for one in usual[:MOST]}
        for one in asked_for:
            found.setdefault(one.attribute.casefold(), one)
        return list(found.values())[:MOST_ASKED_FOR]


def held_against(snapshot: Snapshot, experiment: str | None) -> tuple[Held, ...]:
    """The contract of an experiment; of none: every contract that is open."""
    found = []
    for opened in snapshot.contracts:
        names = {opened.judged_for, *(one.name for one in opened.experiments)} - {""}
        if opened.contract is None or (experiment is not None and experiment not in names):
            continue
        found.append(Held(opened.file.stem, opened.contract, _in_force(snapshot, opened, experiment)))
    return tuple(found)


def _in_force(snapshot: Snapshot, opened: OpenContract, experiment: str | None) -> str | None:
    state = snapshot.experiments.get(experiment or opened.judged_for)
    return state.profile if state and state.running else None


def attributes(against: Sequence[Held]) -> tuple[str, ...]:
    """What is always plotted, then what the contracts constrain, each once."""
    found = {name.casefold(): name for name in ALWAYS}
    for held in against:
        for name in _constrained(held.contract):
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def lines(against: Sequence[Held], attribute: str) -> tuple[Line, ...]:
    """The bounds of an attribute, each once."""
    found: dict[tuple[float, str], Line] = {}
    for held, label, bound in _labelled(against, attribute):
        line = Line(bound.value, label, bound.profile == held.profile)
        found.setdefault((line.value, line.label), line)
    return tuple(found.values())


def bounds_of(against: Sequence[Held], attribute: str) -> dict[str, Bound]:
    """The bounds of an attribute by what they are called."""
    return {label: bound for _, label, bound in _labelled(against, attribute)}


def _labelled(against: Sequence[Held], attribute: str) -> Iterator[tuple[Held, str, Bound]]:
    for held in against:
        of_contract = f"{held.file} " if len(against) > 1 else ""
        for name, each in _bounds(held.contract):
            if name.casefold() == attribute.casefold():
                for bound in each:
                    yield held, f"{of_contract}{bound.profile}: {bound.operator} {value_text(bound.value)}", bound


@lru_cache(maxsize=64)
def _constrained(contract: Contract) -> tuple[str, ...]:
    return constrained(contract)


@lru_cache(maxsize=64)
def _bounds(contract: Contract) -> tuple[tuple[str, tuple[Bound, ...]], ...]:
    return tuple(bounds(contract).items())
