"""What holds for every test of the window: it leaves no window, running timer or task behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from tests.conftest import settle

OF_QT = {"QTipLabel"}
"""A tooltip goes by itself, after a while."""


@pytest.fixture(autouse=True)
def no_window_left(nothing_left: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that passed and left a window, a running timer or a task that is not done behind has failed."""
    failed, before = request.session.testsfailed, set(windows())
    # What is here now is never looked at again: a collection takes a hundredth of the time, and makes no event loop
    # late whose lateness a later test measures.
    gc.freeze()
    yield
    let_keys_go()
    left = settle(lambda: frozenset(remains(before))) if request.session.testsfailed == failed else frozenset()
    if left:
        pytest.fail(f"left behind: {', '.join(sorted(left))}")


def let_keys_go() -> None:
    """Hold no Shift or Ctrl any more.

    Qt takes them for held after a click of a key with them, until the next event; views select otherwise meanwhile.
    """
    if QApplication.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
        QTest.keyClick(QWidget(), Qt.Key.Key_Escape)


def remains(before: set[QWidget]) -> Iterator[str]:
    """What is there that was not there before, in words."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    yield from (f"window {words(one)}" for one in windows() if one not in before)
    for one in gc.get_objects():
        if type(one) is QTimer and isValid(one) and one.isActive():
            yield f"timer of {one.interval()} ms, of {one.parent()}"
        elif isinstance(one, asyncio.Task) and not one.done():
            yield f"task {one.get_name()}"


def windows() -> list[QWidget]:
    there = QApplication.topLevelWidgets() if QApplication.instance() else []
    return [one for one in there if one.metaObject().className() not in OF_QT]


def words(window: QWidget) -> str:
    return f"{type(window).__name__} {window.windowTitle() or window.accessibleName()}".strip()
