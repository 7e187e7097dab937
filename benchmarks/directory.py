"""A directory of 10,000 hosts: the first load, a search anew, and what changes, beside `ldapsearch` in the same run.

HOSTS in the environment chooses another number. slapd answers on this machine, with all that a Globus host published.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.slapd import BASE, Slapd, program
from zeligui.grid.sources.directory import CONDITION

HOSTS, ROUNDS = int(os.environ.get("HOSTS", "10000")), 5
HERE = Path(__file__).parent.parent


def main() -> None:
    """Print the figures, in seconds of wall time, and their ratios."""
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as folder:
        server = Slapd(Path(folder), HOSTS)
        try:
            by_ldapsearch(server)
            peers, loads, commands = [], [], []
            for _ in range(ROUNDS):
                peers.append(by_ldapsearch(server))
                loads.append(loaded(server, "load"))
                peers.append(by_ldapsearch(server))
                commands.append(by_command(server, Path(folder)))
            peers.append(by_ldapsearch(server))
            tell(peers, loads, commands)
            tell_of_changes(loaded(server, "change"))
        finally:
            server.stop()


def tell(peers: list[float], loads: list[dict[str, Any]], commands: list[float]) -> None:
    peer, whole = median(peers), median(commands)
    first, again, cpu = (median(one[name] for one in loads) for name in ("first_s", "again_s", "cpu_s"))
    best, late = min(one["first_s"] for one in loads), max(one["late_s"] for one in loads)
    print(f"ldapsearch of {HOSTS:,} hosts: {peer:.2f} s, median of {len(peers)}, {min(peers):.2f} at best")
    print(f"  first load, until all hosts are known: {first:.2f} s, {first / peer:.1f} times ldapsearch, at most 4")
    print(f"    {best:.2f} s at best; processor {cpu:.2f} s; the loop late by {1e3 * late:.0f} ms at most, at most 100")
    print(f"  a search anew that finds nothing new: {again:.2f} s, {again / peer:.1f} times ldapsearch")
    print(
        f"  `zeligrid hosts --json`, the whole process: {whole:.2f} s, {whole / peer:.1f} times ldapsearch", flush=True
    )


def tell_of_changes(figures: dict[str, Any]) -> None:
    taken, busy, modify = ([1e3 * each for each in figures[name]] for name in ("taken_s", "busy_s", "modify_s"))
    print(f"  100 hosts change by an ldapmodify of {median(modify):.0f} ms:")
    print(f"    heard of {median(taken):.0f} ms after its end, {max(taken):.0f} at most; at most 500")
    print(f"    the loop busy for {median(busy):.0f} ms, {max(busy):.0f} at most; at most 50")


def by_ldapsearch(server: Slapd) -> float:
    """Seconds of a whole ldapsearch."""
    command = [program("ldapsearch"), "-x", "-LLL", "-H", server.address, "-b", BASE, CONDITION, "*"]
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def by_command(server: Slapd, folder: Path) -> float:
    """Seconds of a whole `zeligrid hosts --json`."""
    environment = os.environ | {"ZELIGRID_HOME": str(folder / "home")}
    zeligrid = str(Path(sys.executable).with_name("zeligrid"))
    begun = time.perf_counter()
    done = subprocess.run(
        [zeligrid, "hosts", "--source", server.url, "--json", "--wait", "120"],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    taken = time.perf_counter() - begun
    if len(json.loads(done.stdout)) != HOSTS:
        raise RuntimeError("Not all hosts were listed.")
    return taken


def loaded(server: Slapd, what: str) -> dict[str, Any]:
    """What a process measured that loads the directory."""
    command = [sys.executable, "-m", "benchmarks.listing", what, server.url, str(HOSTS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=HERE)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
