"""Make the journal that this release's tests, and those of later releases, read: `python make.py FILE`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from zeligui.events import Event
from zeligui.experiment.journal import Journal

START = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
FIRST, SECOND = "0" * 31 + "1", "0" * 31 + "2"
COMMON = {"experiment": "pi", "instance": 1, "profile": "profile1"}

EVENTS = (
    Event("begun", "pi", data={"digest": "d" * 64, "instances": 1, "file": "/home/a/pi.toml"}),
    Event("matched", "pi", "4 hosts are apt", profile="profile1"),
    Event("intent", job=FIRST, host="node1.grid", data={"service": "ssh://node1", "cpus": 1.0}, **COMMON),
    Event("prepared", job=FIRST, host="node1.grid", data={"handle": FIRST}, **COMMON),
    Event("placed", reason="the best of 4", job=FIRST, host="node1.grid", **COMMON),
    Event("running", job=FIRST, host="node1.grid", **COMMON),
    Event("violated", reason="cpuAvail > 0.6 is false: 0.41", job=FIRST, host="node1.grid", **COMMON),
    Event("relocating", reason="another host is apt", job=FIRST, host="node1.grid", **COMMON),
    Event("stopped", job=FIRST, host="node1.grid", **COMMON),
    Event("intent", job=SECOND, host="node2.grid", data={"service": "ssh://node2", "cpus": 1.0}, **COMMON),
    Event("prepared", job=SECOND, host="node2.grid", data={"handle": SECOND}, **COMMON),
    Event("placed", job=SECOND, host="node2.grid", **COMMON),
    Event("relocated", job=SECOND, host="node2.grid", **COMMON),
    Event("wish", job=SECOND, host="node2.grid", data={"wish": "cancel"}, **COMMON),
    Event("canceled", reason="the user's wish", job=SECOND, host="node2.grid", data={"signal": "TERM"}, **COMMON),
    Event("wish_done", "pi", data={"wish": 14}),
    Event("finished", "pi", data={"counts": {"canceled": 1}}),
    Event("begun", "größe 2", data={"digest": "e" * 64, "instances": 2}),
)


async def make(file: Path) -> None:
    """Write the events, a second apart, one transaction each."""
    journal = Journal.open(file)
    for n, event in enumerate(EVENTS):
        timed = {name: getattr(event, name) for name in Event.__slots__} | {"time": START + timedelta(seconds=n)}
        await journal.append(Event(**timed))
    await journal.claim("pi", "process 1 on lab1")
    journal.close()


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1])))
