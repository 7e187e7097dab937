"""Names of files: which are taken from others, and which a pattern with stars means."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import AsyncIterator
from functools import lru_cache

from zeligui.errors import Refused, UsageError
from zeligui.files.locations import HERE, is_harmless, literal
from zeligui.files.service import Entry, FileService, Kind, NoSuchFile

ALL = "**"
"""The part of a pattern that stands for any number of folders."""

LONGEST_NAME = 255
DEEPEST, MOST = 100, 1_000_000


def safe(name: str, *, own: bool = False) -> bool:
    """Whether it is the name of one part of a path; another machine's has no control signs, as our `own` may have."""
    return (
        name not in {"", ".", ".."}
        and not set("/\0").intersection(name)
        and len(name) <= LONGEST_NAME
        and (own or is_harmless(name))
    )


def checked(entry: Entry, service: FileService, folder: str, *, own: bool = False) -> str:
    """The name of what a machine lists. Refused where it could lead elsewhere, or disturb a terminal."""
    if not safe(entry.name, own=own or service.url == HERE):
        raise Refused(
            f"{service.url}{ascii(folder)[1:-1]} holds the name {entry.name[:100]!a}, which is not copied.",
            hint="Rename it there: names are single parts of a path, without control signs.",
        )
    return entry.name


def below(path: str) -> str:
    """A relative path or pattern that stays where it begins. UsageError for any other."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not parts or path.startswith("/") or not all(safe(part, own=True) for part in parts):
        raise UsageError(f"{path[:200]!a} is not a path inside the folder.", hint="Give a relative path without `..`.")
    return posixpath.normpath(path)


def _means(part: str, name: str) -> bool:
    if name.startswith(".") and not part.startswith("."):
        return False
    return _compiled(part).match(name) is not None


@lru_cache(maxsize=256)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part))


def fixed(pattern: str) -> tuple[str, str]:
    """An absolute pattern as the folder above its first star, without any, and what follows."""
    parts = pattern.split("/")
    for number, part in enumerate(parts):
        if literal(part) is None:
            before = literal("/".join(parts[:number])) or ""
            return before or "/", "/".join(parts[number:])
    return literal(pattern) or "/", ""


async def found(
    service: FileService, folder: str, pattern: str, *, own: bool = False
) -> AsyncIterator[tuple[str, Entry]]:
    """All that a pattern means below a folder, as relative paths, in order; what is below a match is not looked at.

    As in a shell, a star means no name that begins with a dot. Links are entered only where the pattern names them.
    Nothing is found where a folder is not there; names with control signs only in a folder of our `own`.
    """
    count = 0
    async for path, entry in _walk(service, folder, "", {tuple(pattern.split("/"))}, own or service.url == HERE):
        count += 1
        if count > MOST:
            raise Refused(f"More than {MOST} names match {pattern!a} in {service.url}{folder}.")
        yield path, entry


async def _walk(
    service: FileService, root: str, above: str, patterns: set[tuple[str, ...]], own: bool
) -> AsyncIterator[tuple[str, Entry]]:
    """A name is met once, though several patterns mean it: all that go on in a folder go there together."""
    if above.count("/") > DEEPEST:
        raise Refused(f"{service.url}{root} is too deep to look for names in.")
    try:
        listed = await service.entries(posixpath.join(root, above) if above else root)
    except NoSuchFile:
        return
    for entry in sorted(listed, key=lambda one: one.name):
        known = safe(entry.name, own=own)
        rests = {rest for pattern in patterns for rest in _after(pattern, entry.name)} if known else set()
        path = posixpath.join(above, entry.name)
        if () in rests:
            yield path, entry
        elif rests and await _is_entered(service, posixpath.join(root, path), entry, rests):
            async for deeper in _walk(service, root, path, rests, own):
                yield deeper


async def _is_entered(service: FileService, path: str, entry: Entry, rests: set[tuple[str, ...]]) -> bool:
    if entry.kind is not Kind.LINK:
        return entry.kind is Kind.FOLDER
    if all(rest[0] == ALL for rest in rests):
        return False
    try:
        return (await service.entry(path)).kind is Kind.FOLDER
    except NoSuchFile:
        return False


def means(pattern: str, path: str) -> bool:
    """Whether a relative path, or a folder that it is in, is one that `found` would find by that pattern."""
    patterns = {tuple(posixpath.normpath(pattern).split("/"))}
    for name in path.split("/"):
        patterns = {rest for one in patterns for rest in _after(one, name)}
        if () in patterns:
            return True
    return False


def _after(pattern: tuple[str, ...], name: str) -> set[tuple[str, ...]]:
    """What is left of a pattern to be matched below a name; () where the name itself is meant."""
    if not pattern:
        return set()
    if pattern[0] != ALL:
        return {pattern[1:]} if _means(pattern[0], name) else set()
    rests = _after(pattern[1:], name)
    if name.startswith("."):
        return rests
    here: tuple[str, ...] = ()
    return {pattern, here, *rests} if len(pattern) == 1 else {pattern, *rests}
