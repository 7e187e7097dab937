"""`any://[user@]host[:port]`: jobs on a machine by the first adaptor that works, asked anew at each call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path

from zeligui.errors import (
    ChangedHostKey,
    InDoubt,
    LinkError,
    Refused,
    SubmissionRefused,
    UnknownHostKey,
    Unreachable,
    UsageError,
    ZeliGridError,
)
from zeligui.files.progress import Tell
from zeligui.jobs import open_service as open_other
from zeligui.jobs.adaptors import ANYWHERE, Adaptor, Declared, NotMeant, Unfit, adaptors
from zeligui.jobs.job import JobDescription, JobStatus
from zeligui.jobs.service import JobService
from zeligui.links.addresses import Address, parse
from zeligui.links.calls import call
from zeligui.links.link import Links

ADAPTOR = Declared("the first adaptor that works", order=0)

REACH_S = 10.0
"""How long the look for an adaptor's credentials may take: files, and an agent."""

_SPECIFIC = (SubmissionRefused, ChangedHostKey, UnknownHostKey, Refused, LinkError, Unfit, NotMeant)
"""What says most about a machine comes first: it answered, it was silent, it was not even asked."""

Said = tuple[str, ZeliGridError]
"""An adaptor's scheme, and why it could not do it."""


def open_service(url: str, links: Links) -> AnywhereService:
    """The service of a machine; nothing is looked for before its first use. UsageError: it is no address."""
    return AnywhereService(url, address_of(url), links)


def address_of(url: str) -> Address:
    """The address in `any://[user@]host[:port]`. UsageError for everything else."""
    scheme, _, rest = url.partition("://")
    if scheme != ANYWHERE:
        raise UsageError(f"{url[:200]!a} is not an address of a machine.", hint="Write any://[user@]host[:port].")
    return parse(f"ssh://{rest}")


@lru_cache(maxsize=2**14)
def url_of(host: str) -> str | None:
    """`any://host` for the name of a host; None for a name that is no address."""
    try:
        return f"{ANYWHERE}{parse(f'ssh://{host}').url.removeprefix('ssh')}"
    except UsageError:
        return None


def holder(service: JobService, attempt: str) -> str:
    """The URL to journal with an attempt that was prepared: of the adaptor that was chosen for it."""
    return service.holder(attempt) if isinstance(service, AnywhereService) else service.url


