"""Directories that tell their changes by themselves: a real slapd with the overlay syncprov, up to the machines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from tests.links.ldap.test_decoding import as_sent
from zeligui.clock import SystemClock
from zeligui.errors import Unreachable
from zeligui.grid.hosts import Measurement
from zeligui.grid.machines import Arrival, Machines
from zeligui.grid.sources import assorting, directory_entries, directory_push, open_source
from zeligui.grid.sources.directory_news import News
from zeligui.grid.survey import Piece
from zeligui.links import open_links
from zeligui.links.ldap import messages, parse, push

HOST = {"Mds_Os_name": "Linux", "Mds_Cpu_Total_count": "4", "Mds_Memory_Ram_Total_freeMB": "512"}
LONG_S = 30.0


@asynccontextmanager
async def watching(url: str, *, expiry_s: float = 60.0) -> AsyncIterator[Machines]:
    machines = Machines([open_source(url, open_links(), expiry_s=expiry_s)], clock=SystemClock(), expiry_s=expiry_s)
    machines.start()
    try:
        await machines.first_round(LONG_S)
        yield machines
    finally:
        await machines.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LONG_S):
        while not condition():
            await asyncio.sleep(0.01)


def memory(machines: Machines) -> dict[str, object]:
    return {host.name: host.values.get("freeMemory") for host in machines.hosts()}


@contextmanager
def counted_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many entries came in each lot of changes."""
    lots: list[int] = []
    original = directory_push.Listener._news_of

    def counted(self: Any, changes: push.Changes) -> Any:
        if changes.entries:
            lots.append(len(changes.entries))
        return original(self, changes)

    monkeypatch.setattr(directory_push.Listener, "_news_of", counted)
    yield lots


async def test_entries_that_come_change_move_and_go_are_told_as_it_happens(openldap: Callable[..., Any]) -> None:
    server = openldap(pushes=True)
    server.add_host("n1", **HOST)
    server.add_host("n2", **HOST)
    async with watching(server.url) as machines:
        assert memory(machines) == {"n1": 512.0, "n2": 512.0}
        assert machines.feeds[0].detail == ""
        heard: list[Arrival] = []
        machines.subscribe(heard.append)
        server.change_host("n1", Mds_Memory_Ram_Total_freeMB="100")
        await until(lambda: memory(machines)["n1"] == 100.0)
        assert {one.host for one in heard} == {"n1"}, "nothing else is looked at"
        server.add_host("n3", **HOST)
        await until(lambda: "n3" in memory(machines))
        server.rename_host("n3", "n4")
        await until(lambda: set(memory(machines)) == {"n1", "n2", "n4"})
        server.remove_host("n2")
        await until(lambda: set(memory(machines)) == {"n1", "n4"})


