"""What a compiled contract reads: one column per attribute, over all hosts at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: `codes[i]` points into `vocabulary`, -1 where the host's value is missing. Shape (hosts,)."""

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]


class Columns(Protocol):
    """Values as of one moment. Attribute names are matched without case. A missing or expired value is NaN or -1."""

    @property
    def names(self) -> Sequence[str]:
        """The host names; every column has their length and order."""
        ...

    def knows(self, attribute: str) -> bool:
        """Whether any host publishes it."""
        ...

    def numbers(self, attribute: str) -> Numbers:
        """The attribute as numbers in its own unit; text that reads as a number is one. Shape (hosts,)."""
        ...

    def texts(self, attribute: str) -> Texts:
        """The attribute as texts; a number is the text of its shortest writing: 20240101, 22.04."""
        ...

    def words(self, attribute: str) -> Texts:
        """The attribute as far as hosts publish it as text: no number is written out, which takes its time."""
        ...

    def statistic(self, function: str, attribute: str, seconds: float | None) -> Numbers:
        """`avg min max median stddev forecast age` of the attribute over the last (forecast: for the next) seconds.

        All NaN where there is no history, as over a file of hosts. Shape (hosts,).
        """
        ...
