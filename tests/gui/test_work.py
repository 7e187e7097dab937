"""What the user asked for, in the background: not twice at a time, with Retry where it fails, a fault said once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.driving import run
from zeligui.errors import Refused, ZeliGridError
from zeligui.gui.message_bar import MessageBar
from zeligui.gui.work import Work

Sitting = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    made = MessageBar()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def work(bar: MessageBar, log: list[str]) -> Work:
    return Work(bar, log.append)


@pytest.fixture
def sitting(qapp: QApplication) -> Sitting:
    return lambda doing: run(qapp, doing())


def labels(bar: MessageBar) -> list[str]:
    return [button.text() for button in bar.findChildren(QPushButton)]


async def settled(work: Work, doing: str) -> None:
    while work.doing(doing):
        await asyncio.sleep(0)


def test_the_same_is_not_begun_twice_at_a_time(work: Work, sitting: Sitting) -> None:
    begun: list[int] = []

    async def slow() -> None:
        begun.append(1)
        await asyncio.sleep(0.01)

    async def press() -> None:
        for _ in range(3):
            work.do("Start", slow)
        await settled(work, "Start")
        assert len(begun) == 1
        work.do("Start", slow)
        await settled(work, "Start")
        assert len(begun) == 2

    sitting(press)


def test_a_failure_says_what_failed_and_what_to_do_with_retry(work: Work, bar: MessageBar, sitting: Sitting) -> None:
    fails = [Refused("lab1 said no.", hint="Check the key."), None]

    async def begin() -> None:
        if error := fails.pop(0):
            raise error

    async def press() -> None:
        work.do("Refresh", begin)
        await settled(work, "Refresh")
        await asyncio.sleep(0)
        assert bar.texts == ["Refresh: lab1 said no."]
        assert "Check the key." in bar.findChildren(QPushButton)[0].parent().accessibleName()  # type: ignore[attr-defined]
        bar.findChildren(QPushButton)[0].click()
        assert bar.texts == []
        await settled(work, "Refresh")
        assert bar.texts == []

    sitting(press)


def test_the_same_failure_again_is_one_message(work: Work, bar: MessageBar, sitting: Sitting) -> None:
    async def begin() -> None:
        raise ZeliGridError("no")

    async def press() -> None:
        for _ in range(3):
            work.do("Refresh", begin)
            await settled(work, "Refresh")
            await asyncio.sleep(0)
        assert bar.texts == ["Refresh: no"]

    sitting(press)


def test_what_takes_too_long_is_said(work: Work, bar: MessageBar, log: list[str]) -> None:
    work.report("Search hosts", TimeoutError())
    assert bar.texts == ["Search hosts: it took too long, and was given up."]
    assert log == []


def test_a_fault_is_said_once_with_details_to_copy_and_is_in_the_log(
    work: Work, bar: MessageBar, log: list[str], sitting: Sitting
) -> None:
    async def begin() -> None:
        raise KeyError("<b>lab1</b>")

    async def press() -> None:
        for _ in range(3):
            work.do("Refresh", begin)
            await settled(work, "Refresh")
            await asyncio.sleep(0)

    sitting(press)
    assert bar.texts == ["Something in ZeliGrid failed (Refresh): KeyError: '<b>lab1</b>'"]
    assert labels(bar) == ["Cop&y details"]
    assert len(log) == 1
    assert "Traceback" in log[0]
    work.fault("Hosts", "Traceback\nKeyError: 1")
    assert len(bar.texts) == 2


def test_what_is_given_up_is_no_failure(work: Work, bar: MessageBar, sitting: Sitting) -> None:
    async def press() -> None:
        work.do("Refresh", lambda: asyncio.sleep(60))
        await asyncio.sleep(0)
        await work.tasks.stop()
        assert not work.doing("Refresh")

    sitting(press)
    assert bar.texts == []
