"""Numbers and conditions over columns: whole arrays at a time, texts judged once per word of the vocabulary."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Columns, Numbers, Texts
from zeligui.contract.conditions import (
    And,
    Attribute,
    Chain,
    Compare,
    Condition,
    Constant,
    FirstKnown,
    Like,
    Not,
    Number,
    OneOf,
    Or,
    Same,
    Statistic,
    Text,
    TextAttribute,
    Writing,
)

Mask = NDArray[np.bool_]
Values = Numbers | np.float64

_ARITHMETIC: dict[str, np.ufunc] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
_HOLDS: dict[str, np.ufunc] = {
    "=": np.equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_FAILS: dict[str, np.ufunc] = {"<": np.greater_equal, "<=": np.greater, ">": np.less_equal, ">=": np.less}


class View:
    """The columns of all hosts, or of some, each read once."""

    def __init__(self, columns: Columns, hosts: NDArray[np.intp] | None = None) -> None:
        self._columns, self._hosts = columns, hosts
        self._read: dict[Attribute | Statistic, Numbers] = {}
        self.size = len(columns.names) if hosts is None else len(hosts)

    def numbers(self, of: Attribute | Statistic) -> Numbers:
        """An attribute or a statistic of it; NaN where it is unknown. Shape (hosts,)."""
        if of not in self._read:
            if isinstance(of, Attribute):
                column = self._columns.numbers(of.name)
            else:
                column = self._columns.statistic(of.function, of.attribute, of.seconds)
            self._read[of] = np.asarray(_finite(column if self._hosts is None else column[self._hosts]))
        return self._read[of]

    def texts(self, name: str) -> Texts:
        """An attribute as texts."""
        column = self._columns.texts(name)
        return column if self._hosts is None else Texts(column.codes[self._hosts], column.vocabulary)


def values(number: Number, view: View) -> Values:
    """A number for every host, or one for all; NaN where it is unknown, also by a division by zero or an overflow."""
    match number:
        case Constant(value):
            return np.float64(value)
        case Chain(first, rest):
            total = values(first, view)
            with np.errstate(all="ignore"):
                for sign, operand in rest:
                    total = _finite(_ARITHMETIC[sign](total, values(operand, view)))
            return total
        case _:
            return view.numbers(number)


def is_so(condition: Condition, view: View, *, truth: bool = True) -> Mask:
    """Where a condition is certainly true (or, with `truth` False, certainly false): Kleene's logic. Shape (hosts,)."""
    match condition:
        case Not(part):
            return is_so(part, view, truth=not truth)
        case And(parts) | Or(parts):
            every = isinstance(condition, And) is truth
            masks = (is_so(part, view, truth=truth) for part in parts)
            return reduce(np.logical_and if every else np.logical_or, masks)
        case FirstKnown(numbers, texts):
            known = is_so(numbers, view) | is_so(numbers, view, truth=False)
            return is_so(numbers, view, truth=truth) | (~known & is_so(texts, view, truth=truth))
        case Compare():
            return _compared(condition, view, truth)
        case _:
            return _read(condition, view, truth)


@lru_cache(maxsize=256)
def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text matches `* ? [a-z] [!…]`, without regard to case; an unclosed `[` is itself."""
    compiled = re.compile(fnmatch.translate(pattern), re.IGNORECASE)
    return lambda text: compiled.match(text) is not None


def _finite(found: Values) -> Values:
    fine = np.isfinite(found)
    # Only infinities are replaced: a column without any is not copied.
    return found if fine.all() or not np.isinf(found).any() else np.where(fine, found, np.nan)


def _compared(condition: Compare, view: View, truth: bool) -> Mask:
    left, right = values(condition.left, view), values(condition.right, view)
    if truth:
        found = _HOLDS[condition.operator](left, right)
    elif condition.operator == "=":
        found = np.less(left, right) | np.greater(left, right)
    else:
        found = _FAILS[condition.operator](left, right)
    return _for_all(found, view)


def _for_all(found: Mask | np.bool_, view: View) -> Mask:
    return found if isinstance(found, np.ndarray) else np.full(view.size, found)


def _read(condition: Same | Like | OneOf, view: View, truth: bool) -> Mask:
    match condition:
        case Same(left, right):
            return _same(left, right, view, truth)
        case Like(left, pattern):
            return _tested(left, glob(pattern), view, truth)
        case OneOf(left, texts):
            folded = {text.casefold() for text in texts}
            return _tested(left, lambda text: text.casefold() in folded, view, truth)


def _same(left: Writing, right: Writing, view: View, truth: bool) -> Mask:
    if isinstance(left, TextAttribute) and isinstance(right, TextAttribute):
        return _alike(view.texts(left.name), view.texts(right.name), truth)
    side, text = (left, right) if isinstance(right, Text) else (right, left)
    folded = text.value.casefold() if isinstance(text, Text) else ""
    return _tested(side, lambda other: other.casefold() == folded, view, truth)


def _tested(side: Writing, test: Callable[[str], bool], view: View, truth: bool) -> Mask:
    """A test of one text, asked once per word of the vocabulary and then taken by code."""
    if isinstance(side, Text):
        return np.full(view.size, test(side.value) is truth)
    column = view.texts(side.name)
    # Code -1, a missing value, takes the last entry: neither true nor false.
    table = np.array([*(test(word) is truth for word in column.vocabulary), False], dtype=bool)
    found: Mask = table[column.codes]
    return found


def _alike(left: Texts, right: Texts, truth: bool) -> Mask:
    numbers: dict[str, int] = {}
    ours, theirs = (
        np.array([*(numbers.setdefault(word.casefold(), len(numbers)) for word in side.vocabulary), -1])[side.codes]
        for side in (left, right)
    )
    found: Mask = ((ours == theirs) == truth) & (ours >= 0) & (theirs >= 0)
    return found
