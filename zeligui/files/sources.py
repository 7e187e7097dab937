"""What a location names: one file or tree, or all that match its stars, each with its name where it is copied to."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zeligui.files.locations import Location, literal
from zeligui.files.names import fixed, found
from zeligui.files.planning import Place
from zeligui.files.service import Entry, FileService, NoSuchFile

Opener = Callable[[str], FileService]
"""Opens the service for what stands before a path in a URL."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something to copy, and its relative path below the target; `only` where nothing else is named beside it.

    `entry` is what it was listed as, where it was.
    """

    place: Place
    name: str
    only: bool
    entry: Entry | None = None


async def named(location: Location, opened: Opener) -> Sequence[Named]:
    """All that a location names. A star keeps the folders that follow the first one; else the last name counts.

    NoSuchFile where it names nothing.
    """
    service = opened(location.root)
    path = literal(location.path)
    if path is not None:
        return [Named(Place(service, path), posixpath.basename(path), True)]
    folder, pattern = fixed(location.path)
    matches = [match async for match in found(service, folder, pattern)]
    if not matches:
        raise NoSuchFile(f"Nothing matches {Place(service, location.path).url}.", hint="Quote stars for your shell.")
    return [Named(Place(service, posixpath.join(folder, name)), name, False, entry) for name, entry in matches]
