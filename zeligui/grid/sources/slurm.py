"""`slurm://[/PARTITION]`, `slurm+ssh://host[/PARTITION]`: the partitions of a Slurm cluster, one host each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from zeligui.errors import Refused
from zeligui.grid.hosts import Measurement, Source
from zeligui.grid.sources import slurm_queues
from zeligui.links import slurm
from zeligui.links.link import Link, Links, Reply

WORDS = "the partitions of a Slurm cluster: free slots, time in the queue"
"""What `zeligrid adaptors` says of it."""

SHORTEST_PERIOD_S = 10.0
"""Its controller has all users to serve; and a queue does not change from second to second."""
KINDS_S = 600.0
"""Between two looks at what the nodes are."""
LIMIT_S = 30.0


def open_source(url: str, links: Links, *, period_s: float = 2.0, expiry_s: float = 60.0) -> Source:
    """The source for a cluster; with a partition, for that one alone."""
    cluster = slurm.parse(url)
    period_s = max(period_s, min(SHORTEST_PERIOD_S, expiry_s / 3))
    return SlurmSource(url, cluster, links.to(cluster.link), period_s=period_s)


class SlurmSource:
    """Asks the controller every `period_s` seconds, over the link that jobs use too."""

    def __init__(self, url: str, cluster: slurm.Cluster, link: Link, *, period_s: float = SHORTEST_PERIOD_S) -> None:
        self.url = url
        self._cluster = cluster
        self._link = link
        self._period_s = period_s

    def service(self, host: str) -> str | None:
        """The URL that jobs for one of its hosts go to: that of the partition."""
        return self._cluster.url(host.partition(".")[0] if "." in host else host)

    async def watch(self) -> AsyncIterator[Measurement]:
        """A measurement of each partition a period. A LinkError where the cluster does not answer."""
        kinds: slurm_queues.Kinds = {}
        looked = -KINDS_S
        while True:
            if time.monotonic() - looked > KINDS_S:
                kinds = slurm_queues.kinds((await self._ask(slurm_queues.ASK_KINDS)).text)
                looked = time.monotonic()
            reply = await self._ask(slurm_queues.ASK)
            for measurement in self._measurements(reply, kinds):
                yield measurement
            await asyncio.sleep(self._period_s)

    async def _ask(self, script: str) -> Reply:
        reply = await self._link.run(script, limit_s=LIMIT_S)
        if missing := slurm.missing(self.url, reply.text):
            raise missing
        if reply.status:
            raise slurm.complaint(self.url, reply.errors.decode("utf-8", "replace"))
        return reply

    def _measurements(self, reply: Reply, kinds: slurm_queues.Kinds) -> list[Measurement]:
        try:
            look = slurm_queues.read(reply.text)
        except ValueError as error:
            raise Refused(f"{self.url} does not say how its queues are: {error}.") from error
        wanted = self._cluster.partition
        if wanted and wanted not in look.queues:
            names = ", ".join(sorted(look.queues)) or "none"
            raise Refused(f"The cluster {look.cluster} has no partition {wanted}.", hint=f"It has: {names}.")
        return [
            Measurement(
                f"{name}.{look.cluster}",
                self.url,
                {**queue.values(look.now), **kinds.get(name, {}), "site": look.cluster},
                note=look.note,
            )
            for name, queue in look.queues.items()
            if wanted in ("", name)
        ]
