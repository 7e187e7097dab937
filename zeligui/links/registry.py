"""One link a machine, shared by all who use it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zeligui.errors import UsageError
from zeligui.links.addresses import Address, parse
from zeligui.links.contexts import Contexts
from zeligui.links.link import Link
from zeligui.links.local import LocalLink
from zeligui.links.ssh import SshLink
from zeligui.settings import Directories

if TYPE_CHECKING:
    from zeligui.links.connection import Connection

LOGINS_AT_ONCE = 3
"""More would not be faster, as they share the interpreter's lock, but would make the event loop late."""


class Registry:
    """Makes the link of a URL at its first use, and closes all of them together."""

    def __init__(self, known_hosts: Sequence[Path], contexts: Contexts, directories: Directories) -> None:
        self.directories = directories
        self._known_hosts = tuple(known_hosts)
        self._contexts = contexts
        self._gate = threading.Semaphore(LOGINS_AT_ONCE)
        self._links: dict[str, Link] = {}

    @property
    def known_hosts(self) -> tuple[Path, ...]:
        return self._known_hosts

    @property
    def contexts(self) -> Contexts:
        return self._contexts

    def to(self, url: str) -> Link:
        """The link for `local://` or `ssh://[user@]host[:port]`. UsageError for any other URL."""
        if url == "local://":
            return self._links.setdefault(url, LocalLink())
        if not url.startswith("ssh://"):
            raise UsageError(
                f"The address {url!r} is not understood.", hint="Write local:// or ssh://[user@]host[:port]."
            )
        address = parse(url)
        if address.url not in self._links:
            self._links[address.url] = SshLink(address, self._dial)
        return self._links[address.url]

    def _dial(self, address: Address) -> Connection:
        # Imported in the calling thread, at the first use: paramiko takes a quarter of a second.
        from zeligui.links.connection import Connection

        return Connection(address, self._known_hosts, self._contexts, self._gate)

    def accept(
        self,
        *,
        known_hosts: Sequence[Path],
        identities: Sequence[Path] = (),
        contexts: Contexts | None = None,
        directories: Directories | None = None,
    ) -> None:
        """Use these files of host keys and these contexts from now on; connections that stand are kept."""
        self._known_hosts, self._contexts = tuple(known_hosts), contexts or Contexts(tuple(identities))
        self.directories = directories or self.directories

    async def close(self) -> None:
        await asyncio.gather(*(link.close() for link in self._links.values()))
