"""How well recorded series are foretold, beside the Network Weather Service's rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zeligui.grid.forecasting.battery import NAMES
from zeligui.grid.forecasting.evaluation import METHODS, OURS, PEER, WARMUP, default_warmup, evaluate, foretold
from zeligui.grid.forecasting.forecaster import Forecaster
from zeligui.grid.forecasting.nws import NwsRule
from zeligui.grid.forecasting.recording import read_recording
from zeligui.grid.forecasting.rows import EVERY

NAB = Path(__file__).resolve().parent.parent.parent / "data" / "nab"


def errors(series: np.ndarray, warmup: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean absolute errors of our choice and of the peer's rule, of each row, all rows together."""
    forecaster, rule = Forecaster(len(series)), NwsRule(len(series))
    off = np.zeros((2, len(series)))
    for place, column in enumerate(series.T):
        if place:
            theirs = np.take_along_axis(forecaster.said, rule.methods(EVERY)[:, None], axis=1)[:, 0]
            if place >= warmup:
                off += np.abs(np.array((forecaster.next(), theirs)) - column)
            rule.learn(EVERY, forecaster.said, column)
        forecaster.learn(column)
    ours, theirs = off / (series.shape[1] - warmup)
    return ours, theirs


def test_host_load_is_foretold_a_tenth_better_than_by_the_rule_of_the_network_weather_service() -> None:
    files = sorted(NAB.glob("*.csv"))
    assert len(files) == 3
    ours, theirs = errors(np.array([read_recording(file).values for file in files]), WARMUP)
    assert ours.sum() / theirs.sum() < 0.77
    assert (ours / theirs).max() < 0.97


def test_loads_that_come_back_are_foretold_much_better_and_others_no_worse() -> None:
    random = np.random.default_rng(1)
    count = 1600
    time = np.arange(count)
    hours = 5 + random.normal(0, 0.5, count) + 30 * (time % 36 < 2)
    square = np.where(time // 40 % 2, 60.0, 10.0) + random.normal(0, 2, count)
    walk = 100 + np.cumsum(random.normal(0, 1, count))
    noise = 50 + random.normal(0, 5, count)
    spikes = 2 + random.normal(0, 0.1, count) + np.where(random.random(count) < 0.01, 30, 0)
    levels = np.repeat(random.uniform(5, 90, count // 80), 80) + random.normal(0, 1, count)
    jobs = 3 + random.normal(0, 0.2, count)
    for place in np.cumsum(random.integers(8, 60, count // 60)):
        work = random.uniform(0, 60)
        jobs[place : place + 4] += (work, 58, 53, 60 - work)
    ours, theirs = errors(np.array([hours, square, jobs, walk, noise, spikes, levels]), 600)
    assert (ours[:3] < 0.8 * theirs[:3]).all()
    assert (ours[3:] < 1.03 * theirs[3:]).all()


def test_what_is_foretold_of_a_value_comes_from_those_before_it() -> None:
    values = np.random.default_rng(2).normal(size=120).cumsum()
    for steps in (1, 3):
        said = foretold(values, steps)
        assert np.isnan(said[:steps]).all()
        assert np.isfinite(said[steps:]).all()
        shorter = foretold(values[:70], steps)
        assert np.array_equal(said[:70], shorter, equal_nan=True)
        last = said[steps:, METHODS.index("last value")]
        assert np.array_equal(last, values[:-steps])


def test_the_scores_are_the_mean_errors_after_the_warm_up() -> None:
    values = np.random.default_rng(3).normal(size=90)
    said = foretold(values)
    found = evaluate(values, warmup=40)
    assert found.scored == 50
    assert tuple(found.methods) == (*NAMES, PEER, OURS)
    for place, one in enumerate(found.methods.values()):
        off = said[40:, place] - values[40:]
        assert (one.mae, one.mse) == (pytest.approx(np.abs(off).mean()), pytest.approx((off**2).mean()))
    assert np.array_equal(found.foretold, said[:, -1], equal_nan=True)


@pytest.mark.parametrize(("values", "expected"), [(4032, 1008), (2016, 1008), (2015, 503), (40, 10), (2, 0)])
def test_the_warm_up_is_1008_values_of_long_series(values: int, expected: int) -> None:
    assert default_warmup(values) == expected


@pytest.mark.parametrize("count", [0, 1, 5])
def test_nothing_is_scored_where_there_is_too_little(count: int) -> None:
    found = evaluate(np.ones(count), warmup=5)
    assert (found.scored, dict(found.methods)) == (0, {})
    assert len(found.foretold) == count
