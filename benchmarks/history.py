"""What history costs: memory of an hour, time and bytes a value, reading one host of 10,000, against bare SQLite."""

from __future__ import annotations

import gc
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from zeligui.grid.history.blocks import Block, thinned
from zeligui.grid.history.packing import pack
from zeligui.grid.history.reading import read_past
from zeligui.grid.history.store import Store
from zeligui.grid.history.tables import DAY, HOUR, HOURS, MINUTE, MINUTES, TIERS, VALUES, Tier
from zeligui.grid.measurements import Measurements

HOSTS, PERIOD_S, HOUR_S = 1000, 5, 3600
CROWD, CROWD_PERIOD = 10_000, 10_000
NOISY = ("cpuAvail", "cpuFree", "load1", "load5", "load15", "freeMemory", "freeSwap", "latency", "bandWidth")
STEADY = ("cpuCount", "cpuSpeed", "totalMemory", "freeDisk", "users", "totalSwap")
ATTRIBUTES = NOISY + STEADY
BEGUN = 1_774_742_400_000
SPARSE = 4
"""Of the months and the years of all hosts but one, only one block in so many is made: the disk would be full else."""
RUNS = 5


def main() -> None:
    """Print all figures."""
    _print_memory()
    with tempfile.TemporaryDirectory() as folder:
        _print_writing(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _print_reading(Path(folder))


def _print_memory() -> None:
    """An hour of 1,000 hosts in memory: what the rings keep of it."""
    gc.collect()
    before, store = _resident(), Measurements()
    rows = [store.add() for _ in range(HOSTS)]
    for step, values in enumerate(_rounds(HOSTS, HOUR_S // PERIOD_S)):
        for row in rows:
            store.record(row, values[row], float(step * PERIOD_S))
    kept = len(store.history(0, "load1")[0])
    taken = _resident() - before
    print(
        f"history memory of {HOSTS} hosts with {len(ATTRIBUTES)} attributes after an hour at {PERIOD_S} s: "
        f"{taken / HOSTS / 1e3:.0f} kB a host, {kept} values of each attribute, {kept * PERIOD_S / 60:.0f} minutes"
    )


def _print_writing(folder: Path) -> None:
    """The same hour written: by a batch every two rounds, and value by value into one table with an index."""
    rounds = list(_rounds(HOSTS, 60))
    count = len(rounds) * HOSTS * len(ATTRIBUTES)
    with closing(Store(folder / "history.sqlite")) as store:
        begun = time.process_time()
        for step, values in enumerate(rounds):
            now = BEGUN + step * PERIOD_S * 1000
            store.write([(now, f"node{row}.grid", values[row]) for row in range(HOSTS)])
        written = time.process_time() - begun
        for _ in store.upkeep.steps(BEGUN + HOUR, 500e6):
            pass
        ours = time.process_time() - begun
    bare, size = _written_bare(folder / "bare.sqlite", rounds)
    mine = (folder / "history.sqlite").stat().st_size - _loose(folder / "history.sqlite")
    print(
        f"history writing: {ours / count * 1e6:.2f} us each ({written / count * 1e6:.2f} until it is on the disk, the "
        f"rest to pack it), {ours / bare:.2f} of bare SQLite's {bare / count * 1e6:.2f} us; "
        f"{mine / count:.2f} bytes a value, {mine / size:.3f} of bare SQLite's {size / count:.0f}"
    )


def _print_reading(folder: Path) -> None:
    """One host among 10,000."""
    file, now = folder / "history.sqlite", BEGUN + 366 * DAY
    Store(file).close()
    with closing(sqlite3.connect(file)) as database, database:
        names = [(number, f"node{number}.grid", f"node{number}.grid") for number in range(1, CROWD + 1)]
        database.executemany("INSERT INTO hosts VALUES (?, ?, ?)", names)
        database.execute("INSERT INTO attributes VALUES (1, 'load1', 'load1')")
        for tier, end in zip(TIERS, (now, now - DAY, now - 31 * DAY), strict=True):
            statement = f"INSERT INTO {tier.table.name} VALUES (?, ?)"
            database.executemany(statement, _crowd(tier, end))
    print(f"history reading: {CROWD} hosts, {file.stat().st_size / 1e6:.0f} MB")
    spans = {"day": now - DAY, "month": now - 31 * DAY, "year": BEGUN}
    for name, since in spans.items():
        found = read_past(file, "node5000.grid", "load1", since / 1e3, now / 1e3, most=10**9)
        ours = _best(partial(read_past, file, "node5000.grid", "load1", since / 1e3, now / 1e3, most=2000))
        bare = _read_bare(folder / f"{name}.sqlite", found.times, found.values)
        print(
            f"history reading a {name} of one host, {len(found.times)} points thinned to 2000: {ours * 1e3:.1f} ms, "
            f"{ours / bare:.1f} of what bare SQLite takes to select them ({bare * 1e3:.1f} ms)"
        )


def _rounds(hosts: int, count: int) -> Iterator[list[dict[str, float | str]]]:
    """What is measured of all hosts, round by round: figures that move, and some that do not."""
    random = np.random.default_rng(1)
    steady = dict.fromkeys(STEADY, 4.0)
    level = random.uniform(0, 1, (hosts, len(NOISY)))
    for _ in range(count):
        level = np.clip(level + random.normal(0, 0.02, level.shape), 0, 1)
        rows = np.round(level, 3).tolist()
        yield [{**dict(zip(NOISY, row, strict=True)), **steady} for row in rows]


def _crowd(tier: Tier, end: int) -> Iterator[tuple[int, bytes]]:
    """The blocks of a tier up to a time, of one host all, of the others some, all with the same values."""
    first = {VALUES: end - DAY, MINUTES: end - 30 * DAY, HOURS: BEGUN}[tier]
    for number in range(tier.number(first), tier.number(end)):
        times = np.arange(number * tier.block, (number + 1) * tier.block, CROWD_PERIOD, dtype=np.int64)
        values = np.round(1 + np.sin(times / MINUTE / 7) + np.random.default_rng(number).normal(0, 0.1, len(times)), 2)
        block = Block(times, (1,), values.reshape(1, 1, -1))
        packed = pack(thinned(block, tier.step) if tier.step else block)
        everybody = tier is VALUES or number % SPARSE == 0
        for host in range(1, CROWD + 1) if everybody else (CROWD // 2,):
            yield tier.key(number, host), packed


def _written_bare(file: Path, rounds: list[list[dict[str, float | str]]]) -> tuple[float, int]:
    """Seconds and bytes of a table with a row a value, in the order in which they are to be read."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(
            "CREATE TABLE value (host, attribute, time, value, PRIMARY KEY (host, attribute, time)) WITHOUT ROWID"
        )
        begun = time.process_time()
        for step, values in enumerate(rounds):
            with database:
                database.executemany(
                    "INSERT INTO value VALUES (?, ?, ?, ?)",
                    (
                        (row, place, BEGUN + step * PERIOD_S * 1000, value)
                        for row in range(HOSTS)
                        for place, value in enumerate(values[row].values())
                    ),
                )
        taken = time.process_time() - begun
    return taken, file.stat().st_size


def _read_bare(file: Path, times: np.ndarray, values: np.ndarray) -> float:
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "CREATE TABLE value (host, attribute, time, value, PRIMARY KEY (host, attribute, time)) WITHOUT ROWID"
        )
        with database:
            rows = zip(times.tolist(), values.tolist(), strict=True)
            database.executemany("INSERT INTO value VALUES (1, 1, ?, ?)", rows)
    question = "SELECT time, value FROM value WHERE host = 1 AND attribute = 1 ORDER BY time"

    def read() -> object:
        with closing(sqlite3.connect(file)) as database:
            return np.array(database.execute(question).fetchall())

    return _best(read)


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest run."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def _loose(file: Path) -> int:
    """Bytes of the pages that are empty."""
    with closing(sqlite3.connect(file)) as database:
        return int(database.execute("PRAGMA freelist_count").fetchone()[0] * 4096)


def _resident() -> int:
    """Bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
