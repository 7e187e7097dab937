"""A node as the grid's process sees it: its power, its link, its load and its figures."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from zeligui.errors import UsageError, ZeliGridError
from zeligui.testbed.figures import Figures, Pulse
from zeligui.testbed.isolation import Isolation, spawn
from zeligui.testbed.node import MESSAGE, Load, Plan, live
from zeligui.testbed.processes import Process, kill

ANSWER_S = 10.0
SO_PASSCRED = 16  # from asm-generic/socket.h; Python has no name for it
CREDENTIALS = "3i"
NO_LOAD = Load(0, 0, 0.0)


class Node:
    """A node of the grid, powered on or off. All calls are made by a process with one thread, since they fork."""

    def __init__(self, plan: Plan, place: socket.socket, *, isolation: Isolation, identity: Path) -> None:
        """`place` is bound to the node's port: while nobody listens there, connections are refused."""
        self.plan = plan
        self._place = place
        self._isolation = isolation
        self._identity = identity
        self._figures = Figures(plan.figures, plan.hardware)
        self._pulse = Pulse()
        self._cut = False
        self._load = NO_LOAD
        self._load_ends = 0.0
        self._first = 0
        self._server = 0
        self._lifeline: socket.socket | None = None

    @property
    def first(self) -> int:
        """The node's first process; 0 while the power is off."""
        return self._first

    @property
    def is_cut(self) -> bool:
        """Whether its link is dead."""
        return self._cut

    @property
    def load_now(self) -> Load:
        """The load that it was given and still has, with the seconds that are left."""
        left = self._load_ends - time.monotonic()
        return replace(self._load, seconds=left) if left > 0 else NO_LOAD

    def power_on(self) -> None:
        """Boot, unless it runs; `wait` tells when the server listens."""
        if self._server and _is_listening(self.plan.port):
            return
        self.power_off()  # what is left of a node whose server ended
        self.plan.home.mkdir(parents=True, exist_ok=True)
        self._figures.power_on(self.plan.name, now=time.monotonic(), wall=time.time())
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(ANSWER_S)
        ours.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)
        with _listening(self.plan.port) as listener, theirs:
            self._first = spawn(self._isolation, lambda: live(self.plan, self._identity, listener, theirs))
        self._lifeline = ours

    def wait(self) -> None:
        """Until the server listens. ZeliGridError: it does not come up."""
        if not self._server:
            self._server = self._answer(b"ready")
            self._apply_cut()

    def power_off(self) -> None:
        """End every process of the node at once; its connections break and its port refuses."""
        if not self._first:
            return
        if self._isolation is Isolation.SUBREAPER and self._lifeline:
            self._lifeline.close()  # it ends all that it has adopted, then itself
        else:
            kill(self._first)  # and with it all of its namespace
        os.waitpid(self._first, 0)
        self.went()

    def went(self) -> None:
        """The first process has ended, and been waited for."""
        if self._lifeline:
            self._lifeline.close()
        self._first = self._server = 0
        self._lifeline = None
        self._load_ends = 0.0

    def cut(self, *, dead: bool) -> None:
        """Let the link go dead in silence, or mend it: a stopped server reads, writes and accepts nothing."""
        self._cut = dead
        self._apply_cut()

    def load(self, load: Load) -> None:
        """Replace what load there is. UsageError: the power is off."""
        if self._lifeline is None:
            raise UsageError(
                f"{self.plan.name} is powered off.", hint=f"`zeligrid testbed start {self.plan.name}` powers it on."
            )
        self._lifeline.send(json.dumps(asdict(load)).encode())
        self._answer(b"loaded")
        self._load = load if load.processors or load.memory_mb else NO_LOAD
        self._load_ends = time.monotonic() + self._load.seconds

    def measure(self, processes: Iterable[Process]) -> None:
        """Write the figures of the node's processes as of now."""
        self._figures.update(self._pulse.look(processes, hidden=self._server), now=time.monotonic())

    def close(self) -> None:
        """Power off, and give the port away."""
        self.power_off()
        self._place.close()

    def _apply_cut(self) -> None:
        if self._server:
            kill(self._server, signal.SIGSTOP if self._cut else signal.SIGCONT)

    def _answer(self, expected: bytes) -> int:
        """Wait for the node to say `expected`; the process that said it."""
        message, sender = b"", b""
        try:
            if self._lifeline:
                message, ancillary, _, _ = self._lifeline.recvmsg(MESSAGE, socket.CMSG_SPACE(_CREDENTIALS_SIZE))
                sender = ancillary[0][2] if ancillary else b""
        except TimeoutError:
            pass
        if message != expected:
            raise ZeliGridError(
                f"{self.plan.name} of the embedded grid does not answer.", hint=f"See {self.plan.folder / 'log'}."
            )
        return int(struct.unpack(CREDENTIALS, sender)[0])


_CREDENTIALS_SIZE = struct.calcsize(CREDENTIALS)


def place(port: int) -> socket.socket:
    """Hold a loopback port, this one where it is free, else any, without listening there."""
    try:
        return _bound(port)
    except OSError:
        return _bound(0)


def _is_listening(port: int) -> bool:
    """Whether somebody listens at a port, as who connects would find (proc_pid_net(5): state 0A)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def _listening(port: int) -> socket.socket:
    """A second socket at a held port: both allow the other one, while one of them listens at most."""
    listener = _bound(port)
    listener.listen(128)
    return listener


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound
