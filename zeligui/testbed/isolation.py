"""How a node is kept apart: a pid namespace of its own, or a process that adopts what its descendants leave behind."""

from __future__ import annotations

import ctypes
import os
import traceback
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import NoReturn

from zeligui.errors import UsageError

# From linux/sched.h, linux/mount.h and linux/prctl.h; Python has unshare() from 3.12 on only.
CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


class Isolation(Enum):
    """What keeps the processes of one node together and away from the others."""

    NAMESPACE = "namespace"
    USER_NAMESPACE = "user namespace"
    SUBREAPER = "subreaper"


def choose(wanted: str) -> Isolation:
    """The best isolation that works here, found by trying. `wanted` is auto, namespace or subreaper.

    The caller is as for `spawn`. UsageError: namespaces are wanted and not to be had.
    """
    if wanted != "subreaper":
        for isolation in (Isolation.NAMESPACE, Isolation.USER_NAMESPACE):
            if _works(isolation):
                return isolation
    if wanted == "namespace":
        raise UsageError(
            "This machine does not let this user make pid namespaces.",
            hint="Try --isolation subreaper, or run as root.",
        )
    return Isolation.SUBREAPER


def spawn(isolation: Isolation, main: Callable[[], int]) -> int:
    """Fork the first process of a node, which exits with the status that `main` returns; its pid as seen from here.

    The caller has one thread and has called `adopt_orphans`: it becomes the parent. OSError: isolation is refused.
    """
    if isolation is Isolation.SUBREAPER:
        return os.fork() or _live(adopt_orphans, main)
    reader, writer = os.pipe()
    # Only children are born into a new pid namespace, so that one in the middle makes it and goes.
    middle = os.fork() or _live(lambda: _enter(isolation), lambda: _announce_child(writer, main))
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        line = answer.readline()
    os.waitpid(middle, 0)
    if not line:
        raise OSError(f"no {isolation.value} can be made here")
    return int(line)


def adopt_orphans() -> None:
    """Make this process the parent of all its descendants whose own parent ends."""
    _check(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def die_with_parent(signal: int) -> None:
    """Ask for `signal` when the thread that forked this process ends."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0))


def _works(isolation: Isolation) -> bool:
    try:
        pid = spawn(isolation, lambda: 0 if Path("/proc/self").readlink() == Path("1") else 1)
    except OSError:
        return False
    return os.waitpid(pid, 0)[1] == 0


def _announce_child(writer: int, main: Callable[[], int]) -> int:
    child = os.fork() or _live(_mount_proc, main, closing=writer)
    os.write(writer, b"%d\n" % child)
    return 0


def _live(prepare: Callable[[], None], main: Callable[[], int], *, closing: int | None = None) -> NoReturn:
    """The whole life of a forked process: nothing of its parent's clean-up may run in it."""
    status = 1
    try:
        if closing is not None:
            os.close(closing)
        if _allowed(prepare):
            status = main()
    except BaseException:  # noqa: BLE001 - the edge of a process
        traceback.print_exc()
    finally:
        os._exit(status)


def _allowed(prepare: Callable[[], None]) -> bool:
    """Refused isolation is an answer, not a fault: who forked sees that the process ended."""
    try:
        prepare()
    except OSError:
        return False
    return True


def _enter(isolation: Isolation) -> None:
    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWPID | CLONE_NEWNS
    if isolation is Isolation.USER_NAMESPACE:
        flags |= CLONE_NEWUSER
    _check(_libc.unshare(flags))
    if isolation is Isolation.USER_NAMESPACE:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _mount_proc() -> None:
    _check(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    _check(_libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
