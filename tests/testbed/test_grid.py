"""The embedded grid: power, links, loads and figures, whichever way its nodes are kept apart."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.testbed.nodes import connected, eventually, figures, free_mb, port_of, run, running, with_variable
from zeligui.errors import Unreachable, UsageError
from zeligui.testbed.control import ask
from zeligui.testbed.grid import Grid

NODE = "node1.grid"


@pytest.fixture
def node(either: Grid) -> Grid:
    either.reset_now()
    return either


def boot_id(grid: Grid) -> str:
    return (figures(grid, NODE) / "sys/kernel/random/boot_id").read_text()


async def test_power_off_kills_all_and_closes_the_port(node: Grid) -> None:
    mark = f"MARK=powered-{os.getpid()}"
    with connected(node, NODE) as client:
        run(client, f"{mark} setsid sh -c 'setsid sleep 1000 & sleep 1000 & wait' >/dev/null 2>&1 </dev/null &")
        eventually(lambda: len(with_variable(mark)) == 3)
        await node.stop(NODE)
        assert with_variable(mark) == []
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port_of(node, NODE)), timeout=1)
        eventually(lambda: not client.get_transport().is_active())


async def test_power_off_ends_what_forks_all_the_time(node: Grid) -> None:
    mark = f"MARK=storm-{os.getpid()}"
    storm = "while :; do (sleep 0.01; (sleep 2 &) ) & sleep 0.005; done"
    with connected(node, NODE) as client:
        run(client, f"{mark} setsid sh -c '{storm}' >/dev/null 2>&1 </dev/null &")
        eventually(lambda: len(with_variable(mark)) > 10)
    await node.stop(NODE)
    assert with_variable(mark) == []


async def test_power_on_is_another_boot_of_the_same_machine(node: Grid) -> None:
    before = boot_id(node)
    with connected(node, NODE) as client:
        run(client, "echo kept > file")
    await node.stop(NODE)
    await node.start(NODE)
    assert boot_id(node) != before
    with connected(node, NODE) as client:  # same port, same host key
        assert run(client, "cat file; cat $ZELIGRID_PROC/sys/kernel/random/boot_id")[1].decode() == (
            "kept\n" + boot_id(node)
        )


async def test_deeds_may_be_repeated(node: Grid) -> None:
    for deed in (node.stop, node.stop, node.start, node.start, node.cut, node.cut, node.heal, node.heal):
        await deed(NODE)
    with connected(node, NODE) as client:
        assert run(client, "echo well")[1] == b"well\n"


async def test_a_cut_link_stalls_in_silence_and_goes_on_when_mended(node: Grid) -> None:
    with connected(node, NODE) as client:
        _, stdout, _ = client.exec_command("i=0; while sleep 0.05; do echo $i; i=$((i + 1)); done")
        stdout.readline()
        await node.cut(NODE)
        stdout.channel.settimeout(0.5)
        with pytest.raises(TimeoutError):
            stdout.read()
        with socket.create_connection(("127.0.0.1", port_of(node, NODE)), timeout=0.5) as silent:
            with pytest.raises(TimeoutError):
                silent.recv(1)
            assert client.get_transport().is_active()
            await node.heal(NODE)
            silent.settimeout(10)
            assert silent.recv(4) == b"SSH-"
        stdout.channel.settimeout(10)
        assert stdout.readline()
        assert run(client, "pwd")[0] == 0


async def test_a_cut_lasts_over_a_reboot(node: Grid) -> None:
    await node.cut(NODE)
    await node.stop(NODE)
    await node.start(NODE)
    address = ("127.0.0.1", port_of(node, NODE))
    with socket.create_connection(address, timeout=0.5) as silent, pytest.raises(TimeoutError):
        silent.recv(1)


async def test_what_runs_goes_on_while_the_link_is_cut(node: Grid) -> None:
    with connected(node, NODE) as client:
        run(client, "rm -f alive; setsid sh -c 'sleep 0.3; echo yes > alive' >/dev/null 2>&1 </dev/null &")
    await node.cut(NODE)
    eventually((node.folder / "nodes/node1/home/alive").exists)


async def test_an_idle_node_shows_nothing_runnable(node: Grid) -> None:
    with connected(node, NODE) as client:
        _, stdout, _ = client.exec_command("while sleep 0.2; do cat $ZELIGRID_PROC/stat; done")
        counts = [running_line(stdout.readline()) for _ in range(70)]
    assert {count for count in counts if count is not None} == {0}


def running_line(line: str) -> int | None:
    name, _, count = line.partition(" ")
    return int(count) - 1 if name == "procs_running" else None


async def test_load_is_seen_in_the_figures_and_gone_after(node: Grid) -> None:
    await node.load(NODE, cpu=3)
    eventually(lambda: running(node, NODE) == 3)
    busy = ticks(node)
    eventually(lambda: ticks(node) - busy >= 50)
    assert float((figures(node, NODE) / "loadavg").read_text().split()[0]) > 0
    await node.load(NODE, cpu=0)
    eventually(lambda: running(node, NODE) == 0)


def ticks(grid: Grid) -> int:
    return int((figures(grid, NODE) / "stat").read_text().split()[1])


async def test_load_is_one_process_a_processor_unless_told(node: Grid) -> None:
    await node.load(NODE)
    eventually(lambda: running(node, NODE) == 2)


async def test_load_is_nice_and_replaces_the_former(node: Grid) -> None:
    await node.load(NODE, cpu=2)
    await node.load(NODE, cpu=1)
    eventually(lambda: running(node, NODE) == 1)
    nice = [os.getpriority(os.PRIO_PROCESS, pid) for pid in with_variable(f"ZELIGRID_PROC={figures(node, NODE)}")]
    assert nice.count(min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)) == 1


async def test_load_ends_by_itself(node: Grid) -> None:
    await node.load(NODE, cpu=1, seconds=0.7)
    eventually(lambda: running(node, NODE) == 1)
    eventually(lambda: running(node, NODE) == 0)


async def test_memory_is_held_and_seen(node: Grid) -> None:
    before = free_mb(node, NODE)
    await node.load(NODE, cpu=0, memory=150)
    eventually(lambda: 150 <= before - free_mb(node, NODE) < 200)
    await node.load(NODE, cpu=0)
    eventually(lambda: before - free_mb(node, NODE) < 10)


async def test_own_processes_count_as_load(node: Grid) -> None:
    with connected(node, NODE) as client:
        spin = "while :; do :; done &"
        stdin, _, _ = client.exec_command(f"{spin} one=$!; {spin} two=$!; cat; kill $one $two")
        eventually(lambda: running(node, NODE) == 2)
        stdin.channel.shutdown_write()
        eventually(lambda: running(node, NODE) == 0)


async def test_nodes_do_not_see_each_others_load(grid: Grid) -> None:
    await grid.load("node2.grid", cpu=2)
    eventually(lambda: [running(grid, node) for node in grid.names] == [0, 2, 0, 0])


def test_nodes_differ(grid: Grid) -> None:
    assert [declared(figures(grid, node)) for node in grid.names] == [
        (2, 3000, 2048),
        (1, 2800, 1024),
        (2, 2200, 1024),
        (1, 1900, 512),
    ]


def declared(proc: Path) -> tuple[int, float, float]:
    """Processors, their MHz, and memory in MB, as the node's own files say."""
    processors = [line.partition(":") for line in (proc / "cpuinfo").read_text().splitlines()]
    clocks = [float(value) for name, _, value in processors if name.startswith("cpu MHz")]
    return len(clocks), max(clocks), int((proc / "meminfo").read_text().split()[1]) * 1024 / 1e6


