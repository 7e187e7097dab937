"""The way to a machine: over a wire of known bandwidth, through the connection, and with ends that misbehave."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.grid.sources.odd import TOOLS, Odd
from tests.namespaces import THERE, Wire, inside
from zeligui.errors import Refused, Unreachable
from zeligui.grid.sources import exchange, way
from zeligui.grid.sources.exchange import Meter
from zeligui.grid.sources.way import Turns, Way, by_tcp, measure_way
from zeligui.links import open_links
from zeligui.links.link import Reply

pytestmark = pytest.mark.alone

MEASURE = """
import asyncio, json, sys
from contextlib import aclosing
from pathlib import Path
from zeligui.grid.sources import open_source
from zeligui.links import open_links

async def main():
    folder = Path(sys.argv[1])
    links = open_links(known_hosts=[folder / "known_hosts"], identities=[folder / "identity"])
    async with asyncio.timeout(60), aclosing(open_source(sys.argv[2], links, period_s=1).watch()) as measurements:
        async for one in measurements:
            if "bandWidth" in one.values:
                break
    await links.close()
    print(json.dumps(dict(one.values)))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def server(wire: Wire) -> Path:
    return wire.sshd()


def over(wire: Wire, server: Path) -> dict[str, Any]:
    """What the way from the near end to the far one is measured to be."""
    command = [*inside(wire.near), sys.executable, "-c", MEASURE, str(server), f"ssh://{THERE}"]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=100)
    values: dict[str, Any] = json.loads(said.stdout)
    return values


@pytest.mark.parametrize("at", ["near", "far"])
@pytest.mark.parametrize("mbit", [5, 10, 50, 100])
def test_a_limited_way_is_measured_within_15_percent(wire: Wire, server: Path, mbit: float, at: str) -> None:
    wire.limit(mbit, at=at)
    try:
        said = over(wire, server)
        if said["bandWidth"] != pytest.approx(mbit, rel=0.15):  # a transfer met other work on this machine
            said = over(wire, server)
    finally:
        wire.free(at=at)
    assert said["wayMeasured"] == "tcp"
    assert said["bandWidth"] == pytest.approx(mbit, rel=0.15)
    assert 0 < said["latency"] < 150


