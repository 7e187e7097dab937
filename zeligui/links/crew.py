"""Threads that work off the event loop: they are kept for the next piece of work, and begun by one another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

AT_REST = "at rest"
"""The name of a thread that has nothing to do."""

REST_S = 10.0
"""A thread that was not needed for so long ends, but for the last."""

Work = Callable[[], object]


class Crew:
    """Daemon threads: nothing waits for them when the program ends.

    Who hands over work does not wait either: `Thread.start` does, until the new thread has run, for which all that want
    the interpreter's lock go before it; with 200 machines that is up to 0.3 s. So whoever finds no other at rest begins
    a further thread before its own work.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[tuple[str, Work]] = SimpleQueue()
        self._lock = threading.Lock()
        self._resting = 0

    def do(self, name: str, work: Work) -> None:
        """Have a thread of this name do some work; what it raises ends the thread, and is printed."""
        with self._lock:
            none = not self._resting
            self._resting += none
        if none:
            self._begin()
        self._work.put((name, work))

    def _begin(self) -> None:
        """Begin a thread that is counted already."""
        try:
            threading.Thread(target=self._run, daemon=True, name=AT_REST).start()
        except BaseException:
            with self._lock:
                self._resting -= 1
            raise

    def _run(self) -> None:
        while (piece := self._next()) is not None:
            name, work = piece
            threading.current_thread().name = name
            work()
            del piece, work  # what it holds must not live on here
            threading.current_thread().name = AT_REST
            with self._lock:
                self._resting += 1

    def _next(self) -> tuple[str, Work] | None:
        """The next piece of work; None where there is none for long, and another thread waits for it."""
        while True:
            try:
                piece = self._work.get(timeout=REST_S)
            except Empty:
                with self._lock:
                    if self._resting > 1:
                        self._resting -= 1
                        return None
            else:
                self._leave_one()
                return piece

    def _leave_one(self) -> None:
        """One goes from rest to work; where none is left at rest, another is begun."""
        with self._lock:
            last = self._resting == 1
            self._resting -= not last
        if last:
            with suppress(RuntimeError):  # no more threads can be had: `do` tries again
                self._begin()


CREW = Crew()
