"""Instances in queues: several of them share one, as far as it has free slots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.experiment.driving import Bench, Driven
from tests.experiment.stage import Place, Stage
from tests.slurm import Slurm
from zeligui.jobs.job import JobState

FREE = "[free]\nfreeSlots > 0\nqueueWait < 10 min\nmaximize freeSlots\n"


class Queue(Place):
    """A partition: what runs there takes its slots, and others wait when there is none."""

    def __init__(self, name: str, slots: int) -> None:
        super().__init__(name)
        self.url = f"slurm:///{name.partition('.')[0]}"
        self.slots, self.others = slots, 0
        self.figures = self._told()

    def service(self, host: str) -> str | None:
        return self.url if host == self.name else None

    def _told(self) -> dict[str, float | str]:
        free = max(0, self.slots - self.others - len(self.running()))
        return {"osName": "Linux", "freeSlots": float(free), "queueWait": 0.0 if free else 7200.0}

    async def _called(self, name: str) -> None:
        await super()._called(name)
        self.figures = self._told()

    def taken(self, others: int) -> None:
        """So many slots are taken by others now."""
        self.others = others
        self.figures = self._told()


def stage(folder: Path, *queues: Place, **job: Any) -> Stage:
    made = Stage(folder, FREE, queues)
    made.job.update(job)
    return made


async def test_several_instances_share_one_queue_and_do_not_violate_their_own_contract(tmp_path: Path) -> None:
    queue = Queue("batch.site", slots=3)
    async with stage(tmp_path, queue, instances=3).master() as play:
        await play.heard("running", count=3)
        assert len(queue.running()) == 3
        await play.until(lambda: queue.figures["freeSlots"] == 0)
        await play.machines.first_round(1)
        await play.until(lambda: len(queue.calls) > 40)  # polled often enough to have been judged again and again
        assert not play.of("violated"), play.told()
        queue.end()
        assert await play.counts() == {"done": 3, "failed": 0, "canceled": 0}
    assert play.of("matched")[0].data["hosts"] == ["batch.site"]


async def test_more_instances_than_free_slots_wait(tmp_path: Path) -> None:
    queue = Queue("batch.site", slots=3)
    queue.taken(1)
    async with stage(tmp_path, queue, instances=3).master() as play:
        assert "free slots of queues: 3 are needed" in (await play.heard("held")).reason
        assert not queue.running()
        queue.taken(0)
        await play.heard("running", count=3)
        queue.end()
        await play.counts()


async def test_the_queue_with_most_free_slots_comes_first_and_the_rest_goes_to_the_next(tmp_path: Path) -> None:
    small, large = Queue("small.site", slots=2), Queue("large.site", slots=3)
    async with stage(tmp_path, small, large, instances=4).master() as play:
        await play.heard("running", count=4)
        assert (len(large.running()), len(small.running())) == (3, 1)
        small.end()
        large.end()
        await play.counts()


async def test_what_a_job_takes_counts(tmp_path: Path) -> None:
    queue = Queue("batch.site", slots=4)
    async with stage(tmp_path, queue, instances=2, cpus=3.0).master() as play:
        await play.heard("held")
        queue.slots = 6
        queue.taken(0)
        await play.heard("running", count=2)
        queue.end()
        await play.counts()


async def test_a_machine_still_gets_one_instance(tmp_path: Path) -> None:
    machine = Place("lab1", freeSlots=8.0, queueWait=0.0)
    async with stage(tmp_path, machine, instances=2).master() as play:
        await play.heard("held")
        assert not machine.running()


async def test_a_job_whose_node_failed_begins_anew(tmp_path: Path) -> None:
    queue = Queue("batch.site", slots=2)
    async with stage(tmp_path, queue).master() as play:
        await play.heard("running")
        queue.end(JobState.FAILED, exit_code=None, detail="its node failed", lost=True)
        assert "its node failed" in (await play.heard("restarted")).reason
        await play.heard("running", count=2)
        queue.end()
        assert await play.counts() == {"done": 1, "failed": 0, "canceled": 0}


def test_instances_that_share_a_real_partition_all_run_there(bench: Bench, slurm: Slurm) -> None:
    file = bench.write(FREE, seconds=0.5, job={"instances": 3})
    file.write_text(f'on = ["slurm:///batch"]\n{file.read_text()}')
    before = completed(slurm)
    driven = Driven(["run", str(file), "--json", *bench.keys()])
    try:
        assert driven.end() == 0, driven.told()
    finally:
        driven.close()
    assert driven.kinds().count("done") == 3, driven.told()
    assert {event["host"] for event in driven.events if event["event"] == "placed"} == {"batch.site"}
    assert "violated" not in driven.kinds()
    assert len(completed(slurm) - before) == 3


def completed(slurm: Slurm) -> set[str]:
    """The ids of jobs of the partition that ran to their end, those in arrays each by itself."""
    return {*slurm.run("squeue", "-h", "-r", "-t", "COMPLETED", "-p", "batch", "-n", "zeligrid", "-o", "%i").split()}
