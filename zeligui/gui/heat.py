"""How all hosts do by one attribute, as colours: where each stands between the least and the largest, or by a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zeligui.grid.bounds import Bound
from zeligui.gui.series import FIXED, LARGEST, scale
from zeligui.gui.words import count_of, unit_of, value_text, visible

Numbers = NDArray[np.float64]
Pixels = NDArray[np.uint32]

EVEN = (
    0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173, 0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFEE838,
)  # fmt: skip
"""Even steps of lightness that also the colour-blind tell apart: cividis (Nunez, Anderton and Renslow, 2018)."""
FAILS = (0xFEE0B6, 0xF1A340, 0xB35806)
MEETS = (0xD8DAEB, 0x998EC3, 0x542788)
"""From beside a bound to far from it: purple and orange of ColorBrewer (Harrower and Brewer, 2003)."""
STEPS = 128
INTERVALS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """Hosts in the order shown with their values, NaN where unknown, shape (n,); colours run from `low` to `high`.

    With a bound, they say on which side of it a value is, and how far from it.
    """

    attribute: str = ""
    names: Sequence[str] = ()
    values: Numbers = field(default_factory=lambda: np.empty(0))
    low: float = 0.0
    high: float = 1.0
    bound: Bound | None = None

    @classmethod
    def of(
        cls,
        attribute: str,
        names: Sequence[str],
        values: Numbers,
        *,
        by_value: bool = False,
        bound: Bound | None = None,
    ) -> Heat:
        """Names come in the order in which they are shown, unless that is by their values: then the largest first."""
        if by_value:
            order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
            names, values = [names[place] for place in order.tolist()], values[order]
        found = scale(attribute, values, [bound.value] if bound else [], INTERVALS)
        low, high = (found.low, found.high) if attribute.casefold() in FIXED or bound else _ends(values)
        return cls(attribute, names, values, low, high, bound)

    @property
    def colours(self) -> Pixels:
        """The colour of each host as 0xRRGGBB; of the unknown that of the lowest."""
        known = np.clip(np.nan_to_num(self.values, nan=self.low), self.low, self.high)
        return self.shades(known)

    def shades(self, values: Numbers) -> Pixels:
        """The colours of values, shape (n,)."""
        if self.bound is None:
            return _along(EVEN, (values - self.low) / max(self.high - self.low, 1e-300))
        distance = np.abs(values - self.bound.value)
        reach = max(self.high - self.bound.value, self.bound.value - self.low, 1e-300)
        return np.where(meets(self.bound, values), _along(MEETS, distance / reach), _along(FAILS, distance / reach))

    @property
    def unknown(self) -> NDArray[np.bool_]:
        return np.isnan(self.values)

    def words(self, place: int) -> str:
        """A host and its value."""
        value = float(self.values[place])
        said = "unknown" if np.isnan(value) else f"{value_text(value)} {unit_of(self.attribute)}".rstrip()
        if self.bound is None or np.isnan(value):
            return f"{visible(self.names[place])}: {said}"
        side = "holds" if meets(self.bound, self.values[place : place + 1])[0] else "does not hold"
        return f"{visible(self.names[place])}: {said}, {bound_words(self.bound)} {side}"

    @property
    def summary(self) -> str:
        """All of it in words."""
        known = self.values[~self.unknown]
        said = count_of(len(self.names), "host")
        if len(known):
            least, middle, most = (value_text(float(one(known))) for one in (np.min, np.median, np.max))
            said += f", {visible(self.attribute)} from {least} to {most} {unit_of(self.attribute)}".rstrip()
            said += f", median {middle}"
        if self.bound is not None and len(known):
            said += f"; {bound_words(self.bound)} holds on {int(meets(self.bound, known).sum()):,}"
        unknown = len(self.names) - len(known)
        return f"{said}; {unknown:,} unknown" if unknown else said


def bound_words(bound: Bound) -> str:
    """A bound as it stands in its profile."""
    return f"{visible(bound.profile)}: {bound.operator} {value_text(bound.value)}"


def meets(bound: Bound, values: Numbers) -> NDArray[np.bool_]:
    """Which values are on the right side of a bound."""
    tests = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}
    found: NDArray[np.bool_] = tests.get(bound.operator, np.equal)(values, bound.value)
    return found


def cells(count: int, width: int, height: int, least: int, most: int) -> tuple[int, int]:
    """The side of square cells, from `least` to `most`, the largest with which so many fit; and how many a line has."""
    for side in range(most, least, -1):
        if (width // side) * (height // side) >= count:
            return side, max(1, width // side)
    return least, max(1, width // least)


def painted(heat: Heat, side: int, across: int, base: int, dim: int) -> Pixels:
    """The picture, a pixel a number 0xFFRRGGBB, of shape (lines * side, across * side); the unknown are hatched."""
    lines = -(-len(heat.names) // across)
    colours, hatched = np.full(lines * across, base, np.uint32), np.zeros(lines * across, bool)
    colours[: len(heat.names)] = np.where(heat.unknown, base, heat.colours)
    hatched[: len(heat.names)] = heat.unknown
    pixels = colours.reshape(lines, across).repeat(side, axis=0).repeat(side, axis=1)
    stripes = np.add.outer(np.arange(lines * side), np.arange(across * side)) % 4 == 0
    pixels[hatched.reshape(lines, across).repeat(side, axis=0).repeat(side, axis=1) & stripes] = dim
    if side >= 4:
        pixels[side - 1 :: side, :] = base
        pixels[:, side - 1 :: side] = base
    result: Pixels = pixels | np.uint32(0xFF000000)
    return result


def _ends(values: Numbers) -> tuple[float, float]:
    """The least and the largest, apart."""
    known = np.clip(values[np.isfinite(values)], -LARGEST, LARGEST)
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return (low, high) if high > low else (low, low + max(abs(low), 1.0))


def _along(anchors: Sequence[int], shares: Numbers) -> Pixels:
    """Colours between anchors, at shares from 0 to 1."""
    steps = np.linspace(0.0, 1.0, STEPS)
    places = np.linspace(0.0, 1.0, len(anchors))
    table = np.zeros(STEPS, np.uint32)
    for shift in (16, 8, 0):
        part = np.interp(steps, places, [anchor >> shift & 0xFF for anchor in anchors])
        table |= np.round(part).astype(np.uint32) << np.uint32(shift)
    found: Pixels = table[np.clip(np.round(shares * (STEPS - 1)), 0, STEPS - 1).astype(np.intp)]
    return found
