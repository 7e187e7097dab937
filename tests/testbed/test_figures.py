"""What a node shows in place of /proc."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.testbed.nodes import eventually
from zeligui.testbed.figures import Activity, Figures, Hardware, Pulse
from zeligui.testbed.processes import Census, kill, read

IDLE = Activity(processes=0, runnable=0, blocked=0, resident_kb=0)


@pytest.fixture
def figures(tmp_path: Path) -> Figures:
    shown = Figures(tmp_path, Hardware(2, 3000, 2048))
    shown.power_on("node1.grid", now=100.0, wall=1e9)
    return shown


def busy(runnable: int) -> Activity:
    return Activity(processes=runnable, runnable=runnable, blocked=0, resident_kb=0)


def words(file: Path) -> list[str]:
    return file.read_text().split()


def test_a_load_average_fades_as_the_kernels_does(figures: Figures, tmp_path: Path) -> None:
    for step in range(1, 11):
        figures.update(busy(4), now=100 + step * 0.5)
    assert words(tmp_path / "loadavg")[:3] == ["0.32", "0.07", "0.02"]
    figures.update(IDLE, now=165.0)
    assert words(tmp_path / "loadavg")[0] == "0.12"


def test_processor_time_is_that_of_the_declared_processors(figures: Figures, tmp_path: Path) -> None:
    figures.update(busy(5), now=101.0)
    figures.update(busy(1), now=103.0)
    figures.update(IDLE, now=104.0)
    ticks = os.sysconf("SC_CLK_TCK")
    lines = (tmp_path / "stat").read_text().splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["cpu", "cpu0", "cpu1"]
    _, used, _, _, idle, *_ = lines[0].split()
    assert (int(used), int(idle)) == (5 * ticks, 3 * ticks)


def test_the_reader_counts_as_running_as_in_the_kernel(figures: Figures, tmp_path: Path) -> None:
    assert "procs_running 1\n" in (tmp_path / "stat").read_text()
    figures.update(busy(2), now=101.0)
    assert "procs_running 3\n" in (tmp_path / "stat").read_text()


def test_memory_is_what_is_declared_less_what_is_used(figures: Figures, tmp_path: Path) -> None:
    figures.update(Activity(1, 0, 0, resident_kb=1_500_000), now=101.0)
    lines = (line.split() for line in (tmp_path / "meminfo").read_text().splitlines())
    kib = {name: int(value) for name, value, _ in lines}
    assert (kib["MemTotal:"], kib["MemAvailable:"], kib["MemFree:"]) == (2_000_000, 500_000, 500_000)
    figures.update(Activity(1, 0, 0, resident_kb=9_000_000), now=102.0)
    assert "MemAvailable:          0 kB" in (tmp_path / "meminfo").read_text()


def test_each_boot_has_an_id_and_counters_of_its_own(figures: Figures, tmp_path: Path) -> None:
    figures.update(busy(2), now=101.0)
    figures.update(busy(2), now=161.0)
    before = (tmp_path / "sys/kernel/random/boot_id").read_text()
    figures.power_on("node1.grid", now=200.0, wall=2e9)
    assert (tmp_path / "sys/kernel/random/boot_id").read_text() != before
    assert words(tmp_path / "loadavg")[0] == "0.00"
    assert words(tmp_path / "stat")[1:5] == ["0", "0", "0", "0"]


def test_no_file_is_ever_missing_or_half_written(figures: Figures, tmp_path: Path) -> None:
    with (tmp_path / "stat").open() as held:
        figures.update(busy(1), now=101.0)
        assert held.read().endswith("procs_blocked 0\n")
    assert not list(tmp_path.glob("**/.*"))


SPIN = "while :; do :; done"
THREADS = "import threading\nfor _ in range(2): threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()"
NAP = "import time\nwhile True: time.sleep(0.05)"


@pytest.fixture
def family() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_what_spins_is_runnable_and_what_naps_is_not(family: list[subprocess.Popen[bytes]]) -> None:
    spinning, napping = (
        subprocess.Popen(["/bin/sh", "-c", SPIN]),
        subprocess.Popen([sys.executable, "-S", "-c", NAP]),
    )
    family += [spinning, napping]
    pulse = Pulse()

    def runnable(*processes: subprocess.Popen[bytes]) -> int:
        return pulse.look(filter(None, (read(process.pid) for process in processes)), hidden=0).runnable

    eventually(lambda: runnable(spinning, napping) == 1)
    assert {runnable(napping) for _ in range(50)} == {0}


def test_threads_of_one_process_count_each(family: list[subprocess.Popen[bytes]]) -> None:
    family.append(subprocess.Popen([sys.executable, "-S", "-c", THREADS]))
    pulse = Pulse()
    seen: set[int] = set()

    def look() -> bool:
        seen.add(pulse.look(filter(None, [read(family[0].pid)]), hidden=0).runnable)
        return max(seen) >= 1

    eventually(look)
    assert max(seen) <= 3


def test_a_census_finds_descendants_and_nobody_else(family: list[subprocess.Popen[bytes]]) -> None:
    inside = subprocess.Popen(["/bin/sh", "-c", "sh -c 'sleep 1000 & wait' & wait"])
    outside = subprocess.Popen(["sleep", "1000"])
    family += [inside, outside]
    census = Census()
    eventually(lambda: len(census.below([inside.pid])[inside.pid]) == 2)
    found = {process.pid for process in census.below([inside.pid])[inside.pid]}
    assert not found & {inside.pid, outside.pid, os.getpid()}
    for pid in found:
        kill(pid)
