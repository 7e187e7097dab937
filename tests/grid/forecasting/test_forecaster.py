"""The battery and its choice: what holds for any values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeligui.grid.forecasting.battery import NAMES
from zeligui.grid.forecasting.choice import LASTING, MEMORIES, Choice, believed
from zeligui.grid.forecasting.forecaster import MOST_STEPS, Forecaster
from zeligui.grid.forecasting.nws import NwsRule
from zeligui.grid.forecasting.rows import EVERY, LARGEST

number = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-100, 100, width=32) | st.sampled_from((0.0, 1.0))
columns = st.integers(1, 4).flatmap(
    lambda rows: st.lists(st.lists(number, min_size=rows, max_size=rows), min_size=1, max_size=90)
)


def told(series: np.ndarray, *, longest: int = 30) -> np.ndarray:
    """What is foretold after each column of `series` (rows, n). Shape (rows, n)."""
    forecaster = Forecaster(len(series), longest_period=longest)
    said = np.empty(series.shape)
    for place, column in enumerate(series.T):
        forecaster.learn(column)
        said[:, place] = forecaster.next()
    return said


def kinds(count: int = 400) -> np.ndarray:
    """Series of many kinds, some with missing values."""
    random = np.random.default_rng(7)
    time = np.arange(count)
    walk = np.cumsum(random.normal(size=count))
    spikes = 2 + random.normal(0, 0.1, count) + 20 * (time % 24 == 0)
    square = np.where(time // 17 % 2, 10.0, 60.0)
    missing = np.where(random.random(count) < 0.2, np.nan, walk)
    late = np.where(time < 100, np.nan, spikes)
    return np.array([walk, spikes, square, missing, late, np.round(walk), np.full(count, 0.1)])


@settings(max_examples=30, deadline=None)
@given(columns)
def test_any_values_at_all_give_finite_forecasts_once_there_was_one(values: list[list[float]]) -> None:
    series = np.array(values).T
    said = told(series)
    seen = np.maximum.accumulate(np.abs(series) < LARGEST, axis=1)
    assert np.isfinite(said[seen]).all()
    assert np.isnan(said[~seen]).all()


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e-12, 1e12])
def test_a_constant_is_foretold_exactly(value: float) -> None:
    assert (told(np.full((1, 300), value)) == value).all()


def test_what_comes_later_changes_no_forecast() -> None:
    series = kinds()
    other = series.copy()
    other[:, 250:] = 1000 * np.random.default_rng(8).random((len(series), 150))
    assert np.array_equal(told(series)[:, :250], told(other)[:, :250], equal_nan=True)


def test_rows_know_nothing_of_each_other_nor_of_their_order() -> None:
    series = kinds()
    together = told(series)
    assert told(series[::-1])[::-1] == pytest.approx(together, rel=1e-9, nan_ok=True)
    for row, alone in zip(series, together, strict=True):
        assert told(row[None])[0] == pytest.approx(alone, rel=1e-9, nan_ok=True)


def test_a_missing_value_is_as_if_no_time_had_passed() -> None:
    series = kinds()[:1]
    known = ~np.isnan(kinds()[3])
    gaps = np.where(known, series, np.nan)
    assert np.array_equal(told(gaps)[:, known], told(series[:, known]))


def test_a_row_that_begins_anew_has_forgotten_all() -> None:
    series = kinds()
    old, new = Forecaster(len(series), longest_period=30), Forecaster(len(series), longest_period=30)
    for column in series.T:
        old.learn(column)
    for row in range(len(series)):
        old.begin_anew(row)
    for column in series.T[:200]:
        old.learn(column)
        new.learn(column)
        assert np.array_equal(old.next(), new.next(), equal_nan=True)
    rows = np.arange(len(series))[~np.isnan(new.next())]
    for one, other in zip(old.ahead(rows, 5), new.ahead(rows, 5), strict=True):
        assert np.array_equal(one, other)


def test_the_first_step_ahead_is_the_next_value() -> None:
    forecaster = Forecaster(7)
    for column in kinds().T:
        forecaster.learn(column)
    rows = np.arange(7)
    values, errors = forecaster.ahead(rows, 50)
    assert np.array_equal(values[:, 0], forecaster.next())
    assert np.array_equal(values[:, 19], forecaster.at(rows, 20))
    assert np.isfinite(values).all()
    assert (np.diff(errors, axis=1) >= 0).all()
    assert forecaster.at(rows, 10 * MOST_STEPS) == pytest.approx(forecaster.at(rows, MOST_STEPS))


@pytest.mark.parametrize(
    ("walks", "steps", "low", "high"),
    [(True, 1, 0.8, 1.25), (True, 25, 0.7, 1.4), (False, 1, 0.8, 1.25), (False, 25, 0.8, 1.3)],
)
def test_the_expected_error_is_what_comes(walks: bool, steps: int, low: float, high: float) -> None:
    """Of walks the error grows as the root of the steps, of noise not at all."""
    noise = np.random.default_rng(9).normal(size=(60, 700))
    series = np.cumsum(noise, axis=1) if walks else noise
    forecaster = Forecaster(60, longest_period=60)
    off, expected = [], []
    for place in range(660):
        forecaster.learn(series[:, place])
        if place > 300 and place % 25 == 0:
            values, errors = forecaster.ahead(np.arange(60), steps)
            off.append(np.abs(values[:, -1] - series[:, place + steps]))
            expected.append(errors[:, -1])
    assert low < np.mean(off) / np.mean(expected) < high


def test_the_choice_is_the_method_of_the_lowest_error_and_changes_with_it() -> None:
    choice = Choice(1, 4, 1)
    said = np.array([[0.0, 1.0, 5.0, 8.0]])
    for _ in range(30):
        choice.learn(EVERY, said, np.array([1.0]))
    assert choice.methods(EVERY)[0].tolist() == [1, 1, 1]
    for _ in range(LASTING):
        choice.learn(EVERY, said, np.array([5.0]))
    assert choice.methods(EVERY)[0].tolist() == [2, 2, 2]


def test_the_mean_of_three_is_chosen_where_they_err_in_different_ways() -> None:
    choice, random = Choice(1, 5, 5), np.random.default_rng(12)
    for value in random.normal(size=200):
        said = value + np.append(random.normal(size=3), [7.0, -9.0])
        choice.learn(EVERY, said[None], np.array([value]))
    assert sorted(choice.methods(EVERY)[0]) == [0, 1, 2]


def test_what_is_believed_is_a_mean_and_exact_where_all_say_the_same() -> None:
    same = np.nextafter(4.0, 0)
    said = np.array([[same, same, same, 1.0, 2.0, 6.0]])
    methods = np.array([[[0, 1, 2], [3, 4, 5], [4, 4, 4]]])
    assert believed(said, methods).tolist() == [[same, 3.0, 2.0]]


def test_a_choice_learns_at_once_which_of_two_is_right_now() -> None:
    """Of two regimes that take turns every 40 values, the shortest memory knows best."""
    choice, off = Choice(1, 2, 2), []
    for place in range(4000):
        value = float(place // 40 % 2)
        chosen = choice.methods(EVERY)[0].mean()
        off.append(abs(chosen - value))
        choice.learn(EVERY, np.array([[0.0, 1.0]]), np.array([value]))
    assert np.mean(off[1000:]) <= (MEMORIES[0] + 1) / 40


def test_what_several_methods_say_is_the_mean_of_them_at_every_step_and_their_names_are_told() -> None:
    forecaster, levels = Forecaster(10, longest_period=30), np.zeros(10)
    random = np.random.default_rng(10)
    for _ in range(500):
        levels = 0.8 * levels + random.normal(size=10)
        forecaster.learn(50 + levels + random.normal(size=10))
    row = next(row for row in range(10) if forecaster.method(row).startswith("the mean of "))
    named = forecaster.method(row).removeprefix("the mean of ").replace(" and ", ", ").split(", ")
    methods = [NAMES.index(name) for name in named if name in NAMES]
    assert len(methods) == 3, named
    values, errors = forecaster.ahead(np.array([row]), 12)
    each = [forecaster.each_at(row, steps)[methods] for steps in range(1, 13)]
    assert values[0] == pytest.approx(np.mean(each, axis=1))
    assert np.isfinite(errors).all()


def test_of_a_constant_one_method_is_believed() -> None:
    forecaster = Forecaster(1)
    for _ in range(50):
        forecaster.learn(np.array([0.1]))
    assert forecaster.method(0) == NAMES[0]


def test_the_rule_of_the_network_weather_service_is_its_two_levels() -> None:
    random = np.random.default_rng(10)
    said = random.normal(size=(300, 18)) * np.linspace(1, 2, 18) + np.sin(np.arange(300) / 40)[:, None]
    values = np.sin(np.arange(300) / 30)
    errors = np.abs(said - values[:, None])
    rule = NwsRule(1)
    own, picks = np.zeros(8), np.zeros(8, int)
    for place in range(300):
        rule.learn(EVERY, said[place : place + 1], values[place : place + 1])
        own += errors[place, picks]
        past = errors[: place + 1]
        picks = np.array([past[-window:].sum(axis=0).argmin() for window in (10**6, 1, 5, 10, 20, 30, 50, 100)])
        assert rule.methods(EVERY)[0] == picks[own.argmin()]


def test_more_methods_than_the_rule_has_make_no_difference_to_it() -> None:
    one, other = NwsRule(1), NwsRule(1)
    said = np.random.default_rng(11).normal(size=(100, 1, len(NAMES)))
    for each in said:
        one.learn(EVERY, each, np.zeros(1))
        other.learn(EVERY, each[:, :18], np.zeros(1))
        assert one.methods(EVERY) == other.methods(EVERY)
