"""Files of this and other machines, and copies between them; services are found by URL scheme (`zeligrid.files`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from zeligui.errors import UsageError
from zeligui.schemes import FILES, adaptor

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeligui.files.service import FileService
    from zeligui.links.link import Links


def open_files(root: str, links: Links) -> FileService:
    """The service for what stands before a path in a URL, by its scheme; nothing is opened yet.

    UsageError names the known schemes where there is none, or says why its adaptor cannot be loaded.
    """
    found = adaptor(FILES, root, words=f"Files of {root!a} cannot be reached.")
    try:
        opened = cast("Callable[[str, Links], FileService]", found.load())
    except Exception as error:
        raise UsageError(
            f"The adaptor for {found.name}:// cannot be loaded: {error}.", hint="Install its package anew."
        ) from error
    return opened(root, links)
