"""Curves made ready to be drawn, their scales and figures, and the window of time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.gui.series import Curve, scale, with_gaps
from zeligui.gui.time_axis import round_times
from zeligui.gui.time_window import SHORTEST_S, Span, TimeWindow


def times(*pieces: tuple[float, float, float]) -> np.ndarray:
    return np.concatenate([np.arange(*piece) for piece in pieces])


def gaps(of: np.ndarray) -> int:
    _, y = with_gaps(of, np.ones(len(of)))
    return int(np.isnan(y).sum())


def test_a_steady_curve_has_no_gap() -> None:
    assert gaps(times((0, 100, 2))) == 0


def test_no_line_is_drawn_across_an_outage() -> None:
    x, y = with_gaps(times((0, 100, 2), (130, 200, 2)), np.ones(85))
    assert list(x[np.isnan(y)]) == [98]


def test_an_outage_before_the_last_value_is_one() -> None:
    assert gaps(times((0, 100, 2), (130, 131, 2))) == 1


def test_a_late_value_is_no_outage() -> None:
    assert gaps(times((0, 100, 2), (103, 200, 2))) == 0


def test_another_period_is_no_outage() -> None:
    assert gaps(times((0, 100, 2), (100, 400, 10))) == 0


def test_a_value_that_stands_alone_is_a_short_dash() -> None:
    x, y = with_gaps(times((0, 100, 2), (150, 151, 2), (200, 300, 2)), np.full(101, 7.0))
    alone = (x >= 150) & (x < 152) & np.isfinite(y)
    assert list(y[alone]) == [7.0, 7.0]


def test_nothing_and_a_single_value_can_be_drawn() -> None:
    assert len(with_gaps(np.empty(0), np.empty(0))[0]) == 0
    assert list(with_gaps(np.array([5.0]), np.array([1.0]))[1]) == [1.0, 1.0]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40), st.integers(1, 5))
def test_whatever_was_measured_has_a_finite_line_and_scale(values: list[float], intervals: int) -> None:
    measured = np.array(values)
    _, y = with_gaps(np.arange(len(values)) * 2.0, measured)
    assert not np.isinf(y).any()
    found = scale("x", measured, [], intervals)
    assert found.low < found.high
    assert 2 <= len(found.ticks) <= 2 * intervals + 3
    drawn = y[np.isfinite(y)]
    near = (found.high - found.low) * 1e-6
    assert ((drawn >= found.low - near) & (drawn <= found.high + near)).all()


@pytest.mark.parametrize(
    ("attribute", "values", "bounds", "low", "high"),
    [
        ("cpuAvail", [0.5], [0.6], 0, 1),
        ("cpuavail", [], [], 0, 1),
        ("freeMemory", [1953.0], [200.0], 0, 2000),
        ("bandWidth", [60.0], [78.0], 0, 80),
        ("balance", [-3.0, 5.0], [], -3, 6),
        ("load1", [0.0], [], 0, 1),
    ],
)
def test_a_scale_is_round_and_has_zero_and_the_bounds(
    attribute: str, values: list[float], bounds: list[float], low: float, high: float
) -> None:
    found = scale(attribute, np.array(values), bounds, 4)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_bound_far_away_does_not_press_the_curve_flat() -> None:
    assert scale("freeMemory", np.array([100.0]), [1e6], 3).high < 200


def test_figures_are_of_the_time_that_is_shown_and_say_when_they_are_old() -> None:
    curve = Curve.of("cpuAvail", np.arange(0.0, 100, 2), np.linspace(0, 0.98, 50))
    assert curve.figures(Span(50, 100), 99) == "last 0.98, min 0.5, max 0.98"
    assert curve.figures(Span(200, 300), 300) == "last 0.98 (3 min ago)"
    assert Curve.of("x", np.empty(0), np.empty(0)).figures(Span(0, 1), 1) == "no value yet"


def test_a_value_holds_until_the_next_but_not_for_ever() -> None:
    curve = Curve.of("x", np.arange(0.0, 10, 2), np.arange(5.0))
    assert [curve.at(time) for time in (-1, 3, 8, 30)] == [None, 1, 4, None]


# --- the window of time -----------------------------------------------------------------------------------------------


def test_a_window_follows_now_until_it_is_paused() -> None:
    window = TimeWindow(60)
    assert window.span(1000, 0) == Span(940, 1000)
    still = window.pause(1000)
    assert still.span(1050, 0) == Span(940, 1000)
    assert still.follow().span(1050, 0) == Span(990, 1050)


def test_all_begins_with_the_first_value() -> None:
    assert TimeWindow(None).span(1000, 100) == Span(100, 1000)
    assert TimeWindow(None).span(1000, 999) == Span(940, 1000)


def test_who_looks_back_pauses_and_gets_no_further_than_the_first_value() -> None:
    back = TimeWindow(60).panned(-30, 1000, 0)
    assert back.paused
    assert back.span(1010, 0) == Span(910, 970)
    assert back.panned(-5000, 1010, 0).span(1010, 0) == Span(0, 60)
    assert back.panned(5000, 1010, 0).span(1010, 0) == Span(940, 1000)


def test_there_is_nothing_later_than_now() -> None:
    assert TimeWindow(60).panned(10, 1000, 0) == TimeWindow(60)


def test_zooming_keeps_the_time_under_the_mouse_where_one_looks_back_and_now_where_one_follows() -> None:
    assert TimeWindow(100).zoomed(0.5, 910, 1000, 0).span(1000, 0) == Span(950, 1000)
    back = TimeWindow(100).pause(1000).zoomed(0.5, 940, 1000, 0)
    assert back.span(1000, 0) == Span(920, 970)


def test_zooming_ends_somewhere() -> None:
    window = TimeWindow(60)
    for _ in range(50):
        window = window.zoomed(0.5, 900, 1000, 0)
    assert window.seconds == SHORTEST_S


@given(st.floats(1e9, 2e9), st.floats(1, 1e7), st.integers(1, 20))
def test_round_times_lie_within_the_span_and_are_few(start: float, seconds: float, most: int) -> None:
    found = round_times(Span(start, start + seconds), most)
    assert len(found) <= most + 1
    assert all(start - 1e-3 <= time <= start + seconds + 1e-3 for time in found)
    assert all(time == round(time) for time in found)
