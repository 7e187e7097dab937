"""A `JobService` over the commands of Slurm, on a kept link to a machine that has them.

A job's directory is laid out as on a machine of its own, in a home that all nodes share; on its node the same wrapper
watches over it. Slurm's comment of the job holds the attempt's id.
"""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from zeligui.errors import InDoubt, LinkError, Refused
from zeligui.files.progress import Tell
from zeligui.jobs import scripts as posix_scripts
from zeligui.jobs.adaptors import Declared, NotMeant
from zeligui.jobs.job import JobDescription, JobStatus
from zeligui.jobs.posix import PREPARED_S, PosixService, Steps, check
from zeligui.jobs.posix import reach as reach_machine
from zeligui.jobs.slurm import chores, here, refusals, rows, scripts, sights
from zeligui.jobs.slurm.judging import judge
from zeligui.jobs.slurm.scripts import Offer
from zeligui.jobs.slurm.together import MOST_TOGETHER, Together
from zeligui.links import slurm
from zeligui.links.addresses import Address
from zeligui.links.link import Link, Links, Reply, Script

FRESH_S = 60.0
"""For so long the limits of partitions are taken to be as they were."""
LOOK_LIMIT_S = 30.0
POLL_LIMIT_S = 20.0
TELL_S = 0.1
"""So long what was let go is gathered before Slurm is told: it takes as much to be told of one as of many."""


def reach(scheme: str, address: Address, links: Links) -> str:
    """The cluster whose commands a machine has: this one by itself, any other over ssh. NotMeant, Unfit."""
    if scheme == slurm.BEHIND:
        return reach_machine(scheme, address, links)
    reach_machine("local", address, links)
    if not slurm.is_here():
        raise NotMeant("This machine has no Slurm.")
    return "slurm://"


Words = tuple[str, ...]


class NoSlurm(Refused, NotMeant):
    """A machine that answers has no commands of Slurm, or they have no cluster."""


ADAPTOR = Declared("a Slurm cluster", reach=reach, order=30)


def open_service(url: str, links: Links) -> SlurmService:
    """The service of a cluster, or of one of its partitions; nothing is sent before its first use."""
    cluster = slurm.parse(url)
    return SlurmService(url, cluster, links.to(cluster.link), links)


