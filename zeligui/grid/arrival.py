"""News of a host, for those who listen to the machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zeligui.grid.hosts import Value


@dataclass(frozen=True, slots=True)
class Arrival:
    """News of a host. `measured` is False where only its status changed; `attributes` are those with a newer value.

    `values` are what was measured, `time` when, on the age clock, and `source` the URL of who measured it. The host is
    known by its `addresses` too.
    """

    host: str
    measured: bool
    attributes: frozenset[str] = frozenset()
    values: Mapping[str, Value] = field(default_factory=dict, compare=False)
    time: float = field(default=float("-inf"), compare=False)
    source: str = field(default="", compare=False)
    addresses: tuple[str, ...] = field(default=(), compare=False)
