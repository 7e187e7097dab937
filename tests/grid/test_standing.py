"""What directories say of many hosts: it stands while they say so, and is kept for a while when they are away."""

from __future__ import annotations

import math

import pytest

from tests.grid.scripted import Handset, Scripted, status, watching
from zeligui.errors import Refused, Unreachable
from zeligui.grid.machines import Arrival

DIRECTORY = "ldap://giis/o=grid"


@pytest.fixture
def clock() -> Handset:
    return Handset()


async def test_what_stands_stays_known_and_costs_no_news(clock: Handset) -> None:
    directory, heard = Scripted(DIRECTORY), list[Arrival]()
    async with watching(clock, directory, expiry_s=10) as machines:
        await directory.list_host("n1", load1=0.5, osName="Linux")
        machines.subscribe(heard.append)
        for _ in range(5):
            await clock.pass_by(8)
            await directory.announce("All is well.")
        assert (status(machines, "n1"), machines.hosts()[0].detail) == ("up", "All is well.")
        assert machines.columns().numbers("load1").tolist() == [0.5]
        assert machines.columns().statistic("avg", "load1", 20.0).tolist() == [0.5]
        assert machines.stamp("n1", {"load1"}) == clock.age()
        assert heard == []
        await clock.pass_by(12)
        assert status(machines, "n1") == "stale"
        assert heard == [Arrival("n1", measured=False)]
        assert math.isnan(machines.columns().numbers("load1")[0])
        await directory.announce()
        assert status(machines, "n1") == "up"


async def test_a_value_that_is_said_no_more_grows_old(clock: Handset) -> None:
    directory = Scripted(DIRECTORY)
    async with watching(clock, directory, expiry_s=10) as machines:
        await directory.list_host("n1", load1=0.5, cpuSpeed=3000.0)
        await clock.pass_by(0.1)
        await directory.list_host("n1", load1=0.7)
        await clock.pass_by(8)
        await directory.announce()
        await clock.pass_by(8)
        columns = machines.columns()
        assert columns.numbers("load1").tolist() == [0.7]
        assert math.isnan(columns.numbers("cpuSpeed")[0])


async def test_what_has_a_stamp_grows_old_while_the_directory_lives(clock: Handset) -> None:
    directory = Scripted(DIRECTORY)
    async with watching(clock, directory, expiry_s=10) as machines:
        await directory.list_host("n1", stamp=5.0, load1=0.5)
        await clock.pass_by(8)
        await directory.announce()
        await clock.pass_by(3)
        host = machines.host("n1")
        assert host
        assert (host.status, host.detail) == ("stale", "No fresh measurement for 11 s.")


async def test_a_directory_that_is_away_keeps_its_hosts_until_they_are_too_old(clock: Handset) -> None:
    directory = Scripted(DIRECTORY)
    async with watching(clock, directory, expiry_s=10) as machines:
        await directory.list_host("n1", load1=0.5)
        await directory.announce()
        await clock.pass_by(4)
        await directory.fail(Refused("Nothing answers."))
        host = machines.host("n1")
        assert host
        assert (host.status, host.detail) == ("up", "Nothing answers. What it said last counts until it is too old.")
        assert [feed.status for feed in machines.feeds] == ["refused"]
        await clock.pass_by(8)
        host = machines.host("n1")
        assert host
        assert (host.status, host.detail) == ("refused", "Nothing answers.")
        await directory.announce()
        assert status(machines, "n1") == "up"


async def test_a_host_that_one_answer_lacks_grows_old_by_itself(clock: Handset) -> None:
    directory = Scripted(DIRECTORY)
    async with watching(clock, directory, expiry_s=10) as machines:
        await directory.list_host("n1")
        await directory.list_host("n2")
        await directory.announce(missing=("n1",))
        assert status(machines, "n1") == "up"
        await clock.pass_by(8)
        await directory.announce(missing=("n1",))
        await clock.pass_by(4)
        assert (status(machines, "n1"), status(machines, "n2")) == ("stale", "up")
        host = machines.host("n1")
        assert host
        assert host.detail == f"{DIRECTORY} does not name it any more. No fresh measurement for 12 s."
        await directory.list_host("n1")
        assert status(machines, "n1") == "up"


