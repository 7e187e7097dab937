"""What runs the jobs is lost in their middle, and comes back: no end is missed, and none is made up."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.globus import Site
from tests.jobs.places import Place
from tests.servers import OpenSsh
from tests.slurm import Slurm
from zeligui.errors import InDoubt, LinkError
from zeligui.jobs.job import JobDescription, JobState

LASTS = "echo begun; until [ -e {go} ]; do sleep 0.1; done; echo through; exit 7"


@dataclass(frozen=True, slots=True)
class Loss:
    """A place, how what runs its jobs is lost and comes back, and whether new jobs are taken meanwhile."""

    place: Place
    lose: Callable[[], object]
    bring_back: Callable[[], object]
    takes: bool = False


LOSSES = (
    *("ssh-server", "slurm-controller", "slurm+ssh-server"),
    *("gram-fork-gatekeeper", "gram-fork-manager", "gram-fork-link", "gram-slurm-manager"),
)


@pytest.fixture(params=LOSSES)
async def loss(request: pytest.FixtureRequest, open_folder: Path, own_home: Path) -> AsyncIterator[Loss]:
    kind, _, lost = request.param.rpartition("-")
    made = (
        of_grid(kind, lost, request, open_folder)
        if kind.startswith("gram")
        else of_login(kind, lost, request, open_folder)
    )
    yield made
    made.bring_back()
    await made.place.close()


def of_login(kind: str, lost: str, request: pytest.FixtureRequest, folder: Path) -> Loss:
    cluster: Slurm | None = request.getfixturevalue("slurm") if kind.startswith("slurm") else None
    if cluster and lost == "controller":
        place = Place("slurm://", folder=folder, within_s=40, pause_s=0.2)
        return Loss(place, cluster.stop, cluster.bring_back)
    server: OpenSsh = request.getfixturevalue("openssh")(environment=cluster.environment if cluster else {})
    keys = {"known_hosts": server.known_hosts, "identity": server.identity}
    place = Place(server.url.replace("ssh", kind, 1), folder=folder, within_s=40, pause_s=0.2, **keys)
    return Loss(place, server.stop, server.bring_back)


def of_grid(kind: str, lost: str, request: pytest.FixtureRequest, folder: Path) -> Loss:
    site: Site = request.getfixturevalue("site")
    if kind == "gram-slurm":
        request.getfixturevalue("slurm")
    place = Place(f"gram://{site.service(kind.partition('-')[2])}", folder=folder, within_s=80, pause_s=0.3)
    ways = {"gatekeeper": site.stop_gatekeeper, "manager": site.kill_job_managers, "link": site.cut}
    return Loss(place, ways[lost], site.heal, takes=lost == "manager")


async def test_no_end_is_missed_or_made_up_and_nothing_is_submitted_unseen(loss: Loss) -> None:
    place, new = loss.place, secrets.token_hex(16)
    ends = await place.start("sh", "-c", LASTS.format(go=place.gate))
    lasts = await place.start("sh", "-c", LASTS.format(go="/never"))
    for attempt in (ends, lasts):
        await place.says(attempt, b"begun")
    loss.lose()
    said, submitted = await asyncio.gather(look(place, (ends, lasts)), submit(place, new))
    assert said <= {JobState.RUNNING}
    assert submitted is loss.takes
    place.gate.touch()
    await place.quiet(ends)
    loss.bring_back()
    place.service = place.fresh()
    await answered(place, lasts)
    await place.until(lasts, JobState.RUNNING)
    await place.service.cancel(lasts)
    status = await place.ended(ends)
    assert (status.state, status.exit_code) == (JobState.FAILED, 7)
    assert await place.output(ends) == b"begun\nthrough\n"
    assert {one.state for one in (await place.service.find([new])).values()} <= {JobState.NEW}
    assert await submit(place, new)
    await place.service.commit(new)
    assert (await place.ended(new)).state is JobState.DONE
    assert (await place.ended(lasts)).state is JobState.CANCELED
    await place.quiet(lasts)


async def look(place: Place, attempts: Sequence[str]) -> set[JobState | None]:
    """What jobs are said to be; that the place does not answer says nothing."""
    try:
        return {status.state for status in (await place.service.find(attempts)).values()}
    except LinkError:
        return set()


async def submit(place: Place, attempt: str) -> bool:
    """Whether a job is taken, once more perhaps; that it is not must be said as it is."""
    try:
        place.handles[attempt] = await place.service.prepare(attempt, JobDescription("true"))
    except (LinkError, InDoubt):
        return False
    return True


async def answered(place: Place, attempt: str) -> None:
    """Wait until the place answers."""

    async def answers() -> bool:
        try:
            await place.status(attempt)
        except LinkError:
            return False
        return True

    await place.wait(answers, lambda: "no answer")
