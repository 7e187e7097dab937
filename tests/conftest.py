"""What holds for every test: it touches nothing of the user's, and leaves nothing running."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = "servers directories bdii keyrings grids screens namespaces islands slurm globus".split()
pytest_plugins = [name for name in map("tests.{}".format, PLUGINS) if importlib.util.find_spec(name)]

# Servers live where `su - user` does not look, or below .venv/system (see scripts/system-packages.txt).
os.environ["PATH"] += f":/usr/sbin:/sbin:{ROOT / '.venv/system/bin'}"

# Windows are drawn in memory, unless a test run is to be watched.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SETTLING_S = 5.0

HOMES = (
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"),
    *("SSH_AUTH_SOCK", "X509_USER_PROXY", "X509_USER_CERT", "X509_USER_KEY", "X509_CERT_DIR", "SLURM_CONF"),
)
"""Variables that lead to what is the user's, and are not there in a test."""

T = TypeVar("T")


@pytest.fixture(scope="session", autouse=True)
def own_homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What fixtures of the whole session do happens in a home of the session's own."""
    with pytest.MonkeyPatch.context() as patch:
        move_home(tmp_path_factory.mktemp("session"), patch)
        yield


@pytest.fixture(autouse=True)
def nothing_left(own_homes: None) -> Iterator[None]:
    """A test that leaves a thread behind, which no longer-lived fixture started, has failed."""
    before = threads()
    yield
    if left := settle(lambda: threads() - before):
        pytest.fail(f"left running: {', '.join(sorted(left))}")


@pytest.fixture(autouse=True)
def own_home(
    nothing_left: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A home folder of the test's own: settings, journal, keys and job directories are made below it.

    A process that still has it as its home when the test is over was left behind, detached or not: it is ended, and
    the test has failed.
    """
    folder = tmp_path_factory.mktemp("home")
    move_home(folder, monkeypatch)
    yield folder
    if left := settle(lambda: at_home(folder)):
        words = ", ".join(map(describe, left))
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        pytest.fail(f"left running: {words}")


def move_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HOME", str(folder))
    patch.setenv("ZELIGRID_HOME", str(folder / "zeligrid"))
    for name in HOMES:
        patch.delenv(name, raising=False)
    patch.setenv("X509_USER_PROXY", str(folder / "proxy"))  # else it is looked for in /tmp, where one may be


def settle(left: Callable[[], AbstractSet[T]]) -> AbstractSet[T]:
    """What is left once nothing is, or after a while."""
    end = time.monotonic() + SETTLING_S
    while (still := left()) and time.monotonic() < end:
        time.sleep(0.02)
    return still


def threads() -> frozenset[str]:
    """The threads that would keep this process alive."""
    return frozenset(f"thread {one.name}" for one in threading.enumerate() if not one.daemon)


def at_home(folder: Path) -> frozenset[int]:
    """The processes whose home is this folder."""
    mark = b"HOME=" + os.fsencode(folder)
    return frozenset(one for one in processes() if mark in read(one, "environ").split(b"\0"))


def processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def describe(process: int) -> str:
    return f"process {process} {read(process, 'cmdline')[:200].replace(bytes(1), b' ').decode(errors='replace')}"


def read(process: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""