async def test_a_host_that_is_gone_leaves_and_its_row_is_used_again(clock: Handset) -> None:
    directory, machine, heard = Scripted(DIRECTORY), Scripted("ssh://n2"), list[Arrival]()
    async with watching(clock, directory, machine) as machines:
        await machine.say("n2", load1=1.0)
        for number in (1, 2, 3):
            await directory.list_host(f"n{number}", load1=0.5, site="here")
        machines.subscribe(heard.append)
        names = machines.names
        await directory.announce(gone=("n1", "n2", "nobody"))
        assert [host.name for host in machines.hosts()] == ["n2", "n3"]
        assert machines.names > names
        assert heard == [Arrival("n1", False), Arrival("n2", False)]
        await directory.list_host("n4", osName="Linux")
        assert dict(machines.hosts()[2].values) == {"osName": "Linux"}
        assert len(machines.history("n4", "load1")[0]) == 0
        assert machines._measurements.rows == 3


async def test_values_are_unknown_once_their_publisher_does_not_answer_for_them(clock: Handset) -> None:
    directory, heard = Scripted(DIRECTORY), list[Arrival]()
    async with watching(clock, directory, expiry_s=60) as machines:
        await directory.list_host("n1", stamp=5.0, valid_s=20.0, load1=0.5)
        machines.subscribe(heard.append)
        await clock.pass_by(19)
        assert machines.columns().numbers("load1").tolist() == [0.5]
        await clock.pass_by(3)
        assert math.isnan(machines.columns().numbers("load1")[0])
        assert heard == [Arrival("n1", measured=False)]
        host = machines.host("n1")
        assert host
        assert (host.status, host.values["load1"]) == ("stale", 0.5)
        assert host.detail == "Its publisher answers for its values no more since 2 s."
        await directory.list_host("n1", stamp=30.0, valid_s=20.0, load1=0.6)
        assert status(machines, "n1") == "up"


async def test_a_directory_leads_with_what_it_said_before_when_a_connection_breaks(clock: Handset) -> None:
    directory, machine = Scripted(DIRECTORY), Scripted("ssh://n1")
    async with watching(clock, directory, machine, expiry_s=10) as machines:
        await machine.say("n1", load1=1.0)
        await directory.list_host("n1", load1=0.5, site="here")
        await clock.pass_by(1)
        assert dict(machines.hosts()[0].values) == {"load1": 1.0, "site": "here"}
        await machine.fail(Unreachable("No route."))
        assert dict(machines.hosts()[0].values) == {"load1": 0.5, "site": "here"}
        for _ in range(3):
            await clock.pass_by(8)
            await directory.announce()
        assert (status(machines, "n1"), machines.columns().numbers("load1").tolist()) == ("up", [0.5])


async def test_hosts_that_nothing_comes_of_are_not_looked_at(clock: Handset) -> None:
    directory = Scripted(DIRECTORY)
    async with watching(clock, directory, expiry_s=100) as machines:
        for number in range(50):
            await directory.list_host(f"n{number}")
        looked = 0
        review = machines._review

        def counted(machine: object, **more: bool) -> None:
            nonlocal looked
            looked += 1
            review(machine, **more)  # type: ignore[arg-type]

        machines._review = counted  # type: ignore[method-assign]
        for _ in range(9):
            await clock.pass_by(10)
            await directory.announce()
        assert looked == 0
        await clock.pass_by(20)
        assert looked == 50, "their time has come, and is put off"
        assert {host.status for host in machines.hosts()} == {"up"}


async def test_a_directory_says_when_it_confirmed_what_it_told_and_for_whom_alone(clock: Handset) -> None:
    directory, other = Scripted(DIRECTORY), Scripted("ldap://other/o=grid")
    async with watching(clock, directory, other) as machines:
        assert machines.confirmed() == {}
        await directory.list_host("n1")
        await directory.announce()
        confirmed = clock.age()
        await clock.pass_by(3)
        assert machines.confirmed() == {DIRECTORY: confirmed}
        assert machines.speaking_only_for("n1") == {DIRECTORY}
        assert machines.speaking_only_for("n2") == set()
        await directory.list_host("n2")
        await other.list_host("n2")
        assert machines.speaking_only_for("n1") == set()
        assert machines.speaking_only_for("n2") == {"ldap://other/o=grid"}
        await other.announce()
        assert machines.confirmed() == {DIRECTORY: confirmed, "ldap://other/o=grid": clock.age()}
        await other.fail(Unreachable("No route."))
        assert machines.confirmed() == {DIRECTORY: confirmed}
