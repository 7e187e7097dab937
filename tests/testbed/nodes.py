"""How the tests reach nodes of the embedded grid and wait for what they do."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from zeligui.testbed.grid import Grid

WITHIN_S = 10.0


@contextmanager
def connected(grid: Grid, node: str, *, identity: Path | None = None) -> Iterator[paramiko.SSHClient]:
    """A client of a node that knows the grid's host keys and has its identity, or another."""
    port = port_of(grid, node)
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as link, paramiko.SSHClient() as client:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.load_host_keys(str(grid.known_hosts))
        key = str(identity or grid.identity)
        client.connect(
            "127.0.0.1", port, username="grid", key_filename=key, sock=link, allow_agent=False, look_for_keys=False
        )
        yield client


def port_of(grid: Grid, node: str) -> int:
    return int(grid.sources[grid.names.index(node)].rpartition(":")[2])


def figures(grid: Grid, node: str) -> Path:
    """The folder that the node's $ZELIGRID_PROC names."""
    return grid.folder / "nodes" / node.partition(".")[0] / "proc"


def running(grid: Grid, node: str) -> int:
    """How many runnable threads the node shows; the reader, which every stat counts, left out."""
    lines = (figures(grid, node) / "stat").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("procs_running")) - 1


def free_mb(grid: Grid, node: str) -> float:
    lines = (figures(grid, node) / "meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("MemAvailable"))


def run(client: paramiko.SSHClient, command: str, data: bytes = b"") -> tuple[int, bytes, bytes]:
    """Exit status, output and errors of a command that gets `data` as its standard input."""
    stdin, stdout, stderr = client.exec_command(command, timeout=WITHIN_S)
    stdin.write(data)
    stdin.channel.shutdown_write()
    output = stdout.read()
    return stdout.channel.recv_exit_status(), output, stderr.read()


def eventually(comes_true: Callable[[], object]) -> None:
    """Fail unless it comes true soon."""
    end = time.monotonic() + WITHIN_S
    while not comes_true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def with_variable(entry: str) -> list[int]:
    """The processes of this machine that were started with this environment entry."""
    return [int(process.name) for process in Path("/proc").iterdir() if process.name.isdigit() and _has(process, entry)]


def _has(process: Path, entry: str) -> bool:
    try:
        return entry.encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is another user's
        return False
