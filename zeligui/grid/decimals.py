"""Numbers of hosts in a fraction of their room: as whole numbers of a decimal unit, as long as they are such."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers

KINDS: tuple[type[np.signedinteger[Any]], ...] = (np.int8, np.int16, np.int32)
"""Of the codes; the least of each is that of no number."""

MOST_DIGITS = 6
"""The smallest unit is a millionth."""

Kind = TypeVar("Kind", bound=np.generic)
Codes = NDArray[np.signedinteger[Any]]
Places = tuple[int | NDArray[np.intp], int | NDArray[np.intp]]


class Decimals:
    """An array of rows and places. What is got is what was put, to the last bit (a zero has no sign).

    What sensors and directories tell is rounded to some digits: 0.1053 is kept as 1053 ten-thousandths in 16 bits, and
    1053 / 10000 is again the number that is nearest to 0.1053, as IEEE 754 divides. The unit gets smaller and the codes
    wider where a number wants it. From the first that is no such decimal, or too large, all are kept in 64 bits.
    """

    def __init__(self, rows: int, depth: int) -> None:
        self._unit = 1.0
        self._kind = 0
        self._most = int(np.iinfo(KINDS[0]).max)
        self._codes: Codes | None = np.full((rows, depth), ~self._most, KINDS[0])
        self._numbers: Numbers = np.empty((0, 0))

    @property
    def size(self) -> int:
        """Bytes."""
        return self._numbers.nbytes if self._codes is None else self._codes.nbytes

    def put(self, at: Places, value: float) -> None:
        """One number in one place."""
        if self._codes is None:
            self._numbers[at] = value
        elif abs(whole := value * self._unit) <= self._most and (code := round(whole)) / self._unit == value:
            self._codes[at] = code
        else:
            self.put_all(at, np.array(value))

    def put_all(self, at: Places, values: Numbers) -> None:
        """A number in each of these places; NaN for none."""
        none = np.isnan(values)
        while self._codes is not None:
            with np.errstate(over="ignore"):
                whole = np.rint(values * self._unit)
            if not (none | (whole / self._unit == values)).all():
                self._divide()
            elif not (none | (np.abs(whole) <= self._most)).all():
                self._broaden()
            else:
                self._codes[at] = np.where(none, ~self._most, whole).astype(KINDS[self._kind])
                return
        self._numbers[at] = values

    def blank(self, at: Places | int) -> None:
        """No number in these places, or in this row."""
        if self._codes is None:
            self._numbers[at] = np.nan
        else:
            self._codes[at] = ~self._most

    def get(self, rows: NDArray[np.intp], places: NDArray[np.intp]) -> Numbers:
        """The numbers in these places, (n, m), of these rows, (n,); NaN for none."""
        if self._codes is None:
            return np.asarray(self._numbers[rows[:, None], places])
        return self._read(self._codes[rows[:, None], places])

    def _read(self, codes: Codes) -> Numbers:
        """The numbers of codes. In 64 bits: numpy divides short ones in 16 or 32."""
        return np.where(codes == ~self._most, np.nan, np.divide(codes, self._unit, dtype=np.float64))

    def widen(self, rows: int, depth: int) -> None:
        """So many rows and places more."""
        if self._codes is None:
            self._numbers = wider(self._numbers, rows, depth, np.nan)
        else:
            self._codes = wider(self._codes, rows, depth, ~self._most)

    def _divide(self) -> None:
        """A unit of a tenth of this one; 64 bits where there is none."""
        if self._unit >= 10**MOST_DIGITS:
            self._give_up()
        while self._codes is not None:
            known = self._codes != ~self._most
            least, most = (int(end(initial=0, where=known)) for end in (self._codes.min, self._codes.max))
            if 10 * max(-least, most) > self._most:
                self._broaden()
                continue
            np.multiply(self._codes, 10, out=self._codes, where=known)
            self._unit *= 10
            return

    def _broaden(self) -> None:
        """Codes of twice the width; 64 bits for the numbers themselves where there are none."""
        if self._codes is None or self._kind + 1 == len(KINDS):
            self._give_up()
            return
        missing = self._codes == ~self._most
        self._kind += 1
        self._most = int(np.iinfo(KINDS[self._kind]).max)
        self._codes = self._codes.astype(KINDS[self._kind])
        self._codes[missing] = ~self._most

    def _give_up(self) -> None:
        if self._codes is not None:
            self._numbers = self._read(self._codes)
            self._codes = None


def wider(column: NDArray[Kind], rows: int, depth: int, none: float) -> NDArray[Kind]:
    """The same with more rows, and more places in each."""
    before_rows, before_depth = column.shape
    found = np.full((before_rows + rows, before_depth + depth), none, column.dtype)
    found[:before_rows, :before_depth] = column
    return found
