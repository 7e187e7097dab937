"""`file:///path`: a file of hosts as a source, read again whenever it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from zeligui.errors import Unreachable, UsageError
from zeligui.grid.directories import Described
from zeligui.grid.hostfiles import read
from zeligui.grid.hosts import Measurement, Source
from zeligui.links.calls import call
from zeligui.links.link import Links

WORDS = "a file of hosts: JSON, CSV or LDIF"
"""What `zeligrid adaptors` says of it."""

READ_LIMIT_S = 600.0
LOOK_LIMIT_S = 10.0


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source of a `file:///path` URL; UsageError where it names another machine or no absolute path."""
    return FileSource(url, path_of(url), period_s=period_s)


def path_of(url: str) -> Path:
    """The path that a `file:` URL names (RFC 8089)."""
    parts = urlsplit(url)
    path = unquote(parts.path, errors="surrogateescape")
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        raise UsageError(
            f"{url} names no file of this machine.", hint="Write file:// and the whole path: file:///srv/hosts.json"
        )
    return Path(path)


class FileSource:
    """Looks at its file every `period_s` seconds; the values of a file that does not change grow old."""

    def __init__(self, url: str, path: Path, *, period_s: float) -> None:
        self.url = url
        self._path = path
        self._period_s = period_s

    async def watch(self) -> AsyncIterator[Measurement]:
        """All hosts of the file, now and after each change. Unreachable where it cannot be read, is wrong or empty."""
        seen: object = None
        while True:
            state = await self._state()
            if state != seen:
                for host in await self._hosts():
                    yield Measurement(host.name, self.url, host.values, stamp=host.stamp)
                seen = state
            await asyncio.sleep(self._period_s)

    async def _state(self) -> tuple[int, int, int]:
        """What changes when the file does."""
        try:
            state = await call(self._path.stat, limit=LOOK_LIMIT_S)
        except (OSError, TimeoutError) as error:
            raise Unreachable(f"The file {self._path} cannot be read: {_why(error)}.") from error
        return state.st_mtime_ns, state.st_size, state.st_ino

    async def _hosts(self) -> tuple[Described, ...]:
        try:
            hosts = (await call(read, self._path, limit=READ_LIMIT_S)).hosts
        except UsageError as error:
            raise Unreachable(str(error), hint=error.hint) from error
        except TimeoutError as error:
            raise Unreachable(f"The file {self._path} cannot be read: {_why(error)}.") from error
        if not hosts:
            raise Unreachable(f"The file {self._path} names no machines.", hint="Add some; it is read again then.")
        return hosts


def _why(error: OSError | TimeoutError) -> str:
    return getattr(error, "strerror", None) or "it took too long"
