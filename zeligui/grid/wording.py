"""The sentences that explain a choice: what a host has, by how much that is too little, which constraint excludes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from zeligui.grid.hosts import Value

LONGEST = 80
"""Signs of a text from outside that a sentence shows."""

NAMED = 3
"""How many constraints or texts a sentence lists."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A comparison of which both sides are known.

    `short_by` is by how much a number is on the wrong side of its bound, below zero what it has to spare.
    """

    value: Value | None
    bound: Value | tuple[str, ...] | None
    operator: str
    unit: str
    short_by: float | None


def comparison(measured: Measured, *, holds: bool) -> str:
    """What a host has: "It is 0.286, which is 0.314 too little.", "It is Linux."."""
    rest = _to_spare(measured) if holds else _too_far(measured)
    return f"It is {figure(measured.value, measured.unit)}{rest}."


def compound(operator: str, result: str, parts: Sequence[tuple[str, str]]) -> str:
    """Which of the parts, each a text and its result, decide: "bandWidth > 78 is false."."""
    if operator == "not":
        ((text, inner),) = parts
        wanted = {"true": ", as it must be", "false": ", which it must not be"}.get(result, "")
        return f"{shown(text)} is {inner}{wanted}."
    if result == ("true" if operator == "and" else "false"):
        return f"{'Both' if len(parts) == 2 else f'All {len(parts)}'} parts are {result}."
    each = [f"{shown(text)} is {inner}" for text, inner in parts if inner == result]
    return f"{_listed(each)}."


def unknown(reasons: Iterator[str]) -> str:
    """Why a comparison cannot be told: the first of the reasons; where there is none, its arithmetic is at fault."""
    return f"It is unknown: {next(reasons, 'it divides by zero, or comes to too large a number')}."


def never_published(attribute: str) -> str:
    return f"no machine has published {shown(attribute)}"


def missing(attribute: str, age_s: float | None, expiry_s: float | None) -> str:
    """Why an attribute that others publish is unknown; `age_s` is that of the value that was left out, if one was."""
    if age_s is None:
        return f"{shown(attribute)} of this machine has not been measured yet"
    older = "which is too old" if expiry_s is None else f"older than {expiry_s:.4g} s is unknown"
    return f"{shown(attribute)} is {age_s:.0f} s old; {older}"


def no_number(attribute: str, text: str) -> str:
    return f"{shown(attribute)} is {figure(text)}, which is no number"


def no_history(attribute: str, function: str) -> str:
    return f"there is too little history of {shown(attribute)} for its {function}"


def verdict(profile: str, fails: Sequence[tuple[str, str]]) -> str:
    """Whether a host is apt; if not, the constraints that fail, each a text and its result."""
    if not fails:
        return f"It is apt for {shown(profile)}."
    each = [f"{shown(text)} is {result}" for text, result in fails]
    return f"It is not apt for {shown(profile)}: {_listed(each)}."


def exclusion(most: tuple[str, int, int] | None, *, constraints: int, hosts: int) -> str:
    """Which constraint excludes most: its text, how many hosts it excludes, and how many of them by it alone."""
    if not hosts:
        return "There is no host yet."
    if not constraints:
        return "There is no constraint: every host is apt."
    of_all = f"{hosts} host" if hosts == 1 else f"{hosts} hosts"
    if most is None:
        return f"No constraint excludes any of {of_all}."
    text, excluded, alone = most
    if constraints == 1:
        return f"{shown(text)} excludes {excluded} of {of_all}."
    return f"{shown(text)} excludes most: {excluded} of {of_all}, {_by_it_alone(excluded, alone)}."


def figure(value: Value | tuple[str, ...] | None, unit: str = "") -> str:
    """A value with its unit; a number with four digits that count, from ten thousand on with all before the point."""
    if not isinstance(value, float):
        return shown(str(value)) or "an empty text"
    number = f"{value:.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"
    return f"{number} {unit}".rstrip()


def shown(text: str) -> str:
    """A text of others within a sentence: short, without signs that a terminal would obey."""
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in short)


def _to_spare(measured: Measured) -> str:
    if measured.short_by is None or measured.operator == "=":
        return ""
    spare = figure(-measured.short_by, measured.unit)
    return f", with {spare} to spare" if measured.short_by else ", which is just enough"


def _too_far(measured: Measured) -> str:
    """By how much a number misses its bound, or what a text should have been."""
    short = measured.short_by
    if short is None:
        return _mismatch(measured)
    amount = figure(short, measured.unit)
    if measured.operator == "=":
        return f", which is {amount} off"
    few = measured.operator in {">", ">="}
    if not short:
        return f", and must be {'more' if few else 'less'}"
    return f", which is {amount} too {'little' if few else 'much'}"


def _mismatch(measured: Measured) -> str:
    bound = measured.bound
    match measured.operator:
        case "in" if isinstance(bound, tuple):
            return f", which is none of {_listed(map(figure, bound))}"
        case "~":
            return f", which does not match {figure(bound)}"
        case "!~":
            return f", which matches {figure(bound)}"
        case "=":
            return f", not {figure(bound, measured.unit)}"
        case _:
            return ", which it must not be"


def _listed(texts: Iterable[str]) -> str:
    each = list(texts)
    more = [f"{len(each) - NAMED} more"] if len(each) > NAMED else []
    return ", ".join([*islice(each, NAMED), *more])


def _by_it_alone(excluded: int, alone: int) -> str:
    if alone == excluded:
        return "by it alone" if alone == 1 else "all of them by it alone"
    return f"{alone or 'none'} of them by it alone"
