"""Snapshots made by hand: hosts, jobs and contracts, as many as a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from zeligui.contract.language import read
from zeligui.experiment.state import AttemptState, Phase
from zeligui.grid.explanation import exclusions
from zeligui.grid.hosts import Host, Value
from zeligui.grid.table import Table
from zeligui.session.snapshot import OpenContract, OpenExperiment, RemoteJob, Snapshot, Standing

NOW = 1000.0
CONTRACT = """\
[profile1]
osName = Linux
cpuAvail > 0.6
freeMemory > 200
[profile2]
cpuAvail > 0.3
[negotiation]
profile1 -> profile2
profile2 -> hold
"""


class StillClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = NOW

    def age(self) -> float:
        return self.time

    def patience(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time + 1.7e9, UTC)

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def host(name: str, *, status: str = "up", detail: str = "", age: float = 1.0, key: str = "", **values: Value) -> Host:
    """A host, all of whose values are as old."""
    whole: dict[str, Value] = {"osName": "Linux", "cpuAvail": 0.9, "cpuCount": 4.0, "freeMemory": 2000.0, **values}
    times = dict.fromkeys(whole, NOW - age)
    return Host(name, f"ssh://{name}", status, detail, whole, times, NOW, f"boot:{name}", f"ssh://{name}", key)


def job(
    experiment: str = "pi",
    instance: int = 1,
    standing: Standing = Standing.RUNNING,
    host: str = "node1",
    **more: object,
) -> RemoteJob:
    """A job that runs on a host."""
    since = datetime.fromtimestamp(NOW + 1.7e9 - 60, UTC)
    attempt = AttemptState(
        f"{abs(hash((experiment, instance))):032x}"[:32],
        instance,
        host,
        f"ssh://{host}",
        "profile1",
        Phase.RUNNING,
        since,
    )
    made = RemoteJob(
        experiment, instance, standing, "", attempt, host, "up", "profile1", since, None, 0.97, 41.0, 120.0, "step 3"
    )
    return replace(made, **more)  # type: ignore[arg-type]


def contract(
    hosts: Sequence[Host] = (), text: str = CONTRACT, file: str = "/work/pi.contract", experiments: Sequence[str] = ()
) -> OpenContract:
    """A contract that is open, judged over these hosts."""
    reading = read(text.encode())
    found = exclusions(reading.contract, columns(hosts)) if reading.contract else ()
    listed = tuple(OpenExperiment(Path(f"/work/{name}.toml"), name, None, "It has no job.", "") for name in experiments)
    return OpenContract(Path(file), reading, "", listed, tuple(found))


def columns(hosts: Sequence[Host]) -> Table:
    """The hosts' values as columns."""
    return Table.of([(one.name, one.values) for one in hosts])


def snapshot(
    hosts: Sequence[Host] = (),
    jobs: Sequence[RemoteJob] = (),
    contracts: Sequence[OpenContract] = (),
    **more: object,
) -> Snapshot:
    """All of it, as of now."""
    named: Mapping[str, Host] = {one.name: one for one in hosts}
    made = Snapshot(NOW, named, tuple(jobs), tuple(contracts), columns=columns(hosts), heard=NOW - 2)
    return replace(made, **more)  # type: ignore[arg-type]
