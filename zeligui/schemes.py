"""Adaptors by the schemes of URLs: installed packages name them as entry points, this one its own among them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from zeligui.errors import UsageError

JOBS, SOURCES, FILES = "zeligrid.jobs", "zeligrid.sources", "zeligrid.files"
"""The groups: what runs jobs, what measures machines, and what moves files."""


@cache
def installed(group: str) -> tuple[EntryPoint, ...]:
    """All of a group, by their schemes. Read once: to find what is installed takes milliseconds."""
    return tuple(sorted(entry_points(group=group), key=lambda entry: entry.name))


def schemes(group: str) -> frozenset[str]:
    """Those that an adaptor of this group is installed for."""
    return frozenset(entry.name for entry in installed(group))


def listed(known: Iterable[str]) -> str:
    """Schemes as a user is told them."""
    return ", ".join(f"{name}://" for name in sorted(known))


def adaptor(group: str, url: str, *, words: str) -> EntryPoint:
    """What is installed for a URL. UsageError with these words, and the schemes that are known, where nothing is."""
    known = {entry.name: entry for entry in installed(group)}
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in known:
        raise UsageError(words, hint=f"Known are: {listed(known)}.")
    return known[scheme]
