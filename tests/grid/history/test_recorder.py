"""What is measured is written down by a thread, and whatever befalls the file is said while measuring goes on."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zeligui.errors import HistoryDamaged, HistoryError
from zeligui.grid.history import recorder as recording
from zeligui.grid.history.reading import read_past
from zeligui.grid.history.recorder import Recorder
from zeligui.grid.history.store import Store
from zeligui.grid.machines import Arrival

BEGUN = 1_774_742_400.0
PATIENT_S = 60.0


class Watch:
    """A clock that is set by hand."""

    def __init__(self, age: float = 1000.0) -> None:
        self.passed = age

    def age(self) -> float:
        return self.passed

    def patience(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime.fromtimestamp(BEGUN + self.passed, UTC)

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "history.sqlite"


@contextmanager
def recorder(file: Path, watch: Watch) -> Iterator[tuple[Recorder, list[str]]]:
    told: list[str] = []
    one = Recorder(file, clock=watch, limit_bytes=500e6, report=lambda error: told.append(str(error)))
    one.start()
    try:
        yield one, told
    finally:
        one.close(PATIENT_S)


def measure(recorder: Recorder, watch: Watch, value: float, host: str = "a", name: str = "x") -> None:
    watch.passed += 1
    values = {name: value, "osName": "Linux"}
    recorder.keep(Arrival(host, measured=True, attributes=frozenset(values), values=values, time=watch.passed))


def values(file: Path, host: str = "a") -> Sequence[float]:
    return read_past(file, host, "x", 0, 1e11, most=10**9).values.tolist()


def test_what_is_measured_is_dated_and_written(file: Path, watch: Watch) -> None:
    with recorder(file, watch) as (one, told):
        measure(one, watch, 0.5)
        one.keep(Arrival("a", measured=False))
        assert one.flush(PATIENT_S)
        past = read_past(file, "a", "x", 0, 1e11, most=10)
        assert past.times.tolist() == [BEGUN + 1001]
        assert past.values.tolist() == [0.5]
    assert told == []


def test_closing_writes_what_waits_and_a_new_start_goes_on(file: Path, watch: Watch) -> None:
    for value in (1.0, 2.0, 3.0):
        with recorder(file, watch) as (one, told):
            measure(one, watch, value)
        assert told == []
    assert [part.name for part in file.parent.iterdir()] == ["history.sqlite"]
    assert values(file) == [1.0, 2.0, 3.0]


def test_a_calendar_that_is_set_back_between_two_starts_turns_no_order(file: Path, watch: Watch) -> None:
    with recorder(file, watch) as (one, _):
        measure(one, watch, 1.0)
    watch.passed -= 600  # as another boot would have it, too
    with recorder(file, watch) as (one, _):
        assert one.flush(PATIENT_S)
        measure(one, watch, 2.0)
    assert values(file) == [1.0, 2.0]


def test_of_two_processes_that_watch_a_host_one_records_it(file: Path, watch: Watch) -> None:
    with recorder(file, watch) as (younger, _), closing(Store(file)):
        assert younger.flush(PATIENT_S)
        with recorder(file, watch) as (third, _):
            for step in range(40):
                measure(younger, watch, step, "both")
                measure(third, watch, step + 0.5, "both")
                measure(third, watch, step, "alone")
                assert younger.flush(PATIENT_S)
                assert third.flush(PATIENT_S)
            assert values(file, "both") == [float(step) for step in range(40)]
            assert values(file, "alone") == [float(step) for step in range(40)]
            younger.close(PATIENT_S)
            measure(third, watch, 99.0, "both")
            measure(third, watch, 100.0, "both")
            watch.passed += 20
            measure(third, watch, 101.0, "both")
            assert third.flush(PATIENT_S)
    assert values(file, "both")[-1] == 101.0


KILLED = """
import sys
from pathlib import Path
from zeligui.clock import SystemClock
from zeligui.grid.history.recorder import Recorder
from zeligui.grid.machines import Arrival

clock = SystemClock()
one = Recorder(Path(sys.argv[1]), clock=clock, limit_bytes=500e6, report=lambda error: sys.exit(str(error)))
one.start()
count = 0
while True:
    for _ in range(500):
        count += 1
        one.keep(Arrival(f"h{count % 50}", True, frozenset("x"), {"x": float(count)}, clock.age() + count * 1e-3))
    if one.flush(60):
        print(count, flush=True)
