"""Latency and bandwidth of the way to a machine, each measured by itself: one probe at a time goes out of here."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from zeligui.errors import Refused, Unreachable
from zeligui.grid.sources import exchange
from zeligui.grid.sources.sending import PYTHON, text
from zeligui.links.calls import call
from zeligui.links.link import Link
from zeligui.links.shell import quote

SHORTEST_S, LONGEST_S = 0.2, 1.5
"""How long a transfer may go on, at least and at most."""

FIRST_TURN_S, SHORTEST_TURN_S, LONGEST_TURN_S = 10.0, 5.0, 30.0
TURNS_USUAL = 4
"""A machine loses its turn after so many times what it took before, as NWS's tokens do."""

TCP_AGAIN_S = 600.0
"""After a port could not be reached, it is not tried for so long."""

ROUND_TRIPS = 3
BLOCK, BLOCKS = 4096, 64
TRANSFER = f"dd if=/dev/zero bs={BLOCK} count={{blocks}} 2>/dev/null"
"""256 KiB; `head -c` would be shorter, but is not POSIX."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Latency in ms and bandwidth in Mbit/s. `by` is "tcp", "ssh" for the ssh connection, "local" for this machine."""

    latency_ms: float
    bandwidth: float
    by: str


class Turns:
    """Who may probe. Two probes at once would measure each other; whoever waits longest is next."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.members = 0

    @asynccontextmanager
    async def member(self) -> AsyncIterator[None]:
        """Take part: the time of a round is shared with all who do."""
        self.members += 1
        try:
            yield
        finally:
            self.members -= 1

    @asynccontextmanager
    async def turn(self, limit_s: float) -> AsyncIterator[None]:
        """Wait for a turn and have it so long. TimeoutError when it is over before its work is."""
        async with self._lock, asyncio.timeout(limit_s):
            yield

    def transfer_s(self, round_s: float) -> float:
        """How long a transfer may go on so that all have their turn in a round."""
        return max(SHORTEST_S, min(LONGEST_S, round_s / max(1, self.members) / 2))


class Way:
    """The way to one machine, and what was found of it before."""

    def __init__(self, link: Link, turns: Turns) -> None:
        self._link = link
        self._turns = turns
        self._turn_s = FIRST_TURN_S
        self._last = math.inf
        self._no_tcp_before = 0.0

    async def measure(self, round_s: float) -> Measured:
        """Wait for a turn and measure; all should have one in a round. Raises a LinkError.

        By timed TCP exchanges with a port that the machine opens for that; where it cannot, or the port cannot be
        reached, through the connection that there is.
        """
        begun = time.monotonic()
        try:
            async with self._turns.turn(self._turn_s):
                begun = time.monotonic()
                measured = await self._measured(self._turns.transfer_s(round_s))
        except TimeoutError as error:
            limit_s, self._turn_s = self._turn_s, min(LONGEST_TURN_S, self._turn_s * 2)
            raise Unreachable(f"{self._link.url} took longer than {limit_s:.0f} s.") from error
        usual_s = TURNS_USUAL * (time.monotonic() - begun)
        self._turn_s = max(SHORTEST_TURN_S, min(LONGEST_TURN_S, usual_s))
        self._last = measured.bandwidth
        return measured

    async def _measured(self, limit_s: float) -> Measured:
        if self._link.peer and time.monotonic() >= self._no_tcp_before:
            found = await by_tcp(self._link, limit_s)
            if found is not None and found.bandwidth < self._last / 2:  # this machine may have been busy
                found = max(found, await by_tcp(self._link, limit_s) or found, key=lambda way: way.bandwidth)
            if found is not None:
                return Measured(found.latency_s * 1e3, found.bandwidth, "tcp")
            self._no_tcp_before = time.monotonic() + TCP_AGAIN_S
        latency_s, bandwidth = await measure_way(self._link, last=self._last)
        return Measured(latency_s * 1e3, bandwidth, "local" if self._link.url.startswith("local:") else "ssh")


async def by_tcp(link: Link, limit_s: float) -> exchange.Way | None:
    """Open a port on the machine and measure; None where that is not possible. A LinkError when it is not reached."""
    token = secrets.token_hex(16)
    reply = await link.run(f"{PYTHON} -c {quote(text('probe.py'))}", data=f"{token}\n")
    if reply.status or not reply.output.strip().isdigit() or int(reply.output) >= 2**16:
        return None
    try:
        return await call(exchange.measure, link.peer, int(reply.output), token, limit_s)
    except OSError:
        return None


async def measure_way(link: Link, *, last: float = math.inf) -> tuple[float, float]:
    """Latency in seconds, the least of three round trips of an empty script; and bandwidth in Mbit/s, by one transfer.

    What a transfer of nothing takes, the start of the program included, is left out. `last` is the bandwidth found
    before: a fall below its half, or a first value, is believed only when a second transfer confirms it, for the
    channel or this machine may have been busy with something else. Raises a LinkError.
    """
    latency = min([await _seconds(link, ":") for _ in range(ROUND_TRIPS)])
    bandwidth = await _bandwidth(link)
    if bandwidth < last / 2:
        bandwidth = max(bandwidth, await _bandwidth(link))
    return latency, bandwidth


async def _bandwidth(link: Link) -> float:
    nothing = await _seconds(link, TRANSFER.format(blocks=0))
    whole = await _seconds(link, TRANSFER.format(blocks=BLOCKS), size=BLOCKS * BLOCK)
    return BLOCKS * BLOCK * 8 / 1e6 / max(whole - nothing, whole / 10)


async def _seconds(link: Link, command: str, *, size: int = 0) -> float:
    begun = time.monotonic()
    reply = await link.run(command)
    if reply.status or len(reply.output) != size:
        raise Refused(f"{link.url} sent {len(reply.output)} bytes of {size} and the status {reply.status}.")
    return time.monotonic() - begun