async def test_what_cannot_be_done_is_refused_in_words(grid: Grid) -> None:
    with pytest.raises(UsageError, match=r"no node node9\.grid") as refused:
        await grid.stop("node9.grid")
    assert "node1.grid, node2.grid, node3.grid, node4.grid" in refused.value.hint
    with pytest.raises(UsageError, match=r"node4\.grid can hold 0 to 512 MB, not 513"):
        await grid.load("node4.grid", memory=513)
    with pytest.raises(UsageError, match="0 to 64 spinning processes, not 65"):
        await grid.load("node4.grid", cpu=65)
    with pytest.raises(UsageError, match="not 0"):
        await grid.load("node4.grid", seconds=0)
    with pytest.raises(UsageError, match="cannot do that"):
        grid.command("paint", "node4.grid")
    await grid.stop("node4.grid")
    with pytest.raises(UsageError, match="powered off"):
        await grid.load("node4.grid")


async def test_a_node_whose_server_dies_is_powered_off(node: Grid) -> None:
    with connected(node, NODE) as client:
        run(client, "kill -9 $PPID; sleep 5")
    eventually(lambda: refused(node))
    await node.start(NODE)
    with connected(node, NODE) as client:
        assert run(client, "echo well")[1] == b"well\n"


def refused(grid: Grid) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port_of(grid, NODE)), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_second_grid_in_the_same_folder_is_refused(grid: Grid) -> None:
    with pytest.raises(UsageError, match="already runs"):
        Grid(grid.folder, nodes=1).open()
    with pytest.raises(UsageError, match="1 to 64 nodes"):
        Grid(grid.folder / "other", nodes=0).open()


def test_no_grid_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="No embedded grid runs"):
        ask(tmp_path, {"do": "stop", "node": NODE})
