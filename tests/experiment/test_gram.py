"""The contract manager with a real grid site that loses its gatekeeper, its job manager and its link."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.experiment.stage import Play, driven
from tests.globus import Site
from tests.slurm import CPUS, Slurm
from zeligui.clock import SystemClock
from zeligui.contract.language import read
from zeligui.experiment.description import Experiment
from zeligui.grid.machines import Machines
from zeligui.grid.sources import open_source
from zeligui.jobs import open_service
from zeligui.jobs.service import JobService
from zeligui.links import open_links
from zeligui.settings import JobDefaults, Reconfiguration

ANY = '[any]\nhostName != "nowhere"\n'
SITE_FIRST = f'[there]\nsite = "site.test"\n{ANY}[negotiation]\nthere -> any\n'
LOSSES = ("gatekeeper", "manager", "link")


@asynccontextmanager
async def master(
    folder: Path, urls: list[str], job: dict[str, Any], text: str = ANY, **rules: float
) -> AsyncIterator[Play]:
    """A master that drives one job on these sources and services."""
    clock, links, services = SystemClock(), open_links(), dict[str, JobService]()
    kept = Reconfiguration(**{"interval_s": 1.0, "measurement_expiry_s": 6.0, **rules})
    expiry_s = kept.measurement_expiry_s
    sources = [open_source(url, links, period_s=0.5, expiry_s=expiry_s) for url in urls]
    machines = Machines(sources, clock=clock, expiry_s=expiry_s)
    experiment = Experiment(
        "trial", folder / "trial.toml", folder / "x", (), JobDefaults(**{"instances": 1, **job}), kept, "digest"
    )
    reading = read(text)
    assert reading.contract, reading.errors

    def service(url: str) -> JobService:
        return services.setdefault(url, open_service(url, links))

    try:
        async with driven(experiment, reading.contract, machines, service, folder, clock=clock, first_s=20) as play:
            yield play
    finally:
        await links.close()


async def lose_one_after_another(site: Site, for_s: float) -> None:
    """Each is away for a while, and what comes back by itself is not helped."""
    for lost in LOSSES:
        {"gatekeeper": site.stop_gatekeeper, "manager": site.kill_job_managers, "link": site.cut}[lost]()
        await asyncio.sleep(for_s)
        await asyncio.to_thread(site.heal)


async def through_all_losses(site: Site, folder: Path, for_s: float, **rules: float) -> Play:
    gate = site.user_home / secrets.token_hex(8)
    job = {
        "executable": "sh",
        "arguments": ("-c", f"echo begun; until [ -e {gate} ]; do sleep 0.1; done; echo through; exit 7"),
    }
    async with master(folder, [f"gram://{site.contact}"], job, **rules) as play:
        await play.heard("running", limit_s=60)
        await lose_one_after_another(site, for_s)
        gate.touch()
        await play.heard("failed", limit_s=120)
        assert (await play.counts(120))["failed"] == 1, play.told()
    return play


def check_through(play: Play, folder: Path) -> None:
    """It ended once, with its exit code and its whole output, where it began."""
    [end] = play.of("failed")
    assert end.data["exit_code"] == 7, play.told()
    assert len(play.of("placed")) == 1, play.told()
    assert not {"lost", "relocating", "restarted"} & set(play.kinds()), play.told()
    assert (folder / "results/trial/1/stdout").read_text() == "begun\nthrough\n"


async def test_a_job_at_a_site_that_loses_everything_one_after_another_ends_with_its_exit_code(site, tmp_path):
    play = await through_all_losses(site, tmp_path, 4.0, grace_s=60.0)
    check_through(play, tmp_path)


async def test_an_experiment_spans_a_machine_a_cluster_and_a_site(site: Site, slurm: Slurm, tmp_path: Path) -> None:
    urls = ["local://", "slurm:///batch", f"gram://{site.contact}"]
    gate = site.user_home / secrets.token_hex(8)  # all run at the same time
    job = {
        "executable": "sh",
        "arguments": ("-c", f"echo $ZELIGRID_INSTANCE; until [ -e {gate} ]; do sleep 0.1; done"),
        "instances": 3,
        "cpus": CPUS / 2 + 1,  # one for the cluster
    }
    async with master(tmp_path, urls, job) as play:
        await play.heard("running", count=3, limit_s=60)
        gate.touch()
        assert (await play.counts(120))["done"] == 3, play.told()
    hosts = {event.host for event in play.of("done")}
    assert {"batch.site", "site.test"} < hosts, play.told()
    for instance in range(1, 4):
        assert (tmp_path / f"results/trial/{instance}/stdout").read_text() == f"{instance}\n"


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_the_same_for_half_a_minute_each(site, tmp_path):
    play = await through_all_losses(site, tmp_path, 30.0, grace_s=90.0)
    check_through(play, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_job_leaves_a_site_that_is_away_for_longer_than_the_grace_and_not_before(site, tmp_path):
    grace_s, mark, gate = 20.0, site.user_home / secrets.token_hex(8), site.user_home / secrets.token_hex(8)
    waiting = f"until [ -e {gate} ]; do sleep 0.1; done; exit 3"
    job = {"executable": "sh", "arguments": ("-c", f"if [ -e {mark} ]; then {waiting}; fi; touch {mark}; sleep 300")}
    urls = [f"gram://{site.contact}", "local://"]
    async with master(tmp_path, urls, job, SITE_FIRST, grace_s=grace_s) as play:
        assert (await play.heard("running", limit_s=60)).host == "site.test"
        site.cut()
        unverified = await play.heard("unverified", limit_s=60)
        lost = await play.heard("lost", limit_s=120)
        assert (lost.time - unverified.time).total_seconds() > grace_s - 2, play.told()
        site.heal()
        await play.heard("settled", limit_s=120)  # what was left there is ended
        gate.touch()
        ended = await play.heard("failed", limit_s=120)
        assert (ended.host != "site.test", ended.data["exit_code"]) == (True, 3), play.told()
