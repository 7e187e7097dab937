"""A directory as a source: a real slapd whose entries come, change and go."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

import pytest

from zeligui.cli import main
from zeligui.clock import SystemClock
from zeligui.errors import LinkError, Refused, Unreachable, UsageError
from zeligui.grid.directories import Described, Directory
from zeligui.grid.hosts import Bulletin, Measurement
from zeligui.grid.machines import Machines
from zeligui.grid.sources import directory, directory_news, open_source
from zeligui.grid.sources.directory_news import News
from zeligui.links import open_links
from zeligui.settings import Home

HOST = {
    "Mds_Os_name": "Linux",
    "Mds_Cpu_speedMHz": "2400",
    "Mds_Cpu_Total_count": "4",
    "Mds_Cpu_Total_Free_1minX100": "60",
    "Mds_Memory_Ram_Total_freeMB": "512",
}


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "POLL_S", 0.05)


def watch(url: str, *, expiry_s: float = 60.0) -> AsyncGenerator[Measurement | Bulletin]:
    source = open_source(url, open_links(), period_s=0.05, expiry_s=expiry_s)
    return cast(AsyncGenerator[Measurement | Bulletin], source.watch())


async def measured(pieces: AsyncGenerator[Measurement | Bulletin]) -> Measurement:
    """The next measurement."""
    async with asyncio.timeout(20):
        while not isinstance(piece := await anext(pieces), Measurement):
            pass
        return piece


async def announced(pieces: AsyncGenerator[Measurement | Bulletin]) -> Bulletin:
    """The next bulletin."""
    async with asyncio.timeout(20):
        while not isinstance(piece := await anext(pieces), Bulletin):
            pass
        return piece


async def first(url: str) -> Measurement:
    async with aclosing(watch(url)) as pieces:
        return await measured(pieces)


async def failure(url: str) -> LinkError:
    with pytest.raises(LinkError) as caught:
        await first(url)
    return caught.value


def stamp(seconds_ago: float) -> str:
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - seconds_ago))


async def test_hosts_come_with_their_values(openldap: Callable[..., Any]) -> None:
    server = openldap()
    server.add_host("n1.grid", **HOST, Mds_validfrom=stamp(5))
    server.add_host("n2.grid", **HOST | {"Mds_Cpu_speedMHz": "999999999", "Mds_Os_name": "UNDEFINEDVALUE"})
    async with aclosing(watch(server.url)) as pieces:
        found = {one.host: one for one in [await measured(pieces), await measured(pieces)]}
        said = await announced(pieces)
    one, two = found["n1.grid"], found["n2.grid"]
    expected = {"osName": "Linux", "cpuSpeed": 2400.0, "cpuCount": 4.0, "cpuAvail": 0.6, "freeMemory": 512.0}
    assert expected.items() <= one.values.items()
    assert one.values["Mds-Cpu-Total-Free-1minX100"] == 60.0
    assert one.stamp == pytest.approx(time.time() - 5, abs=3)
    assert (one.source, one.note, two.stamp) == (server.url, "", None)
    assert (one.stands, two.stands) == (False, True)
    assert said == Bulletin(f"{server.url} does not tell its changes by itself, so it is searched every 0.05 s.")
    assert not {"cpuSpeed", "osName"} & two.values.keys()


async def test_values_that_change_show_at_the_next_search(openldap: Callable[..., Any]) -> None:
    server = openldap()
    server.add_host("n1", **HOST)
    server.add_host("n2", **HOST)
    async with aclosing(watch(server.url)) as pieces:
        assert {(await measured(pieces)).values["freeMemory"] for _ in range(2)} == {512.0}
        for _ in range(3):
            await announced(pieces)
        server.change_host("n1", Mds_Memory_Ram_Total_freeMB="100")
        again = await measured(pieces)
        assert (again.host, again.values["freeMemory"]) == ("n1", 100.0), "what has not changed is not told again"


async def test_a_host_that_vanishes_becomes_stale_and_a_directory_that_comes_back_is_up(
    openldap: Callable[..., Any],
) -> None:
    server = openldap()
    server.add_host("n1", **HOST)
    server.add_host("n2", **HOST)
    source = open_source(server.url, open_links(), period_s=0.05, expiry_s=0.5)
    machines = Machines([source], clock=SystemClock(), expiry_s=0.5)

    async def until(*statuses: str) -> None:
        async with asyncio.timeout(20):
            while tuple(host.status for host in machines.hosts()) != statuses:
                await asyncio.sleep(0.02)

    try:
        machines.start()
        await machines.first_round(20)
        await until("up", "up")
        server.remove_host("n2")
        await until("up", "stale")
        server.stop()
        await until("refused", "refused")
        server.start()
        await until("up", "stale")
        assert machines.hosts()[0].service is None
    finally:
        await machines.close()


async def test_what_nws_measured_joins_what_mds_says(openldap: Callable[..., Any]) -> None:
    server = openldap()
    server.add_host("n1.grid", Mds_Os_name="Linux", Mds_Memory_Ram_Total_freeMB="512")
    server.add_sensor("n1.grid")
    now = time.time()
    server.add_series("n1.grid", "availableCpu", "1.7", time_s=now)
    server.add_series("n1.grid", "freeMemory", "1", time_s=now)
    server.add_series("n1.grid", "freeDisk", "-1", time_s=now)
    server.add_series("n1.grid", "bandwidthTcp", "94.2", target="m.grid", time_s=now)
    server.add_series("n1.grid", "latencyTcp", "0.3", target="m.grid", time_s=now)
    links = open_links()
    sources = [
        open_source(f"{server.address}/{base}", links, period_s=0.05)
        for base in ("Mds-Vo-name=site,o=grid", "ou=nws,o=grid")
    ]
    machines = Machines(sources, clock=SystemClock())
    try:
        machines.start()
        await machines.first_round(20)
        (host,) = machines.hosts()
        assert host.name == "n1.grid"
        expected = {"osName": "Linux", "cpuAvail": 1.0, "freeMemory": 512.0, "bandWidth": 94.2, "latency": 0.3}
        assert expected.items() <= host.values.items()
        assert "freeDisk" not in host.values
    finally:
        await machines.close()


async def test_a_series_is_told_again_only_when_it_was_measured_anew(openldap: Callable[..., Any]) -> None:
    server = openldap()
    server.add_sensor("n1")
    server.add_series("n1", "availableCpu", "0.5", time_s=time.time())
    async with aclosing(watch(server.url)) as pieces:
        lasting, series = await measured(pieces), await measured(pieces)
        assert (lasting.values.get("cpuAvail"), lasting.stands) == (None, True)
        assert (series.values.get("cpuAvail"), series.stands) == (0.5, False)
        for _ in range(3):
            assert isinstance(await anext(pieces), Bulletin)
        server.add_series("n1", "availableCpu", "0.5", time_s=time.time())
        while "cpuAvail" not in (await measured(pieces)).values:
            pass


def test_a_series_whose_sensor_is_gone_is_not_as_fresh_as_the_others() -> None:
    news = News("ldap://h", 60.0)
    host = Described("h", {"cpuAvail": 0.5, "bandWidth": 90.0}, times={"cpuAvail": 1000.0, "bandWidth": 900.0})
    _, measurement, _ = news.whole(Directory((host,), ()), 1000.0)
    assert isinstance(measurement, Measurement)
    assert measurement.values == {"cpuAvail": 0.5}


async def test_what_no_publisher_writes_is_left_out(openldap: Callable[..., Any]) -> None:
    server = openldap()
    hostile = {"Mds_Cpu_model": "x" * 5000, "Mds_Os_release": "2.4\n.25", "cpuAvail": "7"}
    doubled = {"Mds_Memory_Ram_Total_freeMB": ["512", "64"], "Mds_Cpu_speedMHz": ["fast", "2400"]}
    server.add_host("n1", **HOST | hostile | doubled, Mds_Cpu_vendor=[b"M\xfcller", bytes(2000), b"a\0b"])
    server.add_host("-n", **HOST)
    async with aclosing(watch(server.url)) as pieces:
        one = await measured(pieces)
        assert isinstance(await anext(pieces), Bulletin)
    assert one.host == "n1"
    assert (one.values["freeMemory"], one.values["cpuSpeed"]) == (64.0, 2400.0)
    assert one.values["Mds-Cpu-vendor"] == "Müller"
    assert not {"cpuModel", "osRelease", "cpuAvail"} & one.values.keys()
    told = re.fullmatch(
        r"5 values that are too long, too many, or not what they should be are left out: "
        r"Mds-Host-hn=n1,Mds-Vo-name=site,o=grid \((.*)\)\. "
        r"Left out are 1 hosts whose names cannot be, or are too many\. "
        r"Values that cannot be are left out: cpuAvail of n1\.",
        one.note,
    )
    assert told
    assert len(told[1].split(", ")) == 3


def test_a_host_that_has_no_possible_name_is_not_told() -> None:
    names = ("", "n" * 257, "-rf", "a\nb", "n1")
    told = News("ldap://h", 60.0).whole(Directory(tuple(Described(name, {"load1": 1.0}) for name in names), ()), 0.0)
    one, _ = told
    assert isinstance(one, Measurement)
    assert (one.host, one.note) == ("n1", "Left out are 4 hosts whose names cannot be, or are too many.")


def test_names_of_hosts_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_news, "MOST_HOSTS", 3)
    news = News("ldap://h", 60.0)
    rounds = [Directory(tuple(Described(f"{turn}-{one}", {"load1": 1.0}) for one in "ab"), ()) for turn in range(2)]
    told = [piece for turn in rounds for piece in news.whole(turn, 0.0)]
    assert [one.host for one in told if isinstance(one, Measurement)] == ["0-a", "0-b", "1-a"]


async def test_a_directory_of_other_things_says_so(openldap: Callable[..., Any]) -> None:
    assert "knows no machines." in str(await failure(openldap().url))


async def test_hosts_that_are_valid_no_more_are_not_told(openldap: Callable[..., Any]) -> None:
    server = openldap()
    server.add_host("old", **HOST, Mds_validfrom=stamp(7200), Mds_validto="20040503202836Z")
    error = await failure(server.url)
    assert isinstance(error, Unreachable)
    assert "knows no machines that are there now. The values of 1 host were valid until 2004-05-03 20:28 UTC" in str(
        error
    )
    server.add_host("new", **HOST, Mds_validfrom=stamp(1), Mds_validto=stamp(-60))
    found = await first(server.url)
    assert found.host == "new"
    assert found.note == "The values of 1 host were valid until 2004-05-03 20:28 UTC at most."


async def test_a_directory_that_does_not_answer_is_told_in_words(
    openldap: Callable[..., Any], authority: Any, closed_port: int
) -> None:
    assert isinstance(await failure(f"ldap://127.0.0.1:{closed_port}/o=grid"), Refused)
    assert "has no such base" in str(await failure(f"{openldap().address}/o=elsewhere"))
    certificate, key = authority.certificate("127.0.0.1")
    assert "is not to be trusted" in str(await failure(openldap(certificate=certificate, key=key).url))


async def test_a_search_that_does_not_end_is_left(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "SEARCH_S", 0.1)
    monkeypatch.setattr(directory, "SPARE_S", 0.1)
    source = open_source(f"ldap://127.0.0.1:{silent_port}/o=grid", open_links(), period_s=0.05)
    source._polled_until = float("inf")  # type: ignore[attr-defined]
    with pytest.raises(Unreachable, match="has not given its answer"):
        await anext(source.watch())  # type: ignore[arg-type]


def test_a_url_that_names_no_directory_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="is not the address of a directory"):
        open_source("ldap:///o=grid", open_links())


def test_hosts_lists_a_directory(
    openldap: Callable[..., Any], own_home: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server = openldap()
    server.add_host("n1.grid", **HOST)
    assert main(["hosts", "--source", server.url, "--json"]) == 0
    assert [host["hostName"] for host in json.loads(capsys.readouterr().out)] == ["n1.grid"]
    settings = Home.find().settings_file
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[directories]\nmds = '{server.url}'\n")
    assert main(["hosts"]) == 0
    assert "n1.grid" in capsys.readouterr().out
