"""What is done without a shell for a cluster that is this machine's own: each process that one starts takes its time.

It does what `submit.sh` and `base.sh` do, where nothing is in the way; where something is, they do it.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zeligui.jobs.slurm.scripts import Offer
from zeligui.links.calls import call
from zeligui.links.crew import CREW

SUBMIT_S = 14.0
"""How long sbatch may take; a control shell waits a second longer."""
WRITE_S = 5.0
"""How long a file may take to be written: the home may be another machine's."""
MOST_SAID = 64 * 1024


@dataclass(frozen=True, slots=True)
class Handed:
    """What sbatch said, and the id that it gave: none where it refused, or got no answer.

    Where the attempt is `ready`, it was claimed meanwhile, and its id is written down.
    """

    native: str
    said: str
    ready: bool


async def submit(cluster: str, folder: str, offer: Offer, command: Sequence[str], umask: int) -> Handed | None:
    """Claim an attempt whose directory is to be `folder` and hand it to Slurm by `command`, both at the same time.

    None where it was handed over before, or cannot be from here.
    """
    try:
        return await call(_submit, cluster, Path(folder), offer, command, umask, limit=SUBMIT_S + WRITE_S)
    except (OSError, TimeoutError):
        return None


async def grant(folder: str) -> bool:
    """Let a job go, as `grant` does: whether that was by this."""
    try:
        await call(_grant, Path(folder), limit=WRITE_S)
    except (OSError, TimeoutError):
        return False
    return True


def _submit(cluster: str, folder: Path, offer: Offer, command: Sequence[str], umask: int) -> Handed | None:
    if (folder / "sent").exists():
        return None
    claim, said, native = _Claim(cluster, folder, offer), "", ""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, umask=umask
    ) as sbatch:
        # In another thread: a process that was just started may run only once the thread that started it waits.
        claimed = _begun(claim.make)
        try:
            for said in _heard(sbatch):
                native = _id(said)
                if native and claimed.done() and claimed.result():
                    claim.write(native)  # while it ends
        except TimeoutError:
            sbatch.kill()
            return Handed("", "sbatch timed out", ready=False)
    if sbatch.returncode != 0:
        native = ""
    try:
        return Handed(native, said, ready=native != "" and claimed.result(WRITE_S) and claim.keep(native))
    except TimeoutError:
        return Handed(native, said, ready=False)


def _begun(work: Callable[[], bool]) -> Future[bool]:
    """Work that another thread does, if one can be had."""
    done: Future[bool] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - who waits for it is told
            done.set_exception(error)

    try:
        CREW.do("claim", run)
    except RuntimeError:
        run()
    return done


def _heard(sbatch: subprocess.Popen[bytes]) -> Iterator[str]:
    """All that it has printed, whenever that is more, until it ended. TimeoutError.

    `communicate` with a limit notices the end a millisecond later.
    """
    end, said = time.monotonic() + SUBMIT_S, b""
    output, ready = sbatch.stdout.fileno(), select.poll()  # type: ignore[union-attr]
    ready.register(output, select.POLLIN)
    while True:
        if not ready.poll(1e3 * max(0.0, end - time.monotonic())):
            raise TimeoutError
        piece = os.read(output, MOST_SAID)
        if not piece:
            sbatch.wait()
            return
        said = (said + piece)[-MOST_SAID:]
        yield said.decode("utf-8", "surrogateescape").replace("\0", "")


def _id(said: str) -> str:
    """The last line that is a number, whatever a site's own words say besides; a cluster's name may follow it."""
    words = [line.partition(";")[0] for line in said.splitlines()]
    return next((word for word in reversed(words) if word.isascii() and word.isdigit()), "")


class _Claim:
    """The claim of an attempt, made with as few new files as can be: a disk may look long for where to put one.

    A further name of a file takes next to nothing.
    """

    def __init__(self, cluster: str, folder: Path, offer: Offer) -> None:
        self._line = f"claim {offer.nonce} slurm {cluster} end\n"
        self._folder = folder
        self._offer = offer
        self._native = folder / f"native.{offer.nonce}"
        self._written = ""

    def make(self) -> bool:
        """What `claim` does, and whether nothing was there but what this very claim had made before."""
        folder, offer, jobs = self._folder, self._offer, self._folder.parent
        claim = jobs / "claims" / offer.attempt
        try:
            if any((other / "claims" / offer.attempt).exists() for other in jobs.parent.iterdir() if other != jobs):
                return False
            _have(claim, self._line)
            folder.mkdir(0o700, exist_ok=True)
            _have_name(claim, folder / "exit.pending")
            if offer.fence:
                _have_name(claim, folder / "fenced.pending")
                _have(folder / "fence", "end\n")  # of its own: it has the time of the last poll
            if offer.interactive:
                _have_name(claim, folder / "stdin.pending")
                _have(folder / "stdin", "")
            _have(folder / "go.pending", f"go end\n{offer.order}")  # where it is, a shell's claim makes none of these
            _have(folder / "sent", "alone end\n")
            _have(self._native, "")
            return not any(map(_decided, folder.iterdir()))
        except OSError:
            return False

    def write(self, native: str) -> None:
        """Write the id into a file of this claim's own."""
        with suppress(OSError):
            if native != self._written:
                self._native.write_text(f"{native} end\n")
                self._written = native

    def keep(self, native: str) -> bool:
        """What `keep` does, where nobody has, and nobody has decided about the attempt meanwhile."""
        self.write(native)
        try:
            if self._written != native or (self._folder / "decided").exists():
                return False
            os.link(self._native, self._folder / "native")
        except OSError:
            return False
        return True


def _have(path: Path, content: str) -> None:
    """Make a file that only its owner can read, unless it is there as it is to be. OSError, and nothing is made."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.fsencode(content))
    except FileExistsError:
        if path.read_bytes() != os.fsencode(content):
            raise
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _have_name(path: Path, name: Path) -> None:
    """Give a file a further name, unless there is one that is whole. OSError."""
    try:
        os.link(path, name)
    except FileExistsError:
        if not name.read_bytes().endswith(b"end\n"):
            raise


def _decided(file: Path) -> bool:
    """Whether this file says that the attempt was canceled or let go, or has an id."""
    return file.name in {"decided", "native"} or (file.name.startswith("go.") and file.name != "go.pending")


def _grant(folder: Path) -> None:
    os.link(folder / "native", folder / "decided")