"""


def test_what_was_written_outlives_a_kill_in_the_middle(file: Path, watch: Watch) -> None:
    for _ in range(2):
        running = subprocess.Popen([sys.executable, "-c", KILLED, str(file)], stdout=subprocess.PIPE, text=True)
        try:
            assert running.stdout
            written = [int(running.stdout.readline()) for _ in range(5)][-1]
        finally:
            os.kill(running.pid, signal.SIGKILL)
            running.communicate()
        kept = {value for host in range(50) for value in values(file, f"h{host}")}
        assert kept >= {float(count) for count in range(1, written + 1)}
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("content", [b"notes, not a database\n" * 500, b"SQLite format 3\0" + b"\xff" * 8192, b"x"])
def test_a_file_that_is_no_history_is_moved_aside_and_said(file: Path, watch: Watch, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with recorder(file, watch) as (one, told):
        measure(one, watch, 1.0)
        assert one.flush(PATIENT_S)
        assert one.flush(PATIENT_S)
        assert values(file) == [1.0]
    (words,) = told
    (aside,) = file.parent.glob("history.sqlite.damaged-*")
    assert str(aside) in words
    assert "begins anew" in words
    assert aside.read_bytes() == content


def test_damage_that_a_reader_finds_is_moved_aside(file: Path, watch: Watch) -> None:
    with recorder(file, watch) as (one, told):
        for value in range(2000):
            measure(one, watch, value)
        assert one.flush(PATIENT_S)
    content = file.read_bytes()
    file.write_bytes(content[:8192] + b"\xa5" * (len(content) - 8192))
    with recorder(file, watch) as (one, told):
        one.flush(PATIENT_S)
        if not told:
            with pytest.raises(HistoryDamaged):
                values(file)
            one.renew()
        for _ in range(3):
            one.flush(PATIENT_S)
        measure(one, watch, 7.0)
        assert one.flush(PATIENT_S)
        assert values(file) == [7.0]
    assert len(told) == 1
    assert len(list(file.parent.glob("history.sqlite.damaged-*"))) >= 1


def test_a_history_that_somebody_takes_away_is_begun_anew(file: Path, watch: Watch) -> None:
    with recorder(file, watch) as (one, told):
        measure(one, watch, 1.0)
        assert one.flush(PATIENT_S)
        for part in file.parent.iterdir():
            part.unlink()
        measure(one, watch, 2.0)
        assert one.flush(PATIENT_S)
        assert values(file) == [2.0]
    assert told == []


def test_a_newer_history_is_left_alone_and_said_once(file: Path, watch: Watch) -> None:
    Store(file).close()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE history SET version = version + 1")
    before = file.read_bytes()
    with recorder(file, watch) as (one, told):
        for _ in range(3):
            measure(one, watch, 1.0)
            assert one.flush(PATIENT_S)
            watch.passed += recording.RETRY_S
    (words,) = told
    assert "newer ZeliGrid" in words
    assert "not kept" in words
    assert file.read_bytes() == before


def test_a_queue_that_is_full_drops_and_counts(file: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 10)
    told: list[str] = []
    one = Recorder(file, clock=watch, limit_bytes=500e6, report=lambda error: told.append(str(error)))
    for value in range(30):
        measure(one, watch, value)
    one.start()
    assert one.flush(PATIENT_S)
    one.close(PATIENT_S)
    assert values(file) == [float(value) for value in range(10)]
    (words,) = told
    assert words.startswith("40 measured values were not kept")


def test_what_is_no_number_is_said_once(file: Path, watch: Watch) -> None:
    with recorder(file, watch) as (one, told):
        for value in (float("nan"), float("inf"), 3.0):
            measure(one, watch, value)
            assert one.flush(PATIENT_S)
        assert values(file) == [3.0]
    (words,) = told
    assert "not kept" in words


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 20 MiB; without the right to mount one, the test says so."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_left_to_others_and_recording_goes_on_afterwards(small_disk: Path, watch: Watch) -> None:
    file = small_disk / "history.sqlite"
    with recorder(file, watch) as (one, told):
        measure(one, watch, 1.0)
        assert one.flush(PATIENT_S)
        assert told == []
        (small_disk / "filler").write_bytes(bytes(15 << 20))
        for value in (2.0, 3.0):
            measure(one, watch, value)
            assert one.flush(PATIENT_S)
        (words,) = told
        assert "The disk is full" in words
        (small_disk / "filler").unlink()
        watch.passed += recording.RETRY_S
        measure(one, watch, 4.0)
        assert one.flush(PATIENT_S)
        assert values(file) == [1.0, 4.0]
        assert told[1].startswith("4 measured values were not kept")


LIMITED = """
import resource, sys
from pathlib import Path
from zeligui.clock import SystemClock
from zeligui.grid.history.recorder import Recorder
from zeligui.grid.machines import Arrival

clock = SystemClock()
one = Recorder(Path(sys.argv[1]), clock=clock, limit_bytes=500e6, report=lambda error: print(error, error.hint))
one.start()
one.flush(60)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
for count in range(20_000):
    one.keep(Arrival(f"h{count % 50}", True, frozenset("x"), {"x": 0.1 * count}, clock.age() + count * 1e-3))
one.flush(60)
print("measuring goes on")
one.close(60)
"""


def test_a_write_that_fails_is_said_and_nothing_is_half_written(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(file)], capture_output=True, text=True, timeout=120, check=True
    )
    assert "cannot be written: the disk is full or faulty" in done.stdout
    assert "measuring goes on" in done.stdout
    with closing(Store(file)), closing(sqlite3.connect(file)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_nothing_can_be_recorded_where_a_file_is_in_place_of_the_folder(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "home").touch()
    with recorder(tmp_path / "home" / "history.sqlite", watch) as (one, told):
        measure(one, watch, 1.0)
        assert one.flush(PATIENT_S)
    assert len(told) == 1
    with pytest.raises(HistoryError, match="cannot be used"):
        Store(tmp_path / "home" / "history.sqlite")
