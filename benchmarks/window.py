"""The window: how soon it is there, how it answers over crowds of hosts and jobs, and how much memory it takes.

PARTS="first many some" in the environment chooses; all without.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ticker import ms, quantile

ROUNDS = 7
SECONDS = 60
HERE = Path(__file__).parent


def main() -> None:
    """Print what each part found."""
    parts = {"first": first_window, "many": many, "some": some}
    for name in os.environ.get("PARTS", "").split() or parts:
        parts[name]()


def first_window() -> None:
    """Whole processes, from their start until all is painted, beside the least window that PySide6 can show."""
    ours, bare = [], []
    for turn in range(ROUNDS + 1):
        pair = started("zeligrid"), started("bare")
        if turn:  # the first fills the caches
            ours.append(pair[0])
            bare.append(pair[1])
    print(
        f"first window: {1e3 * median(ours):.0f} ms, median of {ROUNDS}, {median(ours) / median(bare):.1f} times an "
        f"empty window of PySide6 ({1e3 * median(bare):.0f} ms), at most 1200",
        flush=True,
    )


def started(what: str) -> float:
    """Seconds until it is painted."""
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as home:
        begun = time.monotonic()
        return float(ran([str(HERE / "painted.py"), what], {"HOME": home, "ZELIGRID_HOME": home})) - begun


def many() -> None:
    """10,000 hosts and as many jobs, of both 500 changing a second."""
    figures, peer = watched(10_000, 10_000)
    print(f"10,000 hosts, 10,000 jobs, 500 of each changing a second, {SECONDS} s, a host explained and plotted:")
    tell_lateness(figures, peer)
    tell_filters(figures)
    tell_memory(figures, "10,000 hosts and jobs", wanted="")


def some() -> None:
    """1,000 hosts that are measured every two seconds, and 100 jobs."""
    figures, peer = watched(1_000, 100)
    print(f"1,000 hosts, all attributes every 2 s, 100 jobs, {SECONDS} s:")
    tell_lateness(figures, peer)
    tell_memory(figures, "1,000 hosts", wanted=", less than 220")


def watched(hosts: int, jobs: int) -> tuple[dict[str, Any], list[float]]:
    """What the window did, and how late meanwhile a bare event loop was in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ticker", str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE.parent) as peer:
        figures = json.loads(ran(["-m", "benchmarks.watching", *map(str, (hosts, jobs, 500, SECONDS))]))
        late = json.loads(peer.communicate()[0])
    return figures, late


def tell_lateness(figures: dict[str, Any], peer: list[float]) -> None:
    late, busy = figures["late"], figures["busy"]
    print(
        f"  loop lateness: at most {ms(max(late))} ms, {ms(quantile(late, 0.99))} in 99 % of all ticks; a bare loop "
        f"meanwhile {ms(max(peer))} and {ms(quantile(peer, 0.99))}, the ratio {max(late) / max(peer):.1f}; wanted: at "
        f"most 100 and 60"
    )
    print(
        f"  of that busy by itself: at most {ms(max(busy))} ms, {ms(quantile(busy, 0.99))} in 99 %; "
        f"{figures['snapshots'] / SECONDS:.1f} refreshes a second; all filled in {figures['filled']:.1f} s"
    )
    lost = ", ".join(figures["lost"]) or "nothing"
    print(f"  of selection, scroll position, open host and explanation was lost: {lost}", flush=True)


def tell_filters(figures: dict[str, Any]) -> None:
    proxy = figures["proxy"]
    for name, answers in figures["filters"].items():
        taken = [seconds for seconds, _ in answers]
        busy = [seconds for _, seconds in answers]
        print(
            f"  filter of {name}: {ms(median(taken))} ms, median of {len(taken)}, at most {ms(max(taken))}, busy by "
            f"itself {ms(median(busy))} and {ms(max(busy))}; {median(taken) / proxy:.2f} of Qt's own proxy "
            f"({ms(proxy)} ms over the same jobs); wanted: at most 50"
        )


def tell_memory(figures: dict[str, Any], what: str, *, wanted: str) -> None:
    start, now = figures["rss_start"], figures["rss"]
    bare = figures["rss_bare"]
    print(f"  memory: {now:.0f} MB with {what}, {start:.0f} without, {now / bare:.1f} times an empty window{wanted}")


def ran(words: Sequence[str], more: dict[str, str] | None = None) -> bytes:
    """The last line that a process of ours prints."""
    # A user's Python keeps its bytecode; the window is drawn in memory.
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = own | {"QT_QPA_PLATFORM": "offscreen"} | (more or {})
    done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, check=False, cwd=HERE.parent)
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    return done.stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
