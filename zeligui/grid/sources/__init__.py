"""Where measurements come from: one adaptor a URL scheme, found in the entry-point group `zeligrid.sources`."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import cast

from zeligui.errors import UsageError
from zeligui.grid.hosts import Source
from zeligui.links.link import Links

GROUP = "zeligrid.sources"


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source for a URL such as `local://`, `ssh://lab1` or `file:///etc/hosts.json`; nothing is opened yet.

    `period_s` is the time between two measurements, where the source measures by itself; what it measures more rarely
    must come again before it is `expiry_s` old. UsageError for a scheme that no installed adaptor knows.
    """
    scheme, separator, _ = url.partition("://")
    known = entry_points(group=GROUP)
    if not separator or scheme not in known.names:
        schemes = ", ".join(f"{name}://" for name in sorted(known.names))
        raise UsageError(f"{url!r} is not a source of measurements.", hint=f"Known are {schemes}.")
    return cast(Source, known[scheme].load()(url, links, period_s=period_s, expiry_s=expiry_s))
