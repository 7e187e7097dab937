"""What hosts have of an attribute: what was measured, now and long ago, and what is expected, each made ready once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeligui.gui.expected import Expectations, Expected
from zeligui.gui.plot_past import Archive, Past
from zeligui.gui.series import Curve, Numbers

History = Callable[[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Times (age clock) and values of a host's attribute, oldest first, each of shape (n,)."""


@dataclass(frozen=True, slots=True)
class Strand:
    """One host's part of a plot; `place` is its place among the hosts, which gives it its colour and dashes."""

    host: str
    place: int
    curve: Curve
    expected: Expected | None = None

    @property
    def attribute(self) -> str:
        return self.curve.attribute


@dataclass(frozen=True, slots=True)
class Bundle:
    """The strands of one attribute, one a host: what one plot shows."""

    attribute: str
    strands: tuple[Strand, ...]


@dataclass(slots=True)
class _Kept:
    """What a curve was made of: it is made anew only from something else."""

    times: Numbers
    values: Numbers
    past: Past | None
    curve: Curve
    expected: Expected | None = None


class Strands:
    """Asks for what was measured, and keeps the curves until something new came."""

    def __init__(self, history: History, archive: Archive | None, expectations: Expectations | None) -> None:
        self._history = history
        self._archive = archive
        self._expectations = expectations
        self._kept: dict[tuple[str, str], _Kept] = {}

    def forget_but(self, hosts: Collection[str]) -> None:
        """Keep only what is of these hosts."""
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] in hosts}

    def of(self, host: str, place: int, attribute: str, held: float | None) -> Strand | None:
        """The strand, as it was at `held` where that is given; None where there are no values."""
        key = host, attribute
        before = self._kept.get(key)
        past = self._archive.of(host, attribute) if self._archive else None
        if before and held is not None:
            times, values = before.times, before.values
        else:
            times, values = self._history(host, attribute)
            if held is not None:
                times, values = times[times <= held], values[times <= held]
        if not len(times) and (past is None or not len(past.times)):
            return None
        if before is None or before.past is not past or not _same(before.times, times):
            curve = _curve(attribute, times, values, past)
            before = self._kept[key] = _Kept(times, values, past, curve, before.expected if before else None)
        return Strand(host, place, before.curve, before.expected)

    def known_from(self, strand: Strand) -> float:
        """From when on its values are known without being read; inf where none is."""
        times = self._kept[strand.host, strand.attribute].times
        return float(times[0]) if len(times) else float("inf")

    def look_ahead(self, strand: Strand, seconds: float, held: float | None) -> Strand:
        """With what is expected of it within so many seconds; where it stands still, with what was expected then."""
        kept = self._kept[strand.host, strand.attribute]
        if self._expectations and len(kept.times) and (held is None or kept.expected is None):
            found = self._expectations.until(strand.host, strand.attribute, float(kept.times[-1]), seconds)
            if held is None or found is None or found.made <= held:
                kept.expected = found
        return Strand(strand.host, strand.place, strand.curve, kept.expected)


def _same(these: Numbers, those: Numbers) -> bool:
    """Whether nothing came since."""
    if len(these) != len(those):
        return False
    return these is those or not len(these) or bool(these[-1] == those[-1] and these[0] == those[0])


def _curve(attribute: str, times: Numbers, values: Numbers, past: Past | None) -> Curve:
    """What is stored stands before what is still known here."""
    if past is None or not len(past.times):
        return Curve.of(attribute, times, values)
    older = past.times < (times[0] if len(times) else np.inf)
    joined = [
        np.concatenate((one[older], other))
        for one, other in ((past.times, times), (past.values, values), (past.low, values), (past.high, values))
    ]
    return Curve.of(attribute, joined[0], joined[1], low=joined[2], high=joined[3])
