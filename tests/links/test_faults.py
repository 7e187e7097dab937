"""Machines that are dead, silent, cut off, frozen or come back; and that the event loop is never late."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.links.conftest import OpenLinks
from tests.links.copying import get, put
from tests.servers import OpenSsh, Relay, Speaker
from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.links import Link, line, login, shells
from zeligui.links.copies import Files

pytestmark = pytest.mark.alone

OpenRelay = Callable[[int], Relay]


@pytest.fixture
def relayed(reach: OpenLinks, sshd: OpenSsh, relay: OpenRelay) -> tuple[Link, Relay]:
    """A link to an sshd by way of a relay."""
    way = relay(sshd.port)
    key = sshd.known_hosts.read_text().split(" ", 1)[1]
    sshd.known_hosts.write_text(f"[127.0.0.1]:{way.port} {key}")
    return reach(sshd).to(f"ssh://127.0.0.1:{way.port}"), way


@asynccontextmanager
async def loop_lateness() -> AsyncIterator[list[float]]:
    """How late a ticker of 5 ms was, in seconds."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)
            late.append(time.perf_counter() - due)

    ticker = asyncio.create_task(tick())
    try:
        yield late
    finally:
        ticker.cancel()


async def test_a_closed_port_is_refused(reach: OpenLinks, closed_port: int) -> None:
    with pytest.raises(Refused, match=f"ssh://127.0.0.1:{closed_port} refused the connection"):
        await reach().to(f"ssh://127.0.0.1:{closed_port}").run(":")


async def test_a_name_that_nobody_knows_is_unreachable(reach: OpenLinks) -> None:
    with pytest.raises(Unreachable, match=r"the name 'nobody\.invalid' is not known"):
        await reach().to("ssh://nobody.invalid").run(":")


async def test_a_silent_server_is_unreachable_in_time(
    reach: OpenLinks, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "DIAL_S", 0.3)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="says nothing"):
        await reach().to(f"ssh://127.0.0.1:{silent_port}").run(":")
    assert time.monotonic() - began < 2


async def test_the_caller_s_limit_counts_while_connecting(reach: OpenLinks, silent_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable):
        await reach().to(f"ssh://127.0.0.1:{silent_port}").run(":", limit_s=0.3)
    assert time.monotonic() - began < 1


async def test_a_server_that_falls_silent_after_its_first_word_is_unreachable(
    reach: OpenLinks, speaker: Callable[..., Speaker]
) -> None:
    port = speaker(b"SSH-2.0-OpenSSH_9.2\r\n").port
    with pytest.raises(Unreachable):
        await reach().to(f"ssh://127.0.0.1:{port}").run(":", limit_s=0.5)


@pytest.mark.parametrize("words", [b"", b"HTTP/1.0 400 Bad Request\r\n" * 200, b"\xff" * 3000, b"SSH-1.5-old\r\n"])
async def test_what_is_no_ssh_server_is_said(reach: OpenLinks, speaker: Callable[..., Speaker], words: bytes) -> None:
    port = speaker(words, hang_up=True).port
    with pytest.raises(LinkError, match=f"ssh://127.0.0.1:{port} "):
        await reach().to(f"ssh://127.0.0.1:{port}").run(":", limit_s=5)


async def test_what_a_server_says_reaches_no_terminal_as_it_is(
    reach: OpenLinks, speaker: Callable[..., Speaker]
) -> None:
    port = speaker(b"\x1b[2J\x07gone\r\n" * 200, hang_up=True).port
    with pytest.raises(LinkError) as caught:
        await reach().to(f"ssh://127.0.0.1:{port}").run(":", limit_s=5)
    assert str(caught.value).isprintable()


