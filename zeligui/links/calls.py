"""Blocking calls, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from zeligui.links.crew import CREW

T = TypeVar("T")


async def call(
    work: Callable[..., T], *args: object, limit: float | None = None, drop: Callable[[T], object] | None = None
) -> T:
    """Run `work(*args)` in a daemon thread and wait for it, at most `limit` seconds.

    Not an executor: those join their threads when the program ends, and a read that never returns would keep the
    program from ending. After the limit, or when the caller is cancelled, the thread goes on alone, and `drop` gets a
    result that nobody waits for any more, in a thread. TimeoutError when the limit has passed.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    hand_over = _HandOver(drop)

    def run() -> None:
        try:
            result = work(*args)
        except BaseException as error:  # noqa: BLE001
            _tell(loop, answer, partial(answer.set_exception, _storable(error)))
            return
        hand_over.offer(result)
        _tell(loop, answer, partial(answer.set_result, result))

    CREW.do(_name(work), run)
    try:
        async with asyncio.timeout(limit):
            return await answer
    except BaseException:
        hand_over.decline()
        raise


class _HandOver(Generic[T]):
    """A result on its way from a thread to who waits, which is dropped once where it is not taken.

    Not left to the loop: it may end before it comes to what a thread has asked it to call.
    """

    def __init__(self, drop: Callable[[T], object] | None) -> None:
        self._drop = drop
        self._lock = threading.Lock()
        self._result: list[T] = []
        self._declined = False

    def offer(self, result: T) -> None:
        """For the thread, which drops the result itself where nobody waits any more."""
        with self._lock:
            if not self._declined:
                self._result.append(result)
                return
        if self._drop is not None:
            self._drop(result)

    def decline(self) -> None:
        """For who waited: what has come, or comes later, is not wanted."""
        with self._lock:
            self._declined = True
        if self._result and self._drop is not None:
            leave(partial(self._drop, self._result[0]))


def leave(work: Callable[[], object]) -> None:
    """Run blocking clean-up in a daemon thread and do not wait for it."""
    CREW.do(_name(work), work)


def _tell(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T], told: Callable[[], object]) -> None:
    """Have the loop answer, unless nobody waits any more or the loop has closed."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: None if answer.done() else told())


def _storable(error: BaseException) -> BaseException:
    """A future cannot hold StopIteration: it would end the coroutine that waits for it."""
    return RuntimeError("the call ended by StopIteration") if isinstance(error, StopIteration) else error


def _name(work: Callable[..., object]) -> str:
    return f"call {getattr(work, '__qualname__', 'work')}"
