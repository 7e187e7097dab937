"""The lease: one living master drives an experiment, and its death frees it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from zeligui.errors import JournalError
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import LeaseHeld, acquire, holder

MASTER = """
import asyncio, sys, time
from pathlib import Path
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import acquire

journal = Journal.open(Path(sys.argv[1]) / "journal.sqlite")
lease = asyncio.run(acquire(journal, Path(sys.argv[1]) / "leases", sys.argv[2]))
print(lease.epoch, flush=True)
time.sleep(300)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal.open(tmp_path / "journal.sqlite")) as opened:
        yield opened


@pytest.fixture
def master(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that drives the experiment "pi"."""
    arguments = [sys.executable, "-c", MASTER, str(tmp_path), "pi"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "1\n"
        yield process
        process.kill()


async def test_a_living_master_is_named_and_refuses_another(
    journal: Journal, tmp_path: Path, master: subprocess.Popen[str]
) -> None:
    with pytest.raises(LeaseHeld, match=rf"pi is already driven by process {master.pid} on ") as caught:
        await acquire(journal, tmp_path / "leases", "pi")
    assert isinstance(caught.value, JournalError)
    assert str(holder(tmp_path / "leases", "pi")).startswith(f"process {master.pid} on ")


async def test_a_killed_master_leaves_the_lease_and_the_epoch_rises(
    journal: Journal, tmp_path: Path, master: subprocess.Popen[str]
) -> None:
    master.kill()
    master.wait()
    assert holder(tmp_path / "leases", "pi") is None
    with closing(await acquire(journal, tmp_path / "leases", "pi")) as lease:
        assert lease.epoch == 2
        assert str(os.getpid()) in lease.holder


async def test_another_experiment_is_free(journal: Journal, tmp_path: Path, master: subprocess.Popen[str]) -> None:
    with closing(await acquire(journal, tmp_path / "leases", "e/../" + "x" * 300)) as lease:
        assert lease.epoch == 1
    assert master.poll() is None


async def test_a_closed_lease_is_free(journal: Journal, tmp_path: Path) -> None:
    first = await acquire(journal, tmp_path / "leases", "a")
    with pytest.raises(LeaseHeld):
        await acquire(journal, tmp_path / "leases", "a")
    first.close()
    first.close()
    assert holder(tmp_path / "leases", "a") is None
    (await acquire(journal, tmp_path / "leases", "a")).close()


async def test_asking_for_the_holder_does_not_hinder_a_master(journal: Journal, tmp_path: Path) -> None:
    (await acquire(journal, tmp_path / "leases", "a")).close()
    asking = asyncio.create_task(asyncio.to_thread(ask, tmp_path / "leases"))
    for _ in range(10):
        (await acquire(journal, tmp_path / "leases", "a")).close()
    await asking


def ask(folder: Path) -> None:
    for _ in range(2000):
        holder(folder, "a")


async def test_a_child_process_does_not_inherit_the_lease(journal: Journal, tmp_path: Path) -> None:
    lease = await acquire(journal, tmp_path / "leases", "a")
    with subprocess.Popen(["sleep", "300"], close_fds=False) as child:
        lease.close()
        assert holder(tmp_path / "leases", "a") is None
        child.kill()


async def test_a_journal_that_cannot_be_written_gives_no_lease(journal: Journal, tmp_path: Path) -> None:
    journal.close()
    with pytest.raises(JournalError):
        await acquire(journal, tmp_path / "leases", "a")
    assert holder(tmp_path / "leases", "a") is None


async def test_a_folder_that_cannot_be_made_is_said(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be used"):
        await acquire(journal, tmp_path / "file/leases", "a")
