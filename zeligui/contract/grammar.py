"""The grammar of one line, parsed by lark, and the words for what may stand where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer
from lark.parsers.lalr_interactive_parser import InteractiveParser
from lark.parsers.lalr_parser_state import ParserState

from zeligui.contract import syntax
from zeligui.contract.attributes import Suggestions
from zeligui.contract.lexing import NESTING, Flaw, Lexed, Line, Sign, lex, shown, too_deep

GRAMMAR = """
header: _LSQB NAME _RSQB
edge: NAME ARROW NAME [_AFTER duration]
?statement: condition [_FOR duration] -> constraint
    | (MAXIMIZE | MINIMIZE) sum      -> preference

?condition: conjunction (OR conjunction)*      -> junction
?conjunction: negation (AND negation)*         -> junction
?negation: NOT negation                        -> negation
    | _LPAR condition _RPAR
    | sum (EQ | NE | LT | LE | GT | GE) sum    -> comparison
    | sum (LIKE | UNLIKE) TEXT                 -> membership
    | sum [NOT] IN _LPAR TEXT (_COMMA TEXT)* _RPAR -> listing
?sum: product ((PLUS | MINUS) product)*        -> series
?product: operand ((STAR | SLASH) operand)*    -> series
?operand: MINUS+ atom                          -> negative
    | atom
?atom: _LPAR sum _RPAR
    | NUMBER [UNIT]                            -> literal
    | TEXT                                     -> word
    | (NAME | BACKQUOTED)                      -> name
    | FUNCTION _LPAR (NAME | BACKQUOTED) [_COMMA duration] _RPAR -> call
duration: NUMBER UNIT                          -> literal
"""

_WORDS = {
    "NAME": "a name", "BACKQUOTED": "a name in backquotes", "TEXT": "a text", "NUMBER": "a number", "UNIT": "a unit",
    "FUNCTION": "a function", "EQ": "=", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">=", "LIKE": "~",
    "UNLIKE": "!~", "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/", "_LPAR": "(", "_RPAR": ")", "_LSQB": "[",
    "_RSQB": "]", "_COMMA": "a comma", "ARROW": "->", "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "_FOR": "for",
    "MAXIMIZE": "maximize", "MINIMIZE": "minimize", "_AFTER": "after", "$END": "the end of the line",
}  # fmt: skip
_START = {Line.HEADER: "header", Line.STATEMENT: "statement", Line.EDGE: "edge"}


@dataclass(slots=True)
class Parsed:
    """One line: its statement, or what the parser had understood when it met a sign that could not stand there."""

    line: Lexed
    statement: syntax.Statement | None = None
    pieces: list[Any] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)


def parse(source: str, kind: Line, suggestions: Suggestions) -> Parsed:
    """Parse one line (without its line end). At most one of its flaws is one of syntax: the first."""
    line = lex(source, kind, suggestions)
    run = _run(kind)
    parsed = Parsed(line)
    deep = next(too_deep(line.signs), None)
    end = Sign("$END", "", line.end, line.end)
    for index, sign in enumerate([*line.signs, end]):
        # Any: the parser reads nothing of a token but its type, and hands it to the tree builder as it is.
        unfit: Any = sign
        stack = tuple(run.parser_state.state_stack)
        try:
            result = run.feed_token(unfit)
        except UnexpectedToken:
            parsed.flaws = _reached(line, index)
            if not (index and index - 1 in line.flaws and line.flaws[index - 1].doubtful):
                parsed.flaws.append(Flaw(sign.column, _message(sign, _expected(run, stack))))
            parsed.pieces = _understood(run, line.end)
            return parsed
        if index == deep:
            parsed.flaws = [
                *_reached(line, index),
                Flaw(sign.column, f"{shown(sign.text)} is one too many; expected at most {NESTING} open '(' and 'not'"),
            ]
            return parsed
    parsed.statement = result
    parsed.flaws = _reached(line, len(line.signs))
    return parsed


def _reached(line: Lexed, index: int) -> list[Flaw]:
    return [flaw for at, flaw in line.flaws.items() if at < index]


def _message(sign: Sign, expected: str) -> str:
    what = f"{shown(sign.text or sign.value)} cannot stand here"
    if sign.type in {"WRONG", "$END"}:
        what = sign.value or "the line ends here"
    return f"{what}; expected {expected}"


_expectations: dict[tuple[Any, ...], str] = {}


def _expected(run: InteractiveParser, stack: tuple[Any, ...]) -> str:
    """The signs that could have stood there, in words, from the parser's states before it met the sign at fault."""
    if stack not in _expectations:
        accepted: set[str] = _at(run, stack).accepts()  # type: ignore[no-untyped-call]
        words = [word for sign, word in _WORDS.items() if sign in accepted]
        _expectations[stack] = " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    return _expectations[stack]


