"""The job managers of one site: asked about jobs, taken up again where they have ended, given a new proxy in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from zeligui.errors import LinkError, Refused
from zeligui.jobs.gram.folders import Folders, Notes
from zeligui.jobs.gram.orders import again
from zeligui.jobs.job import JobStatus
from zeligui.links.gram.asking import ask
from zeligui.links.gram.client import CANCEL_S, SUBMIT_S, Client, Signal
from zeligui.links.gram.contacts import Contact, JobContact
from zeligui.links.gram.peers import Foreign, ManagerGone

AT_ONCE = 4
"""Connections to one site."""

RENEW_AHEAD_S = 1800.0
"""So long before the proxy that a job has ends, it gets a newer one, where there is one."""
RENEW_AGAIN_S = 60.0

T = TypeVar("T")


@dataclass(slots=True)
class Kept:
    """What is remembered of an attempt. `until` is when the proxy that its job has ends, None where it is not known."""

    notes: Notes
    until: datetime | None = None
    renewed: float = float("-inf")
    trouble: str = ""
    """Why the proxy could not be renewed."""
    last: JobStatus | None = None
    """How it ended."""


class Managers:
    """Talks to the gatekeeper and the job managers of one site, a few calls at a time."""

    def __init__(self, contact: Contact, client: Client, folders: Folders) -> None:
        self.contact = contact
        self.client = client
        self._folders = folders
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._taking_up = asyncio.Lock()
        self._moved: dict[tuple[str, int], tuple[str, int]] = {}
        """Where a job manager was, and where the one is that took over all its jobs."""

    async def do(self, work: Callable[..., T], *words: object, limit_s: float = CANCEL_S) -> T:
        """A blocking call of the client in its turn. What is wrong with the proxy here is Refused, too."""
        async with self._turns:
            return await ask(work, *words, who=self.contact.where, limit_s=limit_s)

    async def ask(self, attempt: str, kept: Kept, work: Callable[[JobContact], T]) -> T:
        """Ask the manager of an attempt's job; one that has ended is started again, and takes up its jobs."""
        job = self._newest(kept.notes.job)
        try:
            answer = await self.do(work, job)
        except (ManagerGone, Foreign):
            job = await self.take_up(attempt, kept)
            return await self.do(work, job)
        await self._point(attempt, kept, job)
        return answer

    def _newest(self, job: JobContact | None) -> JobContact:
        if job is None:
            raise Refused("The job was never submitted.")
        place, seen = (job.host, job.port), set()
        while place in self._moved and place not in seen:
            seen.add(place)
            place = self._moved[place]
        return replace(job, host=place[0], port=place[1])

    async def take_up(self, attempt: str, kept: Kept) -> JobContact:
        """Have the site start a manager for an attempt's job anew. Denied where the site has no record of it."""
        before = self._newest(kept.notes.job)
        async with self._taking_up:
            now = self._newest(kept.notes.job)
            if now == before:
                taken = await self.do(self.client.submit, self.contact, again(before.url), limit_s=SUBMIT_S)
                now = taken.job
                if taken.waits and kept.notes.committed:
                    # Until then a cancel would end its record, and not the job.
                    await self.do(self.client.signal, now, Signal.COMMIT)
                self._moved.pop((now.host, now.port), None)
                if now != before:
                    self._moved[before.host, before.port] = now.host, now.port
        await self._point(attempt, kept, now)
        return now

    async def _point(self, attempt: str, kept: Kept, job: JobContact) -> None:
        """Write down where a job is asked about, if that has changed."""
        if job != kept.notes.job:
            await self._folders.point(attempt, job, kept.notes.job)
            kept.notes = replace(kept.notes, job=job)

    async def renew(self, attempt: str, kept: Kept) -> None:
        """Pass a newer proxy on to a job in time; where that fails, `trouble` says why, and it is tried again."""
        now = time.monotonic()
        if now - kept.renewed < RENEW_AGAIN_S:
            return
        try:
            ends = await self.do(self.client.lasts)
            if kept.until is not None and not _due(kept.until, ends):
                return
            kept.renewed = now
            await self.ask(attempt, kept, self.client.renew)
            kept.until, kept.trouble = ends, ""
        except LinkError as error:
            kept.renewed = now
            kept.trouble = f"its proxy could not be renewed: {str(error).rstrip('.')}"


def _due(until: datetime, ends: datetime) -> bool:
    """Whether a proxy that ends `until` is to be followed by one of ours."""
    left = (until - datetime.now(UTC)).total_seconds()
    return left < RENEW_AHEAD_S and (ends - until).total_seconds() > RENEW_AGAIN_S
