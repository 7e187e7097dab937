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


@dataclass
class Rows:
    """The hosts of a file, in its order; entries count from 1."""

    hosts: dict[str, Described] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
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
                    self.warnings.append(f"Entry {number}: {attribute} stands twice; the later value counts.")
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
        self._first[key] = number
        self.hosts[key] = Described(name, values)

    def _value(self, number: int, attribute: str, raw: object) -> Value | None:
        try:
            value = _single(raw)
            if value is None or attribute not in ATTRIBUTES or attribute == _HOST_NAME:
                return value
            return known_in_language(attribute, value)
        except ValueError as error:
            self.warnings.append(f"Entry {number}: {attribute} is unknown: {error}.")
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
