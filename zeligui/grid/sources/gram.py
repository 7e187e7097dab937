"""`gram://host[:port]/jobmanager-NAME`: a grid site as a host, there as long as its gatekeeper would take a job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from zeligui.grid.hosts import Measurement, Source, Value
from zeligui.links.gram.asking import ask
from zeligui.links.gram.client import PING_S, Client
from zeligui.links.gram.contacts import SERVICE, Contact, contact
from zeligui.links.gram.peers import Identities
from zeligui.links.link import Links

WORDS = "a grid site: whether its gatekeeper would take a job"
"""What `zeligrid adaptors` says of it."""

SHORTEST_PERIOD_S = 10.0
"""A gatekeeper starts a process for each ping."""

FORK = f"{SERVICE}-fork"


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source for a service of a gatekeeper; UsageError where the URL is no contact."""
    return GramSource(url, contact(url), links, period_s=max(period_s, min(SHORTEST_PERIOD_S, expiry_s / 3)))


class GramSource:
    """Pings the gatekeeper every `period_s` seconds. What its machines do it does not tell: GRAM5 has no word of it."""

    def __init__(self, url: str, contact: Contact, links: Links, *, period_s: float = SHORTEST_PERIOD_S) -> None:
        self.url = url
        self._contact = contact
        self._links = links
        self._client = Client(Identities(self._proxy))
        self._period_s = period_s

    def _proxy(self) -> Path | None:
        return self._links.contexts.proxy_file()

    @property
    def host(self) -> str:
        """Its name among hosts: the gatekeeper's for jobs that run there, else the scheduler's before it."""
        kind = self._contact.service.removeprefix(f"{SERVICE}-")
        return self._contact.host if self._contact.service in {SERVICE, FORK} else f"{kind}.{self._contact.host}"

    def service(self, host: str) -> str | None:
        """The URL that jobs go to."""
        return self._contact.url if host == self.host else None

    async def watch(self) -> AsyncIterator[Measurement]:
        """A measurement a period. A LinkError where the gatekeeper does not answer, or would let no job in."""
        while True:
            await ask(self._client.ping, self._contact, who=self._contact.where, limit_s=PING_S)
            values: Mapping[str, Value] = {"site": self._contact.host}
            yield Measurement(self.host, self.url, values)
            await asyncio.sleep(self._period_s)
