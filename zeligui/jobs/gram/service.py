"""Jobs of a grid site, by GRAM5: `gram://host[:port]/jobmanager-NAME`; their files go by the site's GridFTP server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from zeligui.errors import InDoubt, LinkError, SubmissionRefused, Unreachable, ZeliGridError
from zeligui.files.progress import Tell
from zeligui.jobs.gram.folders import CANCELED, COMMITTED, Folders, Notes, SiteFiles
from zeligui.jobs.gram.managers import Kept, Managers
from zeligui.jobs.gram.orders import PREPARED_S, order
from zeligui.jobs.gram.states import UNCOMMITTED, ended, final, judge, parked, unknown
from zeligui.jobs.job import JobDescription, JobState, JobStatus
from zeligui.jobs.posix import check, check_stream, not_over
from zeligui.jobs.staging import Stager
from zeligui.links.gram.client import PING_S, SUBMIT_S, Client, Signal, State
from zeligui.links.gram.contacts import Contact, JobContact, authority
from zeligui.links.gram.peers import Identities
from zeligui.links.gram.words import CANCELED as CANCELED_THERE
from zeligui.links.gram.words import (
    COMMIT_TIMED_OUT,
    DENIED_QUERY,
    FAILED,
    NO_STATE_FILE,
    READING_STATE_FILE,
    UNIMPLEMENTED,
    UNKNOWN_JOB,
    UNKNOWN_SIGNAL,
    Denied,
)
from zeligui.links.gsi.credentials import lasting
from zeligui.links.link import Links

NOTICED_S, NOTICED_AGAIN_S = 40.0, 0.5
"""How long a site may take to notice that a job has ended: some ask their scheduler every ten seconds."""

FORGOTTEN = frozenset({UNKNOWN_JOB, NO_STATE_FILE, READING_STATE_FILE})
"""What a site says of a job that it does not know any more."""

UNDER_WAY_S = 1.0
"""So long a cancel is waited for: a site's own takes five seconds between TERM and KILL."""


