"""A real BDII with GLUE 2, up to the machines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.bdii import Bdii
from zeligui.clock import SystemClock
from zeligui.grid.machines import Machines
from zeligui.grid.sources import directory, open_source
from zeligui.links import open_links


async def until(condition: Callable[[], object], bdii: Bdii) -> None:
    try:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"it did not come to be: {bdii.log()[-2000:]}")


async def test_groups_of_machines_their_queue_and_their_validity(
    bdii: Callable[[], Bdii], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "POLL_S", 0.2)
    one = bdii()
    one.publish({"old": 4, "new": 16}, free=7)
    one.start()
    machines = Machines([open_source(one.url, open_links(), period_s=0.2)], clock=SystemClock())
    machines.start()
    try:
        await until(lambda: len(machines.listed) == 2, one)
        old, new = machines.host("old"), machines.host("new")
        assert old
        assert new
        expected = {"osName": "Linux", "arch": "x86_64", "cpuCount": 32.0, "totalMemory": 64000.0, "site": "UFF-LAB"}
        assert expected.items() <= new.values.items()
        assert (old.values["machines"], new.values["machines"]) == (4.0, 16.0)
        assert new.values["freeSlots"] == 7.0
        assert not {"cpuSpeed", "queueWait"} & new.values.keys(), "placeholders are no numbers"
        assert new.status == "up"
        one.publish({"old": 4, "new": 16}, free=3)
        await until(lambda: machines.columns().numbers("freeSlots").tolist() == [3.0, 3.0], one)
        await until(lambda: "so it is searched" in machines.feeds[0].detail, one)
        late = datetime.now(UTC) - timedelta(hours=3)
        one.publish({"old": 4, "new": 16, "late": 1}, free=3, created=late)
        await until(lambda: "valid until" in machines.feeds[0].detail, one)
        assert "late" not in machines.listed
    finally:
        await machines.close()
