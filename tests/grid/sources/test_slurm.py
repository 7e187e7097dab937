"""Partitions of Slurm as hosts: of a real cluster, and as an enemy might describe them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.slurm import CPUS, Slurm
from zeligui.clock import SystemClock
from zeligui.errors import LinkError, Unreachable
from zeligui.grid.hosts import Measurement
from zeligui.grid.machines import Machines
from zeligui.grid.sources import open_source, slurm_queues
from zeligui.links import Links, open_links

WHOLE = """cluster site
now 1000
nodes batch|up|0/16/0/16|1|16|24105
end
"""


@pytest.fixture
async def links(slurm: Slurm) -> AsyncIterator[Links]:
    opened = open_links()
    yield opened
    await opened.close()


async def look(links: Links, url: str = "slurm://") -> dict[str, Measurement]:
    """The first measurement of each partition."""
    found: dict[str, Measurement] = {}
    source: Any = open_source(url, links)
    async with aclosing(cast("Any", source.watch())) as news:
        async for measurement in news:
            if measurement.host in found:
                break
            found[measurement.host] = measurement
            if len(found) == (1 if url.endswith("batch") else 3):
                break
    return found


async def test_each_partition_is_a_host(links: Links) -> None:
    found = await look(links)
    assert sorted(found) == ["batch.site", "short.site", "shut.site"]
    batch = found["batch.site"].values
    assert {name: batch[name] for name in ("freeSlots", "queueWait", "cpuCount", "cpuFree", "machines", "site")} == {
        "freeSlots": CPUS,
        "queueWait": 0,
        "cpuCount": CPUS,
        "cpuFree": CPUS,
        "machines": 1,
        "site": "site",
    }
    assert batch["osName"] == "Linux"
    assert batch["totalMemory"] != 0
    assert found["shut.site"].values["freeSlots"] == 0
    assert "queueWait" not in found["shut.site"].values


async def test_a_source_with_a_partition_tells_of_that_alone(links: Links) -> None:
    assert [*(await look(links, "slurm:///batch"))] == ["batch.site"]
    with pytest.raises(LinkError, match="no partition nowhere") as refused:
        await look(links, "slurm:///nowhere")
    assert "batch" in refused.value.hint


async def test_jobs_take_slots_and_those_that_wait_lengthen_the_queue(links: Links, slurm: Slurm) -> None:
    script = "--wrap=sleep 1000"
    slurm.run("sbatch", "--time=10", "--ntasks=5", "--output=/dev/null", script)
    await comes(links, lambda values: values["freeSlots"] == CPUS - 5 and values["queueWait"] == 0)
    slurm.run("sbatch", "--time=20", f"--ntasks={CPUS}", "--output=/dev/null", script)
    values = await comes(links, lambda values: values.get("queueWait", 0) > 60)
    assert values["queueWait"] <= 600


async def comes(links: Links, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Look at the partition until it is as it should be."""
    for _ in range(60):
        values = dict((await look(links, "slurm:///batch"))["batch.site"].values)
        if holds(values):
            return values
    raise AssertionError(values)


async def test_jobs_for_a_host_go_to_its_partition(links: Links) -> None:
    machines = Machines([open_source("slurm://", links)], clock=SystemClock())
    machines.start()
    try:
        await machines.first_round(20)
        services = {host.name: host.service for host in machines.hosts()}
    finally:
        await machines.close()
    assert services["batch.site"] == "slurm:///batch"
    assert services["short.site"] == "slurm:///short"


async def test_a_cluster_that_is_away_is_unreachable_in_words(links: Links, slurm: Slurm) -> None:
    slurm.stop()
    try:
        with pytest.raises(Unreachable, match="controller does not answer"):
            await look(links)
    finally:
        slurm.start()


@pytest.mark.parametrize(
    ("lines", "wait"),
    [
        ([], 0.0),
        (["job batch|R|None|900|5000|800|1"], 0.0),
        (["job batch|PD|Resources|1600|N/A|700|1"], 600.0),
        (["job batch|PD|Priority|N/A|N/A|700|1"], 300.0),
        (["job batch|PD|Resources|1100|N/A|100|1"], 900.0),
        (["job batch|PD|Dependency|1600|N/A|700|1", "job batch|PD|JobHeldUser|N/A|N/A|1|1"], 0.0),
        (["job long,batch|PD|Resources|1060|N/A|990|1"], 60.0),
        (["job other|PD|Resources|9999|N/A|1|1"], 0.0),
    ],
)
def test_how_long_one_would_wait_is_told_by_who_waits(lines: list[str], wait: float) -> None:
    text = WHOLE.replace("end\n", "".join(f"{line}\n" for line in lines) + "end\n")
    assert slurm_queues.read(text).queues["batch"].values(1000.0)["queueWait"] == wait


def test_where_all_is_taken_and_nobody_waits_the_first_end_tells() -> None:
    full = WHOLE.replace("0/16/0/16", "16/0/0/16")
    ends = "job batch|R|None|900|1500|800|8\njob batch|R|None|900|1300|800|8\n"
    queue = slurm_queues.read(full.replace("end\n", f"{ends}end\n")).queues["batch"]
    assert (queue.values(1000.0)["freeSlots"], queue.values(1000.0)["queueWait"]) == (0, 300.0)
    assert "queueWait" not in slurm_queues.read(full).queues["batch"].values(1000.0)


def test_nodes_of_several_kinds_are_added_and_the_most_frequent_kind_counts() -> None:
    more = "nodes batch|up|16/48/64/128|2|64|257000\nnodes batch|up|0/64/0/64|4|16|24105\n"
    values = slurm_queues.read(WHOLE.replace("end\n", f"{more}end\n")).queues["batch"].values(1000.0)
    assert (values["freeSlots"], values["machines"], values["cpuCount"], values["cpuFree"]) == (128, 7, 16, 24.0)


@pytest.mark.parametrize(
    "line", ["nodes -x|up|0/1/0/1|1|1|1", "nodes batch|up|0/x/0/1|1|1|1", "nodes a b|up|0/1/0/1|1|1|1", "job batch|R"]
)
def test_a_garbled_line_is_left_out_and_said(line: str) -> None:
    found = slurm_queues.read(WHOLE.replace("end\n", f"{line}\nend\n"))
    assert [*found.queues] == ["batch"]
    assert "1 line" in found.note


@pytest.mark.parametrize(
    "text", ["", "end\n", WHOLE.replace("end\n", ""), WHOLE.replace("cluster site", "cluster ../x")]
)
def test_an_answer_that_is_not_whole_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not whole"):
        slurm_queues.read(text)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for line in text.splitlines():
        found = slurm_queues.read(WHOLE.replace("end\n", f"nodes {line}\njob {line}\nend\n"))
        assert all(queue.values(found.now) for queue in found.queues.values())
    slurm_queues.kinds(text)


def test_the_kind_of_nodes_is_told_where_they_have_one() -> None:
    text = "x86_64 Linux batch,long\naarch64 Linux long\n"
    assert slurm_queues.kinds(text) == {
        "batch": {"arch": "x86_64", "osName": "Linux"},
        "long": {"osName": "Linux"},
    }
