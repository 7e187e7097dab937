"""A machine that runs OpenSSH as a link: one kept connection, and another for large copies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, TypeVar

from zeligui.errors import Refused
from zeligui.links.addresses import Address
from zeligui.links.copies import Files
from zeligui.links.line import Copier, Dial, Line
from zeligui.links.link import Reply, Script
from zeligui.links.shells import Shells

if TYPE_CHECKING:
    from zeligui.links.connection import ChannelPipe, Connection

T = TypeVar("T")

LARGE = 1024 * 1024
"""Bytes above which contents go over the connection for large copies."""

IDLE_S = 30.0
"""How long that connection is kept after its last copy."""

MOST_STREAMS = 2
"""Beside the control shell, two of SFTP and a shell for digests: six channels; sshd allows ten by default."""


class SshLink:
    """`ssh://[user@]host[:port]`; `dial` makes a connection that is not open yet."""

    def __init__(self, address: Address, dial: Dial) -> None:
        self.url = address.url
        self._line, self._bulk_line = Line(address, dial), Line(address, dial)
        self._copiers = {
            (large, writing): Copier(self._bulk_line if large else self._line)
            for large in (False, True)
            for writing in (False, True)
        }
        self._shells = Shells(self.url, self._open_pipe)
        self._streams = 0
        self._idle: asyncio.TimerHandle | None = None

    @property
    def peer(self) -> str:
        return self._line.peer

    async def run(self, script: str | Script, *, data: str = "", limit_s: float = 15.0) -> Reply:
        return await self._shells.run(script, data, limit_s)

    async def stream(self, script: str, *, data: str = "") -> AsyncIterator[bytes]:
        if self._streams >= MOST_STREAMS:
            raise Refused(f"{self.url} has {MOST_STREAMS} streams open, which is all it may have.")
        self._streams += 1
        lines = self._shells.stream(script, data)
        try:
            async for line in lines:
                yield line
        finally:
            self._streams -= 1
            await lines.aclose()

    async def files(
        self, work: Callable[[Files], T], *, writing: bool = False, size: int = 0, limit_s: float = 3600.0
    ) -> T:
        large = size > LARGE
        try:
            return await self._copiers[large, writing].use(work, time.monotonic() + limit_s)
        finally:
            if large:
                self._end_idle_copies()

    async def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        await asyncio.gather(self._line.close(), self._bulk_line.close())
        await self._shells.close()

    async def _open_pipe(self, deadline: float) -> ChannelPipe:
        return await self._line.channel(_shell, deadline)

    def _end_idle_copies(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._hang_up)

    def _hang_up(self) -> None:
        """End the connection for large copies, unless one goes on, after which it idles anew."""
        copiers = [copier for (large, _), copier in self._copiers.items() if large]
        if not any(copier.busy for copier in copiers):
            for copier in copiers:
                copier.end()
            self._bulk_line.hang_up()


def _shell(connection: Connection) -> ChannelPipe:
    return connection.shell()
