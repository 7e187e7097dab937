"""Hosts as columns: what a file of hosts, or a benchmark, hands to a compiled contract."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np

from zeligui.contract.columns import Columns, Numbers, Texts
from zeligui.grid.hosts import Value

LARGEST_EXACT = 2.0**53
"""Up to here a float holds every integer."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def number_in(text: str) -> float:
    """The number that `text` reads as (ASCII digits, a point, an exponent, blanks around it), else NaN."""
    stripped = text.strip(" \t")
    number = float(stripped) if _NUMBER.fullmatch(stripped) else math.nan
    return number if math.isfinite(number) else math.nan


def canonical(number: float) -> str:
    """The shortest way to write a number; text that is written so may be kept as a number without loss."""
    return str(int(number)) if number.is_integer() and abs(number) < LARGEST_EXACT else repr(number)


class Table(Columns):
    """Hosts as of one moment, without a history: every statistic is NaN.

    `numbers` and `texts` map attribute names, matched without case, to columns of the length and order of `names`; an
    attribute in both is mixed. The columns are used as they are, not copied.
    """

    def __init__(
        self, names: Sequence[str], numbers: Mapping[str, Numbers], texts: Mapping[str, Texts] | None = None
    ) -> None:
        self._names = tuple(names)
        self._numbers = {name.casefold(): column for name, column in numbers.items()}
        self._texts = {name.casefold(): column for name, column in (texts or {}).items()}
        self._published = {name.casefold(): name for name in (*numbers, *(texts or {}))}
        self._derived_texts: dict[str, Texts] = {}
        self._derived_numbers: dict[str, Numbers] = {}

    @classmethod
    def of(cls, hosts: Sequence[tuple[str, Mapping[str, Value]]]) -> Self:
        """The table of `(host name, attributes)`; of two spellings of a name the first counts."""
        spelling: dict[str, str] = {}
        numbers: dict[str, Numbers] = {}
        texts: dict[str, _Coder] = {}
        for index, (_, values) in enumerate(hosts):
            for name, value in values.items():
                key = spelling.setdefault(name.casefold(), name)
                if isinstance(value, str):
                    if key not in texts:
                        texts[key] = _Coder(len(hosts))
                    texts[key][index] = value
                else:
                    if key not in numbers:
                        numbers[key] = np.full(len(hosts), np.nan)
                    numbers[key][index] = value
        return cls([name for name, _ in hosts], numbers, {name: coder.texts() for name, coder in texts.items()})

    @property
    def names(self) -> Sequence[str]:
        return self._names

    @property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute that some host publishes, as first spelt."""
        return tuple(self._published.values())

    def knows(self, attribute: str) -> bool:
        key = attribute.casefold()
        return key in self._numbers or key in self._texts or key == "hostname"

    def numbers(self, attribute: str) -> Numbers:
        key = attribute.casefold()
        if key not in self._texts and key != "hostname":
            return self._numbers.get(key, self._missing)
        if key not in self._derived_numbers:
            self._derived_numbers[key] = _over(self._numbers.get(key), _numbers_in(self._stored_texts(key)))
        return self._derived_numbers[key]

    def texts(self, attribute: str) -> Texts:
        key = attribute.casefold()
        if key not in self._numbers or key == "hostname":
            return self._stored_texts(key)
        if key not in self._derived_texts:
            written = _written(self._numbers[key])
            stored = self._texts.get(key)
            self._derived_texts[key] = _joined(stored, written) if stored else written
        return self._derived_texts[key]

    def words(self, attribute: str) -> Texts:
        return self._stored_texts(attribute.casefold())

    def statistic(self, function: str, attribute: str, seconds: float | None) -> Numbers:
        return self._missing

    def _stored_texts(self, key: str) -> Texts:
        if key == "hostname":
            return self._host_names
        return self._texts[key] if key in self._texts else Texts(np.full(len(self._names), -1, np.int32), ())

    @cached_property
    def _missing(self) -> Numbers:
        missing = np.full(len(self._names), np.nan)
        missing.flags.writeable = False
        return missing

    @cached_property
    def _host_names(self) -> Texts:
        return Texts(np.arange(len(self._names), dtype=np.int32), self._names)


class Joined(Columns):
    """Two sets of hosts seen as one, the first before the second; their names are distinct."""

    def __init__(self, first: Columns, second: Columns) -> None:
        self._first, self._second = first, second
        self._names = (*first.names, *second.names)

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def knows(self, attribute: str) -> bool:
        return self._first.knows(attribute) or self._second.knows(attribute)

    def numbers(self, attribute: str) -> Numbers:
        return self._both(lambda columns: columns.numbers(attribute))

    def texts(self, attribute: str) -> Texts:
        return _appended(self._first.texts(attribute), self._second.texts(attribute))

    def words(self, attribute: str) -> Texts:
        return _appended(self._first.words(attribute), self._second.words(attribute))

    def statistic(self, function: str, attribute: str, seconds: float | None) -> Numbers:
        return self._both(lambda columns: columns.statistic(function, attribute, seconds))

    def _both(self, column: Callable[[Columns], Numbers]) -> Numbers:
        return np.concatenate([column(self._first), column(self._second)])


class _Coder:
    """A column of texts while it is filled."""

    def __init__(self, length: int) -> None:
        self._codes = np.full(length, -1, np.int32)
        self._vocabulary: dict[str, int] = {}

    def __setitem__(self, index: int, text: str) -> None:
        self._codes[index] = self._vocabulary.setdefault(text, len(self._vocabulary))

    def texts(self) -> Texts:
        return Texts(self._codes, tuple(self._vocabulary))


def _appended(first: Texts, second: Texts) -> Texts:
    shifted = np.where(second.codes >= 0, second.codes + len(first.vocabulary), -1).astype(np.int32)
    return Texts(np.concatenate([first.codes, shifted]), first.vocabulary + second.vocabulary)


def _numbers_in(texts: Texts) -> Numbers:
    read = np.array([*map(number_in, texts.vocabulary), np.nan])
    return read[texts.codes]  # a missing text is -1, which is the last: NaN


def _over(numbers: Numbers | None, read: Numbers) -> Numbers:
    return read if numbers is None else np.where(np.isnan(numbers), read, numbers)


def _written(numbers: Numbers) -> Texts:
    """A column of numbers as texts, each in its shortest writing."""
    present = ~np.isnan(numbers)
    values, inverse = np.unique(numbers[present], return_inverse=True)
    codes = np.full(len(numbers), -1, np.int32)
    codes[present] = inverse
    return Texts(codes, tuple(canonical(value) for value in values.tolist()))


def _joined(texts: Texts, others: Texts) -> Texts:
    """`texts`, with `others` where a host has none."""
    shifted = np.where(others.codes >= 0, others.codes + len(texts.vocabulary), -1)
    codes = np.where(texts.codes >= 0, texts.codes, shifted).astype(np.int32)
    return Texts(codes, texts.vocabulary + others.vocabulary)
