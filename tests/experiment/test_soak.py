"""The long runs: fifty kills of the master at random moments, and a job that is chased over the grid."""

import random
import time

import pytest

from tests.experiment.driving import Bench
from tests.experiment.killing import INSTANCES, check_witnesses, killed_at_random
from zeligui.testbed.grid import Grid

ANY = "[any]\nosName = Linux\n"
IDLE = "[good]\ncpuAvail > 0.6\n[poor]\ncpuAvail > 0.2\n[negotiation]\ngood -> poor\npoor -> good after 2 s\n"
CHASE_S = 300.0

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", range(50))
def test_a_master_killed_at_a_random_moment_loses_nothing(bench: Bench, seed: int) -> None:
    bench.write(ANY, seconds=3, job={"instances": INSTANCES, "checkpoint": []})
    killed_at_random(bench, random.Random(seed))
    check_witnesses(bench)


def test_a_chased_job_goes_on_from_where_it_stood(bench: Bench, grid: Grid) -> None:
    """Machines are loaded, and loaded ones freed, for five minutes; the job never runs twice and never starts over."""
    chance = random.Random(7)
    bench.write(IDLE, seconds=CHASE_S, reconfiguration={"interval": "2 s"})
    with bench.run() as run:
        run.wait_for("running")
        end = time.monotonic() + CHASE_S
        while time.monotonic() < end and run.running():
            grid.command("load", chance.choice(grid.names), cpu=chance.choice([0, 1, 3, 6]), memory=0, seconds=30)
            time.sleep(chance.uniform(0.5, 4))
        for node in grid.names:
            grid.command("load", node, cpu=0, memory=0, seconds=1)
        assert run.end(CHASE_S) == 0
        print(f"{run.kinds().count('relocated')} relocations")
    worked = [float(seconds) for what, _, _, seconds in bench.witnessed() if what == "start"]
    assert worked == sorted(worked)
    assert not [entry for entry in bench.witnessed() if entry[0] == "double"]
