"""How long publishers answer for what they publish, by our clock: theirs may be off, which is noticed and said."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers
from zeligui.grid.directories import Alike, Described

SLACK_S = 60.0
"""So much a publisher's clock may differ from ours, or its news come late, before that is said."""

ALIKE_S, ALIKE = 60.0, 0.05
"""Hosts expired together where their times differ by no more than that, or by that share of how long ago it was."""

ENOUGH = 3


class _Seen(NamedTuple):
    """The newest stamp of a host, and how much its publisher's clock is behind ours (ahead where that is below 0)."""

    stamp: float
    behind_s: float


class Clocks:
    """Of each host, what the stamps that were seen of it say of its publisher's clock.

    A stamp from the future shows that the clock is ahead. That it is behind shows only where a new stamp is from before
    the time at which it was not there yet, or is expired as it comes. Then what counts is when it changed here.
    """

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def until(self, host: Described, now: float, before: float) -> float:
        """Until when (seconds since 1970, by our clock) the publisher answers for the host; inf: it does not say.

        `before` is when the directory was looked at last, -inf where this is the first time.
        """
        end = math.inf if host.expires is None else host.expires
        return end if host.stamp is None else end + self._behind_s(host.name, host.stamp, end, now=now, before=before)

    def until_each(self, hosts: Alike, now: float, before: float) -> Numbers:
        """The same of each of many hosts that have stamps."""
        ends = np.where(np.isnan(hosts.expires), np.inf, hosts.expires)
        if self._seen.keys().isdisjoint(hosts.names):
            ages = now - hosts.stamps
            behind = np.where(ages < -SLACK_S, ages, 0.0)
            self._seen |= dict(zip(hosts.names, map(_Seen, hosts.stamps.tolist(), behind.tolist()), strict=True))
        else:
            each = zip(hosts.names, hosts.stamps.tolist(), ends.tolist(), strict=True)
            behind = np.array([self._behind_s(*one, now=now, before=before) for one in each])
        return ends + behind

    def purged_each(self, hosts: Alike, now: float) -> NDArray[np.bool_]:
        """Whether the directory should have forgotten each of many hosts by now."""
        seen = map(self._seen.get, hosts.names)
        behind = np.array([0.0 if one is None else one.behind_s for one in seen])
        purged: NDArray[np.bool_] = hosts.kept + behind < now
        return purged

    def purged(self, host: Described, now: float) -> bool:
        """Whether the directory should have forgotten the host by now."""
        seen = self._seen.get(host.name)
        return host.kept is not None and host.kept + (seen.behind_s if seen else 0.0) < now

    def forget(self, name: str) -> None:
        """The host is gone."""
        self._seen.pop(name, None)

    def said(self) -> str:
        """Which clocks are off, empty where none is."""
        ahead = [-seen.behind_s for seen in self._seen.values() if seen.behind_s < -SLACK_S]
        behind = [seen.behind_s for seen in self._seen.values() if seen.behind_s > SLACK_S]
        told = [
            f"{_publishers(len(ahead))} ahead of ours by {_lasting(max(ahead))} at most." if ahead else "",
            f"{_publishers(len(behind))} behind ours by {_lasting(max(behind))} at most, or their news come so late."
            if behind
            else "",
            "What counts of these is when their values change here." if ahead or behind else "",
        ]
        return " ".join(filter(None, told))

    def _behind_s(self, name: str, stamp: float, end: float, *, now: float, before: float) -> float:
        seen, age = self._seen.get(name), now - stamp
        if seen is not None and seen.stamp == stamp:
            return seen.behind_s
        changed = seen is not None and stamp > seen.stamp
        off = age < -SLACK_S or (changed and (end < now or stamp < before - SLACK_S))
        self._seen[name] = _Seen(stamp, age if off else 0.0)
        return age if off else 0.0


def said_of_expired(times: Collection[float], now: float) -> str:
    """What there is to say of hosts whose values were valid up to these times (seconds since 1970, by our clock)."""
    if not times:
        return ""
    hosts = "1 host" if len(times) == 1 else f"{len(times)} hosts"
    newest = f"{datetime.fromtimestamp(max(times), UTC):%Y-%m-%d %H:%M} UTC"
    ago = now - median(times)
    together = len(times) >= ENOUGH and max(times) - min(times) <= max(ALIKE_S, ALIKE * ago)
    why = " They ended together: their publisher stopped then, or its clock is behind ours." if together else ""
    return f"The values of {hosts} were valid until {newest} at most.{why}"


def _publishers(count: int) -> str:
    return (
        "The clock of the publisher of 1 host is"
        if count == 1
        else f"The clocks of the publishers of {count} hosts are"
    )


def _lasting(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
