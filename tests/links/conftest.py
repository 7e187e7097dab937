"""Links to this machine and to a real sshd; after each test no thread of theirs is left."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers import OpenSsh, require
from zeligui.links import Link, Links, open_links
from zeligui.links.crew import AT_REST
from zeligui.testbed.grid import Grid

OpenLinks = Callable[..., Links]


@pytest.fixture
async def reach() -> AsyncIterator[OpenLinks]:
    """Opens links, by default those that a server's own key and identity open, and closes them after the test."""
    before = set(threading.enumerate())
    opened: list[Links] = []

    def start(
        server: OpenSsh | None = None,
        *,
        known_hosts: Sequence[Path] | None = None,
        identities: Sequence[Path] | None = None,
    ) -> Links:
        known = known_hosts if known_hosts is not None else [server.known_hosts] if server else []
        named = identities if identities is not None else [server.identity] if server else []
        opened.append(open_links(known_hosts=known, identities=named))
        return opened[-1]

    yield start
    for links in opened:
        await links.close()
    await no_more_threads_than(before)


async def no_more_threads_than(before: set[threading.Thread]) -> None:
    """Wait until all threads that a link started have ended."""
    deadline = time.monotonic() + 5
    kept = {"server", AT_REST}
    while left := [each.name for each in threading.enumerate() if each not in before and each.name not in kept]:
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.01)


@pytest.fixture
def dot_ssh(own_home: Path) -> Path:
    """The user's ~/.ssh."""
    folder = own_home / ".ssh"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An ssh agent without keys."""
    socket = tmp_path_factory.mktemp("agent") / "socket"
    process = subprocess.Popen(
        [require("ssh-agent", "openssh-client"), "-D", "-a", str(socket)], stdout=subprocess.DEVNULL
    )
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    while not socket.exists():
        assert process.poll() is None
    yield
    process.terminate()
    process.wait()


@pytest.fixture(params=["local", "ssh", "grid"])
def link(request: pytest.FixtureRequest, grid: Grid, reach: OpenLinks) -> Link:
    """A link of each kind, to the embedded grid too: what holds for one holds for the others."""
    if request.param == "local":
        return reach().to("local://")
    if request.param == "grid":
        return reach(known_hosts=[grid.known_hosts], identities=[grid.identity]).to(grid.sources[0])
    server: OpenSsh = request.getfixturevalue("openssh")()
    return reach(server).to(server.url)
