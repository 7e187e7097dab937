"""The simple bounds that a contract puts on attributes, for who draws them; and the attributes that it speaks of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zeligui.contract.attributes import canonical, kind
from zeligui.contract.conditions import (
    Attribute,
    Chain,
    Compare,
    Condition,
    Constant,
    FirstKnown,
    Not,
    Number,
    Statistic,
)
from zeligui.contract.model import Contract, Profile
from zeligui.contract.parts import Operand, Part, operands, taken_apart

_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FAILING = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}

_Compared = tuple[str, str, float]
"""An attribute, an operator and what stands to its right."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A value, in the attribute's own unit, that a profile wants it to be (`=`), or to be above or below.

    `text` is the constraint as written, or the part of it that says so.
    """

    profile: str
    operator: str
    value: float
    text: str


def bounds(of: Profile | Contract) -> Mapping[str, tuple[Bound, ...]]:
    """Per attribute, by the language's spelling, the bounds that must hold: in the order written, also within `and`.

    What compares an attribute with a constant is a bound, on whichever side it stands and with whatever it is
    multiplied or added to: `2000 < cpuSpeed * 2` is one of 1000. Of `or`, statistics and `!=` there is none.
    """
    found: dict[str, tuple[str, list[Bound]]] = {}
    for profile in _profiles(of):
        for constraint in profile.constraints:
            for (name, operator, value), text in _required(taken_apart(constraint), truth=True):
                _, each = found.setdefault(name.casefold(), (name, []))
                each.append(Bound(profile.name, operator, value, text))
    return {name: tuple(each) for name, each in found.values()}


def constrained(of: Profile | Contract) -> tuple[str, ...]:
    """The numeric attributes that constraints and preferences speak of, in order, by the language's spelling."""
    found: dict[str, str] = {}
    for profile in _profiles(of):
        sides = [*(each.condition for each in profile.constraints), *(each.value for each in profile.preferences)]
        for operand in (operand for side in sides for operand in operands(side)):
            name = _numeric(operand)
            if name is not None:
                found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _profiles(of: Profile | Contract) -> tuple[Profile, ...]:
    return of.profiles if isinstance(of, Contract) else (of,)


def _numeric(operand: Operand) -> str | None:
    """The attribute of an operand that reads it as a number."""
    if isinstance(operand, Attribute):
        return operand.name
    if isinstance(operand, Statistic):
        known = kind(operand.attribute)
        numeric = not known.text if known else operand.function != "age"
        return operand.attribute if numeric else None
    return None


def _required(part: Part, *, truth: bool) -> Iterator[tuple[_Compared, str]]:
    """What must hold for a part to be true (or, with `truth` False, false), each with its text."""
    if part.operator == "not":
        yield from _required(part.parts[0], truth=not truth)
    elif part.operator == ("and" if truth else "or"):
        for each in part.parts:
            yield from _required(each, truth=truth)
    elif not part.parts:
        compared = _compared(part.condition, truth)
        if compared:
            yield compared, part.text


def _compared(condition: Condition, truth: bool) -> _Compared | None:
    """What a comparison says of one attribute; None where it has none, or another one beside it."""
    if isinstance(condition, Not):
        return _compared(condition.part, not truth)
    if isinstance(condition, FirstKnown):
        condition = condition.numbers
    if not isinstance(condition, Compare):
        return None
    operator = condition.operator if truth else _FAILING.get(condition.operator)
    line = _difference(condition)
    if operator is None or line is None or line.attribute is None or not line.slope:
        return None
    value = 0.0 - line.offset / line.slope
    name = canonical(line.attribute) or line.attribute
    return (name, operator if line.slope > 0 else _TURNED[operator], value) if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class _Line:
    """A number that is `slope` times one attribute plus `offset`; without an attribute, the offset alone."""

    attribute: str | None
    slope: float
    offset: float

    def plus(self, other: _Line, sign: float) -> _Line | None:
        if self.attribute and other.attribute and self.attribute != other.attribute:
            return None
        slope, offset = self.slope + sign * other.slope, self.offset + sign * other.offset
        return _Line(self.attribute or other.attribute, slope, offset)

    def times(self, other: _Line) -> _Line | None:
        if self.attribute and other.attribute:
            return None
        one, by = (other, self.offset) if other.attribute else (self, other.offset)
        return _Line(one.attribute, one.slope * by, one.offset * by)

    def over(self, other: _Line) -> _Line | None:
        if other.attribute or not other.offset:
            return None
        return _Line(self.attribute, self.slope / other.offset, self.offset / other.offset)


def _difference(comparison: Compare) -> _Line | None:
    """The left side without the right one."""
    left, right = _line(comparison.left), _line(comparison.right)
    return left.plus(right, -1.0) if left and right else None


def _line(number: Number) -> _Line | None:
    """A number as a line over one attribute, None where it is none."""
    match number:
        case Constant(value):
            return _Line(None, 0.0, value)
        case Attribute(name):
            return _Line(name, 1.0, 0.0)
        case Chain(first, rest):
            total = _line(first)
            for sign, operand in rest:
                other = _line(operand)
                total = _joined(total, sign, other) if total and other else None
            return total
        case _:
            return None


def _joined(line: _Line, sign: str, other: _Line) -> _Line | None:
    match sign:
        case "*":
            return line.times(other)
        case "/":
            return line.over(other)
        case _:
            return line.plus(other, 1.0 if sign == "+" else -1.0)