class AnywhereService:
    """A `JobService` over all that fit. Who prepared an attempt, or knows it, is the only one asked about it later.

    What failed is remembered for one call. When none is left, one error carries what each said, most specific first.
    """

    def __init__(self, url: str, address: Address, links: Links) -> None:
        self.url = url
        self._address = address
        self._links = links
        self._opened: dict[str, JobService] = {}
        self._holders: dict[str, JobService] = {}

    def holder(self, attempt: str) -> str:
        """The URL of the service that has an attempt; our own where none is known to have it."""
        return self._holders[attempt].url if attempt in self._holders else self.url

    async def health(self) -> str:
        """By the first that is well. One error of what each said where none is."""
        said: list[Said] = []
        for scheme, service in await self._services(said):
            try:
                return f"by {scheme}: {await service.health()}"
            except ZeliGridError as error:
                said.append((scheme, error))
        raise verdict(self.url, said, otherwise=SubmissionRefused)

    async def prepare(self, attempt: str, job: JobDescription, *, tell: Tell | None = None) -> str:
        """The next adaptor is tried only where this one certainly did not start it; in doubt, it stays the one."""
        if attempt in self._holders:
            return await self._holders[attempt].prepare(attempt, job, tell=tell)
        said: list[Said] = []
        for scheme, service in await self._services(said, job):
            try:
                handle = await service.prepare(attempt, job, tell=tell)
            except InDoubt:
                self._holders[attempt] = service
                raise
            except (SubmissionRefused, LinkError, NotMeant) as error:
                said.append((scheme, error))
            else:
                self._holders[attempt] = service
                return handle
        raise verdict(self.url, said, otherwise=SubmissionRefused)

    async def commit(self, attempt: str) -> None:
        await (await self._one(attempt)).commit(attempt)

    async def find(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        asked: dict[str, list[str]] = {}
        for attempt in attempts:
            asked.setdefault(self.holder(attempt), []).append(attempt)
        strange = asked.pop(self.url, [])
        known = [await self._holders[ids[0]].find(ids) for ids in asked.values()]
        if strange:
            known.append(await self._search(strange))
        return {attempt: status for each in known for attempt, status in each.items()}

    async def cancel(self, attempt: str, *, grace_s: float = 10.0) -> None:
        """Of an id that none knows, each is told, so that none takes it later."""
        for service in await self._having(attempt):
            with suppress(NotMeant):
                await service.cancel(attempt, grace_s=grace_s)

    async def suspend(self, attempt: str) -> None:
        await (await self._one(attempt)).suspend(attempt)

    async def resume(self, attempt: str) -> None:
        await (await self._one(attempt)).resume(attempt)

    async def send(self, attempt: str, data: bytes, *, end: bool = False) -> None:
        await (await self._one(attempt)).send(attempt, data, end=end)

    async def read(self, attempt: str, stream: str, offset: int, *, most: int = 65536) -> bytes:
        return await (await self._one(attempt)).read(attempt, stream, offset, most=most)

    async def length(self, attempt: str, stream: str) -> int:
        return await (await self._one(attempt)).length(attempt, stream)

    async def fetch(
        self, attempt: str, patterns: Sequence[str], folder: Path, *, tell: Tell | None = None
    ) -> Sequence[str]:
        return await (await self._one(attempt)).fetch(attempt, patterns, folder, tell=tell)

    async def give(self, attempt: str, folder: Path, names: Sequence[str]) -> None:
        await (await self._one(attempt)).give(attempt, folder, names)

    async def discard(self, attempt: str) -> None:
        for service in await self._having(attempt):
            with suppress(NotMeant):
                await service.discard(attempt)
        self._holders.pop(attempt, None)

    async def _one(self, attempt: str) -> JobService:
        """Who has it, else the first, which says in its own words that it does not."""
        return (await self._having(attempt))[0]

    async def _having(self, attempt: str) -> Sequence[JobService]:
        """Who has an attempt; all that fit where certainly none has it."""
        if attempt not in self._holders:
            await self._search([attempt])
        if attempt in self._holders:
            return [self._holders[attempt]]
        return [service for _, service in await self._services([])]

    async def _search(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        """What is known of them anywhere. A LinkError where some are not found, and not all could be asked."""
        said: list[Said] = []
        services = await self._services(said)
        found: dict[str, JobStatus] = {}
        silent = not services
        for scheme, service in services:
            try:
                known = await service.find([attempt for attempt in attempts if attempt not in found])
            except NotMeant as error:  # it answered, and is of another kind: it has none of them
                said.append((scheme, error))
            except LinkError as error:
                said.append((scheme, error))
                silent = True
            else:
                found.update(known)
                self._holders.update(dict.fromkeys(known, service))
        if silent and len(found) < len(set(attempts)):
            raise verdict(self.url, said, otherwise=Unreachable)
        return found

    async def _services(self, said: list[Said], job: JobDescription | None = None) -> Sequence[tuple[str, JobService]]:
        """What can be used now, in order; why others cannot is added to `said`."""
        candidates = [one for one in await call(adaptors, limit=REACH_S) if one.scheme != ANYWHERE]
        refusals: list[list[Said]] = [[] for _ in candidates]  # who is quick to say no has no more to say than others
        urls = await asyncio.gather(*(self._url(*both, job) for both in zip(candidates, refusals, strict=True)))
        said += chain(*refusals)
        fit = [(one.scheme, url) for one, url in zip(candidates, urls, strict=True) if url]
        return [(scheme, self._opened.setdefault(url, open_other(url, self._links))) for scheme, url in fit]

    async def _url(self, adaptor: Adaptor, said: list[Said], job: JobDescription | None) -> str | None:
        try:
            if job and (lacks := adaptor.lacks(job)) and not adaptor.trouble:
                raise Unfit(f"it cannot do what the job needs ({lacks}).")
            return await call(adaptor.url, self._address, self._links, limit=REACH_S)
        except TimeoutError:
            said.append((adaptor.scheme, Unfit(f"its credentials could not be looked at within {REACH_S:g} s.")))
        except (Unfit, NotMeant, LinkError) as error:
            said.append((adaptor.scheme, error))
        return None


def verdict(url: str, said: Sequence[Said], *, otherwise: type[ZeliGridError]) -> ZeliGridError:
    """One error of what each said, of the kind of the most specific; `otherwise` where no machine said anything.

    That an adaptor is for other machines is left out where another one has more to say.
    """
    ordered = sorted(said, key=lambda one: _rank(one[1]))
    telling = [one for one in ordered if not isinstance(one[1], NotMeant)] or ordered
    once = {str(error): scheme for scheme, error in reversed(telling)}  # two that go one way are stopped by one thing
    words = "; ".join(f"{scheme}: {error.rstrip('.')}" for error, scheme in reversed(once.items()))
    message = f"No adaptor works for {url}: {words or 'none is installed'}."
    first = telling[0][1] if telling else Unfit("")
    if isinstance(first, UnknownHostKey):
        return UnknownHostKey(message, hint=first.hint, line=first.line)
    kind = type(first) if isinstance(first, (SubmissionRefused, LinkError)) else otherwise
    return kind(message, hint=first.hint)


def _rank(error: ZeliGridError) -> int:
    return next((rank for rank, kind in enumerate(_SPECIFIC) if isinstance(error, kind)), len(_SPECIFIC))
