"""Which attempts go to Slurm together, what each hears, and that each is a job of its own there."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.jobs.clusters import SLEEP, TICK, impatient, native, until
from tests.jobs.places import Place
from tests.slurm import Slurm
from zeligui.errors import SubmissionRefused, Unreachable
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.slurm.together import MOST_TOGETHER, Together
from zeligui.links.link import Reply


class Cluster:
    """Writes down what goes together; what is under way ends when it is `open`."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None
        self.only_alone: set[str] = set()
        self.asking = Together(self._alone, self._together)

    async def _alone(self, name: str, _options: tuple[str, ...]) -> Reply:
        self.sent.append([name])
        await self.open.wait()
        return Reply(0, f"{name} alone".encode())

    async def _together(self, names: Sequence[str], _options: tuple[str, ...]) -> Sequence[Reply | None]:
        self.sent.append(list(names))
        await self.open.wait()
        if self.error:
            raise self.error
        return [None if name in self.only_alone else Reply(0, f"{name} together".encode()) for name in names]

    def give(self, name: str, *options: str, most: int = MOST_TOGETHER) -> asyncio.Task[Reply]:
        return asyncio.create_task(self.asking.ask(name, options, most=most))


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def said(*tasks: asyncio.Task[Reply]) -> list[str]:
    return [reply.text for reply in await asyncio.gather(*tasks)]


async def test_those_that_begin_at_once_go_together_and_those_that_ask_for_something_else_do_not() -> None:
    cluster = Cluster()
    cluster.open.set()
    tasks = [cluster.give("a"), cluster.give("b"), cluster.give("c", "--mem=5M"), cluster.give("d")]
    assert await said(*tasks) == ["a together", "b together", "c alone", "d together"]
    assert sorted(cluster.sent) == [["a", "b", "d"], ["c"]]


async def test_those_that_come_while_one_is_under_way_go_with_the_next() -> None:
    cluster = Cluster()
    first = cluster.give("a")
    await turns()
    later = [cluster.give("b"), cluster.give("c")]
    await turns()
    assert cluster.sent == [["a"]]
    cluster.open.set()
    assert await said(first, *later) == ["a alone", "b together", "c together"]


async def test_an_array_has_at_most_so_many() -> None:
    cluster = Cluster()
    cluster.open.set()
    await said(*(cluster.give(str(number), most=3) for number in range(8)))
    assert [len(names) for names in cluster.sent] == [3, 3, 2]
    cluster.sent.clear()
    await said(*(cluster.give(str(number), most=1) for number in range(3)))
    assert [len(names) for names in cluster.sent] == [1, 1, 1]


async def test_of_which_nothing_was_said_goes_alone() -> None:
    cluster = Cluster()
    cluster.open.set()
    cluster.only_alone = {"b"}
    assert await said(cluster.give("a"), cluster.give("b")) == ["a together", "b alone"]


async def test_an_error_is_everybodys_and_the_next_are_sent_again() -> None:
    cluster = Cluster()
    cluster.open.set()
    cluster.error = Unreachable("away")
    found = await asyncio.gather(cluster.give("a"), cluster.give("b"), return_exceptions=True)
    assert found == [cluster.error, cluster.error]
    cluster.error = None
    assert await said(cluster.give("a"), cluster.give("b")) == ["a together", "b together"]


@pytest.mark.parametrize("which", [0, 1])
async def test_one_that_is_given_up_leaves_the_others_to_their_turn(which: int) -> None:
    cluster = Cluster()
    tasks = [cluster.give(name) for name in "abc"]
    await turns()
    tasks.pop(which).cancel()
    await turns()
    cluster.open.set()
    assert [text[2:] for text in await said(*tasks)] == ["together", "together"]
    assert cluster.sent[0] == ["a", "b", "c"]


@pytest.fixture
async def place(slurm: Slurm, tmp_path: Path) -> AsyncIterator[Place]:
    """The cluster, its default partition."""
    found = Place("slurm://", folder=tmp_path, pause_s=0.2, within_s=40)
    yield found
    await found.close()


def tasks(slurm: Slurm, *, beside: int = 0) -> list[str]:
    """The ids of all jobs that have not ended; of an array its last task, which does nothing, is `beside` them."""
    found = slurm.run("squeue", "-h", "-r", "-o", "%i").split()
    ids = sorted(found, key=lambda one: [int(part) for part in one.split("_")])
    return ids[: len(ids) - beside]


async def test_jobs_that_are_prepared_at_once_are_one_array(place: Place, slurm: Slurm) -> None:
    attempts = await prepared(place, *(("sh", "-c", f"echo {number}; exit {number}") for number in range(4)))
    natives = [native(place, attempt) for attempt in attempts]
    array = natives[0].partition("_")[0]
    assert natives == [f"{array}_{number}" for number in range(4)] == tasks(slurm, beside=1)
    assert {(await place.status(attempt)).state for attempt in attempts} == {JobState.NEW}
    await place.service.cancel(attempts[0])
    assert tasks(slurm, beside=1) == natives[1:]
    for attempt in attempts[1:3]:
        await place.service.commit(attempt)
    ends = [await place.ended(attempt) for attempt in attempts[:3]]
    assert [(end.state, end.exit_code) for end in ends] == [
        (JobState.CANCELED, None),
        (JobState.FAILED, 1),
        (JobState.FAILED, 2),
    ]
    assert [await place.output(attempt) for attempt in attempts[1:3]] == [b"1\n", b"2\n"]
    assert (await place.status(attempts[3])).state is JobState.NEW
    assert await place.fresh().find(attempts[1:3]) == await place.service.find(attempts[1:3])


