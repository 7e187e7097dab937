"""Blocks keep values exactly, and thinning them twice is thinning them once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.grid.history.blocks import Block, distinct, joined, spread, thinned
from zeligui.grid.history.packing import pack, unpack

MINUTE, HOUR = 60_000, 3_600_000
NUMBERS = st.one_of(
    st.just(float("nan")),
    st.integers(-(10**6), 10**6).map(float),
    st.integers(-(10**9), 10**9).map(lambda number: number / 1000),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    times = sorted(draw(st.sets(st.integers(0, 3 * HOUR), min_size=1, max_size=30)))
    attributes = sorted(draw(st.sets(st.integers(1, 50), min_size=1, max_size=4)))
    count = len(times) * len(attributes)
    numbers = draw(st.lists(NUMBERS, min_size=count, max_size=count))
    shape = 1, len(attributes), len(times)
    return Block(np.array(times, np.int64), tuple(attributes), np.array(numbers).reshape(shape))


def one(times: list[int], values: list[float]) -> Block:
    return Block(np.array(times, np.int64), (1,), np.array(values, float).reshape(1, 1, -1))


@given(blocks())
def test_a_packed_block_comes_back_as_it_was(block: Block) -> None:
    back = unpack(pack(block))
    assert back.times.tolist() == block.times.tolist()
    assert back.attributes == block.attributes
    np.testing.assert_array_equal(back.numbers, block.numbers)


@given(blocks())
def test_one_attribute_is_read_without_the_others(block: Block) -> None:
    back = unpack(pack(block), [block.attributes[-1], 99])
    assert back.attributes == block.attributes[-1:]
    np.testing.assert_array_equal(back.numbers[0, 0], block.numbers[0, -1])


@given(blocks())
def test_means_come_back_to_seven_digits_and_between_their_bounds(block: Block) -> None:
    means = thinned(block, MINUTE)
    back = unpack(pack(means))
    np.testing.assert_allclose(back.numbers, means.numbers, rtol=1e-6, atol=1e-37)
    mean, low, high, count = back.numbers
    known = count > 0
    assert (low[known] <= mean[known]).all()
    assert (mean[known] <= high[known]).all()


@given(blocks())
def test_thinning_twice_is_thinning_once(block: Block) -> None:
    twice, once = thinned(thinned(block, MINUTE), HOUR), thinned(block, HOUR)
    assert twice.times.tolist() == once.times.tolist()
    size = np.nanmax(np.abs(np.append(block.numbers, 1.0)))
    np.testing.assert_allclose(twice.numbers[0], once.numbers[0], rtol=1e-9, atol=1e-12 * size)
    np.testing.assert_array_equal(twice.numbers[1:], once.numbers[1:])


def test_a_mean_has_its_minutes_beginning_and_what_it_stands_for() -> None:
    means = thinned(one([0, 20_000, 59_999, 60_000, 200_000], [1, 2, 6, 5, np.nan]), MINUTE)
    assert means.times.tolist() == [0, 60_000, 180_000]
    assert means.numbers[:, 0, 0].tolist() == [3, 1, 6, 3]
    assert means.numbers[:, 0, 1].tolist() == [5, 5, 5, 1]
    assert np.isnan(means.numbers[:3, 0, 2]).all()
    assert means.numbers[3, 0, 2] == 0


def test_values_of_one_time_are_one_and_the_last_counts() -> None:
    both = joined([one([1, 2], [1, 2]), Block(np.array([2, 3]), (1, 2), np.array([[[7, 8], [np.nan, 9]]], float))])
    block = distinct(both)
    assert block.times.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(block.numbers[0], [[1, 7, 8], [np.nan, np.nan, 9]])


def test_a_spread_has_at_most_so_many_points_and_loses_no_extreme() -> None:
    values = np.sin(np.arange(10_000) / 50)
    values[4321] = 17
    few = spread(one(list(range(0, 50_000_000, 5000)), values.tolist()), 300)
    assert 250 <= len(few.times) <= 300
    assert few.numbers[2].max() == 17
    assert few.numbers[3].sum() == 10_000
    assert (np.diff(few.times) > 0).all()


@given(blocks(), st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_block_is_an_error_or_a_block(block: Block, place: int, flip: int) -> None:
    packed = bytearray(pack(block))
    packed[place % len(packed)] ^= flip
    try:
        back = unpack(bytes(packed))
    except ValueError:
        return
    assert back.numbers.shape[1:] == (len(back.attributes), len(back.times))


@pytest.mark.parametrize("content", [b"", b"\1", b"\1\1\xff\xff\xff\xff\xff\xff", b"x" * 100, b"\1\1\1\0\1\0\0\0x\x9c"])
def test_bytes_that_are_no_block_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="block"):
        unpack(content)
