"""Threads that are kept for the next piece of work."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

import pytest

from tests.servers import wait_until
from zeligui.links import crew
from zeligui.links.crew import AT_REST, Crew


def named(*names: str) -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name in names]


def test_all_pieces_of_work_are_done_at_a_time() -> None:
    all_here = threading.Barrier(21)
    own = Crew()
    for number in range(20):
        own.do(f"piece {number}", lambda: all_here.wait(20))
    all_here.wait(20)


def test_a_thread_has_the_name_of_its_work_and_does_the_next() -> None:
    own, seen, done = Crew(), list[tuple[str, int]](), threading.Event()

    def work() -> None:
        seen.append((threading.current_thread().name, threading.get_ident()))
        done.set()

    for name in ("first", "second", "third", "fourth"):
        done.clear()
        own.do(name, work)
        assert done.wait(20)
        wait_until(lambda name=name: not named(name), "it goes on")  # type: ignore[misc]
    assert [name for name, _ in seen] == ["first", "second", "third", "fourth"]
    assert len({thread for _, thread in seen}) <= 2


def test_threads_that_are_not_needed_end_but_for_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "REST_S", 0.05)
    before = {one.ident for one in named(AT_REST)}
    own, all_here = Crew(), threading.Barrier(6)
    for _ in range(5):
        own.do("work", lambda: all_here.wait(20))
    all_here.wait(20)
    wait_until(lambda: len([one for one in named(AT_REST, "work") if one.ident not in before]) == 1, "they stay")
    done = threading.Event()
    own.do("work", done.set)
    assert done.wait(20)


def test_work_that_fails_does_not_keep_others_from_theirs(caught: Callable[[], list[str]]) -> None:
    own, done = Crew(), threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    own.do("work", fail)
    own.do("work", done.set)
    assert done.wait(20)
    wait_until(lambda: caught() == ["ZeroDivisionError"], "it was not told")


def test_a_thread_at_rest_holds_nothing_of_its_work() -> None:
    class Held:
        def work(self) -> None: ...

    held = Held()
    gone = weakref.ref(held)
    own = Crew()
    own.do("work", held.work)
    del held
    wait_until(lambda: gone() is None, "it is held")


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What ended threads."""
    kinds: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: kinds.append(args.exc_type.__name__))
    return lambda: kinds
