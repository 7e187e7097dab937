"""Transfers by `globus-url-copy`: between here and a GridFTP server, or between two of them."""

from __future__ import annotations

import asyncio
import os
import posixpath
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from zeligui.errors import Unreachable, UsageError
from zeligui.files.gridftp_control import Control
from zeligui.files.gridftp_words import HERE, in_words
from zeligui.files.locations import literal, locate, quoted
from zeligui.files.progress import Progress, Tell
from zeligui.files.service import Entry
from zeligui.links.calls import call
from zeligui.links.gsi import places
from zeligui.links.gsi.credentials import check_times, read_proxy

PROGRAM, PACKAGE = "globus-url-copy", "globus-gass-copy-progs"

STALL_S = 60.0
"""A transfer of which no byte has moved for this long is ended."""

LAST_WORDS_S = 5.0
MOST_WORDS = 64 << 10

_LINE = re.compile(rb"^[ \t]*(?:(\d+) bytes |Source:)[^\r\n]*[\r\n]", re.MULTILINE)

_THEIRS = re.compile("server responded|gss_|GSS|connect|ftp_control")
"""What the program says only of servers, not of files here."""

Moved = Callable[[int], None]
"""Is told, in a thread, how many bytes a transfer has moved by now."""


class GridFtp:
    """Drives the program with one user's proxy and the authorities that are trusted; by default those of Globus.

    Every coroutine raises a `LinkError`, NoSuchFile, or UsageError where the proxy or the program cannot be used.
    """

    def __init__(self, proxy: Path | None = None, authorities: Path | None = None) -> None:
        self.proxy = proxy
        self.authorities = authorities

    @property
    def installed(self) -> bool:
        """Whether the program is there."""
        return shutil.which(PROGRAM) is not None

    async def get(
        self, url: str, path: Path, *, offset: int = 0, length: int | None = None, tell: Tell | None = None
    ) -> None:
        """Copy a file from a server; what comes from `offset` on is written at that offset of the file here."""
        await self._copy(_server(url), here(str(path)), offset, length, tell)

    async def put(self, path: Path, url: str, *, offset: int = 0, tell: Tell | None = None) -> None:
        """Copy a file to a server, from an offset on."""
        await self._copy(here(str(path)), _server(url), offset, None, tell)

    async def between(self, source_url: str, target_url: str, *, offset: int = 0, tell: Tell | None = None) -> None:
        """Let one server send a file to another; nothing of it passes through here."""
        await self._copy(_server(source_url), _server(target_url), offset, None, tell)

    async def names(self, url: str) -> Sequence[Entry]:
        """What is in a folder of a server, links not followed."""
        from zeligui.files.gridftp_files import entries_of

        place = locate(url)
        control = await self.control(place.root)
        try:
            return await call(entries_of, control, literal(place.path) or place.path)
        finally:
            control.close()

    async def control(self, root: str) -> Control:
        """A control connection to `gsiftp://host[:port]`."""
        return await call(lambda: Control(root, self.proxy, self.authorities), drop=Control.close)

    async def _copy(self, source: str, target: str, offset: int, length: int | None, tell: Tell | None) -> None:
        """The end is told in any case: of a short transfer the program says no figures."""
        now = Progress(posixpath.basename(source), offset, offset + (length or 0), 0, 1)
        loop = asyncio.get_running_loop()

        def moved(count: int) -> None:
            nonlocal now
            now = replace(now, done=offset + count)
            if tell is not None:
                loop.call_soon_threadsafe(tell, now)

        await self.run([(source, target)], offset=offset, length=length, moved=moved)
        if tell is not None:
            tell(replace(now, files_done=1))

    async def run(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        offset: int = 0,
        length: int | None = None,
        stall_s: float = STALL_S,
        moved: Moved | None = None,
    ) -> None:
        """Copy each first URL to its second, one after another; the first that fails ends it."""
        proxy, authorities = self.proxy or places.user_proxy(), self.authorities or places.authorities()
        await call(lambda: check_times(read_proxy(proxy)))
        part = [*(["-off", str(offset)] if offset else []), *(["-len", str(length)] if length is not None else [])]
        environment = {**os.environ, "LC_ALL": "C", "X509_USER_PROXY": str(proxy), "X509_CERT_DIR": str(authorities)}
        with tempfile.NamedTemporaryFile("w", prefix="zeligrid-", suffix=".urls") as listed:
            listed.writelines(f"{source} {target}\n" for source, target in pairs)
            listed.flush()
            words = [PROGRAM, "-vb", *part, "-f", listed.name]
            transfer = await call(_Transfer, words, environment, drop=_Transfer.end)
            try:
                said = await call(transfer.watch, stall_s, moved)
            finally:
                await asyncio.shield(call(transfer.end))
        if said is not None:
            raise in_words(_where(pairs) if _THEIRS.search(said) else HERE, said)


