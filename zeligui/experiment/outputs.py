"""What a job printed: from its machine while it is there, else from the results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from zeligui.errors import ZeliGridError
from zeligui.experiment.journal import Journal
from zeligui.experiment.overview import Job, look
from zeligui.experiment.state import AttemptState
from zeligui.jobs.service import JobService
from zeligui.links.calls import call

FOLLOW_S = 0.3
ENDED = {"done", "failed", "canceled"}


async def read_output(
    journal: Journal, job: Job, service: JobService, stream: str, *, follow: bool = False
) -> AsyncIterator[bytes]:
    """The pieces of a stream ("stdout" or "stderr") of one attempt; with `follow` until it has ended.

    What was brought home and cleared on the machine, even while it was read, comes from the results.
    """
    offset = 0
    while not job.attempt.discarded:
        async for piece in _live(service, job.attempt.id, stream, offset):
            offset += len(piece)
            yield piece
        status = (await service.find([job.attempt.id])).get(job.attempt.id)
        ended = status is None or (status.state is not None and status.state.final)
        job = (await look(journal, job.experiment)).find(job.attempt.id)
        if ended or not follow:
            break
        await asyncio.sleep(FOLLOW_S)
    if job.attempt.discarded:
        kept = await _kept(journal, job, stream)
        yield kept[offset:]
    else:
        async for piece in _live(service, job.attempt.id, stream, offset):
            yield piece


async def kept_file(journal: Journal, experiment: str, attempt: AttemptState, stream: str) -> Path | None:
    """The file of the results with what an attempt printed on a stream; None where it is not there."""
    suffix = "" if attempt.outcome in ENDED else f".{attempt.restart}"
    for event in await journal.read(experiment, kinds={"collected"}):
        if event.job == attempt.id:
            file = Path(event.data["folder"]) / f"{stream}{suffix}"
            if await call(file.is_file):
                return file
    return None


async def _live(service: JobService, attempt: str, stream: str, offset: int) -> AsyncIterator[bytes]:
    while piece := await service.read(attempt, stream, offset):
        offset += len(piece)
        yield piece


async def _kept(journal: Journal, job: Job, stream: str) -> bytes:
    """The stream as it was brought home, else the beginning of it that became events."""
    if file := await kept_file(journal, job.experiment, job.attempt, stream):
        return await call(file.read_bytes)
    events = await journal.read(job.experiment, kinds={"output"})
    told = [event for event in events if event.job == job.attempt.id and event.data["stream"] == stream]
    if not told:
        where = "its machine has been cleared, and the file in its results is gone"
        raise ZeliGridError(f"What the job {job.attempt.id} printed is no longer there: {where}.")
    return "".join(event.data["text"] for event in told).encode("utf-8", "surrogateescape")