async def test_a_cut_fails_what_is_under_way_and_the_next_call_connects_again(relayed: tuple[Link, Relay]) -> None:
    link, way = relayed
    await link.run(":")
    running = asyncio.create_task(link.run("sleep 10"))
    stream = asyncio.ensure_future(anext(aiter(link.stream("sleep 10"))))
    await asyncio.sleep(0.3)
    way.cut()
    for result in await asyncio.gather(running, stream, return_exceptions=True):
        assert isinstance(result, Unreachable)
        assert "broke" in str(result)
    way.heal()
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_after_a_failure_the_next_calls_do_not_connect_for_a_while(
    relayed: tuple[Link, Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "FIRST_PAUSE_S", 0.4)
    link, way = relayed
    way.cut()
    with pytest.raises(LinkError) as first:
        await link.run(":")
    way.heal()
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(type(first.value), match="127"):
            await link.run(":")
    assert time.monotonic() - began < 0.1
    await asyncio.sleep(0.4)
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_a_frozen_connection_fails_in_time_and_heals(
    relayed: tuple[Link, Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zeligui.links.connection.CHANNEL_S", 0.3)
    monkeypatch.setattr(login, "DIAL_S", 0.3)
    monkeypatch.setattr(line, "FIRST_PAUSE_S", 0.1)
    link, way = relayed
    await link.run(":")
    way.freeze()
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(Unreachable):
            await link.run("echo lost", limit_s=0.5)
        assert time.monotonic() - began < 2
    way.heal()
    await asyncio.sleep(0.3)
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_a_stream_on_a_frozen_connection_ends(
    relayed: tuple[Link, Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shells, "QUIET_S", 0.3)
    monkeypatch.setattr(shells, "ALIVE_S", 0.3)
    link, way = relayed
    stream = aiter(link.stream("echo one; sleep 1; echo two; sleep 60"))
    assert await anext(stream) == b"one"
    assert await anext(stream) == b"two"  # quiet is not gone
    way.freeze()
    with pytest.raises(Unreachable):
        await anext(stream)


async def test_a_copy_over_a_cut_fails_and_the_next_one_is_whole(relayed: tuple[Link, Relay], tmp_path: Path) -> None:
    link, way = relayed
    (tmp_path / "large").write_bytes(os.urandom(1 << 20) * 64)
    read: list[int] = []

    def work(files: Files) -> None:
        read.clear()
        read.extend(len(piece) for piece in files.read(os.fsencode(tmp_path / "large")))

    copying = asyncio.create_task(link.files(work, size=64 << 20))
    await until(lambda: len(read) > 10)
    way.cut()
    with pytest.raises(Unreachable):
        await copying
    way.heal()
    await link.files(work, size=64 << 20)
    assert sum(read) == 64 << 20


async def test_scripts_are_quick_while_a_large_copy_runs(reach: OpenLinks, sshd: OpenSsh, tmp_path: Path) -> None:
    link = reach(sshd).to(sshd.url)
    await link.run(":")
    (tmp_path / "large").write_bytes(bytes(128 << 20))
    copying = asyncio.create_task(get(link, str(tmp_path / "large"), tmp_path / "got"))
    times = []
    while not copying.done():
        began = time.perf_counter()
        await link.run(":")
        times.append(time.perf_counter() - began)
    await copying
    assert sorted(times)[len(times) // 2] < 0.25
    assert sshd.log().count("Accepted publickey") == 2


async def test_the_connection_for_large_copies_ends_when_it_idles(
    reach: OpenLinks, sshd: OpenSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zeligui.links.ssh.IDLE_S", 0.1)
    link = reach(sshd).to(sshd.url)
    await link.run(":")
    (tmp_path / "large").write_bytes(bytes(2 << 20))
    ended = sshd.log().count("Connection closed")
    await put(link, tmp_path / "large", str(tmp_path / "there"))
    await until(lambda: sshd.log().count("Connection closed") > ended)
    await put(link, tmp_path / "large", str(tmp_path / "there2"))
    assert sshd.log().count("Accepted publickey") == 3


async def test_all_uses_share_one_connection(reach: OpenLinks, sshd: OpenSsh, tmp_path: Path) -> None:
    link = reach(sshd).to(sshd.url)
    (tmp_path / "small").write_text("x")
    calls = [link.run(":"), put(link, tmp_path / "small", f"{tmp_path}/there"), anext(aiter(link.stream("echo x")))]
    await asyncio.gather(*calls, *(link.run(":") for _ in range(5)))
    assert sshd.log().count("Accepted publickey") == 1


async def test_a_third_stream_is_refused(reach: OpenLinks, sshd: OpenSsh) -> None:
    link = reach(sshd).to(sshd.url)
    streams = [aiter(link.stream("echo x; sleep 60")) for _ in range(3)]
    await anext(streams[0])
    await anext(streams[1])
    with pytest.raises(Refused, match="2 streams"):
        await anext(streams[2])


async def test_a_machine_that_allows_one_channel_runs_scripts_and_says_so_of_streams(
    reach: OpenLinks, openssh: Callable[..., OpenSsh]
) -> None:
    server = openssh(options=["MaxSessions 1"])
    link = reach(server).to(server.url)
    await link.run(":")
    with pytest.raises(Refused, match="refused a channel"):
        await anext(aiter(link.stream("echo x")))
    assert (await link.run("echo fine")).output == b"fine\n"
    assert server.log().count("Accepted publickey") == 1


async def test_a_restarted_machine_is_found_again_at_once(reach: OpenLinks, sshd: OpenSsh) -> None:
    link = reach(sshd).to(sshd.url)
    await link.run(":")
    sshd.stop()
    await asyncio.sleep(0.2)
    sshd.start()
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_the_event_loop_is_not_late_while_eight_machines_are_reached(
    reach: OpenLinks, sshd: OpenSsh, relay: OpenRelay
) -> None:
    ways = [relay(sshd.port) for _ in range(8)]
    key = sshd.known_hosts.read_text().split(" ", 1)[1]
    sshd.known_hosts.write_text("".join(f"[127.0.0.1]:{way.port} {key}" for way in ways))
    links = reach(sshd)
    async with loop_lateness() as late:
        replies = await asyncio.gather(*(links.to(f"ssh://127.0.0.1:{way.port}").run("echo x") for way in ways))
    assert [reply.output for reply in replies] == [b"x\n"] * 8
    assert max(late) < 0.1


async def test_the_event_loop_is_not_late_while_sixteen_machines_are_dead(
    reach: OpenLinks, silent_port: int, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "DIAL_S", 1.0)
    links = reach()
    users = [f"u{n}@127.0.0.1:{port}" for port in (silent_port, closed_port) for n in range(8)]
    async with loop_lateness() as late:
        attempts = [links.to(f"ssh://{user}").run(":") for user in users]
        results = await asyncio.gather(*attempts, return_exceptions=True)
    assert all(isinstance(result, LinkError) for result in results)
    assert max(late) < 0.1


async def test_close_ends_while_connections_are_being_made(reach: OpenLinks, silent_port: int) -> None:
    links = reach()
    tasks = [asyncio.create_task(links.to(f"ssh://u{n}@127.0.0.1:{silent_port}").run(":")) for n in range(8)]
    await asyncio.sleep(0.3)
    async with asyncio.timeout(2):
        await links.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, Unreachable) for result in results), results


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, at most 10 s."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)
