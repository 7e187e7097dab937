"""When a value was measured, on the master's own clock: by its receipt, and by what its publisher's stamps add."""

from __future__ import annotations

DRIFT = 1e-3
"""How much faster or slower than ours a publisher's clock may run, seconds a second; real ones keep within 1e-4."""


class Freshness:
    """What is known of the clock of one publisher.

    A publisher's clock may be wrong by any constant: only differences are used. The quickest delivery so far gives that
    constant; what arrives later than its stamp then promises was held up on its way (a pipe that nobody read while this
    machine slept) and counts as old as it is.
    """

    __slots__ = ("_quickest", "_received", "_set_back", "_stamp")

    def __init__(self) -> None:
        self._stamp = float("-inf")
        self._received = 0.0
        self._quickest = 0.0
        self._set_back: float | None = None

    def measured(self, stamp: float | None, received: float) -> float | None:
        """When a value that came at `received` was measured; None where it is an earlier one, published again.

        `stamp` is the publisher's own time, None where it gives none: then every value is new.
        """
        if stamp is None:
            return received
        if stamp <= self._stamp and not self._clock_was_set_back(stamp):
            return None
        delivery = received - stamp
        if self._stamp == float("-inf"):
            self._quickest = delivery
        else:
            self._quickest = min(delivery, self._quickest + DRIFT * (received - self._received))
        self._stamp, self._received, self._set_back = stamp, received, None
        return stamp + self._quickest

    def _clock_was_set_back(self, stamp: float) -> bool:
        """An earlier stamp that itself advances: the publisher's clock was corrected, and is learnt anew."""
        advancing = self._set_back is not None and self._set_back < stamp < self._stamp
        if advancing:
            self._stamp = float("-inf")
        elif stamp < self._stamp:
            self._set_back = stamp
        return advancing
