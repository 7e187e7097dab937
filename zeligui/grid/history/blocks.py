"""Blocks: what was measured of one host in a stretch of time, joined with others, and thinned to means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers

Times = NDArray[np.int64]

VALUES = 1
"""Planes of a block of values as they were measured: the values."""
MEANS = 4
"""Planes of a block of means: the means, the least and the largest value behind each, and how many they were."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Times (n,) in milliseconds since 1970, the ids of attributes (m,), and numbers (planes, m, n), NaN where none.

    A time of values is when they were measured, of means the beginning of their minute or hour.
    """

    times: Times
    attributes: tuple[int, ...]
    numbers: Numbers

    @property
    def planes(self) -> int:
        return len(self.numbers)

    def means(self) -> Block:
        """The same as means, each value the mean of itself."""
        if self.planes == MEANS:
            return self
        values = self.numbers[0]
        counts = (~np.isnan(values)).astype(float)
        return Block(self.times, self.attributes, np.stack([values, values, values, counts]))

    def within(self, since: int, until: int) -> Block:
        """What is of the times from `since` to `until`, both included."""
        inside = (self.times >= since) & (self.times <= until)
        return self if inside.all() else Block(self.times[inside], self.attributes, self.numbers[:, :, inside])


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks of one kind as one, in the order of time."""
    if len(blocks) == 1:
        return _sorted(blocks[0])
    attributes = tuple(sorted({one for block in blocks for one in block.attributes}))
    times = np.concatenate([block.times for block in blocks])
    numbers = np.full((blocks[0].planes, len(attributes), len(times)), np.nan)
    first = 0
    for block in blocks:
        rows = np.searchsorted(attributes, block.attributes)
        numbers[:, rows, first : first + len(block.times)] = block.numbers
        first += len(block.times)
    return _sorted(Block(times, attributes, numbers))


def distinct(block: Block) -> Block:
    """Values in the order of time, one of each attribute and time: the last."""
    again = np.diff(block.times, prepend=np.iinfo(np.int64).min) == 0
    if not again.any():
        return block
    numbers = block.numbers.copy()
    for place in np.flatnonzero(again):
        later = numbers[:, :, place]
        numbers[:, :, place] = np.where(np.isnan(later), numbers[:, :, place - 1], later)
    last = ~np.append(again[1:], False)
    return Block(block.times[last], block.attributes, numbers[:, :, last])


def thinned(block: Block, step: int) -> Block:
    """One mean, with least, largest and count, for each `step` milliseconds in which there is a value.

    Means of means are weighted by their counts, so that thinning twice is thinning once.
    """
    means = block.means()
    return _reduced(means, means.times // step, lambda slots, firsts: slots[firsts] * step)


def spread(block: Block, most: int) -> Block:
    """At most `most` means over equal parts of its time, each at the middle of the times behind it."""
    means = block.means()
    if len(means.times) <= most:
        return means
    slots = (means.times - means.times[0]) * most // (means.times[-1] - means.times[0] + 1)
    ends = np.append(np.flatnonzero(np.diff(slots)), len(slots) - 1)
    return _reduced(means, slots, lambda _, firsts: (means.times[firsts] + means.times[ends]) // 2)


def _reduced(means: Block, slots: Times, timed: Callable[[Times, NDArray[np.intp]], Times]) -> Block:
    """One for each run of the same slot; `timed(slots, firsts)` gives their times."""
    if not len(slots):
        return means
    firsts = np.flatnonzero(np.diff(slots, prepend=slots[0] - 1))
    mean, low, high, count = means.numbers
    counts = np.nan_to_num(count)
    totals = np.add.reduceat(counts, firsts, axis=1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # Shares of the count first: the sum of large values would overflow, and equal values stay what they are.
        shares = counts / np.repeat(totals, np.diff(np.append(firsts, len(slots))), axis=1)
        reduced = np.add.reduceat(np.nan_to_num(mean) * np.nan_to_num(shares), firsts, axis=1)
    lows, highs = np.fmin.reduceat(low, firsts, axis=1), np.fmax.reduceat(high, firsts, axis=1)
    reduced = np.clip(np.where(totals > 0, reduced, np.nan), lows, highs)
    return Block(timed(slots, firsts), means.attributes, np.stack([reduced, lows, highs, totals]))


def _sorted(block: Block) -> Block:
    if (np.diff(block.times) >= 0).all():
        return block
    order = np.argsort(block.times, kind="stable")
    return Block(block.times[order], block.attributes, block.numbers[:, :, order])
