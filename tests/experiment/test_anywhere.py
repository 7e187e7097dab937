"""Hosts that only a file knows: their jobs go through the experiment's `on`, else through `any://`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.experiment.driving import Bench, Driven
from zeligui.testbed.grid import Grid

ANY = "[any]\nosName = Linux\n"


@contextmanager
def run(bench: Bench, *hosts: str) -> Iterator[Driven]:
    """`zeligrid run` over a file that names the hosts."""
    file = bench.folder / "hosts.json"
    file.write_text(json.dumps([{"hostName": name, "osName": "Linux"} for name in hosts]))
    driven = Driven(["run", str(bench.folder / "trial.toml"), "--json", "--source", file.as_uri(), *bench.keys()])
    try:
        yield driven
    finally:
        driven.close()


def alias(home: Path, name: str, url: str) -> None:
    """Let ~/.ssh/config lead a name to a node of the grid."""
    at = urlsplit(url)
    (home / ".ssh").mkdir()
    (home / ".ssh" / "config").write_text(
        f"Host {name}\n  HostName {at.hostname}\n  Port {at.port}\n  User {at.username}\n"
    )


def services(bench: Bench) -> list[str]:
    listed = json.loads(bench.zeligrid("jobs", "--all", "--json").stdout)
    return [job["service"] for job in listed]


def test_a_host_of_a_file_that_is_this_machine_runs_the_job(bench: Bench) -> None:
    bench.write(ANY, seconds=0.1)
    with run(bench, "localhost") as driven:
        assert driven.end() == 0, driven.told()
    assert (bench.results() / "result.txt").read_text() == "instance 1\n"
    assert services(bench) == ["local://"]


def test_a_host_of_a_file_is_reached_over_ssh_by_its_name(bench: Bench, grid: Grid, own_home: Path) -> None:
    bench.write(ANY, seconds=0.1)
    alias(own_home, "node1.grid", grid.sources[0])
    with run(bench, "node1.grid") as driven:
        assert driven.end() == 0, driven.told()
        assert driven.wait_for("placed")["host"] == "node1.grid"
    assert services(bench) == ["ssh://node1.grid"], "the adaptor that was chosen is journalled"


def test_what_the_experiment_names_comes_before(bench: Bench, grid: Grid, own_home: Path) -> None:
    file = bench.write(ANY, seconds=0.1)
    alias(own_home, "node1.grid", grid.sources[0])
    file.write_text(f'on = ["ssh://grid@node1.grid"]\n{file.read_text()}')
    with run(bench, "node1.grid") as driven:
        assert driven.end() == 0, driven.told()
    assert services(bench) == ["ssh://grid@node1.grid"]


def test_a_master_that_is_killed_leaves_a_job_that_the_next_finds_again(
    bench: Bench, grid: Grid, own_home: Path
) -> None:
    bench.write(ANY, seconds=4)
    alias(own_home, "node1.grid", grid.sources[0])
    with run(bench, "node1.grid") as driven:
        driven.wait_for("running")
        driven.kill()
    with run(bench, "node1.grid") as driven:
        assert driven.end() == 0, driven.told()
        assert driven.wait_for("running")["reason"] == "found again"
        assert "placed" not in driven.kinds()
    assert [what for what, *_ in bench.witnessed()] == ["start", "end"]


def test_a_host_that_nothing_reaches_is_set_aside_with_what_was_said(bench: Bench) -> None:
    bench.write(ANY, seconds=0.1)
    with run(bench, "nowhere.invalid") as driven:
        said = driven.wait_for("set_aside")
        assert "No adaptor works for any://nowhere.invalid: ssh: ssh://nowhere.invalid" in said["reason"]
