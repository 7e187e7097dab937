"""What a contract is once it has been read: profiles, constraints, edges, and what was wrong with the file."""

from __future__ import annotations

from dataclasses import dataclass

from zeligui.contract.conditions import Condition, Number, Side


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """An error or a warning. Lines and columns count from 1, in code points."""

    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """One line that a host must satisfy.

    `text` is the line as written, without its comment; `for_s` how long it must be false before that is a violation
    (None: the configured tolerance). `left` is the left side of a single comparison, None of a compound condition.
    `attributes` are spelt as the language does where it knows them, else as a host publishes or the contract writes.
    """

    text: str
    for_s: float | None
    attributes: frozenset[str]
    condition: Condition
    left: Side | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """One line that orders apt hosts: the larger (or the smaller) the value, the better."""

    text: str
    largest_first: bool
    value: Number
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Profile:
    """A set of machines that will do, and which of them are better; without constraints it accepts every host."""

    name: str
    constraints: tuple[Constraint, ...] = ()
    preferences: tuple[Preference, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A change of profile that the contract allows; `target` is a profile's name or "hold", `after_s` in seconds."""

    source: str
    target: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract without errors; `edges` are those in force."""

    profiles: tuple[Profile, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a contract: the contract where there is no error, and what could be read in any case."""

    contract: Contract | None
    profiles: tuple[Profile, ...] = ()
    edges: tuple[Edge, ...] = ()
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
