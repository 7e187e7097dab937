"""Every way to run jobs that the conformance tests go through, each job ended when its test is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.jobs.performing import Performance, selected
from tests.jobs.places import Place
from tests.jobs.ways import POSIX, WAYS, Way, way_of
from zeligui.jobs.scripts import REAPERS
from zeligui.testbed.grid import Grid


@pytest.fixture(scope="session", params=WAYS)
def performance(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Performance:
    """All conformance tests that are to run on one way, played."""
    with way_of(request.param, request) as way:
        played = Performance(request.param, way.place, tmp_path_factory.mktemp("plays"), at_once=way.at_once)
        played.run(selected(request.session.items, request.param))
    return played


@pytest.fixture(scope="session", params=POSIX)
def machine_way(request: pytest.FixtureRequest) -> Iterator[Way]:
    with way_of(request.param, request) as way:
        yield way


@pytest.fixture
async def machine(machine_way: Way, own_home: Path, tmp_path: Path) -> AsyncIterator[Place]:
    """A machine with a POSIX shell: this one, one behind OpenSSH, or a node of the grid; with one of the reapers."""
    machine_way.renew()
    found = machine_way.place(tmp_path)
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
    found = Place("local://")
    yield found
    await found.close()


@pytest.fixture
async def node(grid: Grid, own_home: Path) -> AsyncIterator[Place]:
    """The grid's second node, with its best reaper."""
    found = Place(grid.sources[1], known_hosts=grid.known_hosts, identity=grid.identity)
    yield found
    await found.close()
