"""Jobs by Slurm: a submit against a bare `sbatch`, and one poll of many jobs, on one real cluster."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.submit import control_master
from tests.islands import Island
from tests.servers import OpenSsh
from tests.slurm import Slurm
from zeligui.jobs import open_service
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.service import JobService
from zeligui.links import Links, open_links

ROUNDS, ROW, TOGETHER, JOBS, POLLS = 240, 10, 40, 500, 10
APART_S = 0.3
JOB = JobDescription("/bin/true")


def main() -> None:
    """Print the medians and their ratio, and what a poll takes of the master."""
    with cluster() as slurm, tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as home:
        os.environ["HOME"] = home
        script = Path(home, "script")
        script.write_text("#!/bin/sh\nexec /bin/true\n")
        drained = ("scontrol", "update", f"NodeName={slurm.host}", "State=DRAIN", "Reason=benchmark")
        slurm.run(*drained)  # a job that starts takes more of the processors than a submit, and would be measured along
        ours, peer = asyncio.run(submitted(script))
        print(f"submit to Slurm, prepared and committed: {1e3 * ours:.1f} ms, without a shell, median of {ROUNDS}")
        print(f"  sbatch of the same script: {1e3 * peer:.1f} ms")
        print(f"  ratio {ours / peer:.2f}, target at most 1.3")
        each = asyncio.run(submitted_together())
        print(f"  {TOGETHER} of them at once: {1e3 * each:.1f} ms each, ratio {each / peer:.2f}")
        ours, peer = over_ssh(slurm, script)
        print(f"the same over ssh: {1e3 * ours:.1f} ms, a kept connection")
        print(f"  ssh with ControlMaster, sbatch of the same script: {1e3 * peer:.1f} ms")
        print(f"  ratio {ours / peer:.2f}")
        slurm.run("scontrol", "update", f"NodeName={slurm.host}", "State=RESUME")
        own, whole = asyncio.run(polled())
        print(
            f"one poll of {JOBS} jobs: {own:.3f} s of the master, target under 0.3 s ({whole:.2f} s until the answer)"
        )


@contextmanager
def cluster() -> Iterator[Slurm]:
    """A cluster of the benchmark's own; the commands that are started meanwhile find it, and none else."""
    before = dict(os.environ)
    island = Island()
    try:
        slurm = Slurm(island)
        os.environ.update(slurm.environment)
        yield slurm
        slurm.empty()
    finally:
        island.close()
        os.environ.clear()
        os.environ.update(before)


def over_ssh(slurm: Slurm, script: Path) -> tuple[float, float]:
    """The same on a machine behind a login."""
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as name:
        server = OpenSsh(Path(name), environment=slurm.environment)
        control = control_master(server, Path(name))
        try:
            links = open_links(known_hosts=[server.known_hosts], identities=[server.identity])
            url = f"{server.url.replace('ssh://', 'slurm+ssh://')}/batch"
            return asyncio.run(submitted(script, url, links, before=(*control, "x")))
        finally:
            subprocess.run([*control, "-O", "exit", "x"], check=False, capture_output=True)
            server.stop()


async def submitted(
    script: Path, url: str = "slurm:///batch", links: Links | None = None, *, before: Sequence[str] = ()
) -> tuple[float, float]:
    """Seconds of a submit by ZeliGrid, and of one by sbatch, of some in a row each; `before` stands before its command.

    So what ZeliGrid leaves for after a submit slows down its own next one, and none of sbatch.
    """
    links = links or open_links()
    service = open_service(url, links)
    ours, peers = [], []
    await submit(service)  # looks at the cluster, and puts there what runs on its nodes
    for _ in range(ROUNDS // ROW):
        await asyncio.sleep(APART_S)
        ours += [await timed_submit(service) for _ in range(ROW)]
        await asyncio.sleep(APART_S)
        peers += [await asyncio.to_thread(by_sbatch, script, before) for _ in range(ROW)]
    await links.close()
    return median(ours), median(peers)


async def submitted_together() -> float:
    """Seconds for each of many that are submitted at once, as the instances of an experiment are."""
    links = open_links()
    service = open_service("slurm:///batch", links)
    await submit(service)
    attempts = [secrets.token_hex(16) for _ in range(TOGETHER)]
    begun = time.perf_counter()
    await asyncio.gather(*(service.prepare(attempt, JOB) for attempt in attempts))
    await asyncio.gather(*map(service.commit, attempts))
    passed = time.perf_counter() - begun
    await links.close()
    return passed / TOGETHER


async def timed_submit(service: JobService) -> float:
    begun = time.perf_counter()
    await submit(service)
    return time.perf_counter() - begun


async def submit(service: JobService, *, job: JobDescription = JOB) -> str:
    attempt = secrets.token_hex(16)
    await service.prepare(attempt, job)
    await service.commit(attempt)
    return attempt


def by_sbatch(script: Path, before: Sequence[str] = ()) -> float:
    command = [*before, "sbatch", "--parsable", "--no-requeue", "--partition=batch", "--output=/dev/null", str(script)]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


async def polled() -> tuple[float, float]:
    """Seconds of processor time here, and seconds until the answer, of one poll of many jobs that wait or run."""
    links = open_links()
    service = open_service("slurm:///batch", links)
    job = JobDescription("/bin/sleep", ("600",))
    attempts = [await submit(service, job=job) for _ in range(JOBS)]
    own, whole = [], []
    for _ in range(POLLS):
        used, begun = time.process_time(), time.perf_counter()
        found = await service.find(attempts)
        own.append(time.process_time() - used)
        whole.append(time.perf_counter() - begun)
        open_states = {JobState.PENDING, JobState.RUNNING}
        assert len(found) == JOBS, len(found)
        assert {status.state for status in found.values()} <= open_states
    await links.close()
    return median(own), median(whole)
