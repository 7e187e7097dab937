"""Dimensions of sums and products, and numbers brought into the unit of their comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from zeligui.contract import conditions as made
from zeligui.contract.attributes import canonical, factor, kind
from zeligui.contract.lexing import Sign, shown
from zeligui.contract.syntax import Call, Literal, Name, Negative, Series, Sum, Word
from zeligui.units import UNITS, Dimension

Powers = tuple[int, ...]
"""The exponents of the dimensions other than the plain number, in the order of `_BASES`."""

_BASES = (Dimension.MEMORY, Dimension.FREQUENCY, Dimension.RATE, Dimension.TIME)
_NAMES = ("memory", "frequency", "rate", "time")
PLAIN: Powers = (0, 0, 0, 0)
_LONGEST = 100
"""Signs of a number that are read exactly; a longer one is rounded to a float first."""


class MismatchError(Exception):
    """Two quantities that cannot be compared or added; the second is at fault."""

    def __init__(self, second: Shape, first: Shape) -> None:
        found, expected = _described(second.powers), _described(first.powers)
        super().__init__(f"{shown(second.text)} is {found}; expected {expected}, as {shown(first.text)} is")
        self.column = second.column


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a number before its unit is chosen.

    `powers` None: any, of an attribute that no one knows. `bare`: a number without unit decides it, so it takes the
    dimension of what stands beside it. `column` and `text` are the first attribute or unit.
    """

    powers: Powers | None
    bare: bool
    column: int
    text: str


@cache
def powers(dimension: Dimension) -> Powers:
    return tuple(int(base is dimension) for base in _BASES)


def leaves(part: Sum) -> Iterator[Literal | Word | Name | Call]:
    """The operands of a sum, in the order written."""
    if isinstance(part, Series):
        yield from leaves(part.first)
        for _, operand in part.rest:
            yield from leaves(operand)
    elif isinstance(part, Negative):
        yield from leaves(part.part)
    else:
        yield part


def shape(part: Sum) -> Shape:
    """The dimension of a sum of numbers. MismatchError: two of its terms are of different dimensions."""
    match part:
        case Series():
            if part.shape is None:
                part.shape = _product_shape(part) if part.product else _sum_shape(part)
            return part.shape
        case Negative(_, inner):
            return shape(inner)
        case _:
            return _operand_shape(part)


def _operand_shape(part: Literal | Name | Call | Word) -> Shape:
    match part:
        case Literal(number, None):
            return Shape(PLAIN, True, number.column, number.text)
        case Literal(_, Sign() as unit):
            known = powers(UNITS[unit.value][0]) if unit.value else None
            return Shape(known, False, unit.column, unit.text)
        case Name(sign) | Call(sign):
            return Shape(_own(part)[0], False, sign.column, sign.text)
        case _:
            return Shape(None, False, part.column, "")


def joined(first: Shape, second: Shape) -> Shape:
    """The dimension of two numbers that are added or compared."""
    if first.bare or first.powers is None:
        return second if second.powers is not None and not second.bare else first
    if second.bare or second.powers is None or second.powers == first.powers:
        return first
    raise MismatchError(second, first)


def _sum_shape(part: Series) -> Shape:
    total = shape(part.first)
    for _, term in part.rest:
        total = joined(total, shape(term))
    return total


def _product_shape(part: Series) -> Shape:
    total = shape(part.first)
    bare, multiplied = total.bare, total.powers
    bearing = [] if total.bare else [total]
    for sign, operand in part.rest:
        here = shape(operand)
        bare = bare or (here.bare and sign == "*")
        bearing += [] if here.bare else [here]
        if multiplied is not None:
            way = 1 if sign == "*" else -1
            multiplied = here.powers and tuple(a + way * b for a, b in zip(multiplied, here.powers, strict=True))
    at = bearing[0] if bearing else total
    plain = all(operand.powers == PLAIN for operand in bearing)
    return replace(at, powers=multiplied, bare=bare and plain)


def _own(part: Name | Call) -> tuple[Powers | None, Fraction]:
    """The dimension of an attribute (or of what a function makes of it) and its own unit."""
    if isinstance(part, Call) and part.function.value == "age":
        return powers(Dimension.TIME), Fraction(1)
    name = part.attribute.sign.value if isinstance(part, Call) else part.sign.value
    known = kind(name)
    if known is None or known.dimension is None:
        return None, Fraction(1)
    return powers(known.dimension), known.scale


