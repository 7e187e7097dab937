"""A file on its way between two threads: what ends it, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zeligui.errors import Refused, Unreachable
from zeligui.files.planning import Item, Place, item
from zeligui.files.service import Entry, Kind
from zeligui.files.stream import PIECES, Stopped, Stream, flow
from zeligui.links.calls import call


class Ends:
    """A service that reads and writes as it is told, in threads."""

    url, sealed, refusal = "file://", True, Refused

    def __init__(
        self,
        read: Callable[[Callable[[bytes], None]], None] = lambda take: None,
        write: Callable[[Iterator[bytes]], None] = lambda pieces: None,
    ) -> None:
        self._read, self._write = read, write
        self.wrote = False

    async def read(self, path: str, offset: int, take: Callable[[bytes], None], *, size: int = 0) -> None:
        await call(self._read, take)

    async def write(self, path: str, offset: int, pieces: Iterator[bytes], *, size: int = 0) -> None:
        self.wrote = True
        await call(self._write, pieces)

    def __getattr__(self, name: str) -> Any:
        """The rest is not asked for."""
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_: None


def between(source: Ends, target: Ends) -> Item:
    ends: tuple[Any, Any] = (source, target)
    return item(Place(ends[0], "/from"), Place(ends[1], "/to"), Entry("from", Kind.FILE, 10))


async def test_what_is_put_in_comes_out_in_order_and_is_counted() -> None:
    came: list[bytes] = []
    pieces = [bytes([number]) * number for number in range(1, 5 * PIECES)]
    told: list[int] = []
    stream = Stream(told.append)
    source = Ends(read=lambda take: [take(piece) for piece in pieces] and None)
    await flow(stream, between(source, Ends(write=came.extend)), 0)
    assert came == pieces
    assert told[-1] == stream.count == sum(map(len, pieces))


async def test_a_reader_that_fails_ends_the_writer_and_one_that_has_nothing_never_begins_it() -> None:
    def fail(take: Callable[[bytes], None]) -> None:
        take(b"x")
        raise Refused("it cannot be read")

    with pytest.raises(Refused, match="cannot be read"):
        await flow(Stream(lambda _: None), between(Ends(read=fail), Ends(write=lambda out: list(out) and None)), 0)

    def refuse(_: Callable[[bytes], None]) -> None:
        raise Refused("it is not there")

    target = Ends()
    with pytest.raises(Refused, match="not there"):
        await flow(Stream(lambda _: None), between(Ends(read=refuse), target), 0)
    assert not target.wrote


async def test_a_writer_that_fails_ends_the_reader() -> None:
    ended = threading.Event()

    def endless(take: Callable[[bytes], None]) -> None:
        try:
            while True:
                take(b"x")
        except Stopped:
            ended.set()

    def fail(pieces: Iterator[bytes]) -> None:
        next(pieces)
        raise Refused("the disk is full")

    with pytest.raises(Refused, match="disk is full"):
        await flow(Stream(lambda _: None), between(Ends(read=endless), Ends(write=fail)), 0)
    assert await asyncio.to_thread(ended.wait, 10)


async def test_what_stands_still_is_given_up() -> None:
    released = threading.Event()

    def stall(take: Callable[[bytes], None]) -> None:
        take(b"x")
        released.wait(30)

    try:
        writer = Ends(write=lambda out: list(out) and None)
        with pytest.raises(Unreachable, match="Nothing has moved"):
            await flow(Stream(lambda _: None), between(Ends(read=stall), writer), 0, stall_s=0.2)
    finally:
        released.set()


async def test_an_empty_file_arrives() -> None:
    came: list[bytes] = []
    target = Ends(write=came.extend)
    await flow(Stream(lambda _: None), between(Ends(), target), 0)
    assert target.wrote
    assert came == []
