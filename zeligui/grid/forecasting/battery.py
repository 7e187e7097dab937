"""All predictors side by side, fed with the same values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.analogues import Analogues
from zeligui.grid.forecasting.autoregression import MEMORIES, Autoregression, autoregression_name
from zeligui.grid.forecasting.levels import FittedSmoothing, Levels
from zeligui.grid.forecasting.rows import Counts, Predictor, Rows
from zeligui.grid.forecasting.seasons import LONGEST, Seasons
from zeligui.grid.forecasting.windows import Windows

NWS_METHODS = len(Levels.names) + len(Windows.names)
"""The first so many methods of the battery are the 18 of the Network Weather Service, in its order, mended."""

NAMES = (
    *(*Levels.names, *Windows.names, *FittedSmoothing.names),
    *(autoregression_name(memory) for memory in MEMORIES),
    *Seasons.names,
    *Analogues.names,
)


class Battery:
    """The 18 methods of the Network Weather Service, a fitted smoother, two AR(16), two that repeat a period, and two
    that look for what is alike.

    A method that has seen too little to say anything says the last value.
    """

    def __init__(self, rows: int, *, longest_period: int = LONGEST) -> None:
        self._fits = tuple(Autoregression(rows, memory) for memory in MEMORIES)
        self._seasons = Seasons(rows, longest_period)
        self.parts: tuple[Predictor, ...] = (
            Levels(rows),
            Windows(rows),
            FittedSmoothing(rows),
            *self._fits,
            self._seasons,
            Analogues(rows, self._seasons),
        )
        self._places = [(part, number) for part in self.parts for number in range(len(part.names))]

    def forget(self, rows: Counts, new: Battery) -> None:
        """Begin anew in these rows; `new` is a battery that has learned nothing."""
        for part, begun in zip(self.parts, new.parts, strict=True):
            part.forget(rows, begun)

    def learn(self, at: Rows, values: Numbers) -> Numbers:
        """Take in the next value of these rows (n,); what each method says of the one after, (n, methods)."""
        said = np.concatenate([part.learn(at, values) for part in self.parts], axis=1)
        return np.where(np.isnan(said), values[:, None], said)

    def ahead(self, rows: Counts, methods: Counts, steps: int, lasts: Numbers) -> Numbers:
        """What one method of each row says of the next 1 to `steps` values. Shape (n, steps)."""
        said = np.empty((len(rows), steps))
        for part in self.parts:
            mine, numbers = self._of(part, methods)
            if mine.any():
                said[mine] = part.ahead(rows[mine], steps, numbers[mine])
        return np.where(np.isnan(said), lasts[:, None], said)

    def errors(self, rows: Counts, methods: Counts, first: Numbers, steps: int) -> Numbers:
        """The absolute errors to expect of one method of each row, the first of them being `first`. Shape (n, steps).

        AR(16): first times the root of the sum of squares of its impulse response, no more than the next. What keeps a
        level: with D(h) the mean difference of values h steps apart, the square grows as D(h)^2 - D(1)^2, which is
        exact for the last value of any series and for smoothing of a noisy walk. What repeats a period p: as
        D(kp)^2 - D(p)^2, k = 1, 2, … periods ahead, as far as differences are kept.
        """
        ahead = np.arange(1, steps + 1)
        periods = np.ones(len(rows), np.intp)
        seasonal, _ = self._of(self._seasons, methods)
        periods[seasonal] = np.maximum(self._seasons.period(rows[seasonal]), 1)
        lags = periods[:, None] * np.minimum(-(-ahead // periods[:, None]), self._seasons.fitting(periods)[:, None])
        differences = self._seasons.differences(rows, lags)
        more = np.maximum.accumulate(np.maximum(differences**2 - differences[:, :1] ** 2, 0.0), axis=1)
        errors = np.sqrt(first[:, None] ** 2 + more)
        for part in self._fits:
            mine, _ = self._of(part, methods)
            if mine.any():
                grown = first[mine, None] * part.growth(rows[mine], steps)
                errors[mine] = np.fmin(grown, errors[mine])
        return errors

    def _of(self, part: Predictor, methods: Counts) -> tuple[NDArray[np.bool_], Counts]:
        """Which of the chosen methods are of that part, and their numbers in it."""
        begin = next(place for place, (one, _) in enumerate(self._places) if one is part)
        numbers = methods - begin
        return (numbers >= 0) & (numbers < len(part.names)), numbers
