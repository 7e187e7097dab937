"""Whether a machine still answers: how old its newest measurement may be, and what to say where it is too old."""

from __future__ import annotations

from collections.abc import Iterator

from zeligui.clock import Clock
from zeligui.grid.roster import Machine

GAP_S = 5.0
"""This machine slept when the age clock ran so much ahead of the patience clock."""


class Liveness:
    """Judges machines by what came of them. Nothing from before `since` (age clock) counts: this machine slept then."""

    def __init__(self, clock: Clock, expiry_s: float) -> None:
        self._clock = clock
        self._ahead = clock.age() - clock.patience()
        self.expiry_s = expiry_s
        self.since = float("-inf")

    def slept(self) -> bool:
        """Whether this machine slept since this was asked last."""
        ahead = self._clock.age() - self._clock.patience()
        slept, self._ahead = ahead - self._ahead > GAP_S, ahead
        if slept:
            self.since = self._clock.age()
        return slept

    def status(self, machine: Machine) -> str:
        """One of `up stale unreachable refused unknown-key changed-key`.

        The failure of a connection is the machine's own; that of a directory is not, and its values count meanwhile.
        """
        return self.judged(machine)[0]

    def judged(self, machine: Machine) -> tuple[str, float]:
        """Its status, and when (age clock) it falls silent if nothing comes until then; -inf where it has."""
        feed, limit_s = machine.leader, self.expiry_s
        if feed.reaches and machine.interval is not None:
            limit_s = min(limit_s, 3 * machine.interval + 2)
        heard = machine.heard_by(feed)
        falls_silent = min(heard + limit_s, machine.told[feed].until)
        if heard < self.since or falls_silent < self._clock.age():
            return "stale" if feed.status == "up" else feed.status, float("-inf")
        return feed.status if feed.reaches else "up", falls_silent

    def details(self, machine: Machine) -> str:
        """What there is to say of its status."""
        return " ".join(self._details(machine, self.status(machine)))

    def _details(self, machine: Machine, status: str) -> Iterator[str]:
        feed, now = machine.leader, self._clock.age()
        told = machine.told[feed]
        if status == "stale":
            if told.missing:
                yield f"{feed.url} does not name it any more."
            if told.until < now:
                yield f"Its publisher answers for its values no more since {now - told.until:.0f} s."
            else:
                yield f"No fresh measurement for {now - machine.heard:.0f} s."
        if feed.detail:
            yield feed.detail
        if status == "up" and feed.status != "up":
            yield "What it said last counts until it is too old."
