"""Garbage is not looked for while thousands of hosts come: there is none, and each look goes through all that came."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """Have the automatic search for cycles rest, unless it does so already; for a moment, in any thread."""
    resting = not gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not resting:
            gc.enable()
