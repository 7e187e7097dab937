"""Timed TCP exchanges with a machine, as NWS's sensors have them: a byte there and back, and transfers both ways.

Blocking: for a thread. The other end is zeligui/sensor/probe.py.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

CONNECT_S = 2.0
PATIENCE_S = 3.0
ROUND_TRIPS = 5
BLOCK = bytes(65536)
MOST_BYTES = 8 * 1024 * 1024
WINDOW_S, WINDOW_BYTES = 0.05, 16 * 1024
ALIKE, STEADY, STALLED = 4, 0.1, 4

_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Way:
    """Round trip in seconds; Mbit/s from here to the machine (`there`) and from it to here (`back`)."""

    latency_s: float
    there: float
    back: float

    @property
    def bandwidth(self) -> float:
        """What can be relied on, whichever way a job's files go: the lesser of both."""
        return min(self.there, self.back)


def measure(address: str, port: int, token: str, limit_s: float) -> Way:
    """Latency, the least of five round trips of one byte, and the rate both ways, each within `limit_s`. OSError."""
    latency_s = _latency(address, port, token)
    window_s = max(WINDOW_S, 2 * latency_s)  # a window of TCP's own is acknowledged once a round trip
    there = _sent(address, port, token, Meter(window_s, limit_s))
    back = _received(address, port, token, Meter(window_s, limit_s))
    return Way(latency_s, there, back)


@dataclass(slots=True)
class Meter:
    """Finds the rate at which bytes come once it is steady.

    A token bucket lets the first through at once, and TCP begins slowly: the first window does not count. Four in a row
    that agree are steady; else the middle one counts, for packets that were lost make some slow and the next ones fast.
    """

    window_s: float
    limit_s: float
    _seen: list[tuple[float, int]] = field(default_factory=list)
    _marks: list[tuple[float, int]] = field(default_factory=list)

    def add(self, seconds: float, total: int) -> bool:
        """So many bytes had come by then; True when that is enough."""
        self._seen.append((seconds, total))
        if self._is_mark(seconds, total):
            self._marks.append((seconds, total))
            if self._steady():
                return True
        return total >= MOST_BYTES or seconds >= self._seen[0][0] + self.limit_s

    def _is_mark(self, seconds: float, total: int) -> bool:
        if not self._marks:
            return True
        begun, before = self._marks[-1]
        return seconds >= begun + self.window_s and total >= before + WINDOW_BYTES

    def _steady(self) -> bool:
        if len(self._marks) < ALIKE + 2:
            return False
        rates = [_rate(*pair) for pair in pairwise(self._marks[-1 - ALIKE :])]
        return max(rates) - min(rates) <= STEADY * max(rates)

    @property
    def rate(self) -> float:
        """In Mbit/s. OSError where too little came to tell."""
        if self._steady():
            return _rate(self._marks[-1 - ALIKE], self._marks[-1])
        if len(self._marks) > 2:
            later = list(pairwise(self._marks[1:]))
            flowing = [one for one in later if one[1][0] - one[0][0] < STALLED * self.window_s]
            return _middle(flowing or later)
        if len(self._seen) < 2:
            raise TimeoutError("too little came")
        return _rate(self._seen[0], self._seen[-1])


def _middle(windows: Sequence[tuple[tuple[float, int], tuple[float, int]]]) -> float:
    """The median of the windows' rates, each for as long as it took."""
    by_rate = sorted((_rate(begin, end), end[0] - begin[0]) for begin, end in windows)
    left = sum(seconds for _, seconds in by_rate) / 2
    for rate, seconds in by_rate:
        left -= seconds
        if left <= 0:
            return rate
    return by_rate[-1][0]


def _rate(begin: tuple[float, int], end: tuple[float, int]) -> float:
    passed = end[0] - begin[0]
    if passed <= 0 or end[1] <= begin[1]:
        raise ConnectionError("the times make no sense")
    return (end[1] - begin[1]) * 8 / 1e6 / passed


def _connected(address: str, port: int, token: str, kind: str) -> socket.socket:
    sock = socket.create_connection((address, port), CONNECT_S)
    sock.settimeout(PATIENCE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)  # what is still to be sent when it ends is not
    sock.sendall((token + kind).encode())
    return sock


def _latency(address: str, port: int, token: str) -> float:
    with _connected(address, port, token, "e") as sock:
        return min(_round_trip(sock) for _ in range(ROUND_TRIPS))


def _round_trip(sock: socket.socket) -> float:
    begun = time.monotonic()
    sock.sendall(b".")
    if sock.recv(1) != b".":
        raise ConnectionError("the byte did not come back")
    return time.monotonic() - begun


def _received(address: str, port: int, token: str, meter: Meter) -> float:
    block, total = bytearray(len(BLOCK)), 0
    with _connected(address, port, token, "d") as sock:
        while size := sock.recv_into(block):
            total += size
            if meter.add(time.monotonic(), total):
                break
    return meter.rate


def _sent(address: str, port: int, token: str, meter: Meter) -> float:
    """By what the other end tells of how much came when: what waits here in buffers does not count."""
    end, said = time.monotonic() + meter.limit_s + PATIENCE_S, b""
    with _connected(address, port, token, "u") as sock:
        sock.setblocking(False)
        poll = select.poll()
        poll.register(sock, select.POLLIN | select.POLLOUT)
        while time.monotonic() < end:
            events = poll.poll(1000 * PATIENCE_S)
            if not events:
                break
            if events[0][1] & select.POLLIN:
                *lines, said = (said + sock.recv(4096)).split(b"\n")
                told = [_told(line, meter) for line in lines]
                if any(told) or len(said) > 64:
                    break
            elif events[0][1] & select.POLLOUT:
                sock.send(BLOCK)
            else:
                break
    return meter.rate


def _told(line: bytes, meter: Meter) -> bool:
    words = line.split()
    if len(words) != 2 or not all(word.isdigit() and len(word) < 20 for word in words):
        raise ConnectionError("the other end does not tell how much came")
    return meter.add(int(words[0]) / 1e6, int(words[1]))
