"""Calls at a later time: they come when they are due, and of a cancelled one nothing is left."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref

from PySide6.QtWidgets import QApplication

from tests.gui.driving import run
from zeligui.app import EventLoop


def loop_of() -> EventLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, EventLoop)
    return loop


def test_calls_come_in_the_order_of_their_times(qapp: QApplication) -> None:
    async def work() -> list[str]:
        came: list[str] = []
        loop = loop_of()
        begun = loop.time()
        for delay, name in ((0.2, "last"), (0.05, "second"), (0, "first")):
            loop.call_later(delay, came.append, name)
        while len(came) < 3:
            await asyncio.sleep(0.01)
        assert loop.time() - begun >= 0.19
        return came

    assert run(qapp, work()) == ["first", "second", "last"]


def test_of_a_time_limit_that_was_kept_nothing_is_left(qapp: QApplication) -> None:
    async def work() -> None:
        before = len(loop_of().timers)
        for _ in range(20):
            async with asyncio.timeout(3600):
                await asyncio.sleep(0)
        assert len(loop_of().timers) == before

    run(qapp, work())


def test_what_a_cancelled_call_was_given_is_let_go(qapp: QApplication) -> None:
    class Given:
        pass

    async def work() -> None:
        given = Given()
        known = weakref.ref(given)
        loop_of().call_later(3600, print, given).cancel()
        del given
        gc.collect()
        assert known() is None

    run(qapp, work())


def test_a_call_that_fails_is_told_to_the_loop_and_the_others_come(qapp: QApplication) -> None:
    async def work() -> None:
        loop = loop_of()
        told: list[object] = []
        came = asyncio.Event()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        loop.call_later(0.01, int, "no number")
        loop.call_later(0.02, came.set)
        await asyncio.wait_for(came.wait(), 30)
        assert [type(one) for one in told] == [ValueError]

    run(qapp, work())


def test_a_closed_loop_calls_nothing_more(qapp: QApplication) -> None:
    came: list[str] = []

    async def work() -> None:
        loop_of().call_later(0.05, came.append, "late")

    run(qapp, work())
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        qapp.processEvents()
    assert came == []
