"""How well each method would have foretold a recorded series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.battery import NAMES
from zeligui.grid.forecasting.forecaster import Forecaster
from zeligui.grid.forecasting.nws import NwsRule
from zeligui.grid.forecasting.rows import EVERY

OURS = "zeligrid"
PEER = "nws"
METHODS = (*NAMES, PEER, OURS)

WARMUP = 1008
"""Values that are not scored, of a series of at least twice as many: three and a half days of five-minute samples."""


@dataclass(frozen=True, slots=True)
class Score:
    """How far off a method was."""

    mae: float
    """The mean absolute error."""
    mse: float
    """The mean squared error."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of it."""

    scored: int
    """How many values were scored."""
    warmup: int
    """How many of the first were not."""
    methods: Mapping[str, Score]
    """By name, in the order of `METHODS`; empty where nothing was scored."""
    foretold: Numbers
    """What the choice said of each value before it came, NaN where it said nothing. Shape (n,)."""


def default_warmup(values: int) -> int:
    """1,008 where a series has at least twice as many values, else a quarter of it."""
    return WARMUP if values >= 2 * WARMUP else values // 4


def evaluate(values: Numbers, *, warmup: int | None = None, steps: int = 1) -> Evaluation:
    """Foretell each value, of shape (n,), from those at least `steps` before it, and score all after the warm-up."""
    warmup = default_warmup(len(values)) if warmup is None else warmup
    said = foretold(values, steps)
    scored = slice(max(warmup, steps), len(values))
    off = np.abs(said[scored] - values[scored, None])
    scores = {
        name: Score(float(off[:, place].mean()), float(np.square(off[:, place]).mean()))
        for place, name in enumerate(METHODS if len(off) else ())
    }
    return Evaluation(len(off), warmup, scores, said[:, METHODS.index(OURS)])


def foretold(values: Numbers, steps: int = 1) -> Numbers:
    """What each of `METHODS` said of each value, `steps` before it came. Shape (n, methods), NaN for the first."""
    forecaster, rule, row = Forecaster(1), NwsRule(1), np.zeros(1, np.intp)
    said = np.full((len(values), len(METHODS)), np.nan)
    for place, value in enumerate(values[: len(values) - steps]):
        column = np.array([value])
        if place:
            rule.learn(EVERY, forecaster.said, column)
        forecaster.learn(column)
        ahead = forecaster.said[0] if steps == 1 else forecaster.each_at(0, steps)
        said[place + steps] = *ahead, ahead[rule.methods(EVERY)[0]], forecaster.at(row, steps)[0]
    return said
