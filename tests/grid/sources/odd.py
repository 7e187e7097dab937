"""A link that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from zeligui.errors import Unreachable
from zeligui.links.link import Reply

TOOLS = ["sh", "cat", "tr", "awk", "sed", "df", "date", "uname", "grep", "sleep", "dd", "getconf", "readlink"]
"""What the plain-shell sensor and probe need."""


class Odd:
    """A link that does what the test says."""

    url = "ssh://odd"
    peer = ""

    def __init__(self, *lines: bytes, then: str = "silence", seconds: float = 0.0) -> None:
        self._lines = lines
        self._then = then
        self._seconds = seconds
        self.ended = False

    async def stream(self, script: str, *, data: str = "") -> AsyncIterator[bytes]:
        try:
            for line in self._lines:
                yield line
            if self._then == "silence":
                await asyncio.sleep(3600)
            if self._then == "flood":
                while True:
                    await asyncio.sleep(0)
                    yield self._lines[-1]
            if self._then == "break":
                raise Unreachable("The connection broke.")
        finally:
            self.ended = True

    async def run(self, script: str, *, data: str = "", limit_s: float = 15.0) -> Reply:
        if self._then == "break":
            raise Unreachable("The connection broke.")
        count = int(script.partition("count=")[2].partition(" ")[0] or 0)
        await asyncio.sleep(self._seconds * count / 64)
        return Reply(0, bytes(4096 * count))
