"""What tests of a session have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zeligui.experiment.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.sqlite")
    yield opened
    opened.close()
