"""From a violation to running elsewhere, on an embedded grid, through the command line as a user runs it."""

from __future__ import annotations

import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

from tests.experiment.driving import Bench
from zeligui.testbed.grid import Grid

ROUNDS = 5
PERIOD_S = 0.5
CONTRACT = "[idle]\ncpuAvail > 0.6\n"


def main() -> None:
    """Print how long it took from the load, and from the violation, until the job ran on another machine."""
    from_load, from_violation = [], []
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as name, Grid(Path(name) / "grid", nodes=3) as grid:
        folder = Path(name) / "bench"
        folder.mkdir()
        bench = Bench(folder, grid)
        bench.write(CONTRACT, seconds=600)
        with bench.run(arguments=("--stop",)) as run:
            host = run.wait_for("running")["host"]
            for count in range(1, ROUNDS + 1):
                time.sleep(2)  # the figures of the host that was left must be those of an idle one again
                begun = time.time()
                grid.command("load", host, cpu=6, memory=0, seconds=60)
                there = run.wait_for("relocated", count=count)
                violated = run.wait_for("violated", count=count)
                grid.command("load", host, cpu=0, memory=0, seconds=60)
                host = there["host"]
                from_load.append(stamp(there) - begun)
                from_violation.append(stamp(there) - stamp(violated))
            run.signal(2)
            run.end()
    target = PERIOD_S + 2
    print(f"violation to running elsewhere, from the load on: {median(from_load):.2f} s, worst {max(from_load):.2f} s")
    print(f"  ratio {median(from_load) / target:.2f} to one sensor period ({PERIOD_S} s) + tolerance (0) + 2 s")
    print(f"  of that from the event `violated` on: {median(from_violation):.2f} s")


def stamp(event: dict[str, str]) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()
