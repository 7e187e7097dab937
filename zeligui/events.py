"""An event: an immutable record of something that happened to an experiment, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

VERSION = 1
"""The version of the event kinds below; an older journal's events are upcast when read."""

PUBLIC_KINDS = frozenset(
    """matched placed running violated recovered relocating relocated degraded promoted held resumed unverified lost
    output restarted done failed canceled finished set_aside checkpointed verified
    suspended continued refused reported""".split()
)
"""What `zeligrid run --json` prints. All other kinds are the controller's own book-keeping."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `time` is aware and in UTC; `instance` counts from 1; `job` is the attempt's id (32 hex digits); `data` is a JSON
    object with what only this kind has (`exit_code`, `signal`, `stream`, `text`, `counts`, a handle, ...). `sequence`
    is given by the journal when the event is committed, and rises by one within the journal.
    """

    event: str
    experiment: str
    reason: str = ""
    job: str | None = None
    instance: int | None = None
    host: str | None = None
    profile: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    sequence: int = 0
    version: int = VERSION

    @property
    def public(self) -> bool:
        return self.event in PUBLIC_KINDS

    def as_json(self) -> dict[str, Any]:
        """The object that `zeligrid run --json` prints: the fixed keys, then this kind's own."""
        fixed = {
            "time": self.time.isoformat(timespec="milliseconds"),
            "event": self.event,
            "experiment": self.experiment,
            "job": self.job,
            "instance": self.instance,
            "host": self.host,
            "profile": self.profile,
            "reason": self.reason,
        }
        return fixed | dict(self.data)
