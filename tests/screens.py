"""Displays that nobody sees, and programs that stand in for those which show a message."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import require


@pytest.fixture
def x(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A display that nobody sees is the one to use."""
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with x_server() as name:
        monkeypatch.setenv("DISPLAY", name)
        yield name


def dialogs(folder: Path, patch: pytest.MonkeyPatch, *names: str) -> Callable[[], list[str]]:
    """Programs of these names, the only ones to be found, that note what they are asked to show: what was noted."""
    noted = folder / "noted"
    for name in names:
        (folder / name).write_text(f'#!/bin/sh\necho "${{0##*/}} $*" >>"{noted}"\n')
        (folder / name).chmod(0o755)
    patch.setenv("PATH", str(folder))
    return lambda: noted.read_text().splitlines() if noted.exists() else []


@contextmanager
def x_server(*options: str) -> Iterator[str]:
    """The name of a display; Xvfb itself chooses a free number and tells it once it listens."""
    program = require("Xvfb", "xvfb")
    told, tell = os.pipe()
    line = [program, "-displayfd", str(tell), "-screen", "0", "640x480x24", "-nolisten", "tcp", *options]
    server = subprocess.Popen(line, pass_fds=[tell], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(tell)
    try:
        with os.fdopen(told) as number:
            yield f":{int(number.readline())}"
    finally:
        server.terminate()
        server.wait(timeout=10)
