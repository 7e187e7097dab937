"""The end of what a job prints, over a service whose streams a test writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.grid.scripted import settle
from zeligui.errors import ZeliGridError
from zeligui.experiment.state import AttemptState, Phase
from zeligui.session.tail import KEPT, PIECE, Piece, follow

ATTEMPT = AttemptState("a" * 32, 1, "node1", "ssh://node1", "p", Phase.RUNNING, datetime.now(UTC))


class Stream:
    """One stream of a job; while nothing more is there, whoever waits is told to look again at once."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.attempt = ATTEMPT
        self.reads = 0
        self.waits: list[float] = []

    async def length(self, attempt: str, stream: str) -> int:
        return len(self.data)

    async def read(self, attempt: str, stream: str, offset: int, *, most: int = PIECE) -> bytes:
        self.reads += 1
        return self.data[offset : offset + most]

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await settle()
        if len(self.waits) > 3:
            self.attempt = replace(self.attempt, phase=Phase.ENDED, outcome="done")


async def followed(stream: Stream, kept: Path | None = None) -> list[Piece]:
    async def of_results(_: AttemptState) -> Path | None:
        return kept

    pieces = follow(lambda: stream.attempt, stream, "stdout", kept=of_results, clock=stream)  # type: ignore[arg-type]
    return [piece async for piece in pieces]


def whole(pieces: list[Piece]) -> bytes:
    begun = [place for place, piece in enumerate(pieces) if piece.begins is not None][-1]
    return b"".join(piece.data for piece in pieces[begun:])


async def test_a_short_stream_is_there_as_a_whole() -> None:
    stream = Stream(b"one\ntwo\n")
    pieces = await followed(stream)
    assert pieces[0].begins == 0
    assert whole(pieces) == b"one\ntwo\n"


async def test_of_a_long_stream_only_the_end_is_read() -> None:
    stream = Stream(b"x" * 100_000_000 + b"end")
    pieces = await followed(stream)
    assert pieces[0].begins == len(stream.data) - KEPT
    assert whole(pieces).endswith(b"xend")
    assert len(whole(pieces)) == KEPT
    assert stream.reads < 20


async def test_a_stream_that_grows_faster_than_it_is_read_is_followed_at_its_end() -> None:
    class Flood(Stream):
        async def read(self, attempt: str, stream: str, offset: int, *, most: int = PIECE) -> bytes:
            if self.reads < 5:
                self.data += b"y" * (2 * KEPT)
            return await super().read(attempt, stream, offset, most=most)

    stream = Flood(b"x")
    pieces = await followed(stream)
    assert len([piece for piece in pieces if piece.begins is not None]) > 1
    assert len(whole(pieces)) <= 3 * KEPT


async def test_what_was_cleared_on_its_machine_comes_from_the_results(tmp_path: Path) -> None:
    (tmp_path / "stdout").write_bytes(b"z" * (KEPT + 5))
    stream = Stream()
    stream.attempt = replace(ATTEMPT, phase=Phase.ENDED, outcome="done", discarded=True)
    assert await followed(stream, tmp_path / "stdout") == [Piece(b"z" * KEPT, begins=5)]
    with pytest.raises(ZeliGridError, match="no longer there"):
        await followed(stream, None)
