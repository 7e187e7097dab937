"""Files of this and other machines, and copies between them; services are found by URL scheme (`zeligrid.files`)."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from zeligui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeligui.files.service import FileService
    from zeligui.links.link import Links

GROUP = "zeligrid.files"


def open_files(root: str, links: Links) -> FileService:
    """The service for what stands before a path in a URL, by its scheme; nothing is opened yet.

    UsageError names the known schemes where there is none, or says why its adaptor cannot be loaded.
    """
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    scheme = root.partition("://")[0]
    if scheme not in known:
        schemes = ", ".join(f"{name}://" for name in sorted(known))
        raise UsageError(f"Files of {root!a} cannot be reached.", hint=f"Known are: {schemes}.")
    try:
        opened = cast("Callable[[str, Links], FileService]", known[scheme].load())
    except Exception as error:
        raise UsageError(
            f"The adaptor for {scheme}:// cannot be loaded: {error}.", hint="Install its package anew."
        ) from error
    return opened(root, links)
