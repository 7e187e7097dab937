"""A session over real machines: this one, and OpenSSH servers on loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers import OpenSsh
from zeligui.errors import UsageError, ZeliGridError
from zeligui.experiment.core import ContractInvalid
from zeligui.session.session import Session
from zeligui.session.snapshot import RemoteJob, Snapshot, Standing
from zeligui.settings import Home, JobDefaults, Settings, load

HERE = Settings(sources=("local://",), period_s=0.2)
CONTRACT = "[any]\ncpuAvail >= 0\n"


class Sitting:
    """One session, what it shows last, and what it reported."""

    def __init__(self, settings: Settings) -> None:
        self.troubles: list[tuple[str, BaseException]] = []
        self.session = Session(Home.find(), settings, report=lambda doing, error: self.troubles.append((doing, error)))
        self.shown = Snapshot(0.0)

    async def follow(self) -> None:
        async for snapshot in self.session.snapshots():
            self.shown = snapshot

    async def sees(self, look: Callable[[Snapshot], object], limit_s: float = 20.0) -> None:
        end = time.monotonic() + limit_s
        while not look(self.shown):
            assert time.monotonic() < end, (self.shown.jobs, self.shown.hosts, self.troubles)
            await asyncio.sleep(0.02)

    def job(self) -> RemoteJob:
        return self.shown.jobs[0]


@asynccontextmanager
async def sitting(settings: Settings = HERE, *, stop: bool = True) -> AsyncIterator[Sitting]:
    one = Sitting(settings)
    await one.session.open()
    following = asyncio.ensure_future(one.follow())
    try:
        yield one
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await one.session.close(stop=stop)


def experiment(folder: Path, name: str = "e", job: str = 'executable = "sleep"\narguments = ["60"]\n') -> Path:
    (folder / "any.contract").write_text(CONTRACT)
    file = folder / f"{name}.toml"
    file.write_text(f'name = "{name}"\ncontract = "any.contract"\n[job]\n{job}')
    return file


async def test_a_job_left_running_is_taken_up_where_it_stands(tmp_path: Path) -> None:
    file = experiment(tmp_path)
    async with sitting(stop=False) as first:
        await first.session.start(file)
        await first.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.RUNNING)
        attempt = first.job().attempt
        with pytest.raises(UsageError, match="runs already"):
            await first.session.start(file)
    async with sitting() as second:
        await second.sees(lambda shown: shown.jobs and not shown.jobs[0].driven)
        await second.session.take_up()
        await second.sees(lambda shown: shown.jobs[0].driven)
        assert second.job().attempt
        assert second.job().attempt.id == attempt.id  # type: ignore[union-attr]
        assert await second.session.driving.wish("suspend", second.job())
        await second.sees(lambda shown: shown.jobs[0].standing is Standing.SUSPENDED)
        assert await second.session.driving.wish("cancel", second.job())
        await second.sees(lambda shown: shown.jobs[0].standing is Standing.CANCELED)
        assert second.troubles == []


async def test_what_was_left_on_machines_that_are_not_watched_is_not_taken_up(tmp_path: Path) -> None:
    async with sitting(stop=False) as first:
        await first.session.start(experiment(tmp_path))
        await first.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.RUNNING)
    async with sitting(replace(HERE, sources=())) as second:
        await second.session.take_up()
        ((doing, error),) = second.troubles
        assert doing == "Take up e"
        assert "local://" in str(error)
        await second.session.apply(HERE)
        await second.session.take_up()
        await second.sees(lambda shown: shown.jobs[0].driven)


async def test_services_that_an_experiment_names_are_watched_for_it(tmp_path: Path) -> None:
    file = experiment(tmp_path)
    file.write_text(f'on = ["local://"]\n{file.read_text()}')
    async with sitting(replace(HERE, sources=()), stop=False) as first:
        await first.session.start(file)
        await first.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.RUNNING)
        assert [host.service for host in first.shown.hosts.values()] == ["local://"]
    async with sitting(replace(HERE, sources=())) as second:
        await second.session.take_up()
        await second.sees(lambda shown: shown.jobs and shown.jobs[0].driven and shown.hosts)
        assert await second.session.driving.wish("cancel", second.job())
        await second.sees(lambda shown: shown.jobs[0].standing is Standing.CANCELED and not shown.hosts)
        assert second.troubles == []


async def test_what_was_left_on_a_host_without_a_service_of_its_own_is_taken_up(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps([{"hostName": "localhost", "osName": "Linux"}]))
    file = experiment(tmp_path)
    (tmp_path / "any.contract").write_text("[any]\nosName = Linux\n")
    known = replace(HERE, sources=(hosts.as_uri(),))
    async with sitting(known, stop=False) as first:
        await first.session.start(file)
        await first.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.RUNNING)
        assert first.job().attempt.service == "local://"  # type: ignore[union-attr]
        assert [host.service for host in first.shown.hosts.values()] == [None]
    async with sitting(known) as second:
        await second.sees(lambda shown: any(host.status == "up" for host in shown.hosts.values()))
        await second.session.take_up()
        await second.sees(lambda shown: shown.jobs and shown.jobs[0].driven)
        assert second.troubles == []
        assert await second.session.driving.wish("cancel", second.job())
        await second.sees(lambda shown: shown.jobs[0].standing is Standing.CANCELED)


async def test_what_another_process_drives_is_said_to_be_driven(tmp_path: Path) -> None:
    async with sitting() as first, sitting() as second:
        await first.session.start(experiment(tmp_path))
        await second.sees(lambda shown: shown.jobs and shown.jobs[0].driven)
        await second.sees(lambda shown: second.session.driving.elsewhere)
        await second.session.take_up()
        assert not second.session.driving.driven
        assert await second.session.driving.wish("cancel", second.job())
        await first.sees(lambda shown: shown.jobs[0].standing is Standing.CANCELED)


async def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    file = experiment(tmp_path)
    async with sitting(replace(HERE, sources=())) as one:
        with pytest.raises(UsageError, match="no machine to start it on"):
            await one.session.start(file)
    async with sitting() as one:
        (tmp_path / "any.contract").write_text("[any]\ncpuAvail >\n")
        with pytest.raises(ContractInvalid):
            await one.session.start(file)
        with pytest.raises(UsageError, match="cannot be read"):
            await one.session.start(tmp_path / "gone.toml")


async def test_the_default_job_runs_in_a_contract_that_nobody_names(tmp_path: Path) -> None:
    (tmp_path / "lone.contract").write_text(CONTRACT)
    settings = replace(HERE, job=JobDefaults(executable="echo", arguments=("hello",)))
    async with sitting(settings) as one:
        file = await one.session.default_experiment(tmp_path / "lone.contract")
        await one.session.start(file)
        await one.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.DONE)
        assert one.job().last_line == "hello"
        assert "executable" not in file.read_text(), "the settings say it"


async def test_a_shorter_expiry_of_an_experiment_is_minded(tmp_path: Path) -> None:
    file = experiment(tmp_path)
    file.write_text(file.read_text() + '[reconfiguration]\nmeasurement_expiry = "3 s"\n')
    async with sitting() as one:
        await one.session.start(file)
        await one.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.RUNNING)
        assert [source.probe_s for source in one.session.machines.sources] == [1.5]  # type: ignore[attr-defined]


async def test_a_session_that_stops_ends_its_jobs(tmp_path: Path) -> None:
    async with sitting() as one:
        await one.session.start(experiment(tmp_path))
        await one.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.RUNNING)
    async with sitting() as one:
        await one.sees(lambda shown: shown.jobs)
        assert one.job().standing is Standing.CANCELED


async def test_a_held_instance_can_be_canceled(tmp_path: Path) -> None:
    file = experiment(tmp_path)
    (tmp_path / "any.contract").write_text("[any]\nosName = Plan9\n")
    async with sitting() as one:
        await one.session.start(file)
        await one.sees(lambda shown: shown.jobs and "Plan9" in shown.jobs[0].detail)
        with pytest.raises(ZeliGridError, match="runs nowhere"):
            await one.session.driving.wish("suspend", one.job())
        await one.session.driving.wish("cancel", one.job())
        await one.sees(lambda shown: shown.jobs[0].standing is Standing.CANCELED)


async def test_an_unknown_key_is_accepted_while_all_else_goes_on(openssh: Callable[..., OpenSsh]) -> None:
    server = openssh()
    async with sitting(replace(HERE, sources=(server.url,), identities=(server.identity,))) as one:
        await one.sees(lambda shown: any(host.offered_key for host in shown.hosts.values()))
        (line,) = [host.offered_key for host in one.shown.hosts.values() if host.offered_key]
        await one.session.accept_key(line)
        await one.sees(lambda shown: all(host.status == "up" for host in shown.hosts.values()))
        assert one.session.home.known_hosts_file.read_text() == line + "\n"


async def test_an_explicit_session_is_let_in_by_what_it_was_given(openssh: Callable[..., OpenSsh]) -> None:
    server = openssh()
    given = replace(HERE, sources=(server.url,), known_hosts=(server.known_hosts,), only_contexts=True)
    async with sitting(given) as one:
        await one.sees(lambda shown: any("no key to try" in host.detail for host in shown.hosts.values()))
        await one.session.apply(replace(given, contexts=(f"key:{server.identity}",)))
        await one.session.search()
        await one.sees(lambda shown: all(host.status == "up" for host in shown.hosts.values()))


async def test_settings_hold_at_once_and_are_kept() -> None:
    async with sitting(replace(HERE, sources=())) as one:
        assert not one.shown.hosts
        await one.session.add_sources(["local://"])
        await one.sees(lambda shown: any(host.status == "up" for host in shown.hosts.values()))
        (name,) = one.shown.hosts
        labels = {name: {"room": "2.11"}}
        await one.session.save(replace(one.session.settings, labels=labels, period_s=0.5))
        await one.sees(lambda shown: shown.hosts[name].values.get("room") == "2.11")
        assert one.shown.hosts[name].status == "up", "it was not lost meanwhile"
        kept = load(Home.find())
        assert (kept.sources, kept.labels, kept.period_s) == (("local://",), labels, 0.5)
        await one.session.apply(replace(one.session.settings, sources=("nonsense://x",)))
        assert "nonsense" in str(one.troubles[-1][1])


async def test_a_job_that_takes_input_gets_it(tmp_path: Path) -> None:
    file = experiment(tmp_path, job='executable = "cat"\ninteractive = true\n')
    async with sitting() as one:
        await one.session.start(file)
        await one.sees(lambda shown: shown.jobs and shown.jobs[0].standing is Standing.RUNNING)
        job = one.job()
        assert job.attempt
        await one.session.driving.send(job.attempt, b"what is sent\n", end=True)
        await one.sees(lambda shown: shown.jobs[0].standing is Standing.DONE)
        told = b""
        async for piece in one.session.follow(one.job(), "stdout"):
            told = piece.data if piece.begins is not None else told + piece.data
        assert told == b"what is sent\n"
