"""A node: its first process, which adopts and reaps, and under it the SSH server, commands and loads."""

from __future__ import annotations

import json
import logging
import os
import pwd
import select
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from zeligui.testbed.figures import Hardware
from zeligui.testbed.isolation import die_with_parent
from zeligui.testbed.processes import kill, kill_below

NICENESS = 10
END_S = 5.0
MESSAGE = 4096
SPIN = "while :; do :; done"
HOLD = """import signal, sys
held = bytearray(int(sys.argv[1]))
held[::4096] = b"1" * len(range(0, len(held), 4096))
signal.pause()"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a node is, as long as the grid stands."""

    name: str
    port: int
    hardware: Hardware
    folder: Path

    @property
    def url(self) -> str:
        return f"ssh://grid@127.0.0.1:{self.port}"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def figures(self) -> Path:
        return self.folder / "proc"

    @property
    def host_key(self) -> Path:
        return self.folder / "host_key"

    def environment(self) -> Mapping[str, str]:
        """What every command finds set; a python3 is in the path even where the system has none."""
        user = _user()
        return {
            "HOME": str(self.home),
            "PATH": f"/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:{Path(sys.executable).resolve().parent}",
            "SHELL": "/bin/sh",
            "USER": user,
            "LOGNAME": user,
            "ZELIGRID_PROC": str(self.figures),
            "ZELIGRID_HOSTNAME": self.name,
        }


@dataclass(frozen=True, slots=True)
class Load:
    """Real load: spinning processes, and memory held, for a time."""

    processors: int
    memory_mb: int
    seconds: float


def live(plan: Plan, client_key: Path, listener: socket.socket, lifeline: socket.socket) -> int:
    """The first process of a node: returns when the other end of `lifeline` is closed, or the server ended."""
    _leave_terminal(plan.folder / "log")
    _close_others(listener.fileno(), lifeline.fileno())
    wake = _hear_of_children()
    server = os.fork()
    if not server:
        _serve(plan, client_key, listener, lifeline)
    listener.close()
    try:
        _attend(plan, server, lifeline, wake)
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who ends from now on is not waited for
        kill_below(os.getpid(), limit_s=END_S)
    return 0


def _attend(plan: Plan, server: int, lifeline: socket.socket, wake: socket.socket) -> None:
    """Reap who ends and make the loads that are asked for, until the server or the grid has gone."""
    loads: set[int] = set()
    while True:
        ready, _, _ = select.select([lifeline, wake], [], [])
        if wake in ready:
            wake.recv(MESSAGE)
            ended = _reap()
            loads -= ended
            if server in ended:
                return
        if lifeline in ready:
            message = lifeline.recv(MESSAGE)
            if not message:
                return
            _end(loads)
            loads = _start(Load(**json.loads(message)), plan)
            lifeline.send(b"loaded")


def _serve(plan: Plan, client_key: Path, listener: socket.socket, lifeline: socket.socket) -> None:
    """The SSH server, in a process of its own: stopped, it is a cut link; the rest of the node goes on."""
    try:
        from zeligui.testbed import keys
        from zeligui.testbed.server import Site, serve

        die_with_parent(signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
        site = Site(keys.kept(plan.host_key), keys.kept(client_key), plan.home, plan.environment())
        lifeline.send(b"ready")  # the grid learns this process's id as the sender's
        lifeline.close()
        serve(listener, site)
    except BaseException:
        logging.getLogger(__name__).critical("the server ended", exc_info=True)
    finally:
        os._exit(1)


def _start(load: Load, plan: Plan) -> set[int]:
    """The processes that make this load; they end by themselves."""
    commands = [["/bin/sh", "-c", SPIN]] * load.processors
    if load.memory_mb:
        commands.append([sys.executable, "-I", "-S", "-c", HOLD, str(load.memory_mb * 1_000_000)])
    return {_start_one(command, load.seconds, plan) for command in commands}


def _start_one(command: list[str], seconds: float, plan: Plan) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.nice(NICENESS)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)  # outlives exec
        os.execve(command[0], command, dict(plan.environment()))  # noqa: S606 - its arguments are ours
    finally:
        os._exit(127)


def _end(loads: set[int]) -> None:
    for pid in loads:
        kill(pid)


def _reap() -> set[int]:
    ended: set[int] = set()
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        ended.add(pid)


def _hear_of_children() -> socket.socket:
    """A socket that can be read whenever a child ended."""
    wake, waker = socket.socketpair()
    wake.setblocking(False)
    waker.setblocking(False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.detach(), warn_on_full_buffer=False)
    return wake


def _leave_terminal(log: Path) -> None:
    """A session of its own, so that Ctrl+C ends the grid in its own order; what is printed goes to a file."""
    os.setsid()
    os.umask(0o022)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    paper = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor, target in ((nowhere, 0), (paper, 1), (paper, 2)):
        os.dup2(descriptor, target)


def _close_others(*kept: int) -> None:
    """Close all that the grid had open: an end of another node's lifeline, held here, would keep that node alive."""
    limit = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) + 1
    for before, after in pairwise([2, *sorted(kept), limit]):
        os.closerange(before + 1, after)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "grid"
