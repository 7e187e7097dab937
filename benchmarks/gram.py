"""GRAM5 in Python against the Globus tools, on one real site in the same run. Needs root, as the site's tests do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest

from tests.globus import Site
from tests.islands import Island, know
from zeligui.links.gram.client import Client, Signal
from zeligui.links.gram.contacts import JobContact, contact
from zeligui.links.gram.rsl import request

ROUNDS, SUBMITS = 40, 160
"""Most of a submit is the key that the site makes for the proxy: its time is anything between 50 and 500 ms."""
MANY, AT_ONCE = 40, 4
JOB = {"executable": "/bin/sleep", "arguments": ["60"], "two_phase": "300"}


def main() -> None:
    """Print medians and ratios."""
    with pytest.MonkeyPatch.context() as patch:
        island = Island()
        try:
            know(island.names, patch)
            site = Site(island)
            for key, value in site.environment.items():
                patch.setenv(key, value)
            compare(site)
        finally:
            island.close()


def compare(site: Site) -> None:
    client, where = Client(), contact(site.contact)

    def submit() -> JobContact:
        job = client.submit(where, request(JOB)).job
        client.signal(job, Signal.COMMIT)
        return job

    job = submit()  # starts the job manager
    entering = median(timed(lambda: tool(site, "/bin/true")) for _ in range(ROUNDS))
    rsl = request(JOB).decode()
    ours, peers = in_turn(ROUNDS, lambda: client.status(job), lambda: tool(site, "globusrun", "-status", job.url))
    told(f"status, {ROUNDS} times", ours, peers - entering, "globusrun -status", 0.5)
    ours, peers = in_turn(SUBMITS, submit, lambda: tool(site, "globusrun", "-F", "-r", site.contact, rsl))
    told(f"submit and commit, {SUBMITS} times", ours, peers - entering, "globusrun -F", 1.0)
    taken = timed(lambda: together(submit))
    print(f"{MANY} submits, {AT_ONCE} at once: {MANY / taken:.1f} a second, target 5")
    taken = timed(lambda: together(lambda: tool(site, "globusrun", "-F", "-r", site.contact, rsl)))
    print(f"  globusrun -F, {AT_ONCE} at once: {MANY / taken:.1f} a second")


def together(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for done in [threads.submit(work) for _ in range(MANY)]:
            done.result()


def told(what: str, ours: float, peer: float, name: str, target: float) -> None:
    print(f"{what}: {1e3 * ours:.0f} ms, the median")
    print(f"  {name}: {1e3 * peer:.0f} ms, without the time to enter the site's namespace")
    print(f"  ratio {ours / peer:.2f}, target {target:g}")


def in_turn(rounds: int, ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Medians of both, which take turns."""
    times = [(timed(ours), timed(peer)) for _ in range(rounds)]
    return median(one for one, _ in times), median(other for _, other in times)


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def tool(site: Site, *words: str) -> None:
    """Run a tool of Globus's where the site's name is known. `globusrun -F` ends with 110: it waited for its commit."""
    command = [*site.island.inside(network=False), *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if ended.returncode not in {0, 110}:
        raise RuntimeError(f"{' '.join(words)}: {ended.stdout}{ended.stderr}")
