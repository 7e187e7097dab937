"""Digests of files, computed by a shell on the machine that has them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

from zeligui.errors import Refused
from zeligui.links.copies import Part
from zeligui.links.shell import Shell, quote

MOST_FILES, MOST_BYTES = 500, 64 * 1024
"""Of one script: its files, and its text."""

LEAST_S, BYTES_A_SECOND = 30.0, 10e6
"""How long digests may take: so long, and a second more for so many bytes."""

NONE = 3

# openssl takes a quarter of the time for a large file, and ten times as long to start.
_SCRIPT = f"""
by_openssl() {{ openssl dgst -sha256 -r; }}
if command -v sha256sum; then sum() {{ sha256sum; }}
elif command -v shasum; then sum() {{ shasum -a 256; }}
elif command -v openssl; then sum() {{ by_openssl; }}
else exit {NONE}
fi >/dev/null
if command -v openssl >/dev/null; then large() {{ by_openssl; }}; else large() {{ sum; }}; fi
digest() {{
    by=sum
    [ "$1" -lt 4000000 ] || by=large
    if [ ! -f "$2" ]; then echo none
    elif [ "$(wc -c <"$2")" -eq "$1" ]; then $by <"$2"
    else head -c "$1" <"$2" | $by
    fi || echo none
}}
"""


def by_shell(shell: Shell, wanted: Sequence[Part]) -> list[str]:
    """The SHA-256 of the beginnings of files, in their order.

    Refused where the machine has no shell, or nothing that computes them; OSError where a file cannot be read.
    """
    return [digest for some in _portions(wanted) for digest in _asked(shell, some)]


def seconds_for(size: int) -> float:
    """How long the digests of so many bytes may take."""
    return LEAST_S + size / BYTES_A_SECOND


def _asked(shell: Shell, wanted: Sequence[Part]) -> list[str]:
    calls = [f"digest {length} {quote(os.fsdecode(path))}\n" for path, length in wanted]
    deadline = time.monotonic() + seconds_for(sum(length for _, length in wanted))
    reply = shell.run(_SCRIPT + "".join(calls), "", deadline)
    digests = [line[:64] for line in reply.text.splitlines()]
    if reply.status == NONE or len(digests) != len(wanted):
        raise Refused("There is nothing that computes digests.")
    if "none" in digests:
        raise OSError("it is gone, or cannot be read")
    return digests


def _portions(wanted: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """So many at a time as one script may hold."""
    some: list[Part] = []
    size = 0
    for path, length in wanted:
        if some and (len(some) == MOST_FILES or size + len(path) > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append((path, length))
        size += len(path) + 32
    if some:
        yield some
