"""From the tree of a line to a checked condition: texts beside texts, quantities beside their like."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum, auto

from zeligui.contract import conditions as made
from zeligui.contract.attributes import ATTRIBUTES, Suggestions, canonical, kind, native
from zeligui.contract.lexing import TIME_UNITS, shown
from zeligui.contract.quantities import MismatchError, Units, exact, joined, leaves, rounded, shape
from zeligui.contract.syntax import (
    Call,
    Comparison,
    ConstraintLine,
    Junction,
    Literal,
    Membership,
    Name,
    Negation,
    Negative,
    PreferenceLine,
    Series,
    Sum,
    Tree,
    Word,
)
from zeligui.units import UNITS, Dimension

_OPERATORS = {"LT": "<", "LE": "<=", "GT": ">", "GE": ">="}


class Of(Enum):
    """What one side of an equality is; OPEN: an attribute that may be either."""

    TEXT = auto()
    NUMBER = auto()
    OPEN = auto()


class Known:
    """The attributes that the language or a host knows."""

    def __init__(self, published: Collection[str] = ()) -> None:
        self._published = {name.casefold(): name for name in published}
        self._names = tuple(dict.fromkeys([*ATTRIBUTES, *published]))
        self.suggestions = Suggestions()

    def spelling(self, name: str) -> str:
        """How the language, else a host, spells the attribute."""
        return canonical(name) or self._published.get(name.casefold(), name)

    def unknown(self, name: Name) -> bool:
        written = name.sign.value
        if canonical(written) or written.casefold() in self._published:
            return False
        return not (name.sign.type == "BACKQUOTED" and native(written))

    def nearest(self, name: str) -> str | None:
        return self.suggestions.nearest(name, self._names, cutoff=0.5)


class Checker:
    """Checks one line. What it finds stands in `errors` and `warnings` as (column, message)."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.errors: list[tuple[int, str]] = []
        self.warnings: list[tuple[int, str]] = []
        self.attributes: set[str] = set()

    def condition(self, tree: Tree) -> made.Condition | None:
        """The checked condition, None where it has an error; all of its parts are checked in any case."""
        match tree:
            case Negation(part):
                inner = self.condition(part)
                return inner and made.Not(inner)
            case Junction(operator, parts):
                checked = [self.condition(part) for part in parts]
                fine = tuple(part for part in checked if part)
                return (made.And if operator == "AND" else made.Or)(fine) if len(fine) == len(parts) else None
            case Membership():
                return self._membership(tree)
            case Comparison():
                return self._comparison(tree)

    def value(self, side: Sum) -> made.Number | None:
        """What a preference ranks by."""
        self._survey(leaves(side))
        text = self._first_text(side)
        if text:
            self._text_error(text, "a preference ranks by a number")
            return None
        sides = self._numbers(side)
        return sides[0] if sides else None

    def left(self, tree: Tree) -> made.Side | None:
        """The left side of a single comparison that has no error, for who explains it; None where it is compound."""
        if not isinstance(tree, Comparison | Membership):
            return None
        side = tree.left
        if isinstance(side, Series | Negative):
            return None
        if isinstance(tree, Membership) or (tree.operator in {"EQ", "NE"} and self._kind(side) is not Of.NUMBER):
            return self._writing(side)
        units = Units(side, tree.right)
        return units.number(side, units.of(side, tree.right))

    def duration(self, duration: Literal | None) -> float | None:
        """A duration in seconds; None where there is none or its unit is none of time."""
        unit = duration and duration.unit
        if not duration or not unit or not unit.value:
            return None
        if UNITS[unit.value][0] is not Dimension.TIME:
            self.errors.append(
                (unit.column, f"{shown(unit.text)} is no unit of time; expected one of {' '.join(TIME_UNITS)}")
            )
            return None
        return rounded(exact(duration))

    def piece(self, piece: object) -> None:
        """Check what was understood of a line with a syntax error."""
        if isinstance(piece, ConstraintLine):
            self.condition(piece.condition)
            self.duration(piece.duration)
        elif isinstance(piece, PreferenceLine):
            self.value(piece.value)
        elif isinstance(piece, Comparison | Membership | Negation | Junction):
            self.condition(piece)
        elif isinstance(piece, Series | Call | Negative | Name):
            self._survey(leaves(piece))
            text = self._first_text(piece) if isinstance(piece, Series) else None
            if text:
                self._text_error(text, "arithmetic is done with numbers")
            else:
                self._numbers(piece)

    def _membership(self, node: Membership) -> made.Condition | None:
        self._survey(leaves(node.left))
        arithmetic = self._first_text(node.left) if isinstance(node.left, Series | Negative) else None
        if arithmetic:
            self._text_error(arithmetic, "arithmetic is done with numbers")
            return None
        if self._kind(node.left) is Of.NUMBER:
            self._text_error(node.words[0], "a number stands on the left")
            return None
        left = self._writing(node.left)
        texts = tuple(word.sign.value for word in node.words)
        like = node.operator in {"LIKE", "UNLIKE"}
        found: made.Condition = made.Like(left, texts[0]) if like else made.OneOf(left, texts)
        return made.Not(found) if node.operator in {"UNLIKE", "NOT_IN"} else found

    def _comparison(self, node: Comparison) -> made.Condition | None:
        self._survey([*leaves(node.left), *leaves(node.right)])
        equality = node.operator in {"EQ", "NE"}
        for side in (node.left, node.right):
            arithmetic = isinstance(side, Series | Negative)
            text = self._first_text(side) if arithmetic or not equality or isinstance(side, Call) else None
            if text:
                self._text_error(
                    text, "arithmetic is done with numbers" if arithmetic else "it is compared with = != ~ !~ in"
                )
                return None
        if not equality:
            return self._ordering(node)
        same = self._equality(node.left, node.right)
        return same and (made.Not(same) if node.operator == "NE" else same)

    def _ordering(self, node: Comparison) -> made.Compare | None:
        sides = self._numbers(node.left, node.right)
        return made.Compare(_OPERATORS[node.operator], *sides) if sides else None

    def _equality(self, left: Sum, right: Sum) -> made.Condition | None:
        kinds = {self._kind(left), self._kind(right)}
        written = _number_as_text(left), _number_as_text(right)
        if kinds <= {Of.TEXT, Of.OPEN} and Of.TEXT in kinds:
            return made.Same(self._writing(left), self._writing(right))
        if Of.TEXT in kinds:
            return self._text_beside_number(left, right)
        sides = self._numbers(left, right)
        numbers = made.Compare("=", *sides) if sides else None
        if numbers and Of.OPEN in kinds and (kinds == {Of.OPEN} or any(written)):
            return made.FirstKnown(numbers, made.Same(self._writing(left), self._writing(right)))
        return numbers

    def _text_beside_number(self, left: Sum, right: Sum) -> made.Condition | None:
        """A number without unit beside a text attribute is read as the text written; all else is an error."""
        text, number = (left, right) if self._kind(left) is Of.TEXT else (right, left)
        literal = number.part if isinstance(number, Negative) else number
        if isinstance(text, Name) and _number_as_text(number):
            return made.Same(self._writing(left), self._writing(right))
        if isinstance(text, Name) and isinstance(literal, Literal) and literal.unit and number is right:
            if literal.unit.value:
                message = f"{shown(literal.unit.text)} is a unit and {shown(text.sign.text)} a text; expected a text"
                self.errors.append((literal.unit.column, message))
        elif text is right and isinstance(text, Word | Name):
            self._text_error(text, "a number stands on the left")
        else:
            at = next(leaves(right))
            what = at.number.text if isinstance(at, Literal) else shape(at).text
            self.errors.append((shape(right).column, f"{shown(what)} is a number beside a text; expected a text"))
        return None

    def _numbers(self, *sides: Sum) -> tuple[made.Number, ...] | None:
        """The sides in one unit, None where their dimensions differ."""
        try:
            total = shape(sides[0])
            for side in sides[1:]:
                total = joined(total, shape(side))
            units = Units(*sides)
            unit = units.of(*sides)
            return tuple(units.number(side, unit) for side in sides)
        except MismatchError as mismatch:
            self.errors.append((mismatch.column, str(mismatch)))
            return None

    def _kind(self, side: Sum) -> Of:
        if isinstance(side, Word):
            return Of.TEXT
        if not isinstance(side, Name):
            return Of.NUMBER
        known = kind(side.sign.value)
        return Of.OPEN if known is None else Of.TEXT if known.text else Of.NUMBER

    def _writing(self, side: Sum) -> made.Writing:
        if isinstance(side, Word):
            return made.Text(side.sign.value)
        if isinstance(side, Name):
            return made.TextAttribute(self.known.spelling(side.sign.value))
        return made.Text(_number_as_text(side))

    def _first_text(self, side: Sum) -> Word | Name | None:
        """The first operand that is a text where a number must stand."""
        for leaf in leaves(side):
            if isinstance(leaf, Call):
                if leaf.function.value != "age" and self._kind(leaf.attribute) is Of.TEXT:
                    return leaf.attribute
            elif isinstance(leaf, Word | Name) and self._kind(leaf) is Of.TEXT:
                return leaf
        return None

    def _text_error(self, text: Word | Name, why: str) -> None:
        written = text.sign.text or text.sign.value
        hint = ""
        if isinstance(text, Word) and not written.startswith('"') and (canonical(written) or kind(written)):
            hint = f"; the attribute is written `{written}` here"
        self.errors.append((text.column, f"{shown(written)} is a text, and {why}; expected a number{hint}"))

    def _survey(self, found: Iterable[Literal | Word | Name | Call]) -> None:
        """Note the attributes of one comparison, warn of those that no one knows, and read durations."""
        parts = list(found)
        unit = next((part.unit for part in parts if isinstance(part, Literal) and part.unit and part.unit.value), None)
        for part in parts:
            if isinstance(part, Call):
                self._call(part)
            name = part.attribute if isinstance(part, Call) else part
            if isinstance(name, Name):
                self.attributes.add(self.known.spelling(name.sign.value))
                if self.known.unknown(name):
                    valued = not (isinstance(part, Call) and part.function.value == "age")
                    self._warn(name, UNITS[unit.value][0].value if unit and valued else None)

    def _call(self, call: Call) -> None:
        self.duration(call.duration)
        if call.duration and call.function.value == "age":
            self.warnings.append(
                (call.duration.column, "'age' is of the newest value and takes no duration; it is ignored")
            )

    def _warn(self, name: Name, unit: str | None) -> None:
        near = self.known.nearest(name.sign.value)
        hint = f"; did you mean {near!r}?" if near else ""
        taken = f"; its values are taken as {unit}" if unit and unit != "1" else ""
        message = f"{shown(name.sign.value)} is an attribute that no one knows{taken}{hint}"
        self.warnings.append((name.column, message))


def _number_as_text(side: Sum) -> str:
    """A number without unit as it is written, empty for all else."""
    if isinstance(side, Negative):
        return "-" + _number_as_text(side.part) if isinstance(side.part, Literal) and not side.part.unit else ""
    return side.number.value if isinstance(side, Literal) and not side.unit else ""
