"""Experiments over services that they name themselves: these are watched for them, without any source."""

from __future__ import annotations

import json
from pathlib import Path

from tests.experiment.driving import Bench, Driven
from tests.slurm import Slurm
from zeligui.experiment.spanning import covers, to_watch
from zeligui.testbed.grid import Grid

ANY = "[any]\ncpuAvail >= 0\n"


def spanning(bench: Bench, services: list[str], **job: object) -> Path:
    file = bench.write(ANY, seconds=0.1, job=job)
    file.write_text(f"on = {json.dumps(services)}\n{file.read_text()}")
    return file


def test_what_no_source_watches_is_watched_once() -> None:
    named = ["ssh://lab1", "ssh://lab2/", "ssh://lab2", "any://lab3", "file:///hosts.json", "ssh://-bad"]
    assert to_watch(named, ["ssh://lab1/"]) == ("ssh://lab2/", "ssh://-bad"), "what is no address, its opener refuses"
    assert to_watch(["local://"], ["local://"]) == ()


def test_who_watches_a_cluster_watches_its_partitions() -> None:
    assert covers("slurm://", "slurm:///batch")
    assert covers("slurm+ssh://login", "slurm+ssh://login/batch")
    assert covers("ssh://lab1/", "ssh://lab1")
    assert not covers("slurm:///batch", "slurm:///batch2")
    assert not covers("ssh://lab1", "ssh://lab10")


def test_an_experiment_spans_the_services_that_it_names(bench: Bench, grid: Grid) -> None:
    file = spanning(bench, list(grid.sources[:2]), instances=2)
    driven = Driven(["run", str(file), "--json", *bench.keys()])
    try:
        assert driven.end() == 0, driven.told()
    finally:
        driven.close()
    placed = {event["host"] for event in driven.events if event["event"] == "placed"}
    assert placed == {"node1.grid", "node2.grid"}
    listed = json.loads(bench.zeligrid("jobs", "--all", "--json").stdout)
    assert {job["service"] for job in listed} == set(grid.sources[:2])


def test_an_experiment_without_any_machine_says_where_to_name_some(bench: Bench) -> None:
    said = bench.zeligrid("run", str(spanning(bench, ["any://lab1"])))
    assert said.returncode == 2
    assert "nor `on` in the experiment" in said.stderr


def test_an_experiment_spans_a_cluster_and_a_machine(bench: Bench, grid: Grid, slurm: Slurm) -> None:
    services = ["slurm:///batch", grid.sources[0]]
    file = spanning(bench, services, instances=2, cpus=12.0)  # two of these do not fit into the cluster's free slots
    (bench.folder / "trial.contract").write_text("[any]\nosName = Linux\n")
    driven = Driven(["run", str(file), "--json", *bench.keys()])
    try:
        assert driven.end() == 0, driven.told()
    finally:
        driven.close()
    assert {event["host"] for event in driven.events if event["event"] == "done"} == {"batch.site", "node1.grid"}
    listed = json.loads(bench.zeligrid("jobs", "--all", "--json").stdout)
    assert {job["service"] for job in listed} == set(services)