async def test_a_machine_that_can_open_no_port_is_measured_by_its_connection_and_that_is_said(
    openssh: Callable[..., Any], tmp_path: Path
) -> None:
    for tool in TOOLS:
        (tmp_path / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is missing"))
    server = openssh(options=[f"SetEnv PATH={tmp_path}"])
    links = open_links(known_hosts=[server.known_hosts], identities=[server.identity])
    try:
        await links.to(server.url).run(":")
        found = await Way(links.to(server.url), Turns()).measure(50)
    finally:
        await links.close()
    assert found.by == "ssh"
    assert found.bandwidth > 1


class Peer(Odd):
    """A link whose machine answers what the test says when it is to open a port."""

    peer = "127.0.0.1"

    def __init__(self, *answers: bytes) -> None:
        super().__init__()
        self._answers = list(answers)
        self.asked = 0

    async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
        if not data:
            return await super().run(script, limit_s=limit_s)
        self.asked += 1
        assert data.strip() not in script, "a token in an argument list could be read by other users"
        return Reply(0, self._answers.pop(0) if self._answers else b"")


@pytest.mark.parametrize("answer", [b"", b"no", b"0x1f", b"99999", b"-1", b"\xff"])
async def test_what_is_no_port_is_not_connected_to(answer: bytes) -> None:
    assert await by_tcp(Peer(answer), 0.2) is None


async def test_a_port_that_is_closed_is_not_tried_again_for_long(closed_port: int) -> None:
    link = Peer(str(closed_port).encode())
    one = Way(link, Turns())
    for _ in range(2):
        assert (await one.measure(50)).by == "ssh"
    assert link.asked == 1


@pytest.mark.parametrize("words", [b"", b"x", b"1 2\n1 1\n", b"9" * 100 + b"\n", b"5 5\n" * 9])
def test_an_end_that_tells_nonsense_is_an_error(words: bytes, speaker: Callable[..., Any]) -> None:
    port = speaker(words, hang_up=True).port
    with pytest.raises(OSError):  # noqa: PT011 - of any kind
        exchange.measure("127.0.0.1", port, "0" * 32, 0.2)


async def test_two_are_never_measured_at_once_and_each_has_its_turn() -> None:
    turns, inside_now, order = Turns(), 0, []

    class Counting(Odd):
        async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
            nonlocal inside_now
            inside_now += 1
            assert inside_now == 1
            await asyncio.sleep(0)
            inside_now -= 1
            return await super().run(script, limit_s=limit_s)

    async def twice(name: int) -> None:
        one = Way(Counting(), turns)
        for _ in range(2):
            await one.measure(50)
            order.append(name)

    await asyncio.gather(*(twice(name) for name in range(20)))
    assert order == [*range(20), *range(20)]


async def test_a_machine_that_hangs_loses_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hung(Odd):
        async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
            await asyncio.sleep(3600)
            raise AssertionError

    monkeypatch.setattr(way, "FIRST_TURN_S", 0.05)
    turns = Turns()
    hung = asyncio.create_task(Way(Hung(), turns).measure(50))
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        assert (await measured_when_free(turns)).by == "ssh"
    with pytest.raises(Unreachable, match="took longer than"):
        await hung


async def measured_when_free(turns: Turns) -> way.Measured:
    one = Way(Odd(), turns)
    one._turn_s = 10.0
    return await one.measure(50)


async def test_many_share_the_time_of_a_round() -> None:
    turns = Turns()
    assert turns.transfer_s(50) == way.LONGEST_S
    turns.members = 50
    assert turns.transfer_s(50) == 0.5
    turns.members = 1000
    assert turns.transfer_s(50) == way.SHORTEST_S


def test_what_a_token_bucket_lets_through_at_once_does_not_count() -> None:
    meter, total = Meter(0.05, 1.5), 1_000_000
    for tick in range(1, 200):
        total += 12_500
        if meter.add(tick / 100, total):
            break
    assert meter.rate == pytest.approx(10, rel=0.02)
    assert tick < 50, "it is steady at once"


def test_losses_do_not_count() -> None:
    meter, total = Meter(0.05, 1.5), 0
    for tick in range(1, 1000):
        stalled = tick % 40 > 30
        total += 0 if stalled else 6250 if tick % 40 > 3 else 18_750
        if not stalled and meter.add(tick / 100, total):
            break
    assert meter.rate == pytest.approx(5, rel=0.15)


async def test_a_port_is_for_who_knows_the_token(openssh: Callable[..., Any]) -> None:
    server = openssh()
    links = open_links(known_hosts=[server.known_hosts], identities=[server.identity])
    link = links.to(server.url)
    try:
        await link.run(":")
        assert link.peer == "127.0.0.1"
        script = f"{way.PYTHON} -c {way.quote(way.text('probe.py'))}"
        port = int((await link.run(script, data="a" * 32 + "\n")).output)

        def stranger() -> bytes:
            with socket.create_connection(("127.0.0.1", port), 5) as sock:
                sock.sendall(b"b" * 32 + b"e")
                return sock.recv(1)

        assert await asyncio.to_thread(stranger) == b""
        found = await asyncio.to_thread(exchange.measure, "127.0.0.1", port, "a" * 32, 0.2)
        assert found.bandwidth > 10
        with pytest.raises(OSError):  # noqa: PT011 - it has gone
            await asyncio.to_thread(exchange.measure, "127.0.0.1", port, "a" * 32, 0.2)
    finally:
        await links.close()


async def test_bandwidth_is_that_of_one_transfer() -> None:
    latency, bandwidth = await measure_way(Odd(seconds=0.2))
    assert latency < 0.1
    assert bandwidth == pytest.approx(256 * 1024 * 8 / 1e6 / 0.2, rel=0.4)


async def test_a_fall_of_the_bandwidth_is_confirmed() -> None:
    class Hurrying(Odd):
        async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
            reply = await super().run(script, data=data, limit_s=limit_s)
            if reply.output:
                self._seconds = 0.02
            return reply

    _, bandwidth = await measure_way(Hurrying(seconds=0.5), last=100.0)
    assert bandwidth > 40
    _, bandwidth = await measure_way(Odd(seconds=0.2), last=100.0)
    assert bandwidth < 15


async def test_a_wrong_answer_is_refused() -> None:
    class Cut(Odd):
        async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
            return Reply(0, b"x")

    with pytest.raises(Refused, match="sent 1 bytes of 0"):
        await measure_way(Cut())
