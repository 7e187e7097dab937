"""From submit to running over ssh, against `ssh` with a ControlMaster, on one OpenSSH server in the same run."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from tests.servers import OpenSsh
from zeligui.jobs import open_service
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.service import JobService
from zeligui.links import open_links

ROUNDS = 10
JOB = JobDescription("/bin/sleep", ("20",))


def main() -> None:
    """Print both medians and their ratio."""
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as name:
        server = OpenSsh(Path(name))
        try:
            ours, peer = asyncio.run(measured(server, Path(name)))
        finally:
            server.stop()
    print(f"submit to running over ssh: {1e3 * ours:.0f} ms, a kept connection, median of {ROUNDS}")
    print(f"  ssh with ControlMaster, `nohup sleep &` and its pid read back: {1e3 * peer:.0f} ms")
    print(f"  ratio {ours / peer:.2f}")


async def measured(server: OpenSsh, folder: Path) -> tuple[float, float]:
    """Seconds of one submit by ZeliGrid, and by ssh, taken in turn."""
    links = open_links(known_hosts=[server.known_hosts], identities=[server.identity])
    service = open_service(server.url, links)
    await started(service)  # connects, and looks at the machine once
    control = control_master(server, folder)
    ours, peers = [], []
    try:
        for _ in range(ROUNDS):
            ours.append(await started(service))
            peers.append(await asyncio.to_thread(by_ssh, control))
    finally:
        subprocess.run([*control, "-O", "exit", "x"], check=False, capture_output=True)
        await links.close()
    return median(ours), median(peers)


async def started(service: JobService) -> float:
    """Seconds from prepare until a poll finds the job running."""
    attempt, begun = secrets.token_hex(16), time.perf_counter()
    await service.prepare(attempt, JOB)
    await service.commit(attempt)
    while not running(await service.find([attempt]), attempt):
        await asyncio.sleep(0.002)
    taken = time.perf_counter() - begun
    await service.cancel(attempt, grace_s=1.0)
    return taken


def running(statuses: Mapping[str, object], attempt: str) -> bool:
    return getattr(statuses.get(attempt), "state", None) is JobState.RUNNING


def control_master(server: OpenSsh, folder: Path) -> list[str]:
    """An ssh command line that goes through a master connection, which stands when this returns."""
    options = {
        "UserKnownHostsFile": server.known_hosts,
        "IdentityFile": server.identity,
        "ControlPath": folder / "control",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "HostName": server.host,
        "Port": server.port,
    }
    command = ["ssh", "-F", "none", *(f"-o{key}={value}" for key, value in options.items())]
    subprocess.run([*command, "-oControlMaster=yes", "-oControlPersist=60", "-N", "-f", "x"], check=True)
    return command


def by_ssh(control: list[str]) -> float:
    begun = time.perf_counter()
    script = "nohup sleep 20 >/dev/null 2>&1 & echo $!"
    subprocess.run([*control, "x", script], check=True, capture_output=True)
    return time.perf_counter() - begun
