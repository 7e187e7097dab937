"""Each predictor against a plain and slow one, that has the whole past before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean, median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeligui.grid.forecasting.analogues import ALIKE, FADE, MOVED, Analogues
from zeligui.grid.forecasting.analogues import LEAST as LEAST_SEEN
from zeligui.grid.forecasting.autoregression import LEAST, ORDER, Autoregression, fitted
from zeligui.grid.forecasting.battery import NAMES, NWS_METHODS, Battery
from zeligui.grid.forecasting.levels import FITTED_GAINS, FITTED_MEMORY, GAINS, FittedSmoothing, Levels
from zeligui.grid.forecasting.rows import EVERY
from zeligui.grid.forecasting.seasons import MEMORY, Seasons
from zeligui.grid.forecasting.windows import Windows

Past = Sequence[float]
Method = Callable[[Past], float]
loads = st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=130)


def said(predictor: Levels | Windows | FittedSmoothing | Autoregression | Seasons, values: Past) -> np.ndarray:
    """What it said after each value. Shape (n, methods)."""
    return np.array([predictor.learn(EVERY, np.array([value]))[0] for value in values])


def smoothing(gain: float) -> Method:
    def method(past: Past) -> float:
        level = past[0]
        for value in past[1:]:
            level += gain * (value - level)
        return level

    return method


def trimmed(wide: int) -> Method:
    def method(past: Past) -> float:
        ordered = sorted(past[-wide:])
        cut = int(0.3 * len(ordered))
        return fmean(ordered[cut : len(ordered) - cut])

    return method


def adaptive(least: int, most: int, begin: int, step: int) -> Method:
    def method(past: Past) -> float:
        wide = begin
        for count in range(1, len(past)):
            tried = [min(max(wide + move, least), most) for move in (0, -step, step)]
            wide = min(tried, key=lambda one: abs(median(past[:count][-one:]) - past[count]))
        return median(past[-wide:])

    return method


REFERENCES: dict[str, Method] = {
    "last value": lambda past: past[-1],
    "running mean": fmean,
    **{f"smoothing {gain:.2f}": smoothing(gain) for gain in GAINS},
    "median 31": lambda past: median(past[-31:]),
    "median 5": lambda past: median(past[-5:]),
    "mean 31": lambda past: fmean(past[-31:]),
    "mean 5": lambda past: fmean(past[-5:]),
    "trimmed mean 31": trimmed(31),
    "trimmed mean 51": trimmed(51),
    "adaptive median 5-21": adaptive(5, 21, 10, 1),
    "adaptive median 21-51": adaptive(21, 51, 30, 5),
}


def test_the_first_18_methods_are_those_of_the_network_weather_service_in_its_order() -> None:
    assert NAMES[:NWS_METHODS] == tuple(REFERENCES)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=130))
def test_they_say_what_their_definitions_say(values: list[int]) -> None:
    """Whole numbers: two medians are then equally far off, or they are not."""
    past = [float(value) for value in values]
    both = np.column_stack((said(Levels(1), past), said(Windows(1), past)))
    for count in {1, 2, len(past) // 2 + 1, len(past)} & set(range(1, len(past) + 1)):
        expected = [method(past[:count]) for method in REFERENCES.values()]
        assert both[count - 1] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(loads)
def test_the_fitted_smoother_has_the_gain_of_the_lowest_errors_of_late(past: list[float]) -> None:
    levels = np.full(len(FITTED_GAINS), past[0])
    errors = np.zeros(len(FITTED_GAINS))
    for value in past[1:]:
        errors = errors * (1 - 1 / FITTED_MEMORY) + np.abs(value - levels)
        levels = levels + FITTED_GAINS * (value - levels)
    assert said(FittedSmoothing(1), past)[-1] == pytest.approx(levels[errors.argmin()])


def test_the_window_of_an_adaptive_median_shrinks_as_well_as_grows() -> None:
    windows = Windows(1)
    random = np.random.default_rng(1)
    widths = []
    for level in (0.0, *range(20), *(20.0,) * 60):
        windows.learn(EVERY, np.array([level + random.normal()]))
        widths.append(int(windows._widths[0, 0]))
    steps = {after - before for before, after in pairwise(widths)}
    assert steps == {-1, 0, 1}


def test_a_period_is_the_lag_with_the_lowest_mean_difference() -> None:
    random = np.random.default_rng(2)
    past = [float(place % 13 == 0) * 20 + random.normal() for place in range(150)]
    seasons = Seasons(1, longest=40)
    differences, counts = np.zeros(40), np.zeros(40)
    expected = np.full((150, 2), np.nan)
    for place, value in enumerate(past):
        for lag in range(1, min(place, 40) + 1):
            counts[lag - 1] += 1
            gain = max(1 / counts[lag - 1], 1 / MEMORY)
            differences[lag - 1] += gain * (abs(value - past[place - lag]) - differences[lag - 1])
        fit = [lag for lag in range(2, 41) if 2 * lag < place + 1]
        if fit:
            period = min(fit, key=lambda lag: differences[lag - 1])
            back = [place + 1 - period * number for number in (1, 2, 3)]
            values = [past[one] if one >= 0 else past[back[0]] for one in back]
            expected[place] = values[0], median(values)
    found = said(seasons, past)
    assert found == pytest.approx(expected, nan_ok=True)
    assert seasons.period(EVERY)[0] in {13, 26, 39}


def analogues(rows: int, longest: int) -> tuple[Seasons, Analogues]:
    seasons = Seasons(rows, longest)
    return seasons, Analogues(rows, seasons)


def after_all(past: Past, longest: int) -> tuple[np.ndarray, Analogues]:
    """What analogues said after each value. Shape (n, 2)."""
    seasons, one = analogues(1, longest)
    found = []
    for value in past:
        seasons.learn(EVERY, np.array([value]))
        found.append(one.learn(EVERY, np.array([value]))[0])
    return np.array(found), one


def test_what_followed_alike_is_the_median_of_what_came_after_the_most_similar_times() -> None:
    random = np.random.default_rng(7)
    past = random.normal(10, 3, 200).tolist()
    found, _ = after_all(past, 30)
    for now in range(len(past)):
        unlike = {
            lag: sum(FADE**back * abs(past[now - back] - past[now - back - lag]) for back in range(now - lag + 1))
            for lag in range(1, min(now, 60) + 1)
        }
        lags = sorted(unlike, key=lambda lag: unlike[lag])[:ALIKE]
        if now < LEAST_SEEN:
            assert np.isnan(found[now]).all()
            continue
        followed = [past[now - lag + 1] for lag in lags]
        moved = [past[now - lag + 1] + MOVED * (past[now] - past[now - lag]) for lag in lags]
        assert found[now] == pytest.approx([median(followed), median(moved)])


def test_a_job_that_comes_at_odd_times_is_foretold_once_it_has_begun() -> None:
    """Its first value says how the others will be, in a way that no line through them does."""
    random = np.random.default_rng(8)
    past: list[float] = []
    courses = ([28.0, 65.0, 53.0, 20.0], [58.0, 52.0, 50.0, 3.0], [43.0, 57.0, 53.0, 11.0])
    while len(past) < 900:
        past += [3.0] * int(random.integers(5, 40))
        past += courses[random.integers(3)]
    noisy = np.array(past) + random.normal(0, 0.2, len(past))
    found, _ = after_all(noisy.tolist(), 300)
    inside = [place for place in range(500, len(past) - 1) if past[place] > 4 and past[place + 1] > 4]
    assert np.abs(found[inside, 0] - noisy[np.array(inside) + 1]).mean() < 2.0


def test_rows_that_have_had_fewer_values_know_only_theirs() -> None:
    random = np.random.default_rng(9)
    series = random.normal(10, 3, (2, 150))
    seasons, both = analogues(2, 20)
    second = np.array([1])
    for place in range(150):
        at = EVERY if place >= 50 else second
        column = series[:, place] if place >= 50 else series[1:, place]
        seasons.learn(at, column)
        last = both.learn(at, column)
    for row, begun in enumerate((50, 0)):
        alone, _ = after_all(series[row, begun:].tolist(), 20)
        assert last[row] == pytest.approx(alone[-1])


def test_steps_ahead_of_analogues_go_on_with_what_followed() -> None:
    past = [float(place % 7) for place in range(100)]
    _, one = after_all(past, 20)
    for method in (0, 1):
        assert one.ahead(EVERY, 25, np.array([method]))[0].tolist() == [float(place % 7) for place in range(100, 125)]


def test_analogues_that_have_seen_too_little_say_nothing_of_any_step() -> None:
    _, one = after_all([1.0, 2.0], 20)
    assert np.isnan(one.ahead(EVERY, 3, np.array([0]))).all()


def test_an_autoregression_is_found_again() -> None:
    """Five values ago, and a little of the last: the fit comes near to it, and its forecasts to the best there are."""
    random = np.random.default_rng(3)
    past = [0.0] * 5
    noise = random.normal(0, 1, 3000)
    for one in noise:
        past.append(20 + 0.8 * (past[-5] - 20) + 0.15 * (past[-1] - 20) + one)
    found = said(Autoregression(1, 1000), past)[:, 0]
    assert np.isnan(found[: LEAST - 1]).all()
    off = np.abs(found[1000:-1] - past[1001:])
    assert off.mean() < 1.03 * np.abs(noise[996:]).mean()


def test_a_fit_solves_the_weighted_equations() -> None:
    random = np.random.default_rng(4)
    lags, weights = random.normal(5, 2, (200, ORDER)), random.uniform(0.1, 2, 200)
    after = lags @ random.normal(0, 0.2, ORDER) + 3 + random.normal(0, 0.1, 200)
    full = np.column_stack((lags, np.ones(200)))
    moments = np.einsum("n,nk,nl->kl", weights, full, np.column_stack((full, after)))
    root = np.sqrt(weights)
    expected = np.linalg.lstsq(full * root[:, None], after * root, rcond=None)[0]
    assert fitted(moments[None])[0] == pytest.approx(expected, abs=5e-3)


def test_a_series_that_stood_still_has_a_fit_too() -> None:
    assert said(Autoregression(1, 150), [7.3] * 100)[-1, 0] == 7.3
    assert np.isfinite(said(Autoregression(1, 150), [7.3] * 100 + [8.0, 7.3] * 50)[LEAST:]).all()


def test_one_wild_value_does_not_spoil_a_fit_for_long() -> None:
    random = np.random.default_rng(5)
    past = [10 + 3 * (place % 5) + random.normal() for place in range(1200)]
    wild = [*past[:300], 1e9, *past[301:]]
    plain, hit = (np.abs(said(Autoregression(1, 150), one)[899:-1, 0] - past[900:]).mean() for one in (past, wild))
    assert hit < 1.2 * plain


def test_steps_ahead_of_an_autoregression_are_forecasts_of_forecasts() -> None:
    random = np.random.default_rng(6)
    past = [10 + 5 * np.sin(place / 3) + random.normal(0, 0.1) for place in range(400)]
    one = Autoregression(1, 150)
    for value in past:
        one.learn(EVERY, np.array([value]))
    ahead = one.ahead(EVERY, 30, np.array([0]))[0]
    expected = 10 + 5 * np.sin(np.arange(400, 430) / 3)
    assert ahead == pytest.approx(expected, abs=0.6)
    assert ahead[0] == pytest.approx(one._next[0])


def test_steps_ahead_of_a_season_go_on_with_its_periods() -> None:
    one = Seasons(1, longest=20)
    for place in range(100):
        one.learn(EVERY, np.array([float(place % 7)]))
    for method in (0, 1):
        assert one.ahead(EVERY, 25, np.array([method]))[0].tolist() == [float(place % 7) for place in range(100, 125)]


def test_a_battery_says_the_last_value_where_a_method_says_nothing() -> None:
    assert Battery(2).learn(EVERY, np.array([3.0, 4.0])).tolist() == [[3.0] * len(NAMES), [4.0] * len(NAMES)]
