"""One line of a contract into the words and signs that the grammar knows, each with its column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from zeligui.contract.attributes import Suggestions, factor
from zeligui.units import UNITS, Dimension

FUNCTIONS = ("avg", "min", "max", "median", "stddev", "forecast", "age")
KEYWORDS = ("not", "and", "or", "in", "for", "maximize", "minimize", "after", "hold")
NESTING = 64
"""How many parentheses and `not` may be open at once."""

_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SIGNS = {
    "->": "ARROW", "==": "EQ", "!=": "NE", "<=": "LE", ">=": "GE", "!~": "UNLIKE",
    "=": "EQ", "<": "LT", ">": "GT", "~": "LIKE", "+": "PLUS", "-": "MINUS", "*": "STAR", "/": "SLASH",
    "(": "_LPAR", ")": "_RPAR", "[": "_LSQB", "]": "_RSQB", ",": "_COMMA",
}  # fmt: skip
_CONNECTING = {"for": "_FOR", "after": "_AFTER"}
_UNITS_BY_FOLDED = {unit.casefold(): unit for unit in UNITS}
TIME_UNITS = tuple(unit for unit, (dimension, _) in UNITS.items() if dimension is Dimension.TIME)
_OPERAND_ENDS = frozenset({"TEXT", "NUMBER", "UNIT", "NAME", "BACKQUOTED", "_RPAR"})
_GLOB_START, _TEXT_MORE, _GLOB_MORE = "*?[]", "_.:@-", "_.:@-*?[]"


class Line(Enum):
    """What kind of line is read: which words are keywords there."""

    HEADER = auto()
    STATEMENT = auto()
    EDGE = auto()


class Right(Enum):
    """What an unquoted word is: an attribute, a text, or a text with the signs of a glob."""

    VALUE = auto()
    TEXT = auto()
    GLOB = auto()


@dataclass(slots=True)
class Sign:
    """A terminal of the grammar. `type` WRONG is what no rule accepts; `value` of a UNIT not known is empty."""

    type: str
    value: str
    column: int
    end: int
    text: str = ""


@dataclass(slots=True)
class Flaw:
    """An error within a sign that could stand where it does; it counts only if the parser came to it."""

    column: int
    message: str
    doubtful: bool = False
    """Whether the next syntax error may only follow from this one."""


@dataclass(slots=True)
class Lexed:
    """A line's signs, its flaws by the index of their sign, and its text without the comment."""

    signs: list[Sign] = field(default_factory=list)
    flaws: dict[int, Flaw] = field(default_factory=dict)
    text: str = ""
    end: int = 1
    """The column after the last sign."""


def lex(source: str, kind: Line, suggestions: Suggestions) -> Lexed:
    """Split one line (without its line end). Nothing is raised: what cannot be a sign has the type WRONG."""
    lexer = _Lexer(source, kind, suggestions)
    lexer.run()
    return lexer.lexed


def name_end(source: str, start: int) -> int:
    """Where the NAME that begins at `start` ends; `start` where none begins there."""
    end = start
    while end < len(source) and (
        source[end].isalpha() or source[end] == "_" or (end > start and source[end] in "0123456789")
    ):
        end += 1
    return end


