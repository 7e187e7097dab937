"""Live forecasts: state that follows the live store, whenever it is asked."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from zeligui.grid.forecasting.correction import carried_over, smoothed
from zeligui.grid.forecasting.forecaster import Forecaster
from zeligui.grid.forecasting.tracking import BLOCK, LEAST_VALUES
from zeligui.grid.measurements import Measurements

PERIOD_S = 5.0


def stored(series: np.ndarray, patience_s: float = np.inf) -> Measurements:
    """A store in which every row has these values of load1."""
    store = Measurements(patience_s)
    for row in range(len(series)):
        store.add()
        tell(store, row, series[row])
    return store


def tell(store: Measurements, row: int, values: np.ndarray, *, begin: float = 0.0) -> None:
    for place, value in enumerate(values):
        store.record(row, {"load1": float(value)}, begin + place * PERIOD_S)


def asked(store: Measurements, seconds: float | None = None) -> np.ndarray:
    rows = {f"h{row}": row for row in range(store.rows)}
    return store.view(rows, 1e6, since=0.0).statistic("forecast", "load1", seconds)


def loads(rows: int, count: int) -> np.ndarray:
    random = np.random.default_rng(1)
    return 5 + 3 * np.sin(np.arange(count) / random.uniform(2, 9, (rows, 1))) + random.normal(0, 0.2, (rows, count))


def test_a_forecast_is_that_of_all_values_however_often_it_is_asked() -> None:
    series = loads(3, 120)
    often, at_the_end = stored(series[:, :1]), stored(series)
    for place in range(1, 120):
        for row in range(3):
            often.record(row, {"load1": float(series[row, place])}, place * PERIOD_S)
        asked(often)
    alone = Forecaster(3)
    for column in series.T:
        alone.learn(column)
    assert asked(often) == pytest.approx(alone.next(), rel=1e-9)
    assert asked(at_the_end) == pytest.approx(alone.next(), rel=1e-9)
    assert asked(at_the_end, 4 * PERIOD_S) == pytest.approx(alone.at(np.arange(3), 4), rel=1e-9)


def test_who_has_no_patience_is_told_the_same_in_the_end() -> None:
    series = loads(2 * BLOCK + 5, LEAST_VALUES + 2)
    patient, impatient = stored(series), stored(series, patience_s=1e-9)
    expected = asked(patient)
    assert np.isnan(asked(impatient)).all()
    asked_again, more = 0, True
    while more:
        more = impatient.go_on()
        impatient.forecast(3, "load1", [5.0])  # nobody else's question is forgotten by this
        asked_again += 1
    assert not impatient.go_on()
    assert asked_again > 2
    assert asked(impatient) == pytest.approx(expected, rel=1e-9)


def test_a_horizon_is_counted_in_values_by_the_time_between_them() -> None:
    store = stored(np.arange(200)[None] % 8)
    for seconds, expected in ((None, 0), (0.0, 0), (5.0, 0), (5.3, 0), (6.0, 1), (15.0, 2), (38.0, 7), (41.0, 0)):
        assert asked(store, seconds)[0] == expected, seconds


def test_it_is_unknown_until_there_were_ten_values() -> None:
    store = stored(np.ones((1, LEAST_VALUES - 1)))
    assert math.isnan(asked(store)[0])
    assert store.forecast(0, "load1", [5.0]) is None
    assert store.forecast(0, "other", [5.0]) is None
    store.record(0, {"load1": 1.0}, 100.0)
    assert asked(store)[0] == 1.0


def test_what_the_user_says_of_a_host_has_no_forecast() -> None:
    store = Measurements()
    store.label(store.add(), {"load1": 3.0})
    assert math.isnan(asked(store)[0])


def test_a_row_that_is_another_hosts_begins_anew() -> None:
    store = stored(np.ones((2, 30)))
    assert asked(store).tolist() == [1.0, 1.0]
    store.clear(0)
    tell(store, 0, np.full(5, 7.0), begin=1000.0)
    found = asked(store)
    assert math.isnan(found[0])
    assert found[1] == 1.0
    tell(store, 0, np.full(5, 7.0), begin=1100.0)
    assert asked(store).tolist() == [7.0, 1.0]


def test_hosts_that_come_and_go_take_no_more_room() -> None:
    store = stored(np.ones((1, 12)))
    tracking = store._series["load1"].tracking
    for turn in range(1, 60):
        store.clear(0)
        tell(store, 0, np.full(12, float(turn)), begin=1000.0 * turn)
        assert asked(store)[0] == turn
    assert len(tracking._blocks) == 1


def test_more_rows_than_learn_together_have_forecasts_of_their_own() -> None:
    series = np.repeat(np.arange(BLOCK + 20.0)[:, None], 12, axis=1)
    store = stored(series)
    assert asked(store).tolist() == series[:, 0].tolist()


def test_a_forecast_of_one_host_has_a_value_and_an_error_for_each_horizon() -> None:
    store = stored(np.cumsum(np.random.default_rng(2).normal(size=(1, 300)), axis=1))
    found = store.forecast(0, "LOAD1", [5.0, 60.0, 5.0, 300.0])
    assert found is not None
    assert found.values.shape == found.errors.shape == (4,)
    assert found.values[0] == found.values[2] == asked(store)[0]
    assert found.errors[0] == found.errors[2] < found.errors[1] < found.errors[3]
    assert found.errors[0] == pytest.approx(np.sqrt(2 / np.pi), rel=0.4)
    assert found.method
    empty = store.forecast(0, "load1", [])
    assert empty is not None
    assert len(empty.values) == 0


def test_a_forecast_that_is_asked_again_costs_little() -> None:
    store = stored(loads(1, 300))
    horizons = [PERIOD_S * step for step in range(1, 61)]
    store.forecast(0, "load1", horizons)
    begun, rounds = time.process_time(), 50
    for _ in range(rounds):
        store.forecast(0, "load1", horizons)
    asking = time.process_time() - begun
    alone, begun = Forecaster(1), time.process_time()
    for column in loads(1, 300).T:
        alone.learn(column)
    assert asking / rounds < (time.process_time() - begun) / 20, "what is known is not learned again"


def test_a_constant_correction_is_added_to_the_forecast() -> None:
    values = np.random.default_rng(3).normal(50, 1, 100)
    assert carried_over(50.2, values, values + 3) == pytest.approx(53.2)
    assert carried_over(99.0, values, values + 3) == (values + 3).max()
    assert carried_over(4.0, np.empty(0), np.empty(0)) == 4.0


def test_smoothing_is_as_it_is_defined() -> None:
    level = 0.0
    for value in range(12):
        level += 0.3 * (value - level)
    assert smoothed(np.arange(12.0)) == pytest.approx(level)
    assert smoothed(np.full(200, 0.1)) == pytest.approx(0.1)
