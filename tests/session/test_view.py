"""Snapshots made piece by piece: hosts come, change and go; what did not change is the same object."""

from __future__ import annotations

import asyncio

from tests.grid.scripted import Scripted
from zeligui.files.progress import Progress
from zeligui.session.session import Session
from zeligui.session.snapshot import Snapshot
from zeligui.session.view import HOSTS_AT_ONCE
from zeligui.settings import Home, Settings

MANY = 2 * HOSTS_AT_ONCE + 50


async def test_hosts_come_change_and_go() -> None:
    session = Session(Home.find(), Settings(sources=()), report=lambda doing, error: None)
    await session.open()
    try:
        await look(session)
    finally:
        await session.close()


async def test_that_files_are_on_their_way_is_a_new_snapshot() -> None:
    session = Session(Home.find(), Settings(sources=()), report=lambda doing, error: None)
    await session.open()
    snapshots = session.snapshots()
    try:
        async with asyncio.timeout(30):
            await anext(snapshots)
            session._changed.clear()  # that it was opened
            with session.core.staging.following("a" * 32) as tell:
                tell(Progress("data", 1, 2, 0, 1))
                assert session._changed.is_set()
            await anext(snapshots)
    finally:
        await snapshots.aclose()
        await session.close()


async def look(session: Session) -> None:
    source = Scripted("file:///crowd")
    await session.machines.change([source])
    session.view.touch_all()
    for number in range(MANY):
        await source.say(f"node{number}", identity="", load1=0.0)
    first = await shown(session)
    assert list(first.hosts) == [f"node{number}" for number in range(MANY)], "node2 before node10"
    await source.say("node7", identity="", load1=5.0)
    second = await shown(session)
    assert second.hosts["node7"].values["load1"] == 5.0
    assert all(second.hosts[name] is host for name, host in first.hosts.items() if name != "node7")
    assert first.hosts["node7"].values["load1"] == 0.0
    await session.machines.change([])
    assert not session.view.snapshot().hosts


async def shown(session: Session) -> Snapshot:
    return await session.view.next_snapshot()
