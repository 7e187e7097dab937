"""What is expected, in the plots: how it is drawn, said and asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.plotting import Foretold, Stage, staged
from tests.gui.snapshots import NOW, StillClock
from zeligui.gui.expected import AGAIN_S, Expectations
from zeligui.gui.plots_pane import AHEAD


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with staged(qapp) as made:
        yield made


def foretold(stage: Stage) -> Stage:
    stage.foretold["node1", "cpuavail"] = Foretold(0.7, 0.1)
    stage.shown()
    stage.catch_up()
    return stage


def test_where_nothing_is_known_no_room_is_left_for_it(stage: Stage) -> None:
    stage.shown()
    stage.catch_up()
    assert stage.first.sheet.span.end == NOW
    assert not stage.first.sheet.looks_ahead
    assert stage.plots[0].figures.text() == "last 0.9, min 0.9, max 0.9"


def test_it_is_drawn_ahead_of_now_with_its_error(stage: Stage) -> None:
    sheet = foretold(stage).first.sheet
    assert sheet.span.end == NOW + AHEAD * 300
    assert sheet.looks_ahead
    drawn = stage.first.drawn[0]
    x, y = drawn.ahead.getData()
    assert (x[0], y[0]) == (NOW, 0.9)
    assert x[-1] >= sheet.span.end
    assert set(y[1:]) == {0.7}
    band = drawn.spread.path().boundingRect()
    assert (band.left(), band.right()) == (NOW, x[-1])
    assert (band.top(), band.bottom()) == pytest.approx((0.6, 0.9), abs=0.01)
    assert stage.plots[1].canvas.sheet.span == sheet.span


def test_it_is_said_in_words_too(stage: Stage) -> None:
    plot = foretold(stage).plots[0]
    assert plot.figures.text() == "last 0.9, min 0.9, max 0.9, expected 0.7 ± 0.1"
    assert "expected 0.7 ± 0.1" in plot.canvas.accessibleDescription()
    assert plot.words_at(NOW + 30).endswith("expected 0.7 ± 0.1, by sw_avg")


def test_what_never_was_below_nothing_is_not_expected_to_be(stage: Stage) -> None:
    stage.foretold["node1", "freememory"] = Foretold(100.0, 5000.0)
    stage.shown()
    stage.catch_up()
    assert stage.plots[1].canvas.drawn[0].spread.path().boundingRect().top() == 0


def test_it_is_renewed_with_a_value_but_at_most_once_a_second(stage: Stage) -> None:
    foretold(stage)
    asked = stage.foretelling
    for _ in range(5):
        stage.later(0.1)
        stage.catch_up()
    assert stage.foretelling == asked
    stage.foretold["node1", "cpuavail"] = Foretold(0.2, 0.1)
    stage.later(AGAIN_S)
    stage.catch_up()
    assert stage.plots[0].figures.text().endswith("expected 0.2 ± 0.1")


def test_a_pause_keeps_what_was_expected_then(stage: Stage) -> None:
    pane = foretold(stage).pane
    pane.time.pause.click()
    stage.foretold["node1", "cpuavail"] = Foretold(0.2, 0.1)
    stage.later(10)
    stage.catch_up()
    assert stage.plots[0].figures.text().endswith("expected 0.7 ± 0.1")
    assert stage.first.sheet.span.end == NOW + AHEAD * 300


def test_what_has_come_meanwhile_is_not_drawn_as_expected(stage: Stage) -> None:
    foretold(stage)
    stage.clock.time += 30
    times, values = stage.values["node1", "cpuavail"]
    stage.values["node1", "cpuavail"] = np.append(times, NOW + 30), np.append(values, 0.5)
    stage.pane.refresh()
    x, _ = stage.first.drawn[0].ahead.getData()
    assert x.min() == NOW + 30


def test_another_reach_keeps_the_last_forecast_until_its_own_is_there(stage: Stage) -> None:
    foretold(stage)
    stage.pane.time.show_last(60)
    assert "expected" in stage.plots[0].figures.text()


def test_the_loop_is_kept_for_moments_only(qapp: QApplication) -> None:
    clock, asked = StillClock(), []

    def slow(host: str, _attribute: str, horizons: Sequence[float]) -> Foretold:
        end = time.perf_counter() + 0.003
        while time.perf_counter() < end:
            pass
        asked.append(host)
        return Foretold(1.0, 0.1).over(len(horizons))

    expectations = Expectations(slow, clock)
    for number in range(5):
        assert expectations.then(f"n{number}", "x", NOW, 60.0) is None
    expectations.catch_up()
    assert asked == ["n0"]
    assert expectations._timer.isActive()
    while expectations._wanted:
        expectations.catch_up()
    assert asked == [f"n{number}" for number in range(5)]
    assert expectations.then("n3", "x", NOW, 60.0) is not None
    expectations.deleteLater()


def test_a_fault_is_told_and_nothing_is_expected(qapp: QApplication) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no numbers")

    expectations, faults = Expectations(broken, StillClock()), []
    expectations.failed.connect(lambda doing, details: faults.append((doing, details)))
    expectations.then("n", "x", NOW, 60.0)
    expectations.catch_up()
    assert faults[0][0] == "Forecast"
    assert "no numbers" in faults[0][1]
    assert expectations.then("n", "x", NOW, 60.0) is None
    expectations.deleteLater()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_forecast_that_is_no_number_is_none(stage: Stage, value: float) -> None:
    stage.foretold["node1", "cpuavail"] = Foretold(value, 0.1)
    stage.shown()
    stage.catch_up()
    assert not stage.first.sheet.looks_ahead
