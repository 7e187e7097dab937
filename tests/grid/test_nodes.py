"""The machines of an embedded grid, measured over their own SSH servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from zeligui.clock import SystemClock
from zeligui.grid.machines import Machines
from zeligui.grid.occupancy import Placement, adjust
from zeligui.grid.sources import open_source
from zeligui.links import open_links
from zeligui.links.link import Links
from zeligui.testbed.grid import Grid

JOB = "5e" * 16
TURN = f"ZELIGRID_JOB={JOB} sh -c 'while :; do :; done' </dev/null >/dev/null 2>&1 & echo $!"


@pytest.fixture
async def links(grid: Grid) -> AsyncIterator[Links]:
    links = open_links(known_hosts=[grid.known_hosts], identities=[grid.identity])
    yield links
    await links.close()


@pytest.fixture
async def machines(grid: Grid, links: Links) -> AsyncIterator[Machines]:
    sources = [open_source(url, links, period_s=0.5) for url in grid.sources]
    machines = Machines(sources, clock=SystemClock())
    machines.start()
    await machines.first_round(30)
    yield machines
    await machines.close()


async def until(holds: Callable[[], bool], *, limit_s: float = 30.0) -> None:
    async with asyncio.timeout(limit_s):
        while not holds():
            await asyncio.sleep(0.05)


def figure(machines: Machines, name: str, attribute: str) -> float:
    host = machines.host(name)
    assert host
    return float(host.values[attribute])


async def test_every_node_is_a_host_of_its_own(grid: Grid, machines: Machines) -> None:
    hosts = machines.hosts()
    assert [host.name for host in hosts] == [f"node{number}.grid" for number in (1, 2, 3, 4)]
    assert {host.status for host in hosts} == {"up"}
    assert len({host.identity for host in hosts}) == 4
    assert [host.service for host in hosts] == list(grid.sources)
    assert all({"latency", "bandWidth", "cpuAvail", "freeDisk"} <= host.values.keys() for host in hosts)


async def test_a_job_is_reported_by_its_node_and_free_for_its_experiment(
    grid: Grid, links: Links, machines: Machines
) -> None:
    pid = (await links.to(grid.sources[0]).run(TURN)).text.strip()
    clock = SystemClock()
    placement = Placement(JOB, "node1.grid", "mine", 1.0, 0.0, clock.age())
    await until(lambda: figure(machines, "node1.grid", "runnable") >= 0.9)
    usage = machines.usage(JOB)
    assert usage
    assert usage.runnable > 0.5
    assert [bool(machines.trail(JOB, host.name)) for host in machines.hosts()] == [True, False, False, False]

    def runnable(experiment: str) -> float:
        columns = adjust(machines.columns(), machines, [placement], experiment=experiment, now=clock.age())
        return float(columns.numbers("runnable")[0])

    assert runnable("mine") < 0.5 < runnable("theirs")
    await links.to(grid.sources[0]).run(f"kill -9 {pid}")
    await until(lambda: figure(machines, "node1.grid", "runnable") < 0.1)


async def test_a_node_that_is_powered_off_and_on_is_the_same_host(grid: Grid, machines: Machines) -> None:
    before = machines.hosts()[1].identity
    await grid.stop("node2.grid")
    await until(lambda: machines.hosts()[1].status != "up")
    await grid.start("node2.grid")
    await until(lambda: machines.hosts()[1].status == "up")
    host = machines.hosts()[1]
    assert host.name == "node2.grid"
    assert host.identity != before