async def test_the_tasks_of_an_array_are_suspended_and_canceled_each_by_itself(place: Place, slurm: Slurm) -> None:
    stubborn = ("sh", "-c", "trap 'echo told' TERM; echo begun; while :; do sleep 0.1; done")
    attempts = await prepared(place, stubborn, TICK, TICK)
    for attempt in attempts:
        await place.service.commit(attempt)
    for attempt in attempts:
        await place.says(attempt, b"begun\n")
    await place.service.suspend(attempts[1])
    await place.until(attempts[1], JobState.SUSPENDED)
    begun = time.monotonic()
    await place.service.cancel(attempts[0], grace_s=1.0)
    assert (await place.ended(attempts[0])).state is JobState.CANCELED
    assert time.monotonic() - begun >= 1.0
    assert await place.output(attempts[0]) == b"begun\ntold\n"
    assert (await place.status(attempts[2])).state is JobState.RUNNING
    await place.service.cancel(attempts[2])
    assert (await place.ended(attempts[2])).state is JobState.CANCELED
    assert (await place.status(attempts[1])).state is JobState.SUSPENDED
    await place.service.resume(attempts[1])
    await place.until(attempts[1], JobState.RUNNING)
    await place.service.cancel(attempts[1])
    assert (await place.ended(attempts[1])).state is JobState.CANCELED


async def test_jobs_that_are_committed_at_once_begin_and_each_hears_its_own(place: Place, slurm: Slurm) -> None:
    attempts = await prepared(place, *(("sh", "-c", f"exit {number}") for number in range(4)))
    await place.service.cancel(attempts[1])
    unknown = "0" * 32
    heard = await asyncio.gather(*map(place.service.commit, [*attempts, unknown]), return_exceptions=True)
    assert [type(one) for one in heard] == [type(None), SubmissionRefused, type(None), type(None), SubmissionRefused]
    assert await asyncio.gather(*map(place.service.commit, attempts[2:])) == [None, None], "again"
    assert [(await place.ended(attempt)).exit_code for attempt in attempts] == [0, None, 2, 3]


async def test_of_an_array_too_what_nobody_commits_ends_by_itself(place: Place, slurm: Slurm) -> None:
    place.service = impatient(place, 4)
    first, second, third = await prepared(place, *[("sh", "-c", "echo ran")] * 3)
    await place.service.commit(second)
    assert (await place.ended(second)).state is JobState.DONE
    await until(place, lambda: tasks(slurm) == [])
    for attempt in (first, third):
        status = await place.status(attempt)
        assert (status.state, status.detail[:21]) == (JobState.FAILED, "certainly not started")


async def test_of_an_array_that_a_dead_master_prepared_whoever_polls_takes_back_all(place: Place, slurm: Slurm) -> None:
    first, _ = await prepared(place, SLEEP, SLEEP)
    other = impatient(place, 0)

    async def all_are_taken_back() -> bool:
        await other.find([first])
        return tasks(slurm) == []

    await place.wait(all_are_taken_back, lambda: f"left: {tasks(slurm)}")


async def test_the_task_of_an_array_is_found_again_where_its_id_was_not_written_down(
    place: Place, slurm: Slurm
) -> None:
    attempts = await prepared(place, *[("sh", "-c", "echo ran")] * 2)
    for attempt in attempts:
        (Path(place.handles[attempt]) / "native").unlink()
    again = [place.service.prepare(attempt, JobDescription("sh", ("-c", "echo ran"))) for attempt in attempts]
    assert await asyncio.gather(*again) == [place.handles[attempt] for attempt in attempts]
    assert tasks(slurm, beside=1) == [native(place, attempt) for attempt in attempts]
    (Path(place.handles[attempts[0]]) / "native").unlink()
    assert (await place.status(attempts[0])).state is JobState.NEW
    await place.service.commit(attempts[0])
    assert (await place.ended(attempts[0])).state is JobState.DONE


async def test_where_a_cluster_takes_no_array_each_job_goes_alone(
    place: Place, slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sbatch, real = tmp_path / "sbatch", shutil.which("sbatch")
    sbatch.write_text(
        f"""#!/bin/sh
case "$*" in *--array*) echo "sbatch: error: Batch job submission failed: Invalid job array specification" >&2; exit 1
esac
exec {real} "$@"
"""
    )
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    attempts = await prepared(place, SLEEP, SLEEP)
    assert tasks(slurm) == sorted(native(place, attempt) for attempt in attempts)
    assert not any("_" in task for task in tasks(slurm))


async def test_only_jobs_that_ask_for_the_same_share_an_array(place: Place, slurm: Slurm) -> None:
    await place.service.health()
    asked = [place.prepare(*SLEEP, cpus=cpus) for cpus in (1.0, 2.0, 1.0)]
    one, other, third = [native(place, attempt) for attempt in await asyncio.gather(*asked)]
    assert "_" not in other
    assert [one.partition("_")[::2], third.partition("_")[::2]] == [(one[:-2], "0"), (one[:-2], "1")]


async def prepared(place: Place, *commands: tuple[str, ...]) -> list[str]:
    await place.service.health()  # nothing is to be found out that would make one begin before the others
    return await asyncio.gather(*(place.prepare(*command) for command in commands))
