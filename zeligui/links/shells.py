"""The control shell and the streams of one machine, for the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from zeligui.errors import Unreachable
from zeligui.links.calls import call, leave
from zeligui.links.link import Reply, Script
from zeligui.links.shell import Lines, Pipe, Shell

OPEN_S = 20.0
"""How long the start of a stream may take, the connection included."""

QUIET_S = 10.0
"""After this long without a line the machine is asked whether it is still there."""

ALIVE_S = 5.0
"""How long it may take to say so."""


class Shells:
    """Runs scripts in the order of the calls on one control shell, and streams on shells of their own.

    `open_pipe(deadline)` starts `/bin/sh` on the machine and gives its streams; the deadline is in monotonic seconds.
    """

    def __init__(self, where: str, open_pipe: Callable[[float], Awaitable[Pipe]]) -> None:
        self._where = where
        self._open_pipe = open_pipe
        self._turn = asyncio.Lock()
        self._shell: Shell | None = None
        self._streams: set[Lines] = set()
        self._closed = False

    async def run(self, script: str | Script, data: str, limit_s: float) -> Reply:
        """Run one script; its time begins with its turn. A shell that has ended is started anew before."""
        async with self._turn:
            deadline = time.monotonic() + limit_s
            if self._shell is None or self._shell.broken:
                self._drop_shell()
                self._shell = Shell(await self._open(deadline), self._where)
            try:
                return await call(self._shell.run, script, data, deadline, limit=limit_s + 1)
            except TimeoutError as error:
                self._drop_shell()
                raise Unreachable(f"{self._where} did not answer a command in {limit_s:g} s.") from error

    async def stream(self, script: str, data: str) -> AsyncGenerator[bytes]:
        """Run a script on a shell of its own and yield its lines."""
        deadline = time.monotonic() + OPEN_S
        lines = Lines(await self._open(deadline), self._where)
        self._streams.add(lines)
        try:
            await call(lines.start, script, data, deadline)
            while (some := await self._read(lines)) is not None:
                for line in some:
                    yield line
        finally:
            self._streams.discard(lines)
            leave(lines.close)

    async def _read(self, lines: Lines) -> Sequence[bytes] | None:
        while True:
            try:
                return await call(lines.read, time.monotonic() + QUIET_S)
            except TimeoutError:
                await self.run(":", "", ALIVE_S)

    async def _open(self, deadline: float) -> Pipe:
        self._check()
        pipe = await self._open_pipe(deadline)
        if self._closed:
            leave(pipe.close)
        self._check()
        return pipe

    def _check(self) -> None:
        if self._closed:
            raise Unreachable(f"The link to {self._where} was closed.")

    def _drop_shell(self) -> None:
        if self._shell is not None:
            leave(self._shell.close)
            self._shell = None

    async def close(self) -> None:
        """Let go of all shells, for good."""
        self._closed = True
        shell, self._shell = self._shell, None
        streams, self._streams = self._streams, set()
        for close in [lines.close for lines in streams] + ([shell.close] if shell else []):
            await call(close)
