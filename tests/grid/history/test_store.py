"""Every value for a day, means of minutes for a month, means of hours for a year, within bounds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from zeligui.errors import HistoryDamaged, HistoryError
from zeligui.grid.history.reading import Archive, Past, read_past, reading
from zeligui.grid.history.store import Store
from zeligui.grid.history.tables import ATTRIBUTES, HOSTS

BEGUN = 1_774_742_400_000
"""A midnight; at one o'clock UTC clocks are set in Europe."""
S, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
ROOM = 500e6


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with closing(Store(file)) as one:
        yield one


def tend(store: Store, now: int, *, room: float = ROOM, most: int = 10_000) -> None:
    """Look after it until there is nothing more to do."""
    for _ in range(most):
        if not list(store.upkeep.steps(now, room)):
            return
    raise AssertionError("it is never done")


def past(file: Path, attribute: str = "load1", host: str = "a", since: int = 0, until: int = 10**14) -> Past:
    return read_past(file, host, attribute, since / S, until / S, most=10**9)


def load(time: int) -> float:
    return round(1 + np.sin(time / MINUTE / 7), 3)


def measured(first: int, end: int, step: int, host: str = "a") -> list[tuple[int, str, dict[str, float | str]]]:
    return [(time, host, {"load1": load(time), "osName": "Linux"}) for time in range(first, end, step)]


def grow(store: Store, days: int, step: int) -> int:
    """Record so many days, an hour at a time; the time then comes back."""
    end = BEGUN + days * DAY
    for begin in range(BEGUN, end, HOUR):
        store.write(measured(begin, begin + HOUR, step))
        tend(store, begin + HOUR)
    return end


def test_what_was_written_is_read_at_once_and_after_a_new_start(file: Path) -> None:
    with closing(Store(file)) as store:
        store.write(measured(BEGUN, BEGUN + MINUTE, 5 * S))
        found = past(file)
        assert found.times.tolist() == [BEGUN / S + 5 * step for step in range(12)]
        assert found.values.tolist() == [load(BEGUN + 5 * S * step) for step in range(12)]
        assert found.low.tolist() == found.high.tolist() == found.values.tolist()
    with closing(Store(file)) as store:
        store.write(measured(BEGUN + MINUTE, BEGUN + 2 * MINUTE, 5 * S))
        assert len(past(file).times) == 24
        assert len(past(file, since=BEGUN + MINUTE, until=BEGUN + MINUTE + 9 * S).times) == 2


def test_names_are_found_without_regard_to_case_and_texts_are_not_kept(file: Path, store: Store) -> None:
    store.write(measured(BEGUN, BEGUN + 1, S))
    store.write([(BEGUN + S, "A", {"LOAD1": 7.0})])
    assert past(file, "Load1", "A").values.tolist() == [load(BEGUN), 7.0]
    assert len(past(file, "osName").times) == 0
    with reading(file) as archive:
        assert archive.name(HOSTS, "A") == "a"
        assert archive.name(ATTRIBUTES, "load5") is None
        assert archive.nearest(ATTRIBUTES, "load5") == "load1"


