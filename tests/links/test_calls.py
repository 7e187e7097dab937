"""Blocking calls off the loop: their results, errors, limits, and what becomes of results nobody waits for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from tests.servers import wait_until
from zeligui.links.calls import call


async def test_a_call_gives_its_result_and_its_error() -> None:
    assert await call(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await call(divmod, 7, 0)


async def test_stop_iteration_is_no_riddle() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await call(next, iter(()))


async def test_the_loop_goes_on_while_a_call_blocks() -> None:
    async with asyncio.timeout(5):
        blocked = threading.Event()
        waiting = asyncio.create_task(call(blocked.wait, 5))
        await asyncio.sleep(0)
        blocked.set()
        assert await waiting


async def test_a_call_ends_at_its_limit_and_its_late_result_is_dropped() -> None:
    go, dropped = threading.Event(), threading.Event()

    def work() -> str:
        go.wait(5)
        return "late"

    with pytest.raises(TimeoutError):
        await call(work, limit=0.05, drop=lambda result: dropped.set() if result == "late" else None)
    go.set()
    assert await call(dropped.wait, 5)


async def test_a_cancelled_call_drops_its_result() -> None:
    go, dropped = threading.Event(), threading.Event()
    task = asyncio.create_task(call(go.wait, 5, drop=lambda _: dropped.set()))
    await asyncio.sleep(0.01)
    task.cancel()
    go.set()
    assert await call(dropped.wait, 5)


async def test_a_result_that_comes_in_the_turn_of_a_cancel_is_dropped() -> None:
    go, dropped = threading.Event(), threading.Event()
    waiting = asyncio.create_task(call(go.wait, 5, drop=lambda _: dropped.set()))
    await asyncio.sleep(0.05)
    go.set()
    time.sleep(0.2)  # the loop stands still: the result waits for its next turn, and so does the cancel
    asyncio.get_running_loop().call_soon(waiting.cancel)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(dropped.wait, 5)


def test_a_result_that_comes_after_the_loop_has_closed_is_dropped_too() -> None:
    go, dropped = threading.Event(), threading.Event()

    async def leave_it() -> None:
        with pytest.raises(TimeoutError):
            await call(go.wait, 5, limit=0.01, drop=lambda _: dropped.set())

    asyncio.run(leave_it())
    go.set()
    assert dropped.wait(5)


def test_a_result_that_comes_before_the_loop_closes_and_after_its_last_turn_is_dropped() -> None:
    go, dropped = threading.Event(), threading.Event()

    async def leave_it() -> None:
        with pytest.raises(TimeoutError):
            await call(go.wait, 5, limit=0.01, drop=lambda _: dropped.set())

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave_it())
    go.set()
    wait_until(lambda: "call Event.wait" not in {one.name for one in threading.enumerate()}, "the call goes on")
    loop.close()
    assert dropped.wait(5)


def test_a_call_that_never_returns_does_not_keep_the_program_from_ending() -> None:
    program = """
import asyncio, threading
from tests.servers import wait_until
from zeligui.links.calls import call

async def main():
    try:
        await call(threading.Event().wait, limit=0.1)
    except TimeoutError:
        print("ended")

asyncio.run(main())
"""
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=True)
    assert ended.stdout == b"ended\n"
    assert time.monotonic() - began < 20
