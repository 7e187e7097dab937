"""`zeligrid testbed`, end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import zeligui
from tests.testbed.nodes import connected, eventually, figures, run, running, with_variable
from zeligui.testbed.grid import Grid

CHECKOUT = Path(zeligui.__file__).parent.parent


def zeligrid(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zeligui.cli", "testbed", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def up(*options: str) -> Iterator[subprocess.Popen[str]]:
    """`testbed up` in the home of the test."""
    command = [sys.executable, "-m", "zeligui.cli", "testbed", "up", *options]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def seen_as_grid(line: dict[str, Any]) -> Grid:
    """The grid that a command started, for a client."""
    grid = Grid(Path(line["identity"]).parent, nodes=len(line["sources"]))
    grid.sources = tuple(line["sources"])
    return grid


def left_behind(grid: Grid) -> list[int]:
    """The processes of the grid and, by their own environment, those on its nodes."""
    names = [f"ZELIGRID_PROC={figures(grid, node)}" for node in grid.names]
    return [pid for entry in (f"ZELIGRID_HOME={os.environ['ZELIGRID_HOME']}", *names) for pid in with_variable(entry)]


@pytest.mark.parametrize("isolation", ["auto", "subreaper"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_an_interrupted_grid_leaves_no_process(isolation: str, number: signal.Signals, status: int) -> None:
    with up("--json", "--nodes", "2", "--isolation", isolation) as process:
        grid = seen_as_grid(first_line(process))
        assert zeligrid("load", "node2.grid", "--cpu", "3").returncode == 0
        with connected(grid, "node1.grid") as client:
            run(client, "setsid sh -c 'setsid sleep 1000 & sleep 1000' >/dev/null 2>&1 </dev/null &")
        eventually(lambda: len(left_behind(grid)) >= 1 + 2 * 2 + 3 + 3)
        process.send_signal(number)
        assert process.wait(timeout=10) == status
        eventually(lambda: not left_behind(grid))


@pytest.mark.parametrize("isolation", ["auto", "subreaper"])
def test_a_killed_grid_is_cleaned_up_and_comes_back_as_it_was(isolation: str) -> None:
    with up("--json", "--nodes", "1", "--isolation", isolation) as process:
        before = first_line(process)
        grid = seen_as_grid(before)
        keys = grid.known_hosts.read_text()
        with connected(grid, "node1.grid") as client:
            run(client, "setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
        process.kill()
    eventually(lambda: not left_behind(grid))
    with up("--json", "--nodes", "1") as process:
        assert first_line(process) == before
        assert grid.known_hosts.read_text() == keys
        with connected(grid, "node1.grid") as client:
            assert run(client, "echo well")[1] == b"well\n"
    eventually(lambda: not left_behind(grid))


def test_what_outlived_its_killed_node_is_ended_by_the_next_grid() -> None:
    with up("--json", "--nodes", "1", "--isolation", "subreaper") as process:
        grid = seen_as_grid(first_line(process))
        with connected(grid, "node1.grid") as client:
            run(client, "setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
        for pid in with_variable(f"ZELIGRID_HOME={os.environ['ZELIGRID_HOME']}"):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(left_behind(grid)) <= 1)  # a node's first process may have had the time to end the rest
    with up("--json", "--nodes", "1") as process:
        first_line(process)
        assert with_variable(f"ZELIGRID_PROC={figures(grid, 'node1.grid')}") == []
    eventually(lambda: not left_behind(grid))


def test_commands_answer_in_json_and_words() -> None:
    with up("--json", "--nodes", "1") as process:
        grid = seen_as_grid(first_line(process))
        for deed in ("load", "cut", "heal", "stop", "start"):
            done = zeligrid(deed, "node1.grid", "--json")
            assert (done.returncode, json.loads(done.stdout)) == (0, {"node": "node1.grid", "done": True})
        assert zeligrid("load", "node1.grid", "--cpu", "1").stdout == "node1.grid has its load.\n"
        eventually(lambda: running(grid, "node1.grid") == 1)
        assert zeligrid("load", "node1.grid", "--cpu", "0").stdout == "node1.grid has no load.\n"
        assert zeligrid("stop", "node1.grid").stdout == "node1.grid is powered off.\n"
        process.send_signal(signal.SIGINT)


def test_without_json_the_first_line_is_the_sources_and_the_rest_says_what_to_try() -> None:
    with up("--nodes", "2") as process:
        assert process.stdout
        sources = process.stdout.readline().split()
        assert len(sources) == 2
        assert all(source.startswith("ssh://grid@127.0.0.1:") for source in sources)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert "An embedded grid of 2 nodes runs on this machine" in rest
    assert all(words in rest for words in ("node2.grid", *sources, "--known-hosts", "zeligrid hosts"))


def test_wrong_usage_is_said_in_words() -> None:
    assert_refused(zeligrid("stop", "node1.grid"), 3, "No embedded grid runs under")
    assert_refused(zeligrid("up", "--nodes", "65"), 2, "1 to 64 nodes, not 65")
    with up("--json", "--nodes", "1") as process:
        first_line(process)
        assert_refused(zeligrid("up"), 2, "An embedded grid already runs under")
        assert_refused(zeligrid("cut", "node7.grid"), 2, "no node node7.grid")
        assert_refused(zeligrid("load", "node1.grid", "--cpu", "-1"), 2, "not -1")
        process.send_signal(signal.SIGINT)


def assert_refused(done: subprocess.CompletedProcess[str], status: int, words: str) -> None:
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_it_shows_its_nodes_and_is_taken_down():
    with up("--nodes", "2", "--json") as process:
        line = first_line(process)
        idle = {"cpu": 0, "memory": 0, "seconds": 0.0}
        assert zeligrid("load", "node1.grid", "--cpu", "1", "--memory", "5").returncode == 0
        assert zeligrid("cut", "node1.grid").returncode == 0
        assert zeligrid("stop", "node2.grid").returncode == 0
        shown = json.loads(zeligrid("show", "--json").stdout)
        assert {key: shown[key] for key in line} == line
        first, second = shown["nodes"]
        assert 0 < first["load"].pop("seconds") <= 60
        assert first == {
            "node": "node1.grid", "source": line["sources"][0], "on": True, "cut": True,
            "load": {"cpu": 1, "memory": 5},
        }  # fmt: skip
        assert (second["on"], second["cut"], second["load"]) == (False, False, idle)
        said = zeligrid("show").stdout.splitlines()
        assert said[0].startswith(f"node1.grid   {line['sources'][0]}   cut off, 1 spinning and 5 MB held for ")
        assert said[1] == f"node2.grid   {line['sources'][1]}   powered off"
        assert zeligrid("load", "node1.grid", "--cpu", "0").returncode == 0
        assert json.loads(zeligrid("show", "--json").stdout)["nodes"][0]["load"] == idle
        assert json.loads(zeligrid("down", "--json").stdout) == {"done": True}
        assert process.wait(10) == 0
    assert left_behind(seen_as_grid(line)) == []
    assert zeligrid("show").returncode == 3
    assert zeligrid("down").returncode == 3


@pytest.mark.parametrize("early", [False, True], ids=["after its line", "before"])
def test_it_goes_on_when_who_started_it_reads_no_more(early):
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "zeligui.cli", "testbed", "up", "--nodes", "1", "--json"]
    with os.fdopen(reading) as output:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=writing, stderr=writing, start_new_session=True)
        os.close(writing)
        if not early:
            assert "sources" in json.loads(output.readline())
    eventually(lambda: zeligrid("show").returncode == 0)
    assert_goes_on_until_taken_down(process)


def test_it_goes_on_when_who_started_it_has_ended(tmp_path):
    output = tmp_path / "output"
    command = f"{sys.executable} -m zeligui.cli testbed up --nodes 1 --json >{output} 2>&1 & echo $!"
    starter = subprocess.Popen(
        ["/bin/sh", "-c", command], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    grid = int(starter.communicate(timeout=10)[0])
    eventually(lambda: output.read_text().endswith("\n"))
    assert zeligrid("load", "node1.grid", "--seconds", "1").returncode == 0
    assert zeligrid("down").returncode == 0
    eventually(lambda: not Path(f"/proc/{grid}/cwd").exists())  # a zombie of nobody's has none either
    assert len(output.read_text().splitlines()) == 1


def assert_goes_on_until_taken_down(process: subprocess.Popen[bytes]) -> None:
    assert zeligrid("load", "node1.grid", "--seconds", "1").returncode == 0
    assert zeligrid("down").returncode == 0
    assert process.wait(10) == 0
