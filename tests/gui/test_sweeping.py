"""Garbage is collected in pieces: what is new often, all now and then."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer

from zeligui.gui import sweeping
from zeligui.gui.sweeping import Sweeper


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


def slowly(monkeypatch: pytest.MonkeyPatch, seconds: dict[int, float]) -> list[int]:
    """Have a sweep of each generation take so long; those that are swept."""
    swept: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: swept.append(generation))
    monkeypatch.setattr(time, "thread_time", lambda: sum(seconds.get(each, 0.0) for each in swept))
    return swept


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
    swept = slowly(monkeypatch, {2: 0.049})
    monkeypatch.setattr(sweeping, "WHOLE_S", 0.0)
    monkeypatch.setattr(sweeping, "ELSEWHERE_S", 1e9)
    monkeypatch.setattr(sweeping, "SHARE", 1e9)
    sweeper.sweep_all()
    sweeper.sweep()
    assert swept == [2, 2]


def test_all_is_swept_the_more_rarely_the_longer_it_takes(sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = slowly(monkeypatch, {0: 0.02, 1: 0.04, 2: 0.2})
    monkeypatch.setattr(sweeping, "WHOLE_S", 0.0)
    monkeypatch.setattr(sweeping, "ELSEWHERE_S", 1e9)
    sweeper.sweep_all()
    swept.clear()
    for _ in range(6):
        sweeper.sweep()
    assert swept == [0, 0, 1] * 2, "what is new, and after two of these what they left"


def test_of_much_that_has_come_all_is_not_swept_to_find_that_it_takes_long(
    sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "WHOLE_S", 0.0)
    monkeypatch.setattr(sweeping, "ELSEWHERE_S", 1e9)
    swept = slowly(monkeypatch, {})
    sweeper.sweep()
    assert swept == [2]
    monkeypatch.setattr(sweeping, "BRIEF_S", 0.0)
    monkeypatch.setattr(sweeping, "SHARE", 1e9)
    much = [[] for _ in range(1000)]
    sweeper.sweep()
    assert swept == [2, 0]
    assert much


def test_what_is_new_is_swept_the_sooner_the_more_it_is(sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    timer = sweeper.findChild(QTimer)
    assert timer.interval() == 5_000
    slowly(monkeypatch, {0: 0.02})
    sweeper.sweep()
    assert timer.interval() == 2_500
    sweeper.sweep()
    assert timer.interval() == 1_250
    sweeper.sweep()  # what has survived
    assert timer.interval() == 1_250
    sweeper.sweep()
    assert timer.interval() == 1_000, "no sooner than that"
    slowly(monkeypatch, {0: 0.001})
    sweeper.sweep()
    assert timer.interval() == 5_000


def test_what_takes_a_little_longer_is_put_off_by_little(sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(sweeping, "ELSEWHERE_S", 1e9)
    swept = slowly(monkeypatch, {2: 0.056})
    sweeper.sweep_all()
    swept.clear()
    now = 29.0
    sweeper.sweep()
    assert swept == [0]
    now = 31.0
    sweeper.sweep()
    assert swept == [0, 2]
