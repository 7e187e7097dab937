"""A cluster whose commands are on this machine: what this process does by itself, in less time than through a shell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from zeligui.links.calls import call

SUBMIT_LIMIT_S = 15.0
GRANT_LIMIT_S = 5.0


def folder(cluster: str) -> str:
    """Where a cluster's jobs have their directories."""
    return f"{Path.home()}/.zeligrid/jobs/slurm-{cluster}"


async def handed_over(cluster: str, attempt: str, command: Sequence[str], umask: str) -> str | None:
    """What sbatch prints; None, and it is not started, where the attempt was claimed before.

    TimeoutError where it does not end: whether it submitted anything is not known then.
    """
    claim = f"{folder(cluster)}/claims/{attempt}"
    return await call(_said, claim, command, int(umask, 8), limit=SUBMIT_LIMIT_S + 1)


def _said(claim: str, command: Sequence[str], umask: int) -> str | None:
    """In a session of its own, so that Ctrl+C in the terminal does not reach it."""
    if os.path.lexists(claim):
        return None
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            umask=umask,
            start_new_session=True,
            timeout=SUBMIT_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return ended.stdout.decode("utf-8", "surrogateescape").replace("\0", "")


async def granted(folder: str) -> bool:
    """Whether a job is let go by this, as `grant` of base.sh does it."""
    try:
        await call(_make, os.fsencode(f"{folder}/decided"), limit=GRANT_LIMIT_S)
    except (OSError, TimeoutError):
        return False
    return True


def _make(file: bytes) -> None:
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
