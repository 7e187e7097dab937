"""Garbage is collected in pieces: what is new often, all now and then."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from zeligui.gui import sweeping
from zeligui.gui.sweeping import YOUNG, Sweeper


class Knot:
    """Refers to itself: counting references alone never ends it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def sweeper(qapp: object) -> Iterator[Sweeper]:
    gc.disable()
    parent = QObject()
    yield Sweeper(parent)
    gc.unfreeze()
    gc.enable()
    parent.deleteLater()


def tied() -> weakref.ref[Knot]:
    return weakref.ref(Knot())


def test_what_is_new_is_swept(sweeper: Sweeper) -> None:
    knot = tied()
    sweeper.sweep()
    assert knot() is None


def test_what_stayed_waits_until_all_is_swept(sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Knot()
    knot = weakref.ref(held)
    sweeper.sweep()
    del held
    sweeper.sweep()
    assert knot() is not None
    monkeypatch.setattr(sweeping, "WHOLE_S", 0.0)
    monkeypatch.setattr(sweeping, "SHARE", 0.0)
    sweeper.sweep()
    assert knot() is None


def test_what_is_swept_unnoticed_is_swept_often(sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: swept.append(generation))
    monkeypatch.setattr(sweeping, "WHOLE_S", 0.0)
    monkeypatch.setattr(sweeping, "ELSEWHERE_S", 1e9)
    monkeypatch.setattr(sweeping, "SHARE", 1e9)
    sweeper.sweep_all()
    sweeper.sweep()
    assert swept == [2, 2]


def test_all_is_swept_the_more_rarely_the_longer_it_takes(sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: swept.append(generation))
    monkeypatch.setattr(sweeping, "BRIEF_S", 0.0)
    monkeypatch.setattr(sweeping, "WHOLE_S", 0.0)
    monkeypatch.setattr(sweeping, "ELSEWHERE_S", 1e9)
    monkeypatch.setattr(sweeping, "SHARE", 1e9)
    sweeper.sweep_all()
    swept.clear()
    for _ in range(YOUNG):
        sweeper.sweep()
    assert swept == [0] * (YOUNG - 1) + [1], "what is new, and now and then what has just stayed"


def test_what_takes_a_little_longer_is_put_off_by_little(sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(sweeping, "ELSEWHERE_S", 1e9)
    took = iter((0.0, 0.056))
    monkeypatch.setattr(time, "thread_time", lambda: next(took))
    swept: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: swept.append(generation))
    sweeper.sweep_all()
    swept.clear()
    now = 29.0
    sweeper.sweep()
    assert 2 not in swept
    monkeypatch.setattr(time, "thread_time", lambda: 0.0)
    now = 31.0
    sweeper.sweep()
    assert 2 in swept