class GramService:
    """A `JobService`. `prepared_s` is for trials.

    Nothing is kept here that is not at the site too: an attempt's folder there says where its job is asked about.
    """

    def __init__(self, url: str, contact: Contact, links: Links, *, prepared_s: int = PREPARED_S) -> None:
        self.url = url
        self._contact = contact
        self._links = links
        self._prepared_s = prepared_s
        self._files = SiteFiles(f"gsiftp://{authority(*contact.gridftp)}", self._proxy)
        self._folders = Folders(self._files)
        self._stager = Stager(self._files, links)
        self._client = Client(Identities(self._proxy))
        self._managers = Managers(contact, self._client, self._folders)
        self._kept: dict[str, Kept] = {}
        self._ending: dict[str, asyncio.Future[State]] = {}

    def _proxy(self) -> Path | None:
        return self._links.contexts.proxy_file()  # which may have been told to use others meanwhile

    async def health(self) -> str:
        await self._managers.do(self._client.ping, self._contact, limit_s=PING_S)
        await self._folders.root()
        identity = await self._managers.do(self._client.identities.now)
        return f"answers, as do its files; your proxy is valid for {lasting(identity.credential.left_s())}"

    async def prepare(self, attempt: str, job: JobDescription, *, tell: Tell | None = None) -> str:
        """A `LinkError` says that nothing is started: what the site may have taken ends there uncommitted."""
        check(attempt)
        if job.interactive:
            raise SubmissionRefused(
                f"{self.url} cannot give a job standard input while it runs.", hint="Take a file among its input."
            )
        described = order(attempt, job, self._contact, prepared_s=self._prepared_s)
        ends = await self._managers.do(self._client.lasts)
        async with self._stager.used():
            wanted = await self._stager.wanted(job)
            if not await self._folders.claim(attempt) and (known := await self._prepared(attempt)):
                return known
            work = f"{await self._folders.of(attempt)}/work"
            await self._files.claim(work)
            if wanted:
                await self._stager.bring(wanted, work, tell)
        job_there = await self._submit(described)
        await self._folders.point(attempt, job_there)
        self._kept[attempt] = Kept(Notes(job=job_there), until=ends)
        return job_there.url

    async def _prepared(self, attempt: str) -> str:
        """The handle of what was prepared already; none where that was begun and did not come so far."""
        notes = await self._folders.notes(attempt) or Notes()
        if notes.canceled or notes.gone:
            raise SubmissionRefused(f"{self.url} refused the job: it was canceled or discarded.")
        if notes.job is None:
            return ""
        self._kept[attempt] = Kept(notes)
        return notes.job.url

    async def _submit(self, described: bytes) -> JobContact:
        try:
            taken = await self._managers.do(self._client.submit, self._contact, described, limit_s=SUBMIT_S)
        except Denied as denied:
            raise SubmissionRefused(str(denied), hint=denied.hint) from denied
        if not taken.waits:
            await self._managers.do(self._client.cancel, taken.job)
            raise SubmissionRefused(f"{self.url} starts jobs before they are committed.", hint="It is no GRAM5.")
        return taken.job

    async def commit(self, attempt: str) -> None:
        kept = await self._known(check(attempt))
        if kept is not None and kept.notes.committed and (kept.notes.canceled or kept.last):
            return
        if kept is not None:
            await self._look(attempt, kept)  # somebody else may have canceled it
        if kept is None or kept.notes.job is None or kept.notes.gone or kept.notes.canceled:
            why = "it was canceled" if kept and kept.notes.canceled else "its preparation is gone"
            raise SubmissionRefused(f"{self.url} did not start the job: {why}.")
        await self._folders.mark(attempt, COMMITTED)
        kept.notes = replace(kept.notes, committed=True)
        try:
            state = await self._managers.ask(attempt, kept, lambda job: self._client.signal(job, Signal.COMMIT))
        except Denied as denied:
            raise SubmissionRefused(f"{self.url} did not start the job: {denied}", hint=denied.hint) from denied
        except LinkError as error:
            raise InDoubt(f"{self.url} did not confirm: {error}", hint="It is asked again until it answers.") from error
        if state.state == FAILED and state.failure in {COMMIT_TIMED_OUT, CANCELED_THERE}:
            raise SubmissionRefused(f"{self.url} did not start the job: {UNCOMMITTED}.")

    async def find(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        """One exchange for each that is not over, a few at a time."""
        wanted = list(dict.fromkeys(map(check, attempts)))
        found = await asyncio.gather(*map(self._find, wanted), return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return {attempt: one for attempt, one in zip(wanted, found, strict=True) if isinstance(one, JobStatus)}

    async def _find(self, attempt: str) -> JobStatus | None:
        kept = await self._known(attempt)
        if kept is None or kept.notes.gone:
            return None
        if kept.last is not None:
            return kept.last
        if kept.notes.job is None:
            return JobStatus(JobState.CANCELED) if kept.notes.canceled else JobStatus(JobState.NEW, "it was not sent")
        status = await self._asked(attempt, kept)
        if status is not None and status.state is not None and status.state.final:
            kept.last = await self._explained(attempt, status)
        return kept.last or status

    async def _asked(self, attempt: str, kept: Kept) -> JobStatus | None:
        """What its folder says, which is the first to know of an end, and else its manager.

        Where the site's files do not answer, its manager is believed in all but how a job has ended.
        """
        silent: LinkError | None = None
        try:
            await self._look(attempt, kept)
        except LinkError as error:
            silent = error
        if kept.notes.ended is not None and not kept.notes.canceled:
            return ended(kept.notes)
        try:
            state = await self._state(attempt, kept)
        except Denied as denied:
            if denied.number not in FORGOTTEN:
                raise
            return await self._forgotten(attempt, kept)
        if not final(state):
            return await self._going_on(attempt, kept, state, silent)
        await self._look(attempt, kept)
        return judge(state, kept.notes)

    async def _forgotten(self, attempt: str, kept: Kept) -> JobStatus | None:
        await self._look(attempt, kept)
        return unknown(kept.notes)

    async def _state(self, attempt: str, kept: Kept) -> State:
        """What its manager says; one that let go of it is made to take it up again."""
        state = await self._managers.ask(attempt, kept, self._client.status)
        if not parked(state):
            return state
        job = await self._managers.take_up(attempt, kept)
        return await self._managers.do(self._client.status, job)

    async def _going_on(self, attempt: str, kept: Kept, state: State, silent: LinkError | None) -> JobStatus:
        if kept.notes.committed:
            await self._managers.renew(attempt, kept)
        if kept.notes.canceled:
            self._end(attempt, kept)
        troubles = (kept.trouble, f"its files do not answer: {str(silent).rstrip('.')}" if silent else "")
        return judge(state, kept.notes, note=", ".join(filter(None, troubles)))

    async def _explained(self, attempt: str, status: JobStatus) -> JobStatus:
        """What could not be started says why, with its name, in its standard error."""
        if not status.detail.startswith("it could not be started"):
            return status
        said = (await self.read(attempt, "stderr", 0, most=500)).decode("utf-8", "replace").strip()
        return replace(status, detail=f"it could not be started: {said}") if said else status

    async def cancel(self, attempt: str, *, grace_s: float = 10.0) -> None:
        """The grace is the site's own: five seconds where jobs are forked, none at most schedulers."""
        kept = await self._known(check(attempt))
        status = await self._find(attempt)
        if status is not None and status.state is not None and status.state.final:
            return
        if kept is None:
            await self._folders.claim(attempt)
        await self._folders.mark(attempt, CANCELED)
        if kept is not None:
            kept.notes = replace(kept.notes, canceled=True)
            if kept.notes.job is not None:
                await asyncio.wait([self._end(attempt, kept)], timeout=UNDER_WAY_S)

    def _end(self, attempt: str, kept: Kept) -> asyncio.Future[State]:
        """Have a job ended, once at a time. What fails is tried again when it is asked about the next time."""
        if attempt in self._ending:
            return self._ending[attempt]
        ending = asyncio.ensure_future(self._managers.ask(attempt, kept, self._client.cancel))
        self._ending[attempt] = ending
        ending.add_done_callback(partial(self._ended, attempt))
        return ending

    def _ended(self, attempt: str, ending: asyncio.Future[State]) -> None:
        del self._ending[attempt]
        if not ending.cancelled():
            ending.exception()  # it is on its way again with the next poll

    async def suspend(self, attempt: str) -> None:
        await self._signal(attempt, Signal.SUSPEND)

    async def resume(self, attempt: str) -> None:
        await self._signal(attempt, Signal.RESUME)

    async def _signal(self, attempt: str, signal: Signal) -> None:
        status = await self._find(check(attempt))
        if status is None or status.state is None or status.state.final:
            how = "has ended" if status else "is not known there"
            raise ZeliGridError(f"The job {attempt} on {self.url}: it {how}.")
        kept = self._kept[attempt]
        try:
            await self._managers.ask(attempt, kept, lambda job: self._client.signal(job, signal, "now"))
        except Denied as denied:
            if denied.number in {UNIMPLEMENTED, UNKNOWN_SIGNAL}:
                words = f"{self.url} cannot {signal.name.lower()} a job: its scheduler does not do that."
                raise ZeliGridError(words, hint=denied.hint) from denied
            raise ZeliGridError(str(denied), hint=denied.hint) from denied

    async def send(self, attempt: str, data: bytes, *, end: bool = False) -> None:
        del attempt, data, end
        raise ZeliGridError(
            f"{self.url} cannot give a job standard input while it runs.", hint="Take a file among its input."
        )

    async def read(self, attempt: str, stream: str, offset: int, *, most: int = 65536) -> bytes:
        path = check_stream(stream)
        return await self._files.piece(f"{await self._folders.of(check(attempt))}/{path}", offset, most)

    async def length(self, attempt: str, stream: str) -> int:
        path = check_stream(stream)
        return await self._files.size(f"{await self._folders.of(check(attempt))}/{path}")

    async def fetch(
        self, attempt: str, patterns: Sequence[str], folder: Path, *, tell: Tell | None = None
    ) -> Sequence[str]:
        work = f"{await self._folders.of(check(attempt))}/work"
        if not patterns:
            return []
        async with self._stager.used():
            return await self._stager.fetch(work, patterns, folder, tell)

    async def give(self, attempt: str, folder: Path, names: Sequence[str]) -> None:
        kept = await self._known(check(attempt))
        if kept is None or kept.notes.committed or kept.notes.canceled or kept.notes.gone:
            how = "has been started" if kept and kept.notes.committed else "is not prepared there"
            raise ZeliGridError(f"The job {attempt} on {self.url}: it {how}.")
        await self._stager.give(folder, names, f"{await self._folders.of(attempt)}/work")

    async def discard(self, attempt: str) -> None:
        kept = await self._known(check(attempt))
        if kept is None:
            return
        status = await self._find(attempt)
        if status is not None and kept.notes.job is not None and not (status.state and status.state.final):
            raise not_over(attempt, self.url, status)
        if kept.notes.job is not None and not kept.notes.gone:
            await self._let_go(attempt, kept)
        await self._folders.clear(attempt)
        self._kept.pop(attempt, None)

    async def _let_go(self, attempt: str, kept: Kept) -> None:
        """Have its manager forget a job that has ended, which it may notice only after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NOTICED_S):
                while True:
                    if await self._forgot(attempt, kept):
                        return
                    await asyncio.sleep(NOTICED_AGAIN_S)
        raise Unreachable(f"{self.url} has not noticed the end of the job {attempt} yet.", hint="Try again.")

    async def _forgot(self, attempt: str, kept: Kept) -> bool:
        try:
            if not final(await self._managers.ask(attempt, kept, self._client.status)):
                return False
            await self._managers.ask(attempt, kept, lambda job: self._client.signal(job, Signal.COMMIT_END))
        except Denied as denied:
            if denied.number not in {DENIED_QUERY, *FORGOTTEN}:
                raise
            return denied.number != DENIED_QUERY
        return True

    async def _known(self, attempt: str) -> Kept | None:
        """What is remembered of an attempt, else what its folder says; None where there is none."""
        if attempt not in self._kept:
            notes = await self._folders.notes(attempt)
            if notes is None:
                return None
            self._kept.setdefault(attempt, Kept(notes))
        return self._kept[attempt]

    async def _look(self, attempt: str, kept: Kept) -> None:
        """Read its folder anew; what was decided here stays so."""
        notes = await self._folders.notes(attempt)
        if notes is not None:
            kept.notes = replace(notes, canceled=kept.notes.canceled or notes.canceled, job=kept.notes.job)
