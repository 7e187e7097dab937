"""Grids of one node with either isolation, and a client of the shared grid's first node."""

from __future__ import annotations

import os
from collections.abc import Iterator

import paramiko
import pytest

from tests.testbed.nodes import connected
from zeligui.errors import UsageError
from zeligui.testbed.grid import Grid


@pytest.fixture(scope="session", params=["namespace", "subreaper"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grid]:
    """One node, kept apart either way. Namespaces need root or a kernel that gives them to users."""
    grid = Grid(tmp_path_factory.mktemp(request.param), nodes=1, isolation=request.param)
    try:
        grid.open()
        yield grid
    except UsageError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    finally:
        grid.close()


@pytest.fixture
def client(grid: Grid) -> Iterator[paramiko.SSHClient]:
    with connected(grid, "node1.grid") as reached:
        yield reached
