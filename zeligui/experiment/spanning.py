"""Which services an experiment spans: those it names that no source watches are watched for it."""

from __future__ import annotations

from collections.abc import Sequence

from zeligui.errors import UsageError
from zeligui.links.addresses import parse
from zeligui.schemes import JOBS, SOURCES, schemes


def to_watch(services: Sequence[str], watched: Sequence[str]) -> tuple[str, ...]:
    """Those of an experiment's `services` that are sources too and not among the `watched` URLs, each once."""
    known, both = {_plain(url) for url in watched}, schemes(SOURCES) & schemes(JOBS)
    wanted = {_plain(url): url for url in reversed(services) if url.partition("://")[0] in both}
    return tuple(url for plain, url in reversed(wanted.items()) if plain not in known)


def covers(watched: str, service: str) -> bool:
    """Whether who watches the one URL watches what jobs go to by the other: itself, or a part of it, as a partition."""
    return _plain(watched) == _plain(service) or service.startswith(f"{watched.rstrip('/')}/")


def _plain(url: str) -> str:
    """The URL, always written the same way; one that is none is as it is, for whoever opens it to refuse."""
    try:
        return parse(url).url if url.startswith("ssh://") else url
    except UsageError:
        return url
