"""What comes of many hosts at once is taken over as if each of them had been measured by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.grid.scripted import Handset, Scripted, settle, watching
from zeligui.contract.columns import Texts
from zeligui.grid.hosts import Host, Value
from zeligui.grid.machines import Arrival, Machines
from zeligui.grid.survey import Survey

DIRECTORY = "ldap://giis/o=grid"
SYSTEMS = ("Linux", "AIX", "SunOS")


@pytest.fixture
def clock() -> Handset:
    return Handset()


def survey(hosts: Sequence[str], *, turn: int = 0, valid_s: float = np.inf, note: str = "") -> Survey:
    count = len(hosts)
    return Survey(
        DIRECTORY,
        tuple(hosts),
        {"load1": np.arange(count) + turn / 10, "osName": Texts(np.arange(count, dtype=np.int32) % 3, SYSTEMS)},
        stamps=np.full(count, 5000.0 + turn),
        valid_s=np.full(count, valid_s),
        addresses=tuple((f"10.0.0.{place}",) for place in range(count)),
        note=note,
    )


async def tell(directory: Scripted, piece: Survey, *, together: bool) -> None:
    pieces = [piece] if together else [piece.measurement(place) for place in range(len(piece.hosts))]
    for one in pieces:
        directory._script.put_nowait(one)
    await settle()


def known(machines: Machines) -> Mapping[str, Host]:
    return {host.name: host for host in machines.hosts()}


@pytest.mark.parametrize("labels", [{}, {"N1": {"load1": 0.25, "rack": "a"}}])
async def test_many_at_once_are_taken_as_one_by_one(labels: Mapping[str, Mapping[str, Value]]) -> None:
    found = []
    for together in (True, False):
        clock, heard = Handset(), list[Arrival]()
        directory, other = Scripted(DIRECTORY), Scripted("ssh://n2")
        async with watching(clock, directory, other, expiry_s=10, labels=labels) as machines:
            machines.subscribe(heard.append)
            await other.say("n2", load1=9.0)
            names = ["n1", "n2", "n3"]
            for turn, some in enumerate((names, [*names, "n4"], ["n4", "n3"], names)):
                await tell(directory, survey(some, turn=turn, note="Look."), together=together)
                await clock.pass_by(1)
            await tell(directory, survey(names, turn=3), together=together)
            hosts = machines.hosts()
            columns = machines.columns()
            histories = {name: [one.tolist() for one in machines.history(name, "load1")] for name in machines.listed}
            stored = columns.numbers("load1").tolist()
            addresses = {one.name: one.addresses for one in machines._roster.machines.values()}
            arrivals = sorted((one.host, one.time, one.attributes, tuple(one.values.items())) for one in heard)
            found.append((hosts, histories, stored, addresses, arrivals))
    assert found[0] == found[1]


async def test_values_of_many_are_known_as_long_as_their_publisher_answers_for_them(clock: Handset) -> None:
    directory = Scripted(DIRECTORY)
    async with watching(clock, directory, expiry_s=100) as machines:
        await tell(directory, survey(["n1", "n2"], valid_s=20.0), together=True)
        assert {host.status for host in machines.hosts()} == {"up"}
        await clock.pass_by(25)
        assert {host.status for host in machines.hosts()} == {"stale"}
        assert np.isnan(machines.columns().numbers("load1")).all()


async def test_what_is_known_newer_stays(clock: Handset) -> None:
    directory = Scripted(DIRECTORY)
    async with watching(clock, directory) as machines:
        await tell(directory, survey(["n1", "n2"], turn=3), together=True)
        await clock.pass_by(1)
        await directory.list_host("n1", cpuAvail=0.5)
        await tell(directory, survey(["n1", "n2"], turn=4), together=True)
        values = known(machines)["n1"].values
        assert (values["load1"], values["cpuAvail"]) == (0.4, 0.5)


async def test_who_listens_hears_of_each_host(clock: Handset) -> None:
    directory, heard = Scripted(DIRECTORY), list[Arrival]()
    async with watching(clock, directory) as machines:
        machines.subscribe(heard.append)
        await tell(directory, survey(["n1", "n2"]), together=True)
    assert [(one.host, one.values["osName"], one.addresses) for one in heard if one.measured] == [
        ("n1", "Linux", ("10.0.0.0",)),
        ("n2", "AIX", ("10.0.0.1",)),
    ]
