"""Remote jobs: their states, the services that run them, and the wrapper that lets them outlive their master."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from zeligui.errors import UsageError
from zeligui.jobs.adaptors import GROUP, opener

if TYPE_CHECKING:
    from zeligui.jobs.service import JobService
    from zeligui.links.link import Links


def open_service(url: str, links: Links) -> JobService:
    """The job service for a URL, by its scheme. UsageError names the known schemes where there is none.

    Unfit where its adaptor cannot be loaded.
    """
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in known:
        schemes = ", ".join(f"{name}://" for name in sorted(known))
        raise UsageError(f"No job service is known for {url!r}.", hint=f"Known are: {schemes}.")
    return opener(known[scheme])(url, links)