def test_every_value_of_the_last_day_is_there(file: Path, store: Store) -> None:
    now = grow(store, 2, 60 * S // 4)
    found = past(file, since=now - DAY)
    assert found.times.tolist() == [time / S for time in range(now - DAY, now, 15 * S)]
    assert found.values.tolist() == [load(time) for time in range(now - DAY, now, 15 * S)]


def test_before_the_last_day_there_are_means_of_minutes(file: Path, store: Store) -> None:
    now = grow(store, 2, 15 * S)
    found = past(file, until=now - DAY - HOUR)
    minutes = range(BEGUN, now - DAY - HOUR + 1, MINUTE)
    assert found.times.tolist() == [time / S for time in minutes if time + MINUTE <= now - DAY]
    of_minutes = [[load(minute + part) for part in range(0, MINUTE, 15 * S)] for minute in minutes][: len(found.times)]
    np.testing.assert_allclose(found.values, np.mean(of_minutes, axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.low, np.min(of_minutes, axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.high, np.max(of_minutes, axis=1), rtol=1e-6)


def test_before_the_last_month_there_are_means_of_hours_and_nothing_before_the_last_year(
    file: Path, store: Store
) -> None:
    """A value every ten minutes: a minute has one, an hour six."""
    for begin in (BEGUN, BEGUN + 33 * DAY):
        store.write(measured(begin, begin + DAY, 10 * MINUTE))
        tend(store, begin + DAY)
    found = past(file, until=BEGUN + 2 * DAY)
    assert found.times.tolist() == [(BEGUN + hour * HOUR) / S for hour in range(24)]
    of_hours = [[load(BEGUN + hour * HOUR + part * 10 * MINUTE) for part in range(6)] for hour in range(24)]
    np.testing.assert_allclose(found.values, np.mean(of_hours, axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.high, np.max(of_hours, axis=1), rtol=1e-6)
    assert len(past(file, since=BEGUN + 33 * DAY).times) == 144
    tend(store, BEGUN + 366 * DAY)
    assert len(past(file, until=BEGUN + 2 * DAY).times) == 24
    tend(store, BEGUN + 367 * DAY)
    assert len(past(file, until=BEGUN + 2 * DAY).times) == 0


def test_nothing_is_counted_twice_or_lost_on_the_way(file: Path, store: Store) -> None:
    end = BEGUN + 6 * HOUR
    store.write(measured(BEGUN, end, 10 * S))
    for later in (0, DAY, 2 * DAY, 31 * DAY, 40 * DAY):
        tend(store, end + later)
        with reading(file) as archive:
            whole = archive._found("a", ["load1"], 0, 1e10)[1]
        assert whole.numbers[3].sum() == 6 * 360
        mean = (whole.numbers[0] * whole.numbers[3]).sum() / whole.numbers[3].sum()
        assert mean == pytest.approx(np.mean([load(time) for time in range(BEGUN, end, 10 * S)]), rel=1e-6)


def test_the_same_measurement_twice_is_one(file: Path, store: Store) -> None:
    rows = measured(BEGUN, BEGUN + 20 * MINUTE, 10 * S)
    store.write(rows)
    store.write(rows[:50])
    assert len(past(file).times) == len(rows)
    tend(store, BEGUN + HOUR)
    store.write(rows[30:])
    assert len(past(file).times) == len(rows)
    tend(store, BEGUN + 2 * HOUR)
    assert past(file).values.tolist() == [load(time) for time, _, _ in rows]


def test_what_comes_late_finds_its_place(file: Path, store: Store) -> None:
    rows = measured(BEGUN, BEGUN + HOUR, 10 * S)
    store.write(rows[::2])
    tend(store, BEGUN + 2 * DAY)
    store.write(rows[1::2])
    tend(store, BEGUN + 2 * DAY + HOUR)
    found = past(file)
    assert found.times.tolist() == [(BEGUN + minute * MINUTE) / S for minute in range(60)]
    np.testing.assert_allclose(found.values[0], np.mean([value["load1"] for _, _, value in rows[:6]]), rtol=1e-6)


def test_a_history_that_was_not_looked_after_for_long_is_thinned_step_by_step(file: Path, store: Store) -> None:
    store.write(measured(BEGUN, BEGUN + 10 * HOUR, MINUTE))
    list(store.upkeep.steps(BEGUN + 100 * DAY, ROOM))
    counts = [len(past(file).times)]
    while list(store.upkeep.steps(BEGUN + 100 * DAY, ROOM)):
        counts.append(len(past(file).times))
    assert all(before - after <= 60 * 10 for before, after in pairwise(counts))
    assert past(file).times.tolist() == [(BEGUN + hour * HOUR) / S for hour in range(10)]


def test_its_size_is_bounded_and_the_oldest_is_thinned_first(file: Path, store: Store) -> None:
    random = np.random.default_rng(4)
    room, hosts = 1e6, [f"host{number}" for number in range(12)]
    for begin in range(BEGUN, BEGUN + 2 * HOUR, MINUTE):
        store.write(
            [
                (time, host, {f"x{number}": float(random.normal()) for number in range(6)})
                for time in range(begin, begin + MINUTE, 5 * S)
                for host in hosts
            ]
        )
        tend(store, begin + MINUTE, room=room)
        assert sum(one.stat().st_size for one in file.parent.glob("history.sqlite*")) <= room + 5e6  # the log of writes
        assert file.stat().st_size <= room
    found = past(file, "x1", "host7")
    assert found.times[0] <= BEGUN / S + 3600
    assert found.times[-1] == BEGUN / S + 7195
    steps = np.diff(found.times)
    assert steps[0] >= 60
    assert steps[-1] == 5


def test_room_is_given_back_to_the_disk(file: Path, store: Store) -> None:
    random = np.random.default_rng(4)
    for begin in range(BEGUN, BEGUN + HOUR, 5 * MINUTE):
        values = random.normal(size=(300, 30)).tolist()
        rows = [
            (begin + step * S, f"h{step % 50}", {f"x{number}": value for number, value in enumerate(values[step])})
            for step in range(300)
        ]
        store.write(rows)
        tend(store, begin + 5 * MINUTE, room=1e9)
    before = size(file)
    tend(store, BEGUN + HOUR, room=5e5)
    assert size(file) <= 5e5 < before


def size(file: Path) -> int:
    """That of the file once all that was written is in it."""
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def test_hosts_of_which_nothing_is_left_are_forgotten_and_ids_never_mistaken(file: Path, store: Store) -> None:
    with closing(Store(file)) as other:
        other.write([(BEGUN, "gone", {"x": 1.0}), (BEGUN + 500 * DAY, "here", {"x": 2.0})])
        tend(store, BEGUN + 500 * DAY)
        store.upkeep.forget_names()
        with reading(file) as archive:
            assert archive.name(HOSTS, "gone") is None
            assert archive.name(HOSTS, "here") == "here"
        other.write([(BEGUN + 500 * DAY + 60 * S, "gone", {"x": 3.0})])
    assert past(file, "x", "gone").values.tolist() == [3.0]
    assert past(file, "x", "here").values.tolist() == [2.0]


HOSTILE = [
    "",
    "'; DROP TABLE recent; --",
    "a\0b",
    "\ud800",
    "<b>x</b>",
    "../../etc/passwd",
    "ß" * 256,
    "%s?:host",
    "\x1b[2J",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_names(file: Path, store: Store, name: str) -> None:
    assert store.write([(BEGUN, name, {name: 1.5, "x": 2.5})]) == 0
    tend(store, BEGUN + HOUR)
    assert past(file, name, name).values.tolist() == [1.5]
    assert past(file, "x", name).values.tolist() == [2.5]


def test_what_cannot_be_kept_is_counted_and_the_rest_is_kept(file: Path, store: Store) -> None:
    values = {"nan": float("nan"), "inf": float("inf"), "y" * 300: 1.0, "good": 4.0, "huge": 1e308}
    assert store.write([(BEGUN, "a", values), (BEGUN, "h" * 1000, {"x": 1.0})]) == 5
    assert store.write([(BEGUN, "b", {f"x{number}": 1.0 for number in range(300)})]) == 44
    assert past(file, "good").values.tolist() == [4.0]
    assert past(file, "x255", "b").values.tolist() == [1.0]


def test_attributes_that_a_publisher_makes_up_leave_room_for_those_of_the_language(
    file: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zeligui.grid.history.names._MOST_UNKNOWN", 10)
    store.write([(BEGUN, "a", {f"made{number}": 1.0 for number in range(20)})])
    store.write([(BEGUN, "b", {"cpuAvail": 0.5, "made30": 1.0})])
    assert past(file, "cpuAvail", "b").values.tolist() == [0.5]
    assert len(past(file, "made9").times) == 1
    assert len(past(file, "made19").times) == len(past(file, "made30", "b").times) == 0


def test_what_a_wrong_calendar_dated_after_now_is_forgotten(file: Path, store: Store) -> None:
    store.write(measured(BEGUN, BEGUN + HOUR, MINUTE))
    store.write(measured(BEGUN + 90 * DAY, BEGUN + 90 * DAY + HOUR, MINUTE))
    tend(store, BEGUN + HOUR)
    store.write(measured(BEGUN + 91 * DAY, BEGUN + 91 * DAY + HOUR, MINUTE))
    store.upkeep.forget_after(BEGUN + HOUR)
    assert len(past(file).times) == 60
    assert store.newest() is not None


def test_thinned_to_so_many_points_no_extreme_is_lost(file: Path, store: Store) -> None:
    store.write([(BEGUN + step * S, "a", {"x": 99.0 if step == 777 else step % 7}) for step in range(5000)])
    found = read_past(file, "a", "x", 0, 1e11, most=100)
    assert 50 <= len(found.times) <= 100
    assert found.high.max() == 99
    assert (np.diff(found.times) > 0).all()


def test_a_history_of_a_newer_release_is_refused_in_words(file: Path) -> None:
    Store(file).close()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE history SET version = version + 1")
    for opened in (lambda: Store(file), lambda: past(file)):
        with pytest.raises(HistoryError, match="newer ZeliGrid") as caught:
            opened()
        assert not isinstance(caught.value, HistoryDamaged)


def test_another_program_s_database_is_refused_and_kept(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE moz_places (id)")
    before = file.read_bytes()
    with pytest.raises(HistoryError, match="another program"):
        Store(file)
    with pytest.raises(HistoryError, match="no history"):
        past(file)
    assert file.read_bytes() == before


def test_a_damaged_block_costs_itself_alone(file: Path, store: Store) -> None:
    store.write(measured(BEGUN, BEGUN + HOUR, 10 * S))
    tend(store, BEGUN + 2 * HOUR)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE details SET block = x'00ff' WHERE key = (SELECT min(key) FROM details)")
    assert len(past(file).times) == 300
    tend(store, BEGUN + 2 * DAY)
    assert store.upkeep.shelves.lost == 1
    assert len(past(file).times) == 50


def test_a_reader_sees_one_moment(file: Path, store: Store) -> None:
    store.write(measured(BEGUN, BEGUN + HOUR, 10 * S))

    def count(archive: Archive) -> int:
        return len(archive.past("a", ["load1"], 0, 1e11)["load1"].times)

    with reading(file) as archive:
        assert count(archive) == 360
        tend(store, BEGUN + 3 * DAY)
        store.write(measured(BEGUN + DAY, BEGUN + DAY + MINUTE, S))
        assert count(archive) == 360
    with reading(file) as archive:
        assert count(archive) == 120
