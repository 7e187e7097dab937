"""Kills the master with SIGKILL at chosen moments, starts it anew, and counts what its jobs witnessed."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable

from tests.experiment.driving import Bench, Driven, until

INSTANCES = 2
LONGEST_S = 20.0


def killed_at_kind(bench: Bench, kind: str) -> None:
    """Run the experiment, kill its master as soon as its journal has an event of this kind, and let another end it."""
    journal = bench.home / "journal.sqlite"

    def written() -> bool:
        if not journal.exists():
            return False
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as database:
            try:
                found = database.execute("select 1 from events where event = ?", [kind]).fetchone()
            except sqlite3.OperationalError:  # its tables are being made
                return False
        return found is not None

    killed(bench, lambda run: until(lambda: written() or not run.running()))


def killed_at_random(bench: Bench, chance: random.Random) -> None:
    """The same, killed after a time that falls anywhere between its start and its end."""
    killed(bench, lambda run: time.sleep(chance.uniform(0, LONGEST_S / 2)))


def killed(bench: Bench, wait: Callable[[Driven], None]) -> None:
    with bench.run() as first:
        wait(first)
        first.kill()
        finished = "finished" in first.kinds()
    if not finished:
        with bench.run() as again:
            again.end(3 * LONGEST_S)
            assert "finished" in again.kinds(), again.told()


def check_witnesses(bench: Bench) -> None:
    """Nothing lost, nothing started twice: every instance began once and ended once."""
    seen = Counter((what, instance) for what, instance, *_ in bench.witnessed())
    expected = {(what, str(n)): 1 for what in ("start", "end") for n in range(1, INSTANCES + 1)}
    assert dict(seen) == expected, bench.witnessed()