async def test_what_changed_while_the_server_was_down_is_told_when_it_is_back(
    openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = openldap(pushes=True)
    for number in range(5):
        server.add_host(f"n{number}", **HOST)
    async with watching(server.url) as machines:
        server.stop()
        await until(lambda: machines.feeds[0].status != "up")
        assert {host.status for host in machines.hosts()} == {"up"}, "they are known until they are too old"
        server.start()
        server.remove_host("n0")
        server.change_host("n1", Mds_Memory_Ram_Total_freeMB="100")
        await machines.search(LONG_S)
        await until(lambda: memory(machines) == {"n1": 100.0, "n2": 512.0, "n3": 512.0, "n4": 512.0})
        assert machines.feeds[0].status == "up"


async def test_a_server_that_stands_still_is_noticed(
    openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PROBE_S", 0.2)
    monkeypatch.setattr(push, "SILENCE_S", 0.6)
    server = openldap(pushes=True)
    server.add_host("n1", **HOST)
    async with watching(server.url, expiry_s=1.0) as machines:
        before = machines.stamp("n1", {"freeMemory"})
        await until(lambda: machines.stamp("n1", {"freeMemory"}) > before + 2)
        assert machines.hosts()[0].status == "up", "the server says that it is there, though nothing changes"
        server.pause(on=True)
        try:
            await until(lambda: machines.feeds[0].status != "up")
            await until(lambda: machines.hosts()[0].status != "up")
        finally:
            server.pause(on=False)
        await until(lambda: machines.hosts()[0].status == "up")


async def test_a_server_that_does_not_push_is_searched_and_that_is_said(openldap: Callable[..., Any]) -> None:
    without = openldap()
    without.add_host("n1", **HOST)
    async with watching(without.url) as machines:
        assert memory(machines) == {"n1": 512.0}
        await until(lambda: "does not tell its changes by itself" in machines.feeds[0].detail)
    elsewhere = openldap(options=("moduleload syncprov",))
    elsewhere.add_host("n1", **HOST)
    async with watching(elsewhere.url) as machines:
        assert memory(machines) == {"n1": 512.0}
        await until(lambda: "tell its changes by itself" in machines.feeds[0].detail)
        assert "so it is searched every 10 s." in machines.feeds[0].detail


async def test_a_directory_without_machines_is_listened_to_until_there_are_some(openldap: Callable[..., Any]) -> None:
    server = openldap(pushes=True)
    async with watching(server.url) as machines:
        (feed,) = machines.feeds
        assert (feed.status, feed.settled) == ("unreachable", True)
        assert feed.detail == f"{server.url} knows no machines."
        server.add_host("n1", **HOST)
        await until(lambda: [host.name for host in machines.hosts()] == ["n1"])
        assert machines.feeds[0].status == "up"


async def test_a_refresh_that_the_server_demands_brings_what_it_has_now(
    openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = openldap(pushes=True)
    for number in range(3):
        server.add_host(f"n{number}", **HOST)
    ended: list[int] = []
    original = messages.result

    def result(content: bytes) -> tuple[int, str]:
        ended.append(1)
        return original(content)

    monkeypatch.setattr(messages, "result", result)
    listening = push.Push(open_source(server.url, open_links())._place, "(objectClass=MdsHost)")  # type: ignore[attr-defined]
    changes = listening.changes()
    first = await asyncio.to_thread(next, changes)
    assert len(first.entries) == 3
    listening.close()
    changes.close()
    server.remove_host("n0")
    listening.copies[0].cookie = b"rid=000,csn=20000101000000.000000Z#000000#000#000000"
    again = push.Push(listening._place, "(objectClass=MdsHost)", listening.copies)
    changes = again.changes()
    second = await asyncio.to_thread(next, changes)
    again.close()
    changes.close()
    gone = [key for key, found in second.entries.items() if found is None]
    assert gone
    assert set(gone) <= set(first.entries)


async def test_messages_that_make_no_sense_are_dropped_and_counted(
    openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = openldap(pushes=True)
    server.add_host("n1", **HOST)
    async with watching(server.url) as machines:
        original = messages.entry

        def broken(content: bytes) -> Any:
            if b"spoilt" in content:
                raise ValueError("an entry is cut off")
            return original(content)

        monkeypatch.setattr(messages, "entry", broken)
        server.change_host("n1", Mds_Os_release="spoilt")
        server.change_host("n1", Mds_Os_release="good")
        await until(lambda: machines.hosts()[0].values.get("osRelease") == "good")
        assert machines.feeds[0].detail == "1 messages that make no sense were dropped."


async def test_what_comes_at_first_is_read_while_it_comes(
    openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_push, "AT_ONCE", 5)
    monkeypatch.setattr(assorting, "FEW", 2)
    server, lots = openldap(pushes=True), list[int]()
    for number in range(12):
        server.add_host(f"n{number}", **HOST)
    add = directory_entries.Reader.add

    def counted(self: directory_entries.Reader, contents: Any) -> None:
        lots.append(len(contents))
        add(self, contents)

    monkeypatch.setattr(directory_entries.Reader, "add", counted)
    async with watching(server.url) as machines:
        assert {*machines.listed} == {f"n{number}" for number in range(12)}
        assert {host.status for host in machines.hosts()} == {"up"}
        assert sum(lots) == 12
        server.change_host("n3", Mds_Os_release="other")
        await until(lambda: {host.values.get("osRelease") for host in machines.hosts()} >= {"other"})
        server.remove_host("n4")
        await until(lambda: "n4" not in machines.listed)


class Told:
    """A connection over which these changes come, and that breaks then."""

    def __init__(self, *changes: push.Changes) -> None:
        self._changes = changes

    def changes(self) -> Iterator[push.Changes]:
        yield from self._changes
        raise Unreachable("It broke.")


def test_what_came_at_first_is_not_lost_where_the_connection_breaks() -> None:
    """The cookies are past it already."""
    known = directory_push.Listener(parse("ldap://h/o=grid"), "", News("ldap://h/o=grid", 60.0), tuple)
    hosts = [as_sent(b"Mds-Host-hn=n%d,o=grid" % number, [(b"objectClass", [b"MdsHost"])]) for number in range(3)]
    listen(known, push.Changes({b"0": hosts[0], b"1": hosts[1]}, partial=True))
    found = listen(known, push.Changes({b"1": None, b"2": hosts[2]}))
    assert {piece.host for piece in found if isinstance(piece, Measurement)} == {"n0", "n2"}


def listen(known: directory_push.Listener, *changes: push.Changes) -> list[Piece]:
    found, run = list[Piece](), directory_push._Run(Told(*changes))  # type: ignore[arg-type]

    def give(some: list[Piece]) -> None:
        found.extend(some)
        run.taken.set()

    with pytest.raises(Unreachable):
        known._listen(run, give)
    return found


async def test_changes_that_come_together_are_told_together(
    openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = openldap(pushes=True)
    for number in range(300):
        server.add_host(f"n{number}", **HOST)
    with counted_reads(monkeypatch) as lots:
        async with watching(server.url) as machines:
            await asyncio.to_thread(server.change_hosts, [f"n{number}" for number in range(100)], "100")
            await until(lambda: sum(value == 100.0 for value in memory(machines).values()) == 100)
    assert sum(lots) == 100, "only what changed was sent"
    assert len(lots) < 50


async def test_the_cost_follows_the_changes_not_the_hosts(openldap: Callable[..., Any]) -> None:
    servers = [openldap(pushes=True, options=("sizelimit unlimited",)) for _ in range(2)]
    few, many = [await spent_on_changes(*one, changes=100) for one in zip(servers, (200, 2000), strict=True)]
    assert many < 4 * few + 0.02, (few, many)


async def spent_on_changes(server: Any, hosts: int, *, changes: int) -> float:
    """Processor time of the event loop's thread, in seconds, for changes of so many of the hosts."""
    server.fill(hosts)
    async with watching(server.url) as machines:
        assert len(machines.listed) == hosts
        spent, heard = 0.0, machines._following._heard

        def timed(feed: Any, piece: Any) -> None:
            nonlocal spent
            begun = time.thread_time()
            heard(feed, piece)
            spent += time.thread_time() - begun

        machines._following._heard = timed
        await asyncio.to_thread(server.change_hosts, [f"n{number}" for number in range(changes)], "7")
        await until(lambda: machines.columns().numbers("freeMemory").tolist().count(7.0) == changes)
        return spent


async def test_what_is_left_out_of_an_entry_is_said_as_long_as_it_is_there(openldap: Callable[..., Any]) -> None:
    server = openldap(pushes=True)
    server.add_host("n1", **HOST)
    async with watching(server.url) as machines:
        server.change_host("n1", Mds_Cpu_Total_count="many")
        await until(lambda: "Mds-Host-hn=n1,Mds-Vo-name=site,o=grid (Mds-Cpu-Total-count)" in machines.feeds[0].detail)
        server.add_host("n2", **HOST)
        await until(lambda: "n2" in machines.listed)
        assert "Mds-Host-hn=n1" in machines.feeds[0].detail
        server.change_host("n1", Mds_Cpu_Total_count="8")
        await until(lambda: machines.feeds[0].detail == "")
        server.change_host("n1", Mds_Cpu_Total_count="many")
        await until(lambda: machines.feeds[0].detail)
        server.remove_host("n1")
        await until(lambda: machines.feeds[0].detail == "")
