"""How many graphics cards there are and how much of their memory is free, where nvidia-smi says so."""

# subprocess would take 2 MB. time.monotonic, not a Clock: this runs where nothing of ours is.
# ruff: noqa: S606

import os
import time

from zeligui.sensor.processors import reaped
from zeligui.sensor.reading import OWN_FIGURES

ASK = ("nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits")
ANSWER_S = 5.0
SHORTEST_REST_S, LONGEST_REST_S = 10.0, 600.0
RESTS_A_USE = 500.0  # it rests so many times as long as it used a processor
RESTS_VALID = 3.0  # an answer is believed for so many rests when no other comes
MIB = 1024 * 1024 / 1e6
KILL = 9


class Cards:
    """Asks nvidia-smi now and then, in the background: it may take seconds, or never answer. Never on embedded nodes.

    `cost_s` is the processor time that it used.
    """

    def __init__(self) -> None:
        self.cost_s = 0.0
        self._there = not OWN_FIGURES and found(ASK[0])
        self._child = self._reader = 0
        self._killed = False
        self._values = {}  # type: dict[str, float]
        self._asked = self._valid = self._next = float("-inf")

    def values(self) -> "dict[str, float]":
        """gpuCount, and gpuFreeMemory: the most that is free on one card, in MB. Does not wait."""
        now = time.monotonic()
        if self._child:
            self._look(now)
        elif self._there and now >= self._next:
            self._ask(now)
        return self._values if now < self._valid else {}

    def _ask(self, now: float) -> None:
        self._asked, self._next = now, now + SHORTEST_REST_S
        reader, writer = os.pipe()
        try:
            child = os.fork()
        except OSError:
            os.close(reader)
            os.close(writer)
            return
        if not child:
            try:
                os.dup2(writer, 1)
                os.close(0)
                os.close(2)
                os.execvp(ASK[0], ASK)
            finally:
                os._exit(127)
        os.close(writer)
        os.set_blocking(reader, False)
        self._child, self._reader, self._killed = child, reader, False

    def _look(self, now: float) -> None:
        """Take the answer of one that has ended; one that takes too long is killed, and is awaited."""
        ended, used_s = reaped(self._child)
        if ended:
            self._conclude(used_s)
        elif now > self._asked + ANSWER_S:
            self.end()

    def _conclude(self, used_s: float) -> None:
        free = [] if self._killed else in_answer(first_of(self._reader))
        os.close(self._reader)
        self._child = 0
        self.cost_s += used_s
        rest = min(LONGEST_REST_S, max(SHORTEST_REST_S, used_s * RESTS_A_USE))
        self._next = self._asked + rest
        if free:
            self._values = {"gpuCount": len(free), "gpuFreeMemory": round(max(free) * MIB, 1)}
            self._valid = self._asked + RESTS_VALID * rest

    def end(self) -> None:
        """Kill one that runs."""
        if self._child and not self._killed:
            self._killed = True
            try:
                os.kill(self._child, KILL)
            except OSError:  # it has ended, or changed its user
                return


def first_of(reader: int) -> bytes:
    """What a pipe holds: an answer is shorter than that."""
    try:
        return os.read(reader, 65536)
    except BlockingIOError:
        return b""


def in_answer(said: bytes) -> "list[float]":
    """Free MiB of each card, one a line; none where a line is no such number."""
    words = [line.split() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    if any(not one[0].isdigit() or len(one[0]) > 9 for one in words):
        return []
    return [float(one[0]) for one in words]


def found(program: str) -> bool:
    """Whether a program is in the path."""
    folders = os.environ.get("PATH", os.defpath).split(":")
    return any(os.access(folder + "/" + program, os.X_OK) for folder in folders if folder)
