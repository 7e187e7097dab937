"""A bench for experiments on the embedded grid."""

from pathlib import Path

import pytest

from tests.experiment.driving import Bench
from zeligui.testbed.grid import Grid


@pytest.fixture
def bench(tmp_path: Path, grid: Grid) -> Bench:
    return Bench(tmp_path, grid)
