"""nvidia-smi as it answers, hangs, fails and talks nonsense; there is no graphics card here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zeligui.sensor import cards
from zeligui.sensor.cards import Cards


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Cards]]:
    """Puts a program of that name in the path."""
    made: list[Cards] = []

    def put(script: str) -> Cards:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        made.append(Cards())
        return made[-1]

    yield put
    for one in made:
        one.end()
        ended(one)


def ended(one: Cards) -> None:
    wait(one, lambda: not one._child)


def wait(one: Cards, holds: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        one.values()
        time.sleep(0.01)


def test_the_freest_card_counts(smi: Callable[[str], Cards]) -> None:
    one = smi("echo 1024; echo 8192")
    assert one.values() == {}, "it is not waited for"
    wait(one, one.values)
    assert one.values() == {"gpuCount": 2, "gpuFreeMemory": 8589.9}
    assert one.cost_s > 0


def test_without_it_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    one = Cards()
    assert one.values() == {}
    assert not one._child


@pytest.mark.parametrize(
    "script", ["exit 9", "echo 'No devices were found'", "echo '[N/A]'", "printf '12\\nx\\n'", ":"]
)
def test_what_is_no_answer_says_nothing(smi: Callable[[str], Cards], script: str) -> None:
    one = smi(script)
    one.values()
    wait(one, lambda: not one._child)
    assert one.values() == {}


def test_one_that_hangs_is_killed_and_delays_nothing(
    smi: Callable[[str], Cards], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "ANSWER_S", 0.1)
    one = smi("exec sleep 1000")
    begun = time.process_time()
    one.values()
    assert one._child
    wait(one, lambda: not one._child)
    assert one.values() == {}
    assert time.process_time() - begun < 5


def test_it_rests_the_longer_the_more_it_took(smi: Callable[[str], Cards]) -> None:
    one = smi("echo 5")
    wait(one, one.values)
    assert one._next >= one._asked + cards.SHORTEST_REST_S
    one._child, one._reader = os.getpid(), os.open(os.devnull, os.O_RDONLY)
    one._conclude(1.0)
    assert one._next == one._asked + cards.RESTS_A_USE
