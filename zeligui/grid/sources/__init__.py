"""Where measurements come from: one adaptor a URL scheme, found in the entry-point group `zeligrid.sources`."""

from __future__ import annotations

from typing import cast

from zeligui.grid.hosts import Source
from zeligui.links.link import Links
from zeligui.schemes import SOURCES, adaptor


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source for a URL such as `local://`, `ssh://lab1` or `file:///etc/hosts.json`; nothing is opened yet.

    `period_s` is the time between two measurements, where the source measures by itself; what it measures more rarely
    must come again before it is `expiry_s` old. UsageError for a scheme that no installed adaptor knows.
    """
    found = adaptor(SOURCES, url, words=f"{url!r} is not a source of measurements.")
    return cast(Source, found.load()(url, links, period_s=period_s, expiry_s=expiry_s))
