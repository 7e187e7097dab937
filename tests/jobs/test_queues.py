"""Jobs that wait in a queue: they are pending, not running, and one that is canceled there never runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.jobs.places import Place
from tests.jobs.ways import way_of
from tests.slurm import CPUS, Slurm
from zeligui.jobs.job import JobState


@pytest.fixture(params=["slurm", "slurm+ssh", "gram-slurm"])
async def queue(request: pytest.FixtureRequest, slurm: Slurm, open_folder: Path) -> AsyncIterator[Place]:
    """A place with a queue, in which somebody else's job has all the processors."""
    slurm.run("sbatch", f"--cpus-per-task={CPUS}", "--job-name=other", "--output=/dev/null", "--wrap=sleep 1000")
    with way_of(request.param, request) as way:
        found = way.place(open_folder)
        yield found
        await found.close()


async def test_a_job_waits_its_turn_and_one_that_is_canceled_meanwhile_never_runs(queue: Place, slurm: Slurm) -> None:
    waits = await queue.start("echo", "ran")
    canceled = await queue.start("echo", "ran")
    for attempt in (waits, canceled):
        await queue.until(attempt, JobState.PENDING)
    await queue.service.cancel(canceled)
    assert (await queue.ended(canceled)).state is JobState.CANCELED
    slurm.run("scancel", "--name=other")
    assert (await queue.ended(waits)).state is JobState.DONE
    assert [await queue.output(attempt) for attempt in (waits, canceled)] == [b"ran\n", b""]
