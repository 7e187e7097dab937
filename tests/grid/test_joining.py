"""Which hosts of several sources are one machine."""

from __future__ import annotations

import pytest

from tests.grid.scripted import Handset, Scripted, settle, watching
from zeligui.grid.addresses import usable
from zeligui.grid.hosts import Measurement
from zeligui.grid.machines import Machines

MDS, NWS = "ldap://giis/o=grid", "ldap://nws/o=nws"


@pytest.fixture
def clock() -> Handset:
    return Handset()


def names(machines: Machines) -> list[str]:
    return [host.name for host in machines.hosts()]


async def connect(source: Scripted, host: str, *addresses: str, identity: str = "boot:1") -> None:
    values = {"load1": 1.0}
    source._script.put_nowait(Measurement(host, source.url, values, identity, addresses=addresses))
    await settle()


async def test_hosts_of_two_directories_are_joined_by_address(clock: Handset) -> None:
    mds, nws = Scripted(MDS), Scripted(NWS)
    async with watching(clock, mds, nws) as machines:
        await mds.list_host("n1.grid", "10.0.0.1", cpuSpeed=2400.0)
        await nws.list_host("10.0.0.1", cpuAvail=0.5, cpuSpeed=1.0)
        await mds.announce()
        (host,) = machines.hosts()
        assert (host.name, dict(host.values)) == ("n1.grid", {"cpuSpeed": 2400.0, "cpuAvail": 0.5})
        await clock.pass_by(30)
        await nws.announce()
        assert machines.hosts()[0].ages == {"cpuSpeed": 30.0, "cpuAvail": 0.0}
        await clock.pass_by(0.1)
        await nws.list_host("10.0.0.1", cpuAvail=0.7)
        assert machines.hosts()[0].values["cpuAvail"] == 0.7
        assert [feed.hosts for feed in machines.feeds] == [1, 1]


async def test_a_connection_joins_what_a_directory_says_and_gives_it_its_name(clock: Handset) -> None:
    mds, machine = Scripted(MDS), Scripted("ssh://lab1")
    async with watching(clock, mds, machine) as machines:
        await mds.list_host("node7.grid", "10.0.0.7", site="here")
        await mds.announce()
        await connect(machine, "lab1", "10.0.0.7")
        (host,) = machines.hosts()
        assert (host.name, host.service) == ("lab1", "ssh://lab1")
        assert dict(host.values) == {"site": "here", "load1": 1.0}


async def test_an_address_that_several_hosts_have_joins_none(clock: Handset) -> None:
    mds, machine = Scripted(MDS), Scripted("ssh://lab1")
    async with watching(clock, mds, machine) as machines:
        await mds.list_host("n1.grid", "192.168.0.1")
        await mds.list_host("n2.grid", "192.168.0.1")
        await mds.announce()
        await connect(machine, "lab1", "192.168.0.1")
        assert names(machines) == ["lab1", "n1.grid", "n2.grid"]


async def test_two_connections_and_two_hosts_of_one_directory_stay_apart(clock: Handset) -> None:
    mds, one, other = Scripted(MDS), Scripted("ssh://gate:1"), Scripted("ssh://gate:2")
    async with watching(clock, mds, one, other) as machines:
        await connect(one, "a", "10.0.0.1")
        await connect(other, "b", "10.0.0.1", identity="boot:2")
        await mds.list_host("c", "10.0.0.2")
        await mds.list_host("d", "10.0.0.2")
        await mds.announce()
        assert names(machines) == ["a", "b", "c", "d"]


async def test_loopback_addresses_join_nothing(clock: Handset) -> None:
    mds, machine = Scripted(MDS), Scripted("ssh://127.0.0.1:2201")
    async with watching(clock, mds, machine) as machines:
        await mds.list_host("n1", "127.0.0.1", "::1", "0.0.0.0", "fe80::1")
        await mds.announce()
        await connect(machine, "node1", "127.0.0.1")
        assert names(machines) == ["n1", "node1"]


async def test_a_name_without_its_domain_joins_only_where_one_can_be_meant(clock: Handset) -> None:
    mds, nws = Scripted(MDS), Scripted(NWS)
    async with watching(clock, mds, nws) as machines:
        for name in ("lab1.example.org", "lab2.example.org", "lab2.example.com", "lab3.example.org"):
            await mds.list_host(name, *(["10.0.0.3"] if name.startswith("lab3") else []))
        for name in ("LAB1", "lab2"):
            await nws.list_host(name)
        await nws.list_host("lab3", "10.9.9.9")
        await nws.announce()
        assert names(machines) == [
            "lab1.example.org",
            "lab2",
            "lab2.example.com",
            "lab2.example.org",
            "lab3",
            "lab3.example.org",
        ]


async def test_two_sites_that_share_no_name_are_not_joined_by_the_first_part_of_theirs(clock: Handset) -> None:
    mds, nws = Scripted(MDS), Scripted(NWS)
    async with watching(clock, mds, nws) as machines:
        await mds.list_host("lab1.example.org")
        await nws.list_host("lab1.example.com")
        await mds.list_host("10.0.0.1")
        await nws.list_host("10.1.1.1")
        await nws.announce()
        assert len(machines.hosts()) == 4


async def test_a_joined_host_stays_with_the_source_that_still_names_it(clock: Handset) -> None:
    mds, nws = Scripted(MDS), Scripted(NWS)
    async with watching(clock, mds, nws) as machines:
        await mds.list_host("n1.grid", "10.0.0.1")
        await nws.list_host("10.0.0.1")
        await nws.announce()
        await mds.announce(gone=("n1.grid",))
        (host,) = machines.hosts()
        assert host.source == NWS
        await nws.announce(gone=("10.0.0.1",))
        assert names(machines) == []


def test_addresses_are_compared_in_one_writing() -> None:
    given = [
        "::ffff:10.0.0.1",
        " 10.0.0.1",
        "[2001:DB8::0:1]",
        "127.0.1.1",
        "10.0.0",
        "",
        "255.255.255.255.1",
        "a\0",
        "0.0.0.0",
    ]
    assert usable(given) == ("10.0.0.1", "2001:db8::1")
