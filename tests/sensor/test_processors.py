"""What share of a processor a process gets, by the rules, and against what spinning processes really got."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from zeligui.sensor.processors import (
    LONGEST_PAUSE_S,
    SHORTEST_PAUSE_S,
    SPINS_SAVED,
    Contention,
    Correction,
    Processors,
    Spin,
    spun,
)

pytestmark = pytest.mark.alone

SPIN = "while True: pass"
GOT = """
import time
begun = time.monotonic()
while time.monotonic() < begun + 2: pass
print(time.process_time() / (time.monotonic() - begun))
"""


@pytest.mark.parametrize(
    ("count", "runnable", "available", "current"),
    [(1, 0, 1, 1), (1, 1, 0.5, 1), (2, 1, 1, 1), (2, 2, 2 / 3, 1), (2, 4, 0.4, 0.5), (8, 3.5, 1, 1)],
)
def test_the_shares_are_those_of_nws(count: int, runnable: float, available: float, current: float) -> None:
    host = Contention(count, runnable)
    assert (host.available(), host.current()) == (pytest.approx(available), pytest.approx(current))


@pytest.mark.parametrize(("quota", "throttled", "available"), [(0.5, 0, 0.5), (0.5, 1, 0.25), (4, 0, 1), (2, 1, 2 / 3)])
def test_a_quota_bounds_the_share_and_is_shared_where_it_is_used_up(
    quota: float, throttled: float, available: float
) -> None:
    values = Contention(8, 0, quota, throttled).values(0.0)
    assert values["cpuAvail"] == pytest.approx(available, abs=1e-3)
    assert values["cpuLimit"] == quota
    assert values["cpuAvail"] == pytest.approx(min(1, quota / (values["runnable"] + 1)), abs=1e-3)


@pytest.mark.parametrize(
    ("count", "runnable", "got", "corrected"),
    [
        (2, 2, 0.5, 2 / 3),  # the spin shared one processor; in the long run three share two
        (2, 4, 0.4, 0.4),
        (2, 2, 0.98, 1.0),  # niced ones stand back
        (2, 4, 0.97, 1.0),
        (1, 1, 0.99, 0.99),
        (2, 0, 0.25, 0.25),  # a quota that cannot be seen
        (1, 0, 0.6, 0.6),
        (2, 0, 0.97, 1.0),
    ],
)
def test_a_spin_corrects_what_the_count_does_not_explain(
    count: int, runnable: float, got: float, corrected: float
) -> None:
    correction, host = Correction(0.0), Contention(count, runnable)
    correction.learn(host, got)
    correction.learn(host, got)
    assert host.available(correction.offset) == pytest.approx(corrected, abs=0.03)


def test_niced_load_stays_without_weight_when_others_come_and_when_it_goes() -> None:
    correction = Correction(0.0)
    for _ in range(2):
        correction.learn(Contention(2, 2), 0.98)
    assert Contention(2, 4).available(correction.offset) == pytest.approx(2 / 3, abs=0.03)
    assert Contention(2, 0).available(correction.offset) == 1


def test_one_spin_alone_that_was_disturbed_changes_nothing() -> None:
    correction, host = Correction(0.0), Contention(2, 1)
    correction.learn(host, 0.5)
    assert correction.offset == 0
    assert correction.due(1.0, 91.0)
    correction.learn(host, 1.0)
    assert host.available(correction.offset) == 1


def spins(passive: Callable[[float], float], *, surprise: bool, seconds: int = 3600) -> list[float]:
    """When a spin is due in an hour of lines, one each two seconds."""
    correction, times = Correction(0.0), []
    for second in range(2, seconds, 2):
        share = passive(second)
        if correction.due(share, second):
            correction.begin(share, second)
            times.append(float(second))
            offset = correction.offset
            correction.learn(Contention(1, 1), 0.9 if surprise and not offset else 0.5)
    return times


def test_the_first_spin_is_early_and_a_tame_machine_is_spun_on_ever_more_rarely() -> None:
    times = spins(lambda _: 0.5, surprise=False)
    assert times[0] == 2
    assert 6 <= len(times) <= 10
    assert times[-1] - times[-2] == pytest.approx(LONGEST_PAUSE_S, abs=2)


def test_a_new_load_is_spun_on_at_once() -> None:
    times = spins(lambda second: 1.0 if second < 1000 else 0.5, surprise=False)
    assert any(1000 <= at <= 1006 for at in times)


def test_the_wildest_machine_is_spun_on_once_each_shortest_pause_and_no_more() -> None:
    times = spins(lambda second: 1.0 if second // 6 % 2 else 0.3, surprise=True)
    assert len(times) <= 3600 / SHORTEST_PAUSE_S + SPINS_SAVED


def test_a_spin_is_short_and_says_what_it_cost() -> None:
    spin = Spin()
    spin.start()
    assert spin.running
    end = time.monotonic() + 30
    while not (got := spin.taken()) and time.monotonic() < end:
        time.sleep(0.01)
    assert 0 < got <= 1
    assert 0.03 < spin.cost_s < 0.3
    assert not spin.running


def test_a_spin_that_cannot_be_started_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    spin = Spin()
    spin.start()
    assert not spin.running


def test_its_own_spin_is_nobodys_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeligui.sensor.processors.runnable_now", lambda: 3)
    processors = Processors(spins=True)
    processors.sample()
    assert processors.values()["runnable"] == 3
    processors.spin.child = os.getpid()  # as if it ran
    monkeypatch.setattr(Spin, "look", lambda self: None)
    processors.sample()
    assert processors.values()["runnable"] == 2
    processors.spin.child = 0


def test_the_share_that_is_spun_for_is_a_share() -> None:
    assert 0 < spun() <= 1


@pytest.fixture
def load() -> Iterator[Callable[[int, int], None]]:
    """Starts processes that spin, each in a session of its own as jobs are; niced ones in the test's own.

    Between sessions, the kernel looks at no niceness where it groups processes by them (sched_autogroup).
    """
    started: list[subprocess.Popen[bytes]] = []

    def start(count: int, niceness: int) -> None:
        for _ in range(count):
            command = [sys.executable, "-I", "-S", "-c", f"import os; os.nice({niceness})\n{SPIN}"]
            started.append(subprocess.Popen(command, start_new_session=not niceness))

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("each", "niceness"), [(0, 0), (0.5, 0), (1, 0), (2, 0), (1, 19)])
def test_a_process_gets_what_was_said(load: Callable[[int, int], None], each: float, niceness: int) -> None:
    load(int(each * (os.cpu_count() or 1)), niceness)
    rounds: list[tuple[float, float]] = []
    while len(rounds) < 6 and sum(abs(said - got) <= 0.1 for said, got in rounds) < 2:
        rounds.append(said_and_got(apart=not niceness))  # others work on this machine too: two must be right
    assert sum(abs(said - got) <= 0.1 for said, got in rounds) == 2, rounds


def said_and_got(*, apart: bool) -> tuple[float, float]:
    """cpuAvail of a sensor that begins now, the mean of before and after; and what a process gets between."""
    processors, said = Processors(), []
    for turn in range(2):
        for _ in range(5 if not turn else 2):
            settle(processors, 0.5)
            values = processors.values()
        said.append(values["cpuAvail"])
        if not turn:
            command = [sys.executable, "-I", "-S", "-c", GOT]
            got = float(subprocess.run(command, start_new_session=apart, stdout=subprocess.PIPE, check=True).stdout)
            processors.sample()
            processors.values()
    return sum(said) / 2, got


def settle(processors: Processors, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end or processors.spin.running:
        processors.sample()
        time.sleep(0.1)
