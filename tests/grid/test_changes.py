"""The live machines while their sources, labels and rules change."""

from __future__ import annotations

import asyncio

import pytest

from tests.grid.scripted import Handset, Scripted, settle, status, watching
from zeligui.errors import UnknownHostKey, Unreachable


@pytest.fixture
def clock() -> Handset:
    return Handset()


async def test_a_source_that_stays_is_not_begun_anew(clock: Handset) -> None:
    stays, goes, comes = (Scripted(f"ssh://{name}") for name in ("stays", "goes", "comes"))
    async with watching(clock, stays, goes) as machines:
        await stays.say()
        await goes.say(identity="boot:2")
        before = machines.names
        await machines.change([stays, comes])
        await settle()
        assert [host.name for host in machines.hosts()] == ["comes", "stays"]
        assert machines.names > before
        assert (stays.begun, comes.begun) == (1, 1)
        await comes.say(identity="boot:3")
        assert status(machines, "comes") == "up"


async def test_a_host_of_two_sources_stays_when_one_goes(clock: Handset) -> None:
    first, second = Scripted("ssh://lab1"), Scripted("file:///grid.json")
    async with watching(clock, first, second) as machines:
        await first.say("lab1", load1=1.0)
        await second.say("lab1", identity="", cpuSpeed=3000.0)
        await machines.change([second])
        assert [host.name for host in machines.hosts()] == ["lab1"]


async def test_a_source_that_takes_the_place_of_another_goes_on_with_what_is_known(clock: Handset) -> None:
    slow, quick = Scripted("ssh://lab1"), Scripted("ssh://lab1")
    async with watching(clock, slow) as machines:
        await slow.say(load1=1.0)
        names = machines.names
        await machines.change([quick])
        assert machines.names == names
        assert machines.hosts()[0].values["load1"] == 1.0
        await clock.pass_by(1)
        await quick.say(load1=2.0)
        assert machines.history("lab1", "load1")[1].tolist() == [1.0, 2.0]


async def test_labels_are_replaced_and_removed(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source, labels={"lab1": {"room": "2.11", "owner": "ana"}}) as machines:
        await source.say()
        await machines.change([source], labels={"LAB1": {"room": "3.01"}})
        (host,) = machines.hosts()
        assert host.values["room"] == "3.01"
        assert "owner" not in host.values
        assert host.ages["room"] == 0.0


async def test_a_shorter_expiry_holds_at_once(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        await source.say()
        clock.waited += 8.0
        await machines.change([source], expiry_s=5.0)
        assert status(machines, "lab1") == "stale"


async def test_a_search_tries_silent_sources_at_once(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        for _ in range(5):
            await source.fail(Unreachable("No route."))
            await clock.pass_by(40)
        await source.fail(Unreachable("No route."))
        begun = source.begun
        searching = asyncio.ensure_future(machines.search(5))
        await settle()
        assert source.begun == begun + 1
        assert machines.unsettled == ("ssh://lab1",)
        await source.say(load1=1.0)
        await source.say(latency=1.0, bandWidth=90.0)
        await asyncio.wait_for(searching, 5)


async def test_a_search_reads_a_file_anew(clock: Handset) -> None:
    source = Scripted("file:///grid.json")
    async with watching(clock, source) as machines:
        await source.say("n1", identity="")
        searching = asyncio.ensure_future(machines.search(5))
        await settle()
        assert source.begun == 2
        await source.say("n1", identity="", load1=2.0)
        await asyncio.wait_for(searching, 5)


async def test_a_host_whose_key_is_unknown_offers_the_line_that_accepts_it(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        await source.fail(UnknownHostKey("The key of lab1 is not known.", line="lab1 ssh-ed25519 AAAA"))
        (host,) = machines.hosts()
        assert (host.status, host.offered_key) == ("unknown-key", "lab1 ssh-ed25519 AAAA")


async def test_the_history_of_one_host_is_its_own(clock: Handset) -> None:
    one, other = Scripted("ssh://one"), Scripted("ssh://other")
    async with watching(clock, one, other) as machines:
        for load in (1.0, 2.0, 3.0):
            await one.say(load1=load)
            await other.say(identity="boot:2", load1=9.0)
            await clock.pass_by(1)
        times, values = machines.history("one", "LOAD1")
        assert values.tolist() == [1.0, 2.0, 3.0]
        assert len(times) == 3
        assert all(len(column) == 0 for column in machines.history("nobody", "load1"))
