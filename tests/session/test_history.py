"""A session records what it watches, and reads it back on the clock that live values have."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.session.test_session import HERE, Sitting, sitting
from zeligui.errors import HistoryError
from zeligui.grid.history.reading import Past

LIMIT_S = 60.0


async def watched(one: Sitting, least: int = 5) -> str:
    """The name of the one host, once so many values of it have been measured."""
    await one.sees(lambda shown: len(shown.hosts) == 1 and shown.heard is not None, LIMIT_S)
    (name,) = one.session.machines.listed
    await one.sees(lambda _: len(one.session.machines.history(name, "load1")[0]) >= least, LIMIT_S)
    return name


async def past(one: Sitting, host: str, seconds: float = 600.0, *, most: int = 2000) -> Past:
    now = one.session.clock.age()
    return await one.session.past(host, "load1", now - seconds, now, most=most)


async def test_what_was_measured_is_read_back_on_the_age_clock() -> None:
    async with sitting() as one:
        host = await watched(one)
        times, values = one.session.machines.history(host, "load1")
        stored = await past(one, host)
        known = len(times)
        assert len(stored.times) >= known
        np.testing.assert_allclose(stored.times[:known], times, atol=0.002)
        assert stored.values[:known].tolist() == values.tolist()
        assert stored.low.tolist() == stored.values.tolist() == stored.high.tolist()
        few = await past(one, host, most=2)
        assert 0 < len(few.times) <= 2
        assert len((await past(one, "nobody")).times) == 0
        assert one.troubles == []


async def test_the_past_outlives_the_session() -> None:
    async with sitting() as first:
        host = await watched(first)
        before = await past(first, host)
    async with sitting(replace(HERE, sources=())) as second:
        after = await past(second, host)
        np.testing.assert_allclose(after.times[: len(before.times)], before.times, atol=0.01)
        assert after.values[: len(before.values)].tolist() == before.values.tolist()
        assert second.troubles == []


async def test_nothing_is_recorded_unless_it_is_wanted() -> None:
    async with sitting(replace(HERE, history=False)) as one:
        host = await watched(one)
        assert len((await past(one, host)).times) == 0
        assert not one.session.home.history_file.exists()
        await one.session.apply(replace(HERE, history=True))
        end = time.monotonic() + LIMIT_S
        while not len((await past(one, host)).times):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        await one.session.apply(replace(HERE, history=False))
        count = len((await past(one, host)).times)
        await watched(one, len(one.session.machines.history(host, "load1")[0]) + 3)
        assert len((await past(one, host)).times) == count


async def test_a_damaged_history_is_said_and_measuring_goes_on() -> None:
    async with sitting() as first:
        file = first.session.home.history_file
        await watched(first)
    file.write_bytes(b"not a database at all\n" * 1000)
    async with sitting() as second:
        host = await watched(second)
        await second.sees(lambda _: second.troubles, LIMIT_S)
        ((doing, error),) = second.troubles
        assert doing == "Keep the history"
        assert isinstance(error, HistoryError)
        assert "begins anew" in str(error)
        end = time.monotonic() + LIMIT_S
        while not len((await past(second, host)).times):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)


async def test_a_history_that_cannot_be_read_is_an_error_in_words() -> None:
    async with sitting(replace(HERE, history=False)) as one:
        one.session.home.history_file.write_bytes(b"not a database at all\n" * 1000)
        with pytest.raises(HistoryError, match="nor any database"):
            await past(one, "a")
