"""A checked condition: units resolved, texts told from numbers; `evaluation` runs it over columns of hosts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A number in the unit of its comparison."""

    value: float


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column of numbers, in the attribute's own unit."""

    name: str


@dataclass(frozen=True, slots=True)
class Statistic:
    """What the history says of an attribute over the last (forecast: for the next) `seconds`."""

    function: str
    attribute: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Chain:
    """Numbers joined from left to right by `+` and `-`, or by `*` and `/`."""

    first: Number
    rest: tuple[tuple[str, Number], ...]


Number = Constant | Attribute | Statistic | Chain


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the contract."""

    value: str


@dataclass(frozen=True, slots=True)
class TextAttribute:
    """A column of texts."""

    name: str


Writing = Text | TextAttribute
Side = Number | Writing


@dataclass(frozen=True, slots=True)
class Compare:
    """Two numbers in one unit; `operator` is one of `= != < <= > >=`."""

    operator: str
    left: Number
    right: Number


@dataclass(frozen=True, slots=True)
class Same:
    """Two texts that are equal without regard to case."""

    left: Writing
    right: Writing


@dataclass(frozen=True, slots=True)
class Like:
    """A text that matches a glob as a whole, without regard to case."""

    left: Writing
    pattern: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text that is equal to one of several, without regard to case."""

    left: Writing
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstKnown:
    """Of an attribute that may be published as a number or as a text: the comparison of numbers, else of texts."""

    numbers: Condition
    texts: Condition


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene's negation."""

    part: Condition


@dataclass(frozen=True, slots=True)
class And:
    """Kleene's conjunction."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Kleene's disjunction."""

    parts: tuple[Condition, ...]


Condition = Compare | Same | Like | OneOf | FirstKnown | Not | And | Or