class SlurmService(PosixService):
    """`prepared_s` is how long Slurm keeps back what nobody commits; for trials."""

    def __init__(
        self,
        url: str,
        cluster: slurm.Cluster,
        link: Link,
        links: Links | None = None,
        *,
        prepared_s: float = PREPARED_S,
    ) -> None:
        super().__init__(url, link, links, prepared_s=prepared_s)
        self._cluster = cluster
        self._seen: sights.Sight | None = None
        self._seen_at = -FRESH_S
        self._away = False
        self._looking = asyncio.Lock()
        self._ready: dict[str, str] | None = {} if cluster.here else None
        """The directories of what was prepared, where the file system of the cluster is this machine's, too."""
        self._folder = ""
        """Where they are, once one was prepared."""
        self._begun: list[str] = []
        self._beginning: asyncio.Task[None] | None = None
        self._submits = Together(self._submit_one, self._submit_array)
        self._commits = Together(self._commit_one, self._commit_all)

    async def health(self) -> str:
        """Its release, how many partitions there are, and the processors that are free."""
        sight = await self._look()
        if self._cluster.partition:
            refusals.check_partition(self.url, self._cluster.partition, sight)
        shown = sight.of(self._cluster.partition) if self._cluster.partition else sight.partitions
        names = {one.name for one in shown}
        free = max((sum(one.idle for one in sight.of(name) if one.up) for name in names), default=0)
        return f"slurm {sight.release}: {len(names)} partition{'s' * (len(names) != 1)}, {free} free slots"

    async def _steps(self, attempt: str, job: JobDescription) -> Steps:
        sight = await self._sight(fresh=True)
        refusals.check(self.url, self._cluster.partition, job, sight)
        order = posix_scripts.order(attempt, job, limit_s=0, reaper="python3")
        offer = scripts.make_offer(attempt, secrets.token_hex(8), job, order)
        options = [f"--begin=now+{math.ceil(self._prepared_s)}", *scripts.needs(job)]
        if self._cluster.partition:
            options.append(f"--partition={self._cluster.partition}")
        start = partial(self._submits.ask, offer, tuple(options), most=sight.most_in_array)
        return Steps(scripts.claim(sight.name, offer), start)

    async def _submit_one(self, offer: Offer, options: Words) -> Reply:
        sight = await self._sight()
        reply = await self._submit_here(offer, options, sight) if self._folder else None
        return reply or await self._submit(scripts.start(sight.name, sight.umask, offer, options))

    async def _submit_here(self, offer: Offer, options: Words, sight: sights.Sight) -> Reply | None:
        """The same without a shell, which is called where something is in the way; None where it is to do all."""
        folder = f"{self._folder}/{offer.attempt}"
        command = scripts.command(folder, options)
        handed = await here.submit(sight.name, folder, offer, command, int(sight.umask, 8))
        if handed is None:
            return None
        if handed.ready:
            return Reply(0, os.fsencode(f"ready {folder}\n"))
        return await self._submit(scripts.handed(sight.name, offer, handed.native, handed.said))

    async def _submit_array(self, offers: Sequence[Offer], options: Words) -> Sequence[Reply | None]:
        sight = await self._sight()
        script = scripts.together(sight.name, sight.umask, secrets.token_hex(8), offers, options)
        return _each(await self._submit(script), [offer.attempt for offer in offers])

    async def prepare(self, attempt: str, job: JobDescription, *, tell: Tell | None = None) -> str:
        folder = await super().prepare(attempt, job, tell=tell)
        if self._ready is not None:
            self._ready[attempt], self._folder = folder, folder.rpartition("/")[0]
        return folder

    async def commit(self, attempt: str) -> None:
        if self._ready and (folder := self._ready.pop(attempt, None)) and await here.grant(folder):
            self._begin(attempt)
            return
        self._check_committed(await self._commits.ask(check(attempt), None))

    async def _commit_one(self, attempt: str, _kind: None) -> Reply:
        return await self._submit(await self._call("commit", attempt))

    async def _commit_all(self, attempts: Sequence[str], _kind: None) -> Sequence[Reply | None]:
        return _each(await self._submit(await self._call("commit_all", *attempts)), attempts)

    def _begin(self, attempt: str) -> None:
        """Have Slurm told that it need not wait any more, with all others of whom it is to be told now."""
        self._begun.append(attempt)
        if self._beginning is None or self._beginning.done():
            self._beginning = asyncio.create_task(self._begin_all(), name=f"telling {self.url} what may begin")

    async def _begin_all(self) -> None:
        while self._begun:
            await asyncio.sleep(TELL_S)
            some, self._begun = self._begun[:MOST_TOGETHER], self._begun[MOST_TOGETHER:]
            with suppress(LinkError):  # a poll finds that it did not hear it
                await self._link.run(await self._call("begin", *some))

    def _word(self, reply: Reply) -> tuple[str, str]:
        word, rest = super()._word(reply)
        if word == "away":
            self._away = True
            raise slurm.away(self.url, rest)
        return word, rest

    def _answer(self, reply: Reply, *wanted: str) -> str:
        word, rest = self._word(reply)
        if word == "doubt":
            raise InDoubt(f"{self.url} did not confirm: {slurm.sentence(rest)}.", hint="It is asked again.")
        if word == "failed":
            raise refusals.refusal(self.url, rest, self._seen)
        return super()._answer(reply, *wanted)

    async def find(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        """One exchange; a second one where Slurm does not name a job, or something is due."""
        if not attempts:
            return {}
        name = (await self._sight()).name
        sight = await self._poll(name, list(map(check, attempts)))
        doubtful = chores.doubtful(sight)
        if doubtful:
            reply = await self._link.run(scripts.confirm(name, doubtful), limit_s=POLL_LIMIT_S)
            with self._understood(reply):
                rows.read_again(reply.text, sight)
        due = chores.due(sight, self._prepared_s)
        if due:
            await self._link.run(scripts.tend(name, due), limit_s=POLL_LIMIT_S)  # what fails is due again next time
        judged = {attempt: judge(attempt, sight) for attempt in sight.facts}
        return {attempt: status for attempt, status in judged.items() if status}

    async def _poll(self, name: str, attempts: Sequence[str]) -> rows.Sight:
        reply = await self._link.run(scripts.poll(name, attempts, doubt=self._away), limit_s=POLL_LIMIT_S)
        self._check_commands(reply)
        with self._understood(reply):
            sight = rows.read(reply.text)
        self._away = sight is None
        if sight is None:
            raise slurm.complaint(self.url, rows.said_instead(reply.text))
        return sight

    async def cancel(self, attempt: str, *, grace_s: float = 10.0) -> None:
        if self._ready:
            self._ready.pop(attempt, None)
        hundredths = str(round(max(0.0, grace_s) * 100))
        await self._steer("cancel", check(attempt), secrets.token_hex(8), hundredths, settled=("gone", "ended"))

    async def _call(self, name: str, *words: str) -> Script:
        return scripts.steer((await self._sight()).name, name, *words)

    async def _sight(self, *, fresh: bool = False) -> sights.Sight:
        async with self._looking:
            if self._seen is None or (fresh and time.monotonic() - self._seen_at > FRESH_S):
                return await self._look()
            return self._seen

    async def _look(self) -> sights.Sight:
        """Look at the cluster, and put there what runs on its nodes. A LinkError in words where it cannot be used."""
        reply = await self._link.run(scripts.look(), limit_s=LOOK_LIMIT_S)
        self._check_commands(reply)
        try:
            sight = sights.read(reply.text)
        except ValueError as error:
            raise slurm.complaint(self.url, _said(reply)) from error
        if not sight.has_tools:
            answer = await self._link.run(scripts.install(sight.name, secrets.token_hex(8)))
            if self._word(answer)[0] != "ok":
                raise Refused(f"{self.url} has no room for what runs on its nodes, in ~/.zeligrid/jobs.")
        self._seen, self._seen_at = sight, time.monotonic()
        return sight

    def _check_commands(self, reply: Reply) -> None:
        if missing := slurm.missing(self.url, reply.text):
            raise NoSlurm(str(missing), hint=missing.hint)

    @contextmanager
    def _understood(self, reply: Reply) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError) as error:
            raise self._broken(reply) from error


def _each(reply: Reply, attempts: Sequence[str]) -> Sequence[Reply | None]:
    """What a script said of each attempt, after its id; None where that is nothing, or that it is to go `alone`."""
    said = {attempt: rest for attempt, _, rest in (line.partition(" ") for line in reply.text.splitlines())}
    answers = (said.get(attempt, "alone") for attempt in attempts)
    return [
        None if answer == "alone" else replace(reply, output=answer.encode("utf-8", "surrogateescape"))
        for answer in answers
    ]


def _said(reply: Reply) -> str:
    lines = (line.partition(" ") for line in reply.text.splitlines())
    return "\n".join(rest for word, _, rest in lines if word == "config")
