"""An embedded grid of four nodes, one for the whole test run, as new for each test that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zeligui.testbed.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grid]:
    """Four nodes, node1.grid to node4.grid; before each test all are powered on, reached and without load."""
    with Grid(tmp_path_factory.mktemp("grid"), nodes=4) as running:
        yield running


@pytest.fixture(autouse=True)
def _grid_as_new(request: pytest.FixtureRequest) -> None:
    if "grid" in request.fixturenames:
        request.getfixturevalue("grid").reset_now()
