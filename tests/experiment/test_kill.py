"""kill -9 of the master in every phase: what runs is found again, nothing is started twice, nothing forgotten."""

import pytest

from tests.experiment.driving import Bench
from tests.experiment.killing import INSTANCES, check_witnesses, killed_at_kind

ANY = "[any]\nosName = Linux\n"
PHASES = ["begun", "matched", "intent", "prepared", "placed", "running", "output", "done", "collected", "discarded"]


@pytest.mark.parametrize("kind", PHASES)
def test_a_killed_master_is_followed_by_another(bench: Bench, kind: str) -> None:
    bench.write(ANY, seconds=3, job={"instances": INSTANCES, "checkpoint": []})
    killed_at_kind(bench, kind)
    check_witnesses(bench)
    for instance in range(1, INSTANCES + 1):
        assert (bench.results(instance) / "result.txt").read_text() == f"instance {instance}\n"
