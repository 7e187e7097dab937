"""Machines that are begun with one after another."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from zeligui.grid.sources import pace
from zeligui.grid.sources.pace import Pace


async def test_many_begin_one_after_another_in_the_order_in_which_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "APART_S", 0.01)
    shared, begun = Pace(), list[tuple[int, float]]()

    async def begin(number: int) -> None:
        await shared.turn()
        begun.append((number, time.monotonic()))

    await asyncio.gather(*(begin(number) for number in range(5)))
    assert [number for number, _ in begun] == list(range(5))
    times = [when for _, when in begun]
    assert all(after - before >= 0.009 for before, after in pairwise(times))


async def test_but_few_are_under_way_until_they_are_up_or_have_had_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "APART_S", 0.001)
    monkeypatch.setattr(pace, "HELD_S", 0.3)
    shared = Pace()
    under_way = [await shared.turn() for _ in range(pace.AT_ONCE)]
    waits = asyncio.create_task(shared.turn())
    await asyncio.sleep(0.1)
    assert not waits.done()
    under_way[0]()
    under_way[0]()
    async with asyncio.timeout(0.1):
        await waits
    begun = time.monotonic()
    async with asyncio.timeout(20):
        await shared.turn()
    assert time.monotonic() - begun >= 0.1


async def test_a_loop_that_is_late_gets_a_pause_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "APART_S", 0.001)
    turns = 0

    async def busy() -> None:
        nonlocal turns
        while True:
            turns += 1
            time.sleep(pace.LATE_S * 2)
            await asyncio.sleep(0)

    work = asyncio.create_task(busy())
    begun = time.monotonic()
    async with asyncio.timeout(20):
        await Pace().turn()
    work.cancel()
    assert turns > 1
    assert time.monotonic() - begun >= pace.LONGEST_S


async def test_who_gives_up_waiting_does_not_stop_the_others() -> None:
    shared = Pace()
    first, second = asyncio.create_task(shared.turn()), asyncio.create_task(shared.turn())
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(20):
        await second
