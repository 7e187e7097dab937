"""The tree of one line as the parser builds it, before anything is known of attributes and units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeligui.contract.lexing import Sign

if TYPE_CHECKING:
    from zeligui.contract.quantities import Shape


@dataclass(slots=True)
class Literal:
    """A number with its unit, if it has one; `negative` counts the minus signs before it."""

    number: Sign
    unit: Sign | None

    @property
    def column(self) -> int:
        return self.number.column


@dataclass(slots=True)
class Word:
    """A text."""

    sign: Sign

    @property
    def column(self) -> int:
        return self.sign.column


@dataclass(slots=True)
class Name:
    """An attribute, in backquotes or bare."""

    sign: Sign

    @property
    def column(self) -> int:
        return self.sign.column


@dataclass(slots=True)
class Call:
    """A statistic of an attribute."""

    function: Sign
    attribute: Name
    duration: Literal | None

    @property
    def column(self) -> int:
        return self.function.column


@dataclass(slots=True)
class Negative:
    """A unary minus."""

    column: int
    part: Sum


@dataclass(slots=True)
class Series:
    """Operands joined from left to right by `+ -` (`product` False) or `* /`."""

    product: bool
    first: Sum
    rest: list[tuple[str, Sum]]
    shape: Shape | None = None
    """Its dimension, once that has been found."""

    @property
    def column(self) -> int:
        return self.first.column


Sum = Literal | Word | Name | Call | Negative | Series


@dataclass(slots=True)
class Comparison:
    """Two sides and the operator's type: EQ NE LT LE GT GE."""

    left: Sum
    operator: str
    right: Sum


@dataclass(slots=True)
class Membership:
    """A side and the texts beside it: LIKE UNLIKE (one glob), IN or NOT_IN (one or more)."""

    left: Sum
    operator: str
    words: list[Word]


@dataclass(slots=True)
class Negation:
    """`not` before a condition."""

    part: Tree


@dataclass(slots=True)
class Junction:
    """Conditions joined by AND or OR."""

    operator: str
    parts: list[Tree]


Tree = Comparison | Membership | Negation | Junction


@dataclass(slots=True)
class ConstraintLine:
    condition: Tree
    duration: Literal | None


@dataclass(slots=True)
class PreferenceLine:
    largest_first: bool
    value: Sum


@dataclass(slots=True)
class HeaderLine:
    name: Sign


@dataclass(slots=True)
class EdgeLine:
    source: Sign
    target: Sign
    duration: Literal | None


Statement = ConstraintLine | PreferenceLine | HeaderLine | EdgeLine
