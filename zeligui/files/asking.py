"""What `copy SOURCE… TARGET` means: which file and which tree goes where."""

from __future__ import annotations

from collections.abc import Sequence

from zeligui.errors import UsageError
from zeligui.files.locations import Location
from zeligui.files.planning import Item, Place, planned
from zeligui.files.service import Kind, NoSuchFile
from zeligui.files.sources import Named, Opener, named


async def asked(sources: Sequence[Location], target: Location, opened: Opener) -> Sequence[Item]:
    """All that is to be copied.

    A folder goes into the target under its own name, or with a slash behind it, what is in it does. A file goes into
    the target where that is a folder, or one of several, or is written with a slash; else it gets its name.

    NoSuchFile where a source names nothing, UsageError where two would be one.
    """
    goal = Place(opened(target.root), target.plain)
    several = target.folder or len(sources) > 1 or await _is_folder(goal)
    items: dict[str, Item] = {}
    for location in sources:
        for one in await named(location, opened):
            for item in await planned(one.place, await _goal(one, location, goal, several), listed=one.entry):
                if item.target.path in items and _clash(item, items[item.target.path]):
                    raise UsageError(f"{items[item.target.path].source.url} and {item.source.url} would be one file.")
                items[item.target.path] = item
    return list(items.values())


async def _goal(one: Named, location: Location, goal: Place, several: bool) -> Place:
    if one.only and await _is_folder(one.place):
        return goal if location.folder else goal.below(one.name)
    return goal.below(one.name) if several or not one.only else goal


def _clash(one: Item, other: Item) -> bool:
    """Two may only be the same folder."""
    return Kind.FILE in (one.entry.kind, other.entry.kind)


async def _is_folder(place: Place) -> bool:
    try:
        return (await place.service.entry(place.path)).kind is Kind.FOLDER
    except NoSuchFile:
        return False
