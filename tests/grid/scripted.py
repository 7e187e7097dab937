"""A clock that is set by hand, and sources whose behaviour a test writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from zeligui.grid.hosts import Bulletin, Measurement, Usage, Value
from zeligui.grid.machines import Machines
from zeligui.grid.survey import Piece


class Handset:
    """A clock that is set by hand; `sleep` lasts until it is."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.waited = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def age(self) -> float:
        return 1000.0 + self.waited + self.slept

    def patience(self) -> float:
        return self.waited

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.age(), UTC)

    async def sleep(self, seconds: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.waited + seconds, waiter))
        await waiter

    async def pass_by(self, seconds: float) -> None:
        end = self.waited + seconds
        while due := [when for when, waiter in self._sleepers if when <= end and not waiter.done()]:
            self.waited = max(self.waited, min(due))
            for when, waiter in self._sleepers:
                if when <= self.waited and not waiter.done():
                    waiter.set_result(None)
            await settle()
        self.waited = end


class Scripted:
    """A source that yields what the test puts in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.begun = 0
        self._script: asyncio.Queue[Piece | Exception | None] = asyncio.Queue()

    async def watch(self) -> AsyncIterator[Piece]:
        self.begun += 1
        while (piece := await self._script.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def say(self, host: str = "", *, identity: str = "boot:1", jobs: Usage | None = None, **more: Value) -> None:
        """Measure, at the time "stamp" of the publisher's clock, if that is among the values."""
        stamp = more.pop("stamp", None)
        name = host or self.url.partition("://")[2]
        used = {str(more.pop("job", "a")) * 32: jobs} if jobs else {}
        values = more or {"load1": 1.0}
        stamped = stamp if isinstance(stamp, float) else None
        self._script.put_nowait(Measurement(name, self.url, values, identity, stamped, used))
        await settle()

    async def list_host(
        self, host: str, *addresses: str, stamp: float | None = None, valid_s: float | None = None, **values: Value
    ) -> None:
        """Say of a host, as directories do, what stands until they say otherwise, or what has a stamp."""
        told = Measurement(
            host, self.url, values or {"site": "here"}, stamp=stamp, addresses=addresses, valid_s=valid_s
        )
        self._script.put_nowait(replace(told, stands=stamp is None))
        await settle()

    async def announce(self, note: str = "", *, missing: tuple[str, ...] = (), gone: tuple[str, ...] = ()) -> None:
        """Say that all that stands does so still."""
        self._script.put_nowait(Bulletin(note, missing, gone))
        await settle()

    async def complain(self, note: str) -> None:
        self._script.put_nowait(Measurement("", self.url, {}, note=note))
        await settle()

    async def fail(self, error: Exception | None) -> None:
        self._script.put_nowait(error)
        await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def watching(clock: Handset, *sources: Scripted, **more: object) -> AsyncIterator[Machines]:
    machines = Machines(sources, clock=clock, **more)  # type: ignore[arg-type]
    machines.start()
    await settle()
    try:
        yield machines
    finally:
        await machines.close()
        names = [task.get_name() for task in asyncio.all_tasks()]
        assert not [name for name in names if name.startswith(("watching", "looking"))]


def status(machines: Machines, name: str) -> str:
    host = machines.host(name)
    assert host is not None
    return host.status
