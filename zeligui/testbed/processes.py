"""Which processes belong to a node, and what they do."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """What /proc/PID/stat says of one process (proc(5)): `ticks` of processor time used, `resident_kb` in KiB."""

    pid: int
    parent: int
    state: str
    threads: int
    ticks: int
    resident_kb: int


class Census:
    """Finds all descendants of some processes, again and again at little cost.

    A process that was seen outside never gets inside, so only those inside are read each time.
    """

    def __init__(self) -> None:
        self._outside: set[int] = set()

    def below(self, roots: Collection[int]) -> dict[int, list[Process]]:
        """The descendants of each root, without the root itself."""
        listed = set(pids())
        self._outside &= listed
        seen = {pid: process for pid in listed - self._outside if (process := read(pid))}
        found: dict[int, list[Process]] = {root: [] for root in roots}
        for pid, process in seen.items():
            if pid in found:
                continue
            top = _top(process, seen, found)
            if top in found:
                found[top].append(process)
            elif top == 0 or top in self._outside:
                self._outside.add(pid)
        return found


def pids() -> Iterator[int]:
    """All processes that this one can see."""
    with os.scandir("/proc") as entries:
        yield from (int(entry.name) for entry in entries if entry.name.isdigit())


def read(pid: int) -> Process | None:
    """One process, None where it has gone or is a zombie."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, parent, *rest = line[line.rindex(b")") + 2 :].decode().split()
    threads = int(rest[15])
    if state in "ZX" and threads <= 1:  # a leader that ended before its threads looks like a zombie too
        return None
    ticks = int(rest[9]) + int(rest[10])
    return Process(pid, int(parent), state, threads, ticks, resident_kb=int(rest[19]) * _PAGE_KB)


def thread_states(process: Process) -> Iterator[str]:
    """The state letter of each thread."""
    if process.threads == 1:
        yield process.state
        return
    for stat in Path(f"/proc/{process.pid}/task").glob("*/stat"):
        try:
            line = stat.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield chr(line[line.rindex(b")") + 2])


def kill_below(root: int) -> None:
    """Kill all descendants of a process that adopts orphans, until none is left."""
    while victims := Census().below([root])[root]:
        for victim in victims:
            kill(victim.pid)


def kill_marked(mark: bytes) -> None:
    """Kill all processes that were started with `mark` at the beginning of an environment entry."""
    while victims := [pid for pid in pids() if _marked(pid, mark) and read(pid)]:
        for pid in victims:
            kill(pid)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that may just have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


_PAGE_KB = os.sysconf("SC_PAGESIZE") // 1024


def _top(process: Process, seen: Mapping[int, Process], roots: Mapping[int, object]) -> int:
    """The first ancestor that is a root or was not read."""
    parent = process.parent
    while parent in seen and parent not in roots:
        parent = seen[parent].parent
    return parent


def _marked(pid: int, mark: bytes) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # gone, or another user's
        return False
    return any(entry.startswith(mark) for entry in environment.split(b"\0"))