class _Transfer:
    """One run of the program, in a session of its own, so that Ctrl+C in the terminal does not reach it."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise UsageError(
                f"{PROGRAM} is missing, which copies over gsiftp need.", hint=f"Install the package {PACKAGE}."
            ) from error
        except OSError as error:
            raise UsageError(f"{PROGRAM} cannot be started: {error.strerror}.") from error
        self._before = self._now = self._files = 0
        self._ended = False

    def watch(self, stall_s: float, moved: Moved | None) -> str | None:
        """Wait for its end; what it complained of where it failed. Unreachable where nothing moves for `stall_s`."""
        streams = {file.fileno(): file for file in (self._process.stdout, self._process.stderr) if file}
        kept = dict.fromkeys(streams, b"")
        last = time.monotonic()
        while streams:
            poll = select.poll()
            for number in streams:
                poll.register(number, select.POLLIN)
            ready = poll.poll(500)
            if self._ended:
                raise Unreachable("The transfer was ended.")
            if not ready and time.monotonic() - last > stall_s:
                self.end()
                raise Unreachable(f"Nothing has moved for {stall_s:g} s, so the transfer was ended.")
            for number, _ in ready:
                piece = _read(streams[number])
                kept[number] = (kept[number] + piece)[-MOST_WORDS:]
                if not piece:
                    del streams[number]
                elif streams[number] is self._process.stdout:
                    before = self._before, self._now, self._files
                    kept[number] = self._follow(kept[number], moved)
                    if before != (self._before, self._now, self._files):
                        last = time.monotonic()
        complaint = next(iter(reversed(kept.values())), b"")
        return complaint.decode("utf-8", "replace") or "nothing" if self._process.wait() else None

    def _follow(self, text: bytes, moved: Moved | None) -> bytes:
        """Tell what was moved; what is no whole line yet comes back. Numbers begin anew with each file."""
        end = 0
        for found in _LINE.finditer(text):
            end = found.end()
            if found[1] is None:
                self._before, self._now, self._files = self._before + self._now, 0, self._files + 1
                continue
            self._now = int(found[1])
            if moved:
                moved(self._before + self._now)
        return text[end:]

    def end(self) -> None:
        """End it, in any state; safe to repeat."""
        self._ended = True
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(LAST_WORDS_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for file in (self._process.stdout, self._process.stderr):
            if file:
                file.close()


def _read(file: IO[bytes]) -> bytes:
    with suppress(OSError, ValueError):
        return os.read(file.fileno(), 1 << 16)
    return b""


def here(path: str) -> str:
    """The URL of an absolute path on this machine."""
    return f"file://{quoted(os.path.abspath(path))}"  # noqa: PTH100


def _server(url: str) -> str:
    """A checked URL of a file on a server. UsageError for any other."""
    place = locate(url)
    path = literal(place.path)
    if place.scheme != "gsiftp" or path is None:
        raise UsageError(f"{url[:200]!a} is no file on a GridFTP server.", hint="Write gsiftp://host[:port]/path.")
    return place.root + quoted(path)


def _where(pairs: Sequence[tuple[str, str]]) -> str:
    """The servers that take part, for a message."""
    urls = [url for pair in pairs[:1] for url in pair if not url.startswith("file:")]
    return " or ".join(dict.fromkeys("/".join(url.split("/")[:3]) for url in urls)) or "this machine"
