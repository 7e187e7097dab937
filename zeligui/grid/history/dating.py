"""From the age clock to the calendar: what was measured stays in its order, whatever becomes of the calendar."""

from __future__ import annotations

from zeligui.clock import Clock

STEP_S = 0.5
"""The calendar was set where it differs by more from what the age clock says: both run at one rate otherwise."""
SLOWING = 0.5
"""Seconds a second by which times fall back to a calendar that was set back."""
FARTHEST_S = 86400.0
"""A calendar that was set back by more was wrong, and so are the times that it gave."""


class Dating:
    """Gives seconds since 1970 to times on the age clock, ascending as these do.

    A calendar that is set forward is followed at once. Where it is set back, times go on from where they are, at half
    the pace, until it has caught up. `newest` is the newest time that was ever given here before, by any process.
    """

    def __init__(self, clock: Clock, newest: float | None = None) -> None:
        self._clock = clock
        self._offset = self._calendar()
        self._since = clock.age()
        self._target = self._offset
        if newest is not None and STEP_S < newest - self._offset - self._since <= FARTHEST_S:
            self._offset = newest - self._since

    def look(self) -> bool:
        """Look at the calendar; True where it was wrong by so much that times after now are to be forgotten."""
        calendar, age = self._calendar(), self._clock.age()
        now = self.offset(age)
        self._target = calendar if abs(calendar - self._target) > STEP_S else self._target
        far = now - self._target > FARTHEST_S
        if far or self._target >= now:
            now = self._target
        self._offset, self._since = now, age
        return far

    def offset(self, age: float) -> float:
        """What is to be added to a time on the age clock."""
        if self._offset <= self._target:
            return self._offset
        return max(self._target, self._offset - SLOWING * max(0.0, age - self._since))

    def date(self, age: float) -> float:
        """Seconds since 1970 of a time on the age clock."""
        return age + self.offset(age)

    def now(self) -> float:
        """The date of now."""
        return self.date(self._clock.age())

    def _calendar(self) -> float:
        return self._clock.now().timestamp() - self._clock.age()