class _Lexer:
    def __init__(self, source: str, kind: Line, suggestions: Suggestions) -> None:
        self.source, self.kind, self.suggestions = source, kind, suggestions
        self.lexed = Lexed()
        self.at = 0
        self.right = Right.VALUE
        self.depth = 0
        self.listed = False
        """Whether an `in (...)` is open: its words are texts up to its parenthesis."""

    def run(self) -> None:
        source = self.source
        while self.at < len(source) and source[self.at] not in "#;":
            if source[self.at] in " \t":
                self.at += 1
            else:
                self.sign()
        self.lexed.text = source[: self.at].strip(" \t")
        if self.lexed.signs:
            self.lexed.end = self.lexed.signs[-1].end

    def sign(self) -> None:
        first = self.source[self.at]
        if first == '"':
            self.quoted("TEXT", "a text")
        elif first == "`":
            self.quoted("BACKQUOTED", "a name in backquotes")
        elif self.texts() and (first.isalpha() or (self.right is Right.GLOB and first in _GLOB_START + "0123456789")):
            self.text()
        elif self.texts() and first == "_":
            end = name_end(self.source, self.at)
            word = shown(self.source[self.at : end])
            self.add("WRONG", f"{word} is no unquoted text, which begins with a letter", end)
        elif number := _NUMBER.match(self.source, self.at):
            self.number(number[0])
        elif first == "%" and self.after_number():
            self.add("UNIT", "%", self.at + 1)
            self.unit_flaws()
        elif first.isalpha() or first == "_":
            self.word()
        else:
            self.operator()

    def texts(self) -> bool:
        """Whether a word here is a text: to the right of a sign that takes one, where an operand may begin."""
        if self.right is Right.VALUE or self.lexed.signs[-1].type in _OPERAND_ENDS:
            return False
        called = len(self.lexed.signs) > 1 and self.lexed.signs[-2].type == "FUNCTION"
        return not (called and self.lexed.signs[-1].type == "_LPAR")

    def after_number(self) -> bool:
        return bool(self.lexed.signs) and self.lexed.signs[-1].type == "NUMBER"

    def add(self, of: str, value: str, end: int) -> None:
        self.lexed.signs.append(Sign(of, value, self.at + 1, end + 1, self.source[self.at : end]))
        self.at = end

    def flaw(self, message: str, *, doubtful: bool = False) -> None:
        """An error in the sign added last."""
        sign = self.lexed.signs[-1]
        self.lexed.flaws[len(self.lexed.signs) - 1] = Flaw(sign.column, message, doubtful)

    def quoted(self, of: str, what: str) -> None:
        mark = self.source[self.at]
        end = self.source.find(mark, self.at + 1)
        if end < 0 or (of == "BACKQUOTED" and end == self.at + 1):
            written = shown(self.source[self.at :])
            why = f"{written} is {what} without its closing {mark}" if end < 0 else "'``' is no name"
            self.add("WRONG", why, len(self.source) if end < 0 else end + 1)
            return
        self.add(of, self.source[self.at + 1 : end], end + 1)
        self.one_glob()

    def one_glob(self) -> None:
        if self.right is Right.GLOB:
            self.right = Right.VALUE

    def text(self) -> None:
        """An unquoted text, unless it is a keyword or a call."""
        name = name_end(self.source, self.at)
        if self.source[self.at : name] in KEYWORDS and not self.goes_on(name):
            self.keyword(self.source[self.at : name])
        elif self.right is not Right.GLOB and self.calls(name):
            self.word()
        else:
            end = self.at + 1
            while end < len(self.source) and self.goes_on(end):
                end += 1
            self.add("TEXT", self.source[self.at : end], end)
            self.lexed.signs[-1].text = ""
            self.one_glob()

    def goes_on(self, at: int) -> bool:
        more = _GLOB_MORE if self.right is Right.GLOB else _TEXT_MORE
        sign = self.source[at : at + 1]
        return bool(sign) and (sign.isalpha() or sign in "0123456789" or sign in more)

    def calls(self, name: int) -> bool:
        """Whether the word that ends at `name` is called: a parenthesis follows (after blanks, for known functions)."""
        word = self.source[self.at : name]
        if self.source[name : name + 1] == "(":
            return True
        return word.casefold() in FUNCTIONS and self.source[name:].lstrip(" \t")[:1] == "("

    def number(self, literal: str) -> None:
        self.add("NUMBER", literal, self.at + len(literal))
        if not math.isfinite(float(literal)):
            self.flaw(f"{shown(literal)} is too large for a number")

    def word(self) -> None:
        end = name_end(self.source, self.at)
        word = self.source[self.at : end]
        if self.kind is Line.HEADER:
            self.add("NAME", word, end)
        elif self.kind is Line.EDGE:
            self.edge_word(word, end)
        elif self.after_number() and word.casefold() not in KEYWORDS:
            self.unit(end)
        elif word.casefold() in KEYWORDS:
            self.keyword(word)
        elif self.calls(end):
            self.function(word, end)
        else:
            self.add("NAME", word, end)

    def edge_word(self, word: str, end: int) -> None:
        if self.after_number():
            self.unit(end)
        elif word.casefold() == "after" and self.lexed.signs and self.lexed.signs[-1].type == "NAME":
            self.keyword(word)
        else:
            self.add("NAME", word, end)

    def keyword(self, word: str) -> None:
        right = word.casefold()
        self.add(_CONNECTING.get(right, right.upper()), right, self.at + len(word))
        if word != right:
            self.flaw(f"{shown(word)} is written {right!r}")
        self.right = Right.VALUE
        self.listed = right == "in"

    def function(self, word: str, end: int) -> None:
        known = word in FUNCTIONS
        self.add("FUNCTION", word if known else "", end)
        if not known:
            right = word.casefold() if word.casefold() in FUNCTIONS else self.suggestions.nearest(word, FUNCTIONS)
            hint = f"; did you mean {right!r}?" if right else ""
            written = word.casefold() == right
            self.flaw(
                f"{shown(word)} is written {right!r}"
                if written
                else f"{shown(word)} is no function; expected one of {', '.join(FUNCTIONS)}{hint}"
            )

    def unit(self, end: int) -> None:
        """The word after a number. `Mbit/s` is one unit; so is a `MB/s` that does not exist."""
        if self.source.startswith("/s", end) and name_end(self.source, end + 1) == end + 2:
            end += 2
        word = self.source[self.at : end]
        self.add("UNIT", word if word in UNITS else "", end)
        if word not in UNITS:
            right = _UNITS_BY_FOLDED.get(word.casefold())
            self.flaw(f"{shown(word)} is written {right!r}" if right else self.no_unit(word), doubtful=not right)
        else:
            self.unit_flaws()

    def no_unit(self, word: str) -> str:
        """The message for a word that is no unit, with the units of time alone where a duration stands."""
        timed = len(self.lexed.signs) > 2 and self.lexed.signs[-3].type in {"_FOR", "_AFTER", "_COMMA"}
        units = TIME_UNITS if timed else tuple(UNITS)
        close = self.suggestions.nearest(word, units)
        hint = f"; did you mean {close!r}?" if close else ""
        return f"{shown(word)} is no unit{' of time' if timed else ''}; expected one of {' '.join(units)}{hint}"

    def unit_flaws(self) -> None:
        number, unit = self.lexed.signs[-2:]
        if math.isinf(float(number.value) * float(factor(unit.value))) and math.isfinite(float(number.value)):
            index = len(self.lexed.signs) - 2
            self.lexed.flaws[index] = Flaw(number.column, f"{number.value} {unit.value} is too large for a number")

    def operator(self) -> None:
        for length in (2, 1):
            sign = self.source[self.at : self.at + length]
            if sign in _SIGNS:
                self.add(_SIGNS[sign], sign, self.at + len(sign))
                self.direct(_SIGNS[sign])
                return
        self.add("WRONG", f"{shown(self.source[self.at])} is no sign of the language outside quotes", self.at + 1)

    def direct(self, of: str) -> None:
        """What a sign makes of the words to its right."""
        if of in {"EQ", "NE"}:
            self.right, self.depth = Right.TEXT, 0
        elif of in {"LIKE", "UNLIKE"}:
            self.right = Right.GLOB
        elif of in {"LT", "LE", "GT", "GE"}:
            self.right = Right.VALUE
        elif of == "_LPAR":
            if self.listed:
                self.right, self.depth, self.listed = Right.TEXT, -1, False
            self.depth += 1
        elif of == "_RPAR":
            self.depth -= 1
            if self.depth < 0:
                self.right = Right.VALUE


def too_deep(signs: list[Sign]) -> Iterator[int]:
    """The indices of the parentheses and `not` that open beyond what is allowed."""
    open_ones: list[str] = []
    for index, sign in enumerate(signs):
        if sign.type in {"AND", "OR", "_FOR", "_RPAR"}:
            while open_ones and open_ones[-1] == "NOT":
                open_ones.pop()
        if sign.type == "_RPAR" and open_ones:
            open_ones.pop()
        following = signs[index + 1].type if index + 1 < len(signs) else ""
        if sign.type == "_LPAR" or (sign.type == "NOT" and following != "IN"):
            open_ones.append(sign.type)
            if len(open_ones) > NESTING:
                yield index


def shown(text: str) -> str:
    """A piece of a contract for a message: quoted, short, without signs that a terminal would obey."""
    short = text if len(text) <= 40 else text[:39] + "…"
    return "'" + "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in short) + "'"
