"""A file on its way from one service to another: read in one thread, written in another."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator

from zeligui.errors import Unreachable
from zeligui.files.planning import Item, Place
from zeligui.files.service import Streaming

PIECES = 8
"""As many wait between the two at most, of a megabyte at most each."""

STALL_S = 60.0
"""A copy of which no byte has moved for this long is given up."""


class Stopped(Exception):
    """Nobody takes the pieces any more, or no more will come."""


class Stream:
    """Pieces between two threads, and where it is wanted the digest of all that went in.

    `moved` is told of all bytes that came out.
    """

    def __init__(self, moved: Callable[[int], None], *, digested: bool = True) -> None:
        self._moved = moved
        self._changed = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._ended = self._stopped = False
        self._digest = hashlib.sha256() if digested else None
        self._loop = asyncio.get_running_loop()
        self.opened = asyncio.Event()
        """The reader has come to its file."""
        self.over = asyncio.Event()
        """All of the file has been read."""
        self.count = 0
        """Bytes that the writer has taken."""
        self.flowing = False
        """Both sides are at work: neither waits for its turn, nor for a disk at the end."""

    @property
    def digest(self) -> str:
        """The SHA-256 of what went in. ValueError where it was not wanted."""
        if self._digest is None:
            raise ValueError("no digest was wanted")
        return self._digest.hexdigest()

    def put(self, piece: bytes) -> None:
        """Wait for room and put a piece in. Stopped where nobody takes it."""
        if not self.opened.is_set():
            self._loop.call_soon_threadsafe(self.opened.set)
        if self._digest is not None:
            self._digest.update(piece)
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._pieces) < PIECES)
            if self._stopped:
                raise Stopped
            self._pieces.append(piece)
            self._changed.notify_all()

    def pieces(self) -> Iterator[bytes]:
        """Take pieces out, to the end. Stopped where that will not come."""
        self.flowing = True
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._ended or self._pieces)
                if self._stopped:
                    raise Stopped
                if not self._pieces:
                    self.flowing = False
                    return
                piece = self._pieces.popleft()
                self._changed.notify_all()
            yield piece
            self.count += len(piece)
            self._moved(self.count)

    def end(self) -> None:
        """No more is put in."""
        self.opened.set()
        self.over.set()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def stop(self) -> None:
        """End both sides; safe to repeat."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


async def flow(stream: Stream, item: Item, offset: int, *, stall_s: float = STALL_S) -> None:
    """Copy a file from an offset on into a part of a file, to the end that the source has.

    The writer begins once the reader has its file: a source that cannot be read leaves nothing behind, and copies that
    wait for each other's turn take them in the same order. Unreachable where nothing moves for `stall_s`.
    """
    tasks = [
        asyncio.ensure_future(_read(stream, item, offset)),
        asyncio.ensure_future(_write(stream, item, offset)),
    ]
    try:
        await _both(stream, tasks, stall_s, item.source.url)
    finally:
        stream.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(stream: Stream, item: Item, offset: int) -> None:
    await _streaming(item.source).read(item.source.path, offset, stream.put, size=item.entry.size - offset)
    stream.end()


async def _write(stream: Stream, item: Item, offset: int) -> None:
    await stream.opened.wait()
    await _streaming(item.target).write(item.part, offset, stream.pieces(), size=item.entry.size - offset)


def _streaming(place: Place) -> Streaming:
    assert isinstance(place.service, Streaming)  # noqa: S101 - who lets flow has looked
    return place.service


async def _both(stream: Stream, tasks: list[asyncio.Task[None]], stall_s: float, where: str) -> None:
    """Wait until both are done; what went wrong first is raised."""
    waiting = set(tasks)
    while waiting:
        before = stream.count
        done, waiting = await asyncio.wait(waiting, timeout=stall_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if not done and stream.flowing and stream.count == before:
            raise Unreachable(f"Nothing has moved for {stall_s:g} s on the way from {where}.")
