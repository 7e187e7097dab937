"""How other machines are reached: local shells, OpenSSH connections, credentials, blocking calls off the loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zeligui.links.contexts.given import Contexts
from zeligui.links.link import Link, Links, Reply
from zeligui.links.registry import Registry
from zeligui.settings import Directories

__all__ = ["Contexts", "Link", "Links", "Reply", "open_links"]


def open_links(
    *,
    known_hosts: Sequence[Path] = (),
    identities: Sequence[Path] = (),
    contexts: Contexts | None = None,
    directories: Directories | None = None,
) -> Links:
    """All machines, reached as the user's OpenSSH does: ~/.ssh/known_hosts and ~/.ssh/config are read besides.

    The first of `known_hosts` is the file that the hint of an `UnknownHostKey` names; `identities` are the private keys
    that come first, where no `contexts` say it all; `directories` says how those are entered. Nothing is opened yet.
    """
    return Registry(known_hosts, contexts or Contexts(tuple(identities)), directories or Directories())
