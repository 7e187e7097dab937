"""This machine as a link: a control shell of its own, streams as children, copies by the file system."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeVar

from zeligui.errors import Refused, Unreachable
from zeligui.links.calls import call
from zeligui.links.copies import Files, LocalFiles
from zeligui.links.link import Reply, Script
from zeligui.links.shells import Shells

LAST_WORDS_S = 1.0
"""How long a shell that was let go may take to end by itself."""

T = TypeVar("T")


class LocalLink:
    """`local://`: the same shell protocol as over ssh, to a child `/bin/sh` that starts in the user's home."""

    def __init__(self, url: str = "local://") -> None:
        self.url = url
        self.peer = ""
        self._shells = Shells(url, self._open_pipe)

    async def run(self, script: str | Script, *, data: str = "", limit_s: float = 15.0) -> Reply:
        return await self._shells.run(script, data, limit_s)

    def stream(self, script: str, *, data: str = "") -> AsyncIterator[bytes]:
        return self._shells.stream(script, data)

    async def files(
        self, work: Callable[[Files], T], *, writing: bool = False, size: int = 0, limit_s: float = 3600.0
    ) -> T:
        del writing, size  # all may read and write at once
        try:
            return await call(work, LocalFiles(), limit=limit_s)
        except TimeoutError as error:
            raise Unreachable(f"A file system of {self.url} did not answer in time.") from error

    async def close(self) -> None:
        await self._shells.close()

    async def _open_pipe(self, deadline: float) -> LocalPipe:
        limit = max(0.0, deadline - time.monotonic())
        try:
            return await call(LocalPipe, limit=limit, drop=LocalPipe.close)
        except TimeoutError as error:
            raise Unreachable("A shell on this machine did not start in time.") from error


class LocalPipe:
    """A child `/bin/sh` in a session of its own, so that Ctrl+C in the terminal does not reach it."""

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(
                ["/bin/sh"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=Path.home(),
                start_new_session=True,
            )
        except OSError as error:
            raise Refused(f"/bin/sh could not be started: {error.strerror}.") from error
        self._stdin, self._stdout, self._stderr = map(
            _piped, (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        os.set_blocking(self._stdin.fileno(), False)
        self._woken, self._wake = os.pipe()
        self._open = {self._stdout, self._stderr}
        self._in_use = threading.Lock()
        self._closing = threading.Lock()
        self._closed = False

    @property
    def ended(self) -> bool:
        return self._closed or self._process.poll() is not None

    def send(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        with self._in_use:
            while rest:
                self._wait([self._stdin], [], deadline)
                try:
                    rest = rest[self._stdin.write(rest) or 0 :]
                except BrokenPipeError as error:
                    raise EOFError from error

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        with self._in_use:
            while self._open:
                ready = self._wait([], list(self._open), deadline)
                out = self._read(self._stdout) if self._stdout.fileno() in ready else b""
                err = self._read(self._stderr) if self._stderr.fileno() in ready else b""
                if out or err:
                    return out, err
        return b"", b""

    def _wait(self, writable: list[IO[bytes]], readable: list[IO[bytes]], deadline: float) -> set[int]:
        """The descriptors that are ready. EOFError once the pipe is closed, TimeoutError at the deadline."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        for file in writable:
            poll.register(file, select.POLLOUT)
        for file in readable:
            poll.register(file, select.POLLIN)
        if self._closed:
            raise EOFError
        ready = {number for number, _ in poll.poll(max(0.0, deadline - time.monotonic()) * 1000)}
        if self._closed or self._woken in ready:
            raise EOFError
        if not ready:
            raise TimeoutError
        return ready

    def _read(self, file: IO[bytes]) -> bytes:
        piece = os.read(file.fileno(), 65536)
        if not piece:
            self._open.discard(file)
        return piece

    def close(self) -> None:
        """End the shell: at once where it is idle; what it runs gets SIGHUP, as from a terminal that was closed."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        os.write(self._wake, b"!")
        with self._in_use:
            for file in (self._stdin, self._stdout, self._stderr):
                file.close()
            os.close(self._woken)
            os.close(self._wake)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGHUP)
        try:
            self._process.wait(LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _piped(file: IO[bytes] | None) -> IO[bytes]:
    assert file is not None  # noqa: S101
    return file
