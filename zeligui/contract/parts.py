"""A constraint taken apart, for who explains or draws it: its comparisons as written, each with its unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from zeligui.contract.attributes import Suggestions, factor
from zeligui.contract.conditions import (
    And,
    Attribute,
    Chain,
    Compare,
    Condition,
    FirstKnown,
    Like,
    Not,
    OneOf,
    Or,
    Same,
    Side,
    Statistic,
    TextAttribute,
)
from zeligui.contract.grammar import parse
from zeligui.contract.lexing import Line, Sign
from zeligui.contract.model import Constraint
from zeligui.contract.quantities import Units, joined, powers, shape
from zeligui.contract.syntax import Comparison, ConstraintLine, Junction, Negation, Tree
from zeligui.units import UNITS, Dimension

Operand = Attribute | Statistic | TextAttribute

_NEGATED = {"=": "!=", "~": "!~", "in": "not in"}


@dataclass(frozen=True, slots=True)
class Part:
    """A condition of a constraint, or one within it.

    `text` is what is written, of the whole constraint with its `for`. `operator` is `and`, `or` or `not`, each with
    `parts`, or that of a single comparison: `= != < <= > >= ~ !~ in`, or `not in`. `unit` is the one in which the
    comparison's numbers are: the own unit of its attribute, "" where that is a plain number, a text or a product of
    units.
    """

    text: str
    operator: str
    condition: Condition
    unit: str = ""
    parts: tuple[Part, ...] = ()


@lru_cache(maxsize=256)
def taken_apart(constraint: Constraint) -> Part:
    """The parts of a constraint that was read without error. ValueError: its text is not that of a constraint."""
    parsed = parse(constraint.text, Line.STATEMENT, Suggestions())
    if not isinstance(parsed.statement, ConstraintLine):
        raise ValueError(f"{constraint.text!r} is no constraint")
    signs = parsed.line.signs
    end = next((place for place, sign in enumerate(signs) if sign.type == "_FOR"), len(signs))
    whole = _part(parsed.statement.condition, constraint.condition, signs[:end], constraint.text)
    return Part(constraint.text, whole.operator, whole.condition, whole.unit, whole.parts)


def operands(of: Condition | Side) -> Iterator[Operand]:
    """The attributes and statistics that a condition or a side of it reads, in the order written."""
    match of:
        case Attribute() | Statistic() | TextAttribute():
            yield of
        case Chain(first, rest):
            yield from operands(first)
            for _, operand in rest:
                yield from operands(operand)
        case Compare(left=left, right=right) | Same(left, right) | FirstKnown(left, right):
            yield from operands(left)
            yield from operands(right)
        case Like(side) | OneOf(side) | Not(side):
            yield from operands(side)
        case And(parts) | Or(parts):
            for part in parts:
                yield from operands(part)
        case _:
            return


def _part(tree: Tree, condition: Condition, signs: Sequence[Sign], source: str) -> Part:
    """What the tree, the checked condition and the signs say of the same piece of the source."""
    signs = _without_parentheses(signs)
    text = source[signs[0].column - 1 : signs[-1].end - 1]
    match tree, condition:
        case Negation(inner), Not(part):
            return Part(text, "not", condition, parts=(_part(inner, part, signs[1:], source),))
        case Junction(operator, trees), And(conditions) | Or(conditions):
            pieces = _split(signs, operator)
            each = zip(trees, conditions, pieces, strict=True)
            return Part(text, operator.lower(), condition, parts=tuple(_part(*one, source) for one in each))
        case _:
            return Part(text, _operator(condition), condition, _unit(tree))


def _without_parentheses(signs: Sequence[Sign]) -> Sequence[Sign]:
    """The signs within the parentheses around all of them."""
    while signs[0].type == "_LPAR" and _closing(signs) == len(signs) - 1:
        signs = signs[1:-1]
    return signs


def _closing(signs: Sequence[Sign]) -> int:
    """Where the parenthesis that is opened first is closed."""
    return next(place for place, depth in enumerate(_depths(signs)) if depth == 0)


def _split(signs: Sequence[Sign], operator: str) -> list[Sequence[Sign]]:
    """The signs between those of a type that stand outside of all parentheses."""
    outside = zip(signs, _depths(signs), strict=True)
    cuts = [place for place, (sign, depth) in enumerate(outside) if sign.type == operator and depth == 0]
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(signs)]
    return [signs[start:end] for start, end in zip(starts, ends, strict=True)]


def _depths(signs: Sequence[Sign]) -> Iterator[int]:
    """How many parentheses are open after each sign."""
    depth = 0
    for sign in signs:
        depth += (sign.type == "_LPAR") - (sign.type == "_RPAR")
        yield depth


def _operator(comparison: Condition) -> str:
    match comparison:
        case Not(part):
            return _NEGATED[_operator(part)]
        case Compare(operator):
            return operator
        case Like():
            return "~"
        case OneOf():
            return "in"
        case _:
            return "="


def _unit(tree: Tree) -> str:
    """The unit in which a comparison's numbers are."""
    if not isinstance(tree, Comparison):
        return ""
    sides = (tree.left, tree.right)
    total = joined(*map(shape, sides))
    scale = Units(*sides).of(*sides)
    named = (unit for unit, (of, _) in UNITS.items() if of is not Dimension.PLAIN and powers(of) == total.powers)
    return next((unit for unit in named if factor(unit) == scale), "")
