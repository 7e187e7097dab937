"""Hosts written as rows of named values, in the contract language's own words: what JSON and CSV have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from zeligui.contract.attributes import ATTRIBUTES
from zeligui.contract.attributes import canonical as spelling
from zeligui.errors import UsageError
from zeligui.grid.directories import Described
from zeligui.grid.directories.values import known_in_language
from zeligui.grid.hosts import Value
from zeligui.grid.table import canonical

_HOST_NAME = "hostName"


MOST_HOSTS, MOST_TOLD = 100_000, 1000
"""Hosts of a file, and warnings."""


@dataclass
class Rows:
    """The hosts of a file, in its order; entries count from 1."""

    hosts: dict[str, Described] = field(default_factory=dict)
    _told: list[str] = field(default_factory=list)
    _untold: int = 0
    _too_many: int = 0
    _first: dict[str, int] = field(default_factory=dict)

    def take(self, number: int, row: Iterable[tuple[str, object]]) -> None:
        """Add entry `number`; UsageError where it has no hostName, or one that was there before."""
        values: dict[str, tuple[str, Value]] = {}
        name = ""
        for written, raw in row:
            if not written.strip():
                continue
            attribute = spelling(written.strip()) or written.strip()
            value = self._value(number, attribute, raw)
            if attribute == _HOST_NAME:
                name = "" if value is None else _as_name(value)
            elif value is not None:
                if attribute.casefold() in values:
                    self._warn(f"Entry {number}: {attribute} stands twice; the later value counts.")
                values[attribute.casefold()] = (attribute, value)
        self._add(number, name, dict(values.values()))

    def _add(self, number: int, name: str, values: Mapping[str, Value]) -> None:
        if not name:
            raise UsageError(f"entry {number} has no hostName.", hint="Give every host a hostName of its own.")
        key = name.casefold()
        if key in self._first:
            raise UsageError(
                f"entry {number} has the hostName {name!r} of entry {self._first[key]}.",
                hint="Give every host a hostName of its own; a series of measurements is for `zeligrid replay`.",
            )
        if len(self.hosts) >= MOST_HOSTS:
            self._too_many += 1
            return
        self._first[key] = number
        self.hosts[key] = Described(name, values)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out."""
        more = f"{self._untold} more warnings are not told." if self._untold else ""
        hosts = f"It has more than {MOST_HOSTS:,} hosts: the last {self._too_many:,} are left out."
        return tuple(filter(None, (*self._told, more, f"{hosts} Cut it into parts." if self._too_many else "")))

    def _warn(self, text: str) -> None:
        if len(self._told) < MOST_TOLD:
            self._told.append(text)
        else:
            self._untold += 1

    def _value(self, number: int, attribute: str, raw: object) -> Value | None:
        try:
            value = _single(raw)
            if value is None or attribute not in ATTRIBUTES or attribute == _HOST_NAME:
                return value
            return known_in_language(attribute, value)
        except ValueError as error:
            self._warn(f"Entry {number}: {attribute} is unknown: {error}.")
            return None


def _single(raw: object) -> Value | None:
    """null is missing; true and false are texts; a list or an object is no value."""
    if raw is None or isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if not isinstance(raw, float):
        raise ValueError("a list or an object is no value")
    if not math.isfinite(raw):
        raise ValueError("its number is not finite")
    return raw


def _as_name(value: Value) -> str:
    return value.strip() if isinstance(value, str) else canonical(value)
