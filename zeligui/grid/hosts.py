"""A host, what is measured of it, and what a source of measurements promises."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zeligui.grid.survey import Piece

Value = float | str

NOT_YET = "It has not answered yet."
"""What is said of a host that was not reached yet, and has not failed either."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one job (all its processes, escaped children included) uses on its host, over the last period."""

    cpu_s: float
    """Processor time since its start, in seconds."""
    memory_mb: float
    """Resident memory, in MB."""
    runnable: float
    """Mean number of its runnable processes over the last period."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one source says of one host at one moment. `values` has the names and own units of the contract language.

    `stamp` is the publisher's own time (seconds since 1970), None where it gives none; `identity` is the machine's
    boot id and pid namespace, empty where unknown. `partial` values (latency, bandWidth) may come apart from the rest.
    `note` says in words what was wrong with what the publisher sent; the values are what was left of it. By the IP
    `addresses` the machine is known too. For `valid_s` seconds the publisher answers for the values, None where it says
    nothing of that. What `stands` is so until the source says otherwise, as long as it says anything.
    """

    host: str
    source: str
    values: Mapping[str, Value]
    identity: str = ""
    stamp: float | None = None
    jobs: Mapping[str, Usage] = field(default_factory=dict)
    note: str = ""
    addresses: tuple[str, ...] = ()
    valid_s: float | None = None
    stands: bool = False


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What a source that speaks of many hosts says of all of them at once: what it told that stands, stands still.

    `missing` are hosts that it does not name any more, which may be a slip; `gone` those that certainly left it.
    """

    note: str = ""
    missing: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a source has said so far, in words, and of how many hosts; `settled`: it was everything, or that it failed.

    `status` is one of `up unreachable refused unknown-key changed-key`.
    """

    url: str
    status: str
    detail: str
    hosts: int
    settled: bool


class Source(Protocol):
    """Yields measurements of one or many hosts."""

    url: str

    def watch(self) -> AsyncIterator[Piece]:
        """Measure for ever. Ends only by a `LinkError`; who watches begins anew after a pause that grows."""
        ...


@dataclass(frozen=True, slots=True)
class Host:
    """A host as of one moment, for whoever shows or chooses it.

    `status` is one of `up stale unreachable refused unknown-key changed-key`, `detail` says it in words. `times` gives,
    per attribute, when its value was measured, and `taken` when this was taken down, in seconds on the age clock; what
    the user says of a host has no time. `service` is the URL that a job for this host goes to, None where no source
    that can run jobs named it. `offered_key` is the known_hosts line that would accept a host whose key is unknown.
    """

    name: str
    source: str
    status: str
    detail: str
    values: Mapping[str, Value]
    times: Mapping[str, float] = field(default_factory=dict)
    taken: float = 0.0
    identity: str = ""
    service: str | None = None
    offered_key: str = ""

    @property
    def awaited(self) -> bool:
        """Whether it has neither answered yet nor failed."""
        return self.status == "unreachable" and self.detail == NOT_YET

    @property
    def ages(self) -> dict[str, float]:
        """Per attribute, the seconds since its value was measured, as of `taken`."""
        return {name: max(0.0, self.taken - time) for name, time in self.times.items()}


@lru_cache(maxsize=2**14)
def natural(name: str) -> tuple[str | tuple[int, str], ...]:
    """The key that sorts names as people do: node2 before node10, without regard to case."""
    parts = _DIGITS.split(name.casefold())
    return tuple(_magnitude(part) if place % 2 else part for place, part in enumerate(parts))


_DIGITS = re.compile(r"([0-9]+)")


def _magnitude(digits: str) -> tuple[int, str]:
    significant = digits.lstrip("0")
    return len(significant), significant
