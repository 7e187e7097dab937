"""Events made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from zeligui.events import Event

FIRST = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_numbers = count(1)


def event(
    kind: str,
    reason: str = "",
    *,
    experiment: str = "pi",
    instance: int | None = 1,
    host: str | None = "node1.grid",
    profile: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Event:
    """The next event of the journal."""
    number = next(_numbers)
    return Event(
        kind,
        experiment,
        reason,
        instance=instance,
        host=host,
        profile=profile,
        data=data or {},
        sequence=number,
        time=FIRST + timedelta(seconds=number),
    )
