"""The sensor over a link: on this machine, over OpenSSH, without python3, and on links that misbehave."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.grid.sources.odd import TOOLS, Odd
from zeligui.clock import SystemClock
from zeligui.errors import LinkError, Unreachable, UsageError
from zeligui.grid.hosts import Measurement
from zeligui.grid.machines import Machines
from zeligui.grid.sources import machine as source_of_machines
from zeligui.grid.sources import open_source
from zeligui.grid.sources.machine import MachineSource
from zeligui.links import open_links
from zeligui.links.link import Links, Reply


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    links = open_links(known_hosts=[], identities=[])
    yield links
    await links.close()


async def take(source: Any, holds: Callable[[Measurement], bool], *, most: int = 40) -> Measurement:
    """The first measurement of which something holds."""
    async with asyncio.timeout(60), aclosing(source.watch()) as measurements:
        for _ in range(most):
            found: Measurement = await anext(measurements)
            if holds(found):
                return found
    pytest.fail("it did not come")


async def test_this_machine_is_measured(links: Links) -> None:
    source = open_source("local://", links, period_s=0.5)
    found = await take(source, lambda one: "cpuAvail" in one.values)
    assert found.stamp
    assert found.stamp == pytest.approx(time.time(), abs=10)
    assert found.identity
    assert found.values["osName"] == os.uname().sysname
    assert "hostName" not in found.values
    way = await take(source, lambda one: "latency" in one.values)
    assert way.host == found.host
    assert way.values.keys() == {"latency", "bandWidth", "wayMeasured"}
    assert way.values["wayMeasured"] == "local"
    assert 0 < float(way.values["latency"]) < 1000
    assert float(way.values["bandWidth"]) > 1


@pytest.mark.parametrize(("expiry_s", "probe_s"), [(3600, 50), (60, 50), (30, 20), (10, 5), (1, 1)])
def test_the_way_is_measured_again_before_its_values_expire(expiry_s: float, probe_s: float) -> None:
    source = open_source("local://", open_links(known_hosts=[], identities=[]), expiry_s=expiry_s)
    assert isinstance(source, MachineSource)
    assert source.probe_s == probe_s


async def test_a_name_in_the_environment_is_the_hosts(links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELIGRID_HOSTNAME", "node7.grid")
    assert (await take(open_source("local://", links), lambda one: bool(one.values))).host == "node7.grid"


async def test_without_python_the_shell_measures(links: Links, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is missing on this machine"
        (tmp_path / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await take(open_source("local://", links, period_s=0.5), lambda one: bool(one.values))
    assert {"cpuAvail", "runnable", "load1", "freeMemory", "freeDisk", "cpuCount"} <= found.values.keys()
    assert found.note == ""
    assert found.stamp == int(found.stamp or 0.5), "the shell knows whole seconds"


async def test_a_machine_behind_openssh_is_measured(openssh: Callable[..., Any]) -> None:
    server = openssh()
    links = open_links(known_hosts=[server.known_hosts], identities=[server.identity])
    machines = Machines([open_source(server.url, links, period_s=0.5)], clock=SystemClock())
    try:
        machines.start()
        await machines.first_round(30)
        (host,) = machines.hosts()
        assert (host.status, host.service) == ("up", server.url)
        assert {"cpuAvail", "latency", "bandWidth"} <= host.values.keys()
        assert host.values["wayMeasured"] == "tcp"
        server.stop()
        async with asyncio.timeout(30):
            while machines.hosts()[0].status != "refused":
                await asyncio.sleep(0.05)
    finally:
        await machines.close()
        await links.close()


async def test_silence_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_of_machines, "CONNECT_S", 0.0)
    monkeypatch.setattr(source_of_machines, "SILENCE_S", 0.1)
    link = Odd()
    with pytest.raises(Unreachable, match=r"ssh://odd has sent no measurement for 0.4 s\."):
        await take(MachineSource(link.url, link, period_s=0.1), lambda one: False)
    assert link.ended


async def test_an_end_of_the_sensor_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="The sensor on ssh://odd has ended"):
        await take(MachineSource("ssh://odd", Odd(then="end")), lambda one: False)


async def test_a_broken_connection_ends_it() -> None:
    with pytest.raises(LinkError, match="The connection broke"):
        await take(MachineSource("ssh://odd", Odd(b'{"values": {"load1": 1}}', then="break")), lambda one: False)


async def test_what_cannot_be_measured_of_the_way_is_told() -> None:
    class Half(Odd):
        async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
            return Reply(1, b"no such program")

    link = Half(b'{"values": {"load1": 1}}', then="flood")
    source = MachineSource(link.url, link, period_s=0.1)
    found = await take(source, lambda one: bool(one.note))
    assert found.values == {"load1": 1.0}
    assert found.note == "Latency and bandwidth could not be measured: ssh://odd sent 15 bytes of 0 and the status 1."


async def test_a_flood_is_thinned() -> None:
    source = MachineSource("ssh://odd", Odd(b'{"values": {"load1": 1}}', then="flood"), period_s=2.0)
    begun, count = time.monotonic(), 0
    async with aclosing(source.watch()) as measurements:
        async for one in measurements:
            count += "load1" in one.values
            if time.monotonic() > begun + 1:
                break
    assert 2 <= count <= 7


@pytest.mark.parametrize("url", ["nothing", "gopher://host", "ssh:host"])
def test_an_unknown_scheme_names_the_known_ones(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_source(url, open_links())
    assert "ssh://" in caught.value.hint
    assert "local://" in caught.value.hint


@pytest.mark.parametrize("period_s", [0, -1, float("nan"), 1e6])
def test_an_impossible_period_is_refused(period_s: float) -> None:
    with pytest.raises(UsageError):
        open_source("local://", open_links(), period_s=period_s)