def _understood(run: InteractiveParser, end: int) -> list[Any]:
    """What stands before a syntax error, as far as it makes whole conditions, sums or a statement."""
    if all(isinstance(piece, Sign) for piece in run.parser_state.value_stack):
        return []
    whole: InteractiveParser = run.copy(deepcopy_values=False)  # type: ignore[no-untyped-call]
    final: Any = Sign("$END", "", end, end)
    try:
        return [whole.feed_token(final)]
    except UnexpectedToken:
        return [piece for piece in run.parser_state.value_stack if not isinstance(piece, Sign)]


class _Builder(Transformer[Any, Any]):
    """Makes the nodes of `syntax` while the parser reduces; nothing recurses."""

    def header(self, parts: list[Any]) -> syntax.HeaderLine:
        return syntax.HeaderLine(parts[0])

    def edge(self, parts: list[Any]) -> syntax.EdgeLine:
        return syntax.EdgeLine(parts[0], parts[2], parts[3])

    def constraint(self, parts: list[Any]) -> syntax.ConstraintLine:
        return syntax.ConstraintLine(parts[0], parts[1])

    def preference(self, parts: list[Any]) -> syntax.PreferenceLine:
        return syntax.PreferenceLine(parts[0].type == "MAXIMIZE", parts[1])

    def junction(self, parts: list[Any]) -> syntax.Tree:
        return syntax.Junction(parts[1].type, parts[::2]) if len(parts) > 1 else parts[0]

    def negation(self, parts: list[Any]) -> syntax.Tree:
        return syntax.Negation(parts[1])

    def comparison(self, parts: list[Any]) -> syntax.Tree:
        return syntax.Comparison(parts[0], parts[1].type, parts[2])

    def membership(self, parts: list[Any]) -> syntax.Tree:
        return syntax.Membership(parts[0], parts[1].type, [syntax.Word(parts[2])])

    def listing(self, parts: list[Any]) -> syntax.Tree:
        words = [syntax.Word(sign) for sign in parts[3:]]
        return syntax.Membership(parts[0], "NOT_IN" if parts[1] else "IN", words)

    def series(self, parts: list[Any]) -> syntax.Sum:
        first: syntax.Sum = parts[0]
        if len(parts) == 1:
            return first
        rest = [(sign.value, part) for sign, part in zip(parts[1::2], parts[2::2], strict=True)]
        return syntax.Series(parts[1].value in "*/", first, rest)

    def negative(self, parts: list[Any]) -> syntax.Sum:
        signs: list[Sign] = parts[:-1]
        inner: syntax.Sum = parts[-1]
        if len(signs) % 2 == 0:
            return inner
        return inner.part if isinstance(inner, syntax.Negative) else syntax.Negative(signs[0].column, inner)

    def literal(self, parts: list[Any]) -> syntax.Sum:
        return syntax.Literal(parts[0], parts[1])

    def word(self, parts: list[Any]) -> syntax.Sum:
        return syntax.Word(parts[0])

    def name(self, parts: list[Any]) -> syntax.Sum:
        return syntax.Name(parts[0])

    def call(self, parts: list[Any]) -> syntax.Sum:
        return syntax.Call(parts[0], syntax.Name(parts[1]), parts[2])


class _Signs(Lexer):
    """Stands where lark wants a lexer: the signs are fed to the parser one by one."""

    def __init__(self, _: Any) -> None: ...

    def lex(self, *_: Any) -> Iterator[Token]:
        return iter(())


@cache
def _first_run(kind: Line) -> InteractiveParser:
    return _lark().parse_interactive(start=_START[kind])


def _run(kind: Line) -> InteractiveParser:
    return _at(_first_run(kind), ())


def _at(run: InteractiveParser, stack: tuple[Any, ...]) -> InteractiveParser:
    """A parser of the same line kind in the states of `stack` (none: at its start), without their values."""
    state = ParserState(run.parser_state.parse_conf, run.lexer_thread, list(stack))
    return InteractiveParser(run.parser, state, run.lexer_thread)


@cache
def _lark() -> Lark:
    declared = "%declare " + " ".join(sign for sign in _WORDS if sign != "$END")
    return Lark(declared + GRAMMAR, parser="lalr", lexer=_Signs, start=list(_START.values()), transformer=_Builder())
