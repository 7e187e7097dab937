"""The live machines, over sources whose behaviour is written here."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable

import pytest

from tests.grid.scripted import Handset, Scripted, status, watching
from zeligui.errors import ChangedHostKey, LinkError, Refused, Unreachable
from zeligui.grid import following
from zeligui.grid.hosts import NOT_YET, FeedState, Measurement, Usage
from zeligui.grid.machines import Arrival

JOB = "a" * 32


@pytest.fixture
def clock() -> Handset:
    return Handset()


async def test_a_host_is_listed_before_it_answers(clock: Handset) -> None:
    async with watching(clock, Scripted("ssh://me@lab1:2222"), Scripted("ssh://[::1]")) as machines:
        assert [(host.name, host.status, host.service) for host in machines.hosts()] == [
            ("::1", "unreachable", "ssh://[::1]"),
            ("lab1", "unreachable", "ssh://me@lab1:2222"),
        ]


async def test_a_measurement_makes_it_up(clock: Handset) -> None:
    heard: list[Arrival] = []
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        forget = machines.subscribe(heard.append)
        await source.say(load1=0.5, osName="Linux", stamp=5.0)
        host = machines.host("lab1")
        assert host
        assert (host.status, host.detail, host.identity) == ("up", "", "boot:1")
        assert host.values == {"load1": 0.5, "osName": "Linux"}
        assert heard == [Arrival("lab1", True, frozenset({"load1", "osName"}))]
        await clock.pass_by(0.5)
        assert machines.stamp("lab1", {"LOAD1"}) == clock.age() - 0.5
        assert machines.stamp("lab1", {"load5"}) == machines.stamp("nobody", {"load1"}) == -math.inf
        assert machines.columns().numbers("load1").tolist() == [0.5]
        forget()
        await source.say(load1=1.0, stamp=6.0)
        assert len(heard) == 1


async def test_a_forecast_needs_ten_values_of_a_host(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        for stamp in range(10):
            assert machines.forecast("lab1", "load1", [2.0]) is None
            await source.say(load1=0.5, stamp=float(stamp))
            await clock.pass_by(2)
        found = machines.forecast("lab1", "load1", [2.0, 20.0])
        assert found
        assert found.values.tolist() == [0.5, 0.5]
        assert found.errors.tolist() == [0.0, 0.0]
        assert machines.forecast("nobody", "load1", [2.0]) is None


async def test_a_republished_value_is_not_new(clock: Handset) -> None:
    heard: list[Arrival] = []
    source = Scripted("file:///grid.json")
    async with watching(clock, source, expiry_s=10) as machines:
        machines.subscribe(heard.append)
        await source.say("n1", load1=0.5, stamp=5.0)
        for _ in range(3):
            await clock.pass_by(4)
            await source.say("n1", load1=0.5, stamp=5.0)
        assert [one for one in heard if one.measured] == [Arrival("n1", True, frozenset({"load1"}))]
        assert math.isnan(machines.columns().numbers("load1")[0])
        assert status(machines, "n1") == "stale"
        assert heard[-1] == Arrival("n1", False)


async def test_a_silent_connection_is_stale_after_three_periods(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        for time in range(5):
            await clock.pass_by(2)
            await source.say(stamp=2.0 * time)
        await clock.pass_by(7)
        assert status(machines, "lab1") == "up"
        await clock.pass_by(2)
        host = machines.host("lab1")
        assert host
        assert (host.status, host.detail) == ("stale", "No fresh measurement for 9 s.")
        await source.say(stamp=20.0)
        assert status(machines, "lab1") == "up"


@pytest.mark.parametrize("error", [Unreachable("No route."), Refused("No."), ChangedHostKey("Other key.", hint="See.")])
async def test_a_failure_is_the_hosts_state_and_is_tried_again(clock: Handset, error: LinkError) -> None:
    heard: list[Arrival] = []
    source, other = Scripted("ssh://lab1"), Scripted("ssh://lab2")
    async with watching(clock, source, other) as machines:
        await source.say()
        await other.say(identity="boot:2")
        machines.subscribe(heard.append)
        await source.fail(error)
        host = machines.host("lab1")
        assert host
        assert (host.status, host.detail) == (error.status, f"{error} {error.hint}".strip())
        assert heard == [Arrival("lab1", False)]
        assert status(machines, "lab2") == "up"
        assert machines.columns().numbers("load1").tolist() == [1, 1], "known until it expires"
        await clock.pass_by(1.3)
        assert source.begun == 2
        await source.say()
        assert status(machines, "lab1") == "up"


async def test_pauses_grow(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source):
        pauses = []
        for _ in range(8):
            begun, before = clock.waited, source.begun
            await source.fail(Unreachable("No route."))
            while source.begun == before:
                await clock.pass_by(0.25)
            pauses.append(clock.waited - begun)
        for pause, expected in zip(pauses, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
            assert 0.75 * expected <= pause <= 1.25 * expected + 0.5


async def test_a_faulty_source_is_told_in_words(clock: Handset, caplog: pytest.LogCaptureFixture) -> None:
    source = Scripted("odd://thing")
    async with watching(clock, source) as machines:
        await source.fail(ZeroDivisionError("one by nothing"))
        host = machines.hosts()[0]
        assert (host.status, host.detail) == (
            "unreachable",
            "Watching it failed: ZeroDivisionError: one by nothing.",
        )
        assert "watching odd://thing failed" in caplog.text


async def test_rubbish_is_told_and_harms_nothing(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        await source.say()
        await source.complain("The sensor sent rubbish.")
        host = machines.host("lab1")
        assert host
        assert (host.status, host.detail) == ("up", "The sensor sent rubbish.")


async def test_after_this_machine_slept_nothing_is_known(clock: Handset) -> None:
    heard: list[Arrival] = []
    source = Scripted("ssh://lab1")
    async with watching(clock, source, labels={"LAB1": {"site": "here"}}) as machines:
        await source.say(stamp=1.0)
        machines.subscribe(heard.append)
        clock.slept += 20
        assert math.isnan(machines.columns().numbers("load1")[0])
        host = machines.host("lab1")
        assert host
        assert (host.status, host.values) == ("stale", {"site": "here"})
        assert heard == [Arrival("lab1", False)]
        await source.say(stamp=2.0)
        assert math.isnan(machines.columns().numbers("load1")[0]), "it had waited in the pipe"
        await source.say(stamp=30.0)
        assert machines.columns().numbers("load1").tolist() == [1]
        assert status(machines, "lab1") == "up"


async def test_two_sources_of_one_machine_are_one_host(clock: Handset) -> None:
    first, second = Scripted("ssh://lab1"), Scripted("ssh://10.0.0.1:2222")
    async with watching(clock, first, second) as machines:
        await second.say("lab1", load1=2.0, stamp=1.0)
        await first.say("lab1", load1=1.0, stamp=1.0)
        (host,) = machines.hosts()
        assert (host.name, host.source) == ("lab1", "ssh://lab1")
        await second.say("lab1", load1=3.0, rare=1.0, stamp=2.0)
        await clock.pass_by(0.1)
        await second.say("lab1", load1=4.0, rare=1.0, stamp=3.0)
        values = machines.hosts()[0].values
        assert values["rare"] == 1, "what the first does not give comes from the second"
        await first.fail(Unreachable("Gone."))
        await second.say("lab1", load1=5.0, stamp=4.0)
        assert machines.hosts()[0].values["load1"] == 5
        assert machines.hosts()[0].status == "up"


async def test_one_name_for_two_machines_gets_the_url_appended(clock: Handset) -> None:
    first, second = Scripted("ssh://me@localhost:2201"), Scripted("ssh://me@localhost:2202")
    async with watching(clock, first, second) as machines:
        assert [host.name for host in machines.hosts()] == ["localhost", "localhost@localhost:2202"]
        await second.say("localhost", identity="boot:2", load1=2.0)
        await first.say("localhost", identity="boot:1", load1=1.0)
        assert [(host.name, host.values["load1"]) for host in machines.hosts()] == [
            ("localhost", 1.0),
            ("localhost@localhost:2202", 2.0),
        ]


async def test_nodes_take_the_names_that_their_sensors_report(clock: Handset) -> None:
    sources = [Scripted(f"ssh://127.0.0.1:{port}") for port in (2201, 2202, 2203)]
    async with watching(clock, *sources) as machines:
        for number, source in enumerate(sources):
            await source.say(f"node{number}.grid", identity=f"boot:{number}")
        assert [host.name for host in machines.hosts()] == ["node0.grid", "node1.grid", "node2.grid"]
        assert machines.columns().names == ("node0.grid", "node1.grid", "node2.grid")


async def test_a_directory_adds_to_a_host_that_is_connected(clock: Handset) -> None:
    directory, machine = Scripted("file:///grid.json"), Scripted("ssh://lab1")
    async with watching(clock, directory, machine) as machines:
        await directory.say("lab1", identity="", site="here")
        await directory.say("lab2", identity="", site="there")
        await machine.say(load1=1.0)
        assert [(host.name, host.service, dict(host.values)) for host in machines.hosts()] == [
            ("lab1", "ssh://lab1", {"site": "here", "load1": 1.0}),
            ("lab2", None, {"site": "there"}),
        ]


async def test_names_that_differ_in_case_alone_are_one_host(clock: Handset) -> None:
    directory, machine = Scripted("file:///grid.json"), Scripted("ssh://lab1")
    async with watching(clock, directory, machine) as machines:
        await directory.say("LAB1", identity="", site="here")
        await machine.say(load1=1.0)
        assert [dict(host.values) for host in machines.hosts()] == [{"site": "here", "load1": 1.0}]


async def test_a_machine_that_was_started_anew_is_the_same_host(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        await source.say(identity="boot:1", stamp=1e9)
        await source.fail(Unreachable("Gone."))
        await clock.pass_by(2)
        await source.say(identity="boot:2", stamp=5.0)
        (host,) = machines.hosts()
        assert (host.name, host.identity, host.status) == ("lab1", "boot:2", "up")


async def test_what_jobs_use_is_known(clock: Handset) -> None:
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        assert machines.usage(JOB) is None
        for time in range(3):
            await clock.pass_by(2)
            await source.say(jobs=Usage(1.0 + time, 20.0, 1.0), stamp=float(time))
        assert machines.usage(JOB) == Usage(3.0, 20.0, 1.0)
        trail = machines.trail(JOB, "lab1")
        assert trail
        assert trail.last - trail.first == pytest.approx(2.0, abs=0.01), "by the publisher's clock"
        assert machines.trail(JOB, "nobody") is None
        await clock.pass_by(4000)
        assert machines.usage(JOB) is None


async def test_jobs_that_a_machine_makes_up_do_not_pile_up(clock: Handset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeligui.grid.trail.MOST_JOBS", 3)
    source = Scripted("ssh://lab1")
    async with watching(clock, source) as machines:
        for job in "abcdef":
            await clock.pass_by(1)
            await source.say(job=job, jobs=Usage(0, 0, 0))
        assert [bool(machines.usage(job * 32)) for job in "abcdef"] == [True] * 3 + [False] * 3
        await clock.pass_by(3700)
        await source.say(job="f", jobs=Usage(0, 0, 0))
        assert machines.usage("f" * 32)


async def test_the_first_round_waits_for_all(clock: Handset) -> None:
    sources = [Scripted("ssh://lab1"), Scripted("ssh://lab2"), Scripted("file:///grid.json")]
    async with watching(clock, *sources) as machines:
        waiting = asyncio.ensure_future(machines.first_round(30))

        async def step(act: Callable[[], object]) -> bool:
            await act()  # type: ignore[misc]
            return waiting.done()

        assert not await step(lambda: sources[0].say(load1=1.0))
        assert not await step(lambda: sources[1].fail(Unreachable("No route.")))
        assert not await step(lambda: sources[2].say("n1", identity=""))
        assert await step(lambda: sources[0].say(latency=1.0, bandWidth=90.0))


async def test_the_first_round_waits_for_every_host_of_a_file_and_others_have_their_turn(
    clock: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "TURN_S", 0.0)

    class File(Scripted):
        async def watch(self) -> AsyncIterator[Measurement]:
            for number in range(500):
                yield Measurement(f"n{number:03}", self.url, {"load1": 1.0})
            await asyncio.sleep(3600)

    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.ensure_future(turn())
    async with watching(clock, File("file:///grid.json")) as machines:
        await machines.first_round()
        assert len(machines.hosts()) == 500
        assert turns > 500
        others.cancel()


async def test_the_first_round_has_an_end(clock: Handset) -> None:
    async with watching(clock, Scripted("ssh://lab1")) as machines:
        await asyncio.wait_for(machines.first_round(0.05), 5)


async def test_what_each_source_has_said_is_known(clock: Handset) -> None:
    machine, directory = Scripted("ssh://lab1"), Scripted("ldap://giis/o=grid")
    async with watching(clock, machine, directory) as machines:
        assert [(feed.status, feed.detail, feed.settled) for feed in machines.feeds] == [
            ("unreachable", NOT_YET, False)
        ] * 2
        await machine.fail(Unreachable("No route."))
        for number in range(3):
            await directory.say(f"n{number}", identity="")
        assert machines.feeds == (
            FeedState("ssh://lab1", "unreachable", "No route.", 0, settled=True),
            FeedState("ldap://giis/o=grid", "up", "", 3, settled=True),
        )
