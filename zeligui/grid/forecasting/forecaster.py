"""What comes next, and how far off that may be, for many rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.battery import NAMES, NWS_METHODS, Battery
from zeligui.grid.forecasting.choice import Choice, believed, mean
from zeligui.grid.forecasting.rows import EVERY, Counts, Rows, State, given
from zeligui.grid.forecasting.seasons import LONGEST

ERROR_MEMORY = 50
"""The expected error is the mean absolute error of about so many of the latest forecasts."""

MOST_STEPS = 1000
"""A forecast further ahead than so many values is that of so many."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is foretold of one attribute of one host."""

    values: Numbers
    """One a horizon. Shape (n,)."""
    errors: Numbers
    """The expected absolute error of each value. Shape (n,)."""
    method: str
    """The name of the predictor that was chosen, or of those whose mean it is."""


class Forecaster(State):
    """The battery and the choice among it. What it says of a row depends on that row's values alone, in their order."""

    def __init__(self, rows: int, *, longest_period: int = LONGEST) -> None:
        self.rows = rows
        self._longest_period = longest_period
        self.battery = Battery(rows, longest_period=longest_period)
        self.counts = np.zeros(rows, np.intp)
        self.said = np.full((rows, len(NAMES)), np.nan)
        """What each method says of the next value. Shape (rows, methods), NaN before the first value."""
        self._choice = Choice(rows, len(NAMES), NWS_METHODS)
        self._lasts = np.full(rows, np.nan)
        self._errors = np.zeros(rows)

    def begin_anew(self, row: int) -> None:
        """Forget all of a row."""
        rows, new = np.array([row]), Forecaster(1, longest_period=self._longest_period)
        self.forget(rows, new)
        self.battery.forget(rows, new.battery)
        self._choice.forget(rows, new._choice)

    def learn(self, values: Numbers) -> None:
        """Take in the next value of each row. Shape (rows,); a row whose value is not finite has none this time."""
        at = given(values)
        values = values[at]
        if not len(values):
            return
        counts = self.counts[at]
        judged = counts > 0
        if judged.any():
            rows = np.arange(self.rows)[at][judged]
            self._judge(at if judged.all() else rows, values[judged])
        self.said[at] = self.battery.learn(at, values)
        self.counts[at] = counts + 1
        self._lasts[at] = values

    def _judge(self, at: Rows, values: Numbers) -> None:
        off = np.abs(self._next(at) - values)
        gain = np.maximum(1 / self.counts[at], 1 / ERROR_MEMORY)
        self._errors[at] += gain * (off - self._errors[at])
        self._choice.learn(at, self.said[at], values)

    def _next(self, at: Rows) -> Numbers:
        return believed(self.said[at], self._choice.methods(at)[:, None])[:, 0]

    def next(self) -> Numbers:
        """What is foretold of the next value of each row, NaN before the first. Shape (rows,)."""
        return self._next(EVERY)

    def each_at(self, row: int, steps: int) -> Numbers:
        """What each method says of one row's value so many steps ahead. Shape (methods,)."""
        methods = np.arange(len(NAMES))
        rows = np.full(len(methods), row)
        return self.battery.ahead(rows, methods, min(steps, MOST_STEPS), self._lasts[rows])[:, -1]

    def at(self, rows: Counts, steps: int) -> Numbers:
        """The values foretold so many steps ahead in these rows. Shape (n,)."""
        return self._next(rows) if steps == 1 else self._values(rows, min(steps, MOST_STEPS))[:, -1]

    def ahead(self, rows: Counts, steps: int) -> tuple[Numbers, Numbers]:
        """The values foretold 1 to `steps` (at most MOST_STEPS) ahead, and their expected errors, each (n, steps)."""
        errors = self._of_believed(
            rows, lambda some, methods: self.battery.errors(some, methods, self._errors[some], steps)
        )
        return self._values(rows, steps), errors

    def _values(self, rows: Counts, steps: int) -> Numbers:
        return self._of_believed(
            rows, lambda some, methods: self.battery.ahead(some, methods, steps, self._lasts[some])
        )

    def _of_believed(self, rows: Counts, asked: Callable[[Counts, Counts], Numbers]) -> Numbers:
        """The mean, over the methods believed in each row, of what is asked of one method of each row. (n, …)."""
        methods = self._choice.methods(rows)
        found = asked(rows, methods[:, 0])
        several = np.flatnonzero((methods != methods[:, :1]).any(axis=1))
        if len(several):
            others = [asked(rows[several], methods[several, number]) for number in range(1, methods.shape[1])]
            found[several] = mean([found[several], *others])
        return found

    def method(self, row: int) -> str:
        """The name of the method that is believed in a row, or of those whose mean is."""
        names = [NAMES[number] for number in dict.fromkeys(self._choice.methods(np.array([row]))[0].tolist())]
        return names[0] if len(names) == 1 else f"the mean of {', '.join(names[:-1])} and {names[-1]}"
