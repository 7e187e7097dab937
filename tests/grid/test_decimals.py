"""Numbers that are kept as whole numbers of a decimal unit, to the last bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.grid.decimals import Decimals

numbers = st.one_of(
    st.decimals(-10_000, 10_000, places=4).map(float),
    st.integers(-(2**40), 2**40).map(float),
    st.floats(),
    st.sampled_from([0.1, 0.7, 1e-7, 270553.2, 1.7e308, -0.0, float(2**31 - 1), float(2**31)]),
)


def same(found: np.ndarray, expected: list[float]) -> bool:
    return bool(np.array_equal(found, np.array(expected), equal_nan=True))


@given(st.lists(numbers, min_size=1, max_size=30), st.booleans())
def test_what_is_got_is_what_was_put(values: list[float], one_by_one: bool) -> None:
    kept = Decimals(1, len(values))
    places = np.arange(len(values))
    if one_by_one:
        for place, value in enumerate(values):
            kept.put((0, place), value)
    else:
        kept.put_all((np.zeros(len(values), np.intp), places), np.array(values))
    assert same(kept.get(np.array([0]), places[None])[0], values)


@pytest.mark.parametrize(
    ("values", "each"),
    [([4, 127], 1), ([0.1053, 1.0], 2), ([13.93, 128.0], 2), ([24035.3], 4), ([270553.2], 4), ([2.0**31], 8)],
)
def test_what_sensors_say_takes_a_fraction_of_the_room(values: list[float], each: int) -> None:
    kept = Decimals(1, len(values))
    for place, value in enumerate(values):
        kept.put((0, place), value)
    assert kept.size == each * len(values)
    assert same(kept.get(np.array([0]), np.arange(len(values))[None])[0], values)


@pytest.mark.parametrize("odd", [1 / 3, 1e10, 1.7e308, math.inf])
def test_a_number_that_is_no_decimal_changes_none_of_the_others(odd: float) -> None:
    kept = Decimals(2, 3)
    kept.put_all((np.array([0, 1]), np.array([0, 0])), np.array([0.1053, 7.0]))
    kept.put((0, 1), odd)
    kept.put((1, 2), 0.25)
    found = kept.get(np.array([0, 1]), np.arange(3)[None])
    assert same(found[0], [0.1053, odd, math.nan])
    assert same(found[1], [7.0, math.nan, 0.25])
    assert kept.size == 8 * 6


@pytest.mark.parametrize("odd", [2.5, 1 / 3])
def test_places_are_blanked_cleared_and_added(odd: float) -> None:
    kept = Decimals(2, 2)
    every = (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    kept.put_all(every, np.array([1.0, odd, 3.0, 4.0]))
    kept.widen(1, 1)
    kept.blank((0, 0))
    kept.blank(1)
    kept.put((2, 2), 5.0)
    found = kept.get(np.array([0, 1, 2]), np.arange(3)[None])
    assert same(found[0], [math.nan, odd, math.nan])
    assert np.isnan(found[1]).all()
    assert same(found[2], [math.nan, math.nan, 5.0])
