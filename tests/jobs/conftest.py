"""Every way to run jobs that the conformance tests go through, each job ended when its test is over."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.jobs.performing import Performance, selected
from tests.jobs.places import Place
from tests.jobs.ways import MACHINES, WAYS, Way, abilities, way_of
from zeligui.testbed.grid import Grid


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A conformance test is run on every way that can what it needs; what the others cannot, another one tests."""
    needs = getattr(metafunc.function, "needs", None)
    if needs is not None:
        ways = [way for way in WAYS if abilities(way).issuperset(needs)]
        metafunc.parametrize("performance", ways, indirect=True, scope="module")


@pytest.fixture(scope="module")
def performance(request: pytest.FixtureRequest) -> Performance:
    """All conformance tests of one module that are to run on one way, played. Modules may be run beside each other."""
    with way_of(request.param, request) as way, seen_by_all() as folder:
        played = Performance(way.place, folder, at_once=way.at_once)
        tests = [item for item in request.session.items if item.path == request.path]
        played.run(selected(tests, request.param))
    return played


@contextmanager
def seen_by_all() -> Iterator[Path]:
    """A folder that other users may look into: a job may run as one of them."""
    with tempfile.TemporaryDirectory(prefix="plays-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session", params=MACHINES)
def machine_way(request: pytest.FixtureRequest) -> Iterator[Way]:
    with way_of(request.param, request) as way:
        yield way


@pytest.fixture
async def machine(machine_way: Way, own_home: Path, tmp_path: Path) -> AsyncIterator[Place]:
    """A machine with a POSIX shell: this one with each of the reapers, or one behind OpenSSH."""
    machine_way.renew()
    found = machine_way.place(tmp_path)
    yield found
    await found.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of the test's own, which jobs of other users see, too."""
    with seen_by_all() as folder:
        yield folder


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
