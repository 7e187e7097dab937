"""One link a machine, shared by all who use it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from zeligui.errors import UsageError
from zeligui.links.link import Link
from zeligui.links.local import LocalLink


class Registry:
    """Makes the link of a URL at its first use, and closes all of them together."""

    def __init__(self, known_hosts: Sequence[Path], identities: Sequence[Path]) -> None:
        self._known_hosts = tuple(known_hosts)
        self._identities = tuple(identities)
        self._links: dict[str, Link] = {}

    def to(self, url: str) -> Link:
        """The link for `local://` or `ssh://[user@]host[:port]`. UsageError for any other URL."""
        if url not in self._links:
            self._links[url] = self._make(url)
        return self._links[url]

    def _make(self, url: str) -> Link:
        if url == "local://":
            return LocalLink()
        raise UsageError(f"The address {url!r} is not understood.", hint="Write local:// or ssh://[user@]host[:port].")

    async def close(self) -> None:
        await asyncio.gather(*(link.close() for link in self._links.values()))
