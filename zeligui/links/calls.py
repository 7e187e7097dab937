"""Blocking calls, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def call(
    work: Callable[..., T], *args: object, limit: float | None = None, drop: Callable[[T], object] | None = None
) -> T:
    """Run `work(*args)` in a daemon thread of its own and wait for it, at most `limit` seconds.

    Not an executor: those join their threads when the program ends, and a read that never returns would keep the
    program from ending. After the limit, or when the caller is cancelled, the thread goes on alone, and `drop` gets a
    result that nobody waits for any more, in a thread. TimeoutError when the limit has passed.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def succeed(result: T) -> None:
        if not answer.done():
            answer.set_result(result)
        elif drop is not None:
            leave(partial(drop, result))

    def fail(error: BaseException) -> None:
        if not answer.done():
            answer.set_exception(error)

    def run() -> None:
        try:
            result = work(*args)
        except BaseException as error:  # noqa: BLE001
            _tell(loop, fail, _storable(error))
            return
        if not _tell(loop, succeed, result) and drop is not None:
            drop(result)

    threading.Thread(target=run, daemon=True, name=_name(work)).start()
    try:
        async with asyncio.timeout(limit):
            return await answer
    except BaseException:
        if drop is not None and _has_result(answer):  # it came in the same turn of the loop as the cancel
            leave(partial(drop, answer.result()))
        raise


def _has_result(answer: asyncio.Future[T]) -> bool:
    return answer.done() and not answer.cancelled() and answer.exception() is None


def leave(work: Callable[[], object]) -> None:
    """Run blocking clean-up in a daemon thread and do not wait for it."""
    threading.Thread(target=work, daemon=True, name=_name(work)).start()


def _tell(loop: asyncio.AbstractEventLoop, heard: Callable[..., object], value: object) -> bool:
    """Call `heard(value)` on the loop; False when the loop has closed, so that nobody waits any more."""
    try:
        loop.call_soon_threadsafe(heard, value)
    except RuntimeError:
        if not loop.is_closed():
            raise
        return False
    return True


def _storable(error: BaseException) -> BaseException:
    """A future cannot hold StopIteration: it would end the coroutine that waits for it."""
    return RuntimeError("the call ended by StopIteration") if isinstance(error, StopIteration) else error


def _name(work: Callable[..., object]) -> str:
    return f"call {getattr(work, '__qualname__', 'work')}"
