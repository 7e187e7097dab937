"""Every way to run jobs that the conformance tests go through, each job ended when its test is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.jobs.places import Place
from tests.servers import OpenSsh
from zeligui.jobs.scripts import REAPERS
from zeligui.testbed.grid import Grid

WAYS = ("local-python3", "local-perl", "local-sh", "openssh-python3", "node-python3")


@pytest.fixture(scope="session", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    if request.param.startswith("node"):
        request.getfixturevalue("grid")  # here, so that it outlives the test that is the first to use it
    name: str = request.param
    return name


@pytest.fixture
async def place(way: str, request: pytest.FixtureRequest, own_home: Path) -> AsyncIterator[Place]:
    """A machine that runs jobs: this one, one behind OpenSSH, or a node of the grid; with one of the reapers."""
    kind, _, reaper = way.partition("-")
    if kind == "local":
        found = Place("local://", reaper)
    elif kind == "openssh":
        server: OpenSsh = request.getfixturevalue("openssh")()
        found = Place(server.url, reaper, known_hosts=server.known_hosts, identity=server.identity)
    else:
        grid: Grid = request.getfixturevalue("grid")
        grid.reset_now()
        found = Place(grid.sources[0], reaper, known_hosts=grid.known_hosts, identity=grid.identity)
    yield found
    await found.close()


@pytest.fixture(params=REAPERS)
async def watched(request: pytest.FixtureRequest, own_home: Path) -> AsyncIterator[Place]:
    """This machine, with each of the reapers."""
    found = Place("local://", request.param)
    yield found
    await found.close()


@pytest.fixture
async def here(own_home: Path) -> AsyncIterator[Place]:
    """This machine, with its best reaper."""
    found = Place("local://", None)
    yield found
    await found.close()


@pytest.fixture
async def node(grid: Grid, own_home: Path) -> AsyncIterator[Place]:
    """The grid's second node, with its best reaper."""
    found = Place(grid.sources[1], None, known_hosts=grid.known_hosts, identity=grid.identity)
    yield found
    await found.close()
