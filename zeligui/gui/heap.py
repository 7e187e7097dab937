"""The memory that the C library keeps though it is free: given back, so that a window open for days stays small.

Qt takes and frees much at once where a dialog opens, and what else is taken meanwhile lies between: without this,
the process grows faster. Only glibc needs it, and has the calls for it.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

MOST_ARENAS = 2
"""Heaps that threads share; each would get one of its own, with holes of its own."""

LARGE = 128 * 1024
"""Bytes of what lies by itself, and is gone when it is freed: what a dialog is painted on, above all. glibc begins so,
and learns from what is freed to put ever larger pieces among the rest, where they leave holes."""

NAMES = 50_000
"""Names that come and go leave Python's table of all names full of holes, which then doubles; each path makes some."""

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # M_MMAP_THRESHOLD and M_ARENA_MAX of malloc.h


def keep_tidy() -> None:
    """Let all threads that begin from now on share few heaps, and keep what is large out of them."""
    _call("mallopt", _ARENA_MAX, MOST_ARENAS)
    _call("mallopt", _MMAP_THRESHOLD, LARGE)


def make_room_for_names() -> None:
    """Have Python's table of names double now, once all modules are there, and not some quarter of an hour later: its
    2 MB are taken anyway, and who watches a process grow looks for a leak."""
    for number in range(NAMES):
        sys.intern(f"{__name__} {number}")


def give_back() -> None:
    """Give whole pages that are free back to the system. It takes some milliseconds."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    library = ctypes.CDLL(None)
    found: Callable[..., Any] | None = getattr(library, name, None)  # another C library than glibc has none
    if found is not None:
        found(*arguments)