class Units:
    """The units of one comparison: the own unit of its first attribute, and of the first of each other dimension."""

    def __init__(self, *sides: Sum) -> None:
        self.first: dict[Powers, Fraction] = {}
        self._natural: dict[int, Fraction] = {}
        for side in sides:
            for leaf in leaves(side):
                if isinstance(leaf, Name | Call):
                    dimension, scale = _own(leaf)
                    if dimension is not None:
                        self.first.setdefault(dimension, scale)

    def of(self, *sides: Sum) -> Fraction:
        """The unit in which these sides, which are of one dimension, are compared or added."""
        for side in sides:
            here = shape(side)
            if here.powers is not None and not here.bare:
                return self.first.get(here.powers) or self.natural(side)
        return Fraction(1)

    def natural(self, part: Sum) -> Fraction:
        """The unit in which a side comes out where nothing is converted."""
        # By identity: the sides outlive this, and a deep one is asked for at each of its levels.
        if id(part) not in self._natural:
            self._natural[id(part)] = self._comes_out(part)
        return self._natural[id(part)]

    def _comes_out(self, part: Sum) -> Fraction:
        match part:
            case Name() | Call():
                return _own(part)[1]
            case Negative(_, inner):
                return self.natural(inner)
            case Series(True, first, rest):
                unit = self.natural(first)
                for sign, operand in rest:
                    unit = unit * self.natural(operand) if sign == "*" else unit / self.natural(operand)
                return unit
            case Series(False, first, rest):
                return self.of(first, *(term for _, term in rest))
            case _:
                return Fraction(1)

    def number(self, part: Sum, unit: Fraction) -> made.Number:
        """`part` in `unit`; a bare number already is."""
        match part:
            case Literal():
                return made.Constant(rounded(exact(part) / unit if part.unit else exact(part)))
            case Name() | Call():
                return _scaled(_column(part), _own(part)[1] / unit)
            case Negative(_, inner):
                return _negative(self.number(inner, unit))
            case Series(False, first, rest):
                return made.Chain(
                    self.number(first, unit), tuple((sign, self.number(term, unit)) for sign, term in rest)
                )
            case Series(True, first, rest):
                chain = made.Chain(self._factor(first), tuple((sign, self._factor(operand)) for sign, operand in rest))
                return chain if shape(part).bare else _scaled(chain, self.natural(part) / unit)
            case _:
                raise TypeError(f"a text is no number: {part}")

    def _factor(self, part: Sum) -> made.Number:
        return self.number(part, self.natural(part))


def exact(literal: Literal) -> Fraction:
    """A literal as an exact number in its dimension's own unit (without unit: as written)."""
    text = literal.number.value
    if not math.isfinite(float(text)):
        return Fraction(0)  # which is an error already
    short = len(text) <= _LONGEST and float(text) != 0
    number = Fraction(text) if short else Fraction(float(text))
    return number * factor(literal.unit.value) if literal.unit and literal.unit.value else number


def rounded(number: Fraction) -> float:
    """The nearest float; NaN, which is unknown, for what is too large."""
    try:
        return float(number)
    except OverflowError:
        return float("nan")


def _column(part: Name | Call) -> made.Number:
    if isinstance(part, Name):
        return made.Attribute(canonical(part.sign.value) or part.sign.value)
    seconds = rounded(exact(part.duration)) if part.duration else None
    name = part.attribute.sign.value
    return made.Statistic(part.function.value, canonical(name) or name, seconds)


def _scaled(number: made.Number, by: Fraction) -> made.Number:
    if by == 1:
        return number
    if by.denominator == 1:
        return made.Chain(number, (("*", made.Constant(rounded(by))),))
    return made.Chain(number, (("/", made.Constant(rounded(1 / by))),))


def _negative(number: made.Number) -> made.Number:
    if isinstance(number, made.Constant):
        return made.Constant(-number.value)
    return made.Chain(made.Constant(-1.0), (("*", number),))


def _described(dimension: Powers | None) -> str:
    if dimension == PLAIN or dimension is None:
        return "a plain number"
    parts = [name if power == 1 else f"{name}^{power}" for name, power in zip(_NAMES, dimension, strict=True) if power]
    units = [unit for unit, (of, _) in UNITS.items() if powers(of) == dimension]
    return "a quantity of " + " x ".join(parts) + (f" ({' '.join(units)})" if units else "")
