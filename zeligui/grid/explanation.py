"""Why not this machine: how one host stands to a contract; and which constraint excludes most of them all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Columns
from zeligui.contract.conditions import (
    Attribute,
    Compare,
    Condition,
    FirstKnown,
    Like,
    Not,
    OneOf,
    Same,
    Side,
    Statistic,
    Text,
)
from zeligui.contract.evaluation import judge, side_value
from zeligui.contract.model import Contract, Profile
from zeligui.contract.operations import View, is_so
from zeligui.contract.parts import Operand, Part, operands, taken_apart
from zeligui.errors import UsageError
from zeligui.grid import wording
from zeligui.grid.hosts import Value
from zeligui.grid.wording import Measured

_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class ConstraintAnswer:
    """How a host stands to one constraint, or to a part of one.

    `result` is `true`, `false` or `unknown`, `words` a sentence that says it. Of a single comparison, `value` is what
    the host has and `bound` what it is held against, each None where it is unknown; `operator` stands between them,
    and numbers are in `unit`. A constant that is written first, as in `0.6 < cpuAvail`, is the bound all the same.
    `short_by` says how far a number is on the wrong side of its bound: above zero where it fails, below where there is
    that much to spare; None but for `=` and the orderings. Of `and`, `or` and `not` there are only `parts`.
    """

    constraint: str
    result: str
    value: float | str | None
    bound: float | str | tuple[str, ...] | None
    operator: str
    unit: str
    short_by: float | None
    words: str
    parts: tuple[ConstraintAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """How a host stands to one profile; `summary` is a sentence."""

    profile: str
    apt: bool
    constraints: tuple[ConstraintAnswer, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class ConstraintExclusion:
    """On how many hosts a constraint is true, false and unknown; `alone`: those that it alone keeps from being apt."""

    constraint: str
    true: int
    false: int
    unknown: int
    alone: int

    @property
    def excluded(self) -> int:
        """How many hosts do not satisfy it: unknown is not yes."""
        return self.false + self.unknown


@dataclass(frozen=True, slots=True)
class ProfileExclusions:
    """How many of the hosts are apt, and what each constraint excludes.

    `most` is the one of `constraints` that excludes most hosts, of equal ones that which does so alone more often, then
    the earlier; None where none excludes any. `summary` is a sentence.
    """

    profile: str
    hosts: int
    apt: int
    constraints: tuple[ConstraintExclusion, ...]
    most: ConstraintExclusion | None
    summary: str


def answer(
    contract: Contract,
    columns: Columns,
    host: str,
    *,
    ages: Mapping[str, float] | None = None,
    expiry_s: float | None = None,
) -> tuple[ProfileAnswer, ...]:
    """Hold one host against every profile. UsageError: there is no such host among the columns.

    `ages` are the seconds since each attribute of the host was measured, expired ones included, and `expiry_s` the age
    from which the columns leave values out: with these, a value that is too old is told from one that never came.
    """
    try:
        index = columns.names.index(host)
    except ValueError as error:
        message = f"There is no machine named {wording.shown(host)!r}."
        raise UsageError(message, hint="It may have gone since, or be spelt otherwise.") from error
    examined = _Examined(columns, index, ages or {}, expiry_s)
    return tuple(examined.answer(profile) for profile in contract.profiles)


def exclusions(contract: Contract, columns: Columns) -> tuple[ProfileExclusions, ...]:
    """Per profile: how many hosts are apt, and how many each constraint excludes."""
    return tuple(_excluded(profile, judge(profile, columns)) for profile in contract.profiles)


def _excluded(profile: Profile, results: NDArray[np.int8]) -> ProfileExclusions:
    failing = results != 1
    failures = np.count_nonzero(failing, axis=0)
    alone = np.count_nonzero(failing & (failures == 1), axis=1).tolist()
    true, false, unknown = (np.count_nonzero(results == result, axis=1).tolist() for result in (1, 0, -1))
    texts = (constraint.text for constraint in profile.constraints)
    each = tuple(map(ConstraintExclusion, texts, true, false, unknown, alone))
    excluding = [one for one in each if one.excluded]
    most = max(excluding, key=lambda one: (one.excluded, one.alone), default=None)
    apt, hosts = int(np.count_nonzero(failures == 0)), results.shape[1]
    counts = (most.constraint, most.excluded, most.alone) if most else None
    summary = wording.exclusion(counts, constraints=len(each), hosts=hosts)
    return ProfileExclusions(profile.name, hosts, apt, each, most, summary)


class _Examined:
    """One host of the columns."""

    def __init__(self, columns: Columns, index: int, ages: Mapping[str, float], expiry_s: float | None) -> None:
        self._columns, self._index = columns, index
        self._view = View(columns, np.array([index]))
        self._ages = {name.casefold(): age for name, age in ages.items()}
        self._expiry_s = expiry_s

    def answer(self, profile: Profile) -> ProfileAnswer:
        each = tuple(self._part(taken_apart(constraint)) for constraint in profile.constraints)
        fails = [(one.constraint, one.result) for one in each if one.result != "true"]
        return ProfileAnswer(profile.name, not fails, each, wording.verdict(profile.name, fails))

    def _part(self, part: Part) -> ConstraintAnswer:
        result = self._result(part.condition)
        if not part.parts:
            return self._comparison(part, result)
        parts = tuple(map(self._part, part.parts))
        words = wording.compound(part.operator, result, [(one.constraint, one.result) for one in parts])
        return ConstraintAnswer(part.text, result, None, None, "", "", None, words, parts)

    def _comparison(self, part: Part, result: str) -> ConstraintAnswer:
        left, right, operator = self._sides(part)
        value = side_value(left, self._view)
        bound = right if isinstance(right, tuple) else side_value(right, self._view)
        short_by = _short_by(operator, value, bound)
        if result == "unknown":
            words = wording.unknown(self._reasons(part.condition))
        else:
            measured = Measured(value, bound, operator, part.unit, short_by)
            words = wording.comparison(measured, holds=result == "true")
        return ConstraintAnswer(part.text, result, value, bound, operator, part.unit, short_by, words)

    def _sides(self, part: Part) -> tuple[Side, Side | tuple[str, ...], str]:
        """What the host has, what that is held against, and the operator between them."""
        condition = part.condition.part if isinstance(part.condition, Not) else part.condition
        if isinstance(condition, FirstKnown):
            of_texts = self._result(condition.numbers) == "unknown"
            condition = condition.texts if of_texts else condition.numbers
        left, right = _written(condition)
        if isinstance(right, tuple) or any(operands(left)) or not any(operands(right)):
            return left, right, part.operator
        return right, left, _TURNED.get(part.operator, part.operator)

    def _result(self, condition: Condition) -> str:
        if is_so(condition, self._view)[0]:
            return "true"
        return "false" if is_so(condition, self._view, truth=False)[0] else "unknown"

    def _reasons(self, condition: Condition) -> Iterator[str]:
        """Why a comparison is unknown, one reason for each of its operands that is."""
        for operand in operands(condition):
            if side_value(operand, self._view) is None:
                yield self._reason(operand)

    def _reason(self, operand: Operand) -> str:
        name = operand.attribute if isinstance(operand, Statistic) else operand.name
        number, word = side_value(Attribute(name), self._view), self._word(name)
        if isinstance(operand, Statistic) and (number is not None or word is not None):
            return wording.no_history(name, operand.function)
        if word is not None:
            return wording.no_number(name, word)
        if not self._columns.knows(name):
            return wording.never_published(name)
        return wording.missing(name, self._ages.get(name.casefold()), self._expiry_s)

    def _word(self, attribute: str) -> str | None:
        """What the host publishes of it, if that is a text."""
        column = self._columns.words(attribute)
        code = int(column.codes[self._index])
        return None if code < 0 else column.vocabulary[code]


def _written(comparison: Condition) -> tuple[Side, Side | tuple[str, ...]]:
    match comparison:
        case Compare(_, left, right) | Same(left, right) | OneOf(left, right):
            return left, right
        case Like(left, pattern):
            return left, Text(pattern)
        case _:
            raise TypeError(f"it has no two sides: {comparison}")


def _short_by(operator: str, value: Value | None, bound: object) -> float | None:
    """How far a number is on the wrong side of its bound; None where that cannot be said."""
    if not isinstance(value, float) or not isinstance(bound, float) or operator == "!=":
        return None
    short = {"<": value - bound, "<=": value - bound, "=": abs(value - bound)}.get(operator, bound - value)
    return short if math.isfinite(short) else None
