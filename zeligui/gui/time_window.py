"""The stretch of time that plots show: it follows now, or stands still where the user looks back."""

from __future__ import annotations

from dataclasses import dataclass, replace

LENGTHS: tuple[tuple[str, float | None], ...] = (
    ("1 min", 60.0), ("5 min", 300.0), ("15 min", 900.0), ("1 h", 3600.0), ("6 h", 21600.0),
    ("1 day", 86400.0), ("1 week", 7 * 86400.0), ("30 days", 30 * 86400.0), ("All", None),
)  # fmt: skip
"""What the chooser offers, in seconds; None: all there is."""
USUAL_S = 300.0
SHORTEST_S, LONGEST_S = 5.0, 400 * 86400.0
LEAST_OF_ALL_S = 60.0
"""All there is is shown as at least this long: two values two seconds apart are no history yet."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in seconds on the age clock."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """`seconds` long, None: from the first value on. While paused, `held` is since when, and `end` where it ends."""

    seconds: float | None = USUAL_S
    held: float | None = None
    end: float | None = None

    @property
    def paused(self) -> bool:
        return self.held is not None

    def until(self, now: float) -> float:
        """What there is of values is shown up to then."""
        return now if self.held is None else self.held

    def span(self, now: float, first: float) -> Span:
        """What is shown now, where the first value was measured at `first`."""
        end = now if self.end is None else self.end
        start = min(first, end - LEAST_OF_ALL_S) if self.seconds is None else end - self.seconds
        return Span(start, end)

    def pause(self, now: float) -> TimeWindow:
        """Stand still, as all is now."""
        return self if self.paused else replace(self, held=now, end=now)

    def follow(self) -> TimeWindow:
        """Follow now again."""
        return replace(self, held=None, end=None)

    def panned(self, seconds: float, now: float, first: float, reach: float | None = None) -> TimeWindow:
        """Look so much later, or earlier where `seconds` are below zero; whoever looks back has paused.

        Nobody gets further back than to `reach`, by itself the first value.
        """
        if not self.paused and seconds >= 0:
            return self
        still = self.pause(now)
        latest, long = still.until(now), still.span(now, first).seconds
        earliest = min(latest, (first if reach is None else reach) + long)
        return replace(still, end=min(latest, max(earliest, (still.end or now) + seconds)))

    def zoomed(self, factor: float, at: float, now: float, first: float, reach: float | None = None) -> TimeWindow:
        """So many times as long: the time `at` stays where it is, but one that follows now goes on to end there."""
        span = self.span(now, first)
        seconds = min(LONGEST_S, max(SHORTEST_S, span.seconds * factor))
        longer = replace(self, seconds=seconds)
        if not self.paused:
            return longer
        after = (span.end - at) * seconds / span.seconds
        return replace(longer, end=at + after).panned(0.0, now, first, reach)
