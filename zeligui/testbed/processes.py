"""Which processes belong to a node, and what they do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LOOKS_AT_ALL = 40  # every so many looks; one at all costs 6 ms with 200 processes


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

    A process that was seen outside never gets inside, so mostly those inside are read; all are read now and then, for
    an id may have been given to another process between two looks.
    """

    def __init__(self) -> None:
        self._outside: set[int] = set()
        self._looks = 0

    def below(self, roots: Collection[int]) -> dict[int, list[Process]]:
        """The descendants of each root, without the root itself."""
        listed = set(pids())
        self._looks += 1
        self._outside &= listed if self._looks % LOOKS_AT_ALL else set()
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


def kill_below(root: int, *, limit_s: float) -> None:
    """Kill all descendants of a process that adopts orphans, until none is left, or the time is over.

    Each is killed as soon as it is met, the newest first: one that forks and ends, again and again, would be gone
    by the end of a round.
    """
    outside: set[int] = set()
    end = time.monotonic() + limit_s
    while (_hunt(root, outside) or _hunt(root, outside := set())) and time.monotonic() < end:
        time.sleep(0.001)


def _hunt(root: int, outside: set[int]) -> bool:
    """One round; whether there may be more. `outside` collects who is no descendant."""
    more = False
    for pid in sorted(set(pids()) - outside - {root}, reverse=True):
        ancestor = _ancestor(pid, root, outside)
        if ancestor == root:
            kill(pid)
            more = True
        elif ancestor is not None:
            outside.add(pid)
        elif read(pid):
            more = True
    return more


def _ancestor(pid: int, root: int, outside: Collection[int]) -> int | None:
    """The root, one that is outside, or 0 above all; None where one on the way has gone."""
    while pid not in outside and pid not in {root, 0}:
        process = read(pid)
        if process is None:
            return None
        pid = process.parent
    return pid


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
