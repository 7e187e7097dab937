"""The end of what a job prints, followed while it runs: bounded, in pieces, from its machine or from its results."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from zeligui.clock import Clock
from zeligui.errors import ZeliGridError
from zeligui.experiment.state import AttemptState
from zeligui.jobs.service import JobService
from zeligui.links.calls import call

KEPT = 256 * 1024
"""Bytes of a stream that are shown: its end."""
PIECE = 64 * 1024
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that follow those before; with `begins`, all before is to be forgotten: they stand there in the stream."""

    data: bytes
    begins: int | None = None


async def follow(
    attempt: Callable[[], AttemptState | None],
    service: JobService,
    stream: str,
    *,
    kept: Callable[[AttemptState], Awaitable[Path | None]],
    clock: Clock,
) -> AsyncIterator[Piece]:
    """The last `KEPT` bytes of a stream ("stdout" or "stderr") of an attempt, then what comes, until it has ended.

    `attempt` tells how it stands now, `kept` where its results have the stream once it was cleared on its machine.
    A ZeliGridError where it cannot be had; who follows may begin again.
    """
    offset: int | None = None
    while now := attempt():
        if now.discarded:
            yield await _from_results(now, kept)
            return
        length = await service.length(now.id, stream)
        if offset is None or length - offset > KEPT:  # at the beginning, or where it prints faster than it is read
            offset = max(0, length - KEPT)
            yield Piece(b"", begins=offset)
        if piece := await service.read(now.id, stream, offset, most=PIECE):
            offset += len(piece)
            yield Piece(piece)
        elif not now.live:
            return
        if len(piece) < PIECE:
            await clock.sleep(PAUSE_S)


async def _from_results(now: AttemptState, kept: Callable[[AttemptState], Awaitable[Path | None]]) -> Piece:
    file = await kept(now)
    if file is None:
        raise ZeliGridError("What it printed is no longer there: neither on its machine nor in its results.")
    data, skipped = await call(_end_of, file)
    return Piece(data, begins=skipped)


def _end_of(file: Path) -> tuple[bytes, int]:
    with file.open("rb") as opened:
        skipped = max(0, opened.seek(0, 2) - KEPT)
        opened.seek(skipped)
        return opened.read(KEPT), skipped
