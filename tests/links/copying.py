"""Copies over a link, as jobs have theirs."""

from __future__ import annotations

from pathlib import Path

from zeligui.errors import UsageError
from zeligui.files.copying import Copying
from zeligui.files.machines import MachineFiles
from zeligui.files.moving import Mover
from zeligui.files.planning import Place, planned
from zeligui.jobs.staging import files_of
from zeligui.links import Link
from zeligui.links.local import LocalLink

HERE = MachineFiles("file://", LocalLink(), refusal=UsageError)


async def put(link: Link, local: Path, remote: str) -> None:
    """Copy a file or a tree there."""
    await _copy(Place(HERE, str(local)), Place(files_of(link), remote))


async def get(link: Link, remote: str, local: Path) -> None:
    """Copy a file or a tree from there."""
    await _copy(Place(files_of(link), remote), Place(HERE, str(local)))


async def _copy(source: Place, target: Place) -> None:
    await Copying(Mover(HERE), await planned(source, target, own=True), patience_s=0).run()
