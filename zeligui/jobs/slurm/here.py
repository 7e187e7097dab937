"""What is done without a shell for a cluster that is this machine's own: each process that one starts takes its time.

It does what `submit.sh` and `base.sh` do, where nothing is in the way; where something is, they do it.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zeligui.links.calls import call

SUBMIT_S = 14.0
"""How long sbatch may take; a control shell waits a second longer."""
WRITE_S = 5.0
"""How long a file may take to be written: the home may be another machine's."""
MOST_SAID = 64 * 1024


@dataclass(frozen=True, slots=True)
class Handed:
    """What sbatch said, and the id that it gave: none where it refused, or got no answer."""

    native: str
    said: str


async def hand_over(folder: str, command: Sequence[str], umask: int) -> Handed | None:
    """Hand an attempt to Slurm that was not handed over before; None where it was, or cannot be from here."""
    try:
        return await call(_hand_over, folder, command, umask, limit=SUBMIT_S + 1)
    except (OSError, TimeoutError):
        return None


async def make(folder: str) -> None:
    """Make the folder of an attempt: its claim starts a process for that, beside sbatch, where it is not there."""
    await _done(Path(folder).mkdir, 0o700)


async def keep(folder: str, nonce: str, native: str) -> bool:
    """Write down the id, as `keep` does, where nobody has, and nobody has decided about the attempt meanwhile.

    The claim with this nonce has made a file for it.
    """
    return await _done(_keep, Path(folder), nonce, native)


async def grant(folder: str) -> bool:
    """Let a job go, as `grant` does: whether that was by this."""
    return await _done(_grant, Path(folder))


def _hand_over(folder: str, command: Sequence[str], umask: int) -> Handed | None:
    if Path(folder, "sent").exists():
        return None
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, umask=umask
    ) as sbatch:
        try:
            said = _said(sbatch)
        except TimeoutError:
            sbatch.kill()
            return Handed("", "sbatch timed out")
    return Handed(_id(said) if sbatch.returncode == 0 else "", said)


def _said(sbatch: subprocess.Popen[bytes]) -> str:
    """What it printed until it ended. TimeoutError. `communicate` with a limit notices the end a millisecond later."""
    end, said = time.monotonic() + SUBMIT_S, b""
    output, ready = sbatch.stdout.fileno(), select.poll()  # type: ignore[union-attr]
    ready.register(output, select.POLLIN)
    while True:
        if not ready.poll(1e3 * max(0.0, end - time.monotonic())):
            raise TimeoutError
        piece = os.read(output, MOST_SAID)
        if not piece:
            sbatch.wait()
            return said.decode("utf-8", "surrogateescape").replace("\0", "")
        said = (said + piece)[-MOST_SAID:]


def _id(said: str) -> str:
    """The last line that is a number, whatever a site's own words say besides; a cluster's name may follow it."""
    words = [line.partition(";")[0] for line in said.splitlines()]
    return next((word for word in reversed(words) if word.isascii() and word.isdigit()), "")


async def _done(work: Callable[..., None], *args: object) -> bool:
    try:
        await call(work, *args, limit=WRITE_S)
    except (OSError, TimeoutError):
        return False
    return True


def _keep(folder: Path, nonce: str, native: str) -> None:
    if (folder / "decided").exists():
        raise FileExistsError
    own = folder / f"native.{nonce}"
    with own.open("r+") as file:
        file.write(f"{native} end\n")
    os.link(own, folder / "native")  # not made anew: a disk may look long for where to put a file


def _grant(folder: Path) -> None:
    os.link(folder / "native", folder / "decided")
