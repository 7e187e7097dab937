"""Jobs on a machine that has a POSIX shell: `local://` and `ssh://`, over one kept link.

Each exchange is one script on the link's control shell; the job itself owns no channel.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from zeligui.errors import InDoubt, LinkError, Refused, SubmissionRefused, Unreachable, UsageError, ZeliGridError
from zeligui.files.progress import Tell
from zeligui.jobs import scripts
from zeligui.jobs.adaptors import Declared, NotMeant, Unfit, by_name
from zeligui.jobs.job import JobDescription, JobStatus
from zeligui.jobs.staging import Stager, files_of
from zeligui.jobs.verdicts import statuses
from zeligui.links.addresses import Address
from zeligui.links.link import Link, Links, Reply, Script

PREPARED_S = 120.0
"""How long a preparation waits for its commit."""

_ID = re.compile(r"[0-9a-f]{32}")


def reach(scheme: str, address: Address, links: Links) -> str:
    """This machine by itself, any other over ssh where there is a key to log in with. NotMeant, Unfit."""
    if scheme != "local":
        return _by_ssh(scheme, address, links)
    if address.user is not None or address.port is not None or address.host.casefold() not in _own_names():
        raise NotMeant(f"{address.host} is not this machine.")
    return "local://"


def _own_names() -> set[str]:
    name = os.uname().nodename.casefold()
    return {"localhost", name, name.partition(".")[0]}


def _by_ssh(scheme: str, address: Address, links: Links) -> str:
    from zeligui.links.keys import keys_for  # paramiko takes a quarter of a second

    keys = keys_for(address, links.contexts)
    if keys.usable:
        return by_name(scheme, address, links)
    why = f": {', '.join(keys.unusable)}" if keys.unusable else ""
    make = f"ssh-add {keys.locked[0]}" if keys.locked else "ssh-keygen -t ed25519"
    raise Unfit(f"there is no key to log in to {address.host} with{why}.", hint=f"Load or make one: {make}")


ADAPTOR = Declared("a machine with a POSIX shell", reach=reach, order=10)


def open_service(url: str, links: Links) -> PosixService:
    """The service of a machine; nothing is sent before its first use."""
    return PosixService(url, links.to(url), links)


@dataclass(frozen=True, slots=True)
class Steps:
    """Those of a preparation: a script that only claims the attempt, and what goes on to its end."""

    claim: Script
    start: Callable[[], Awaitable[Reply]]


class PosixService:
    """A `JobService`. `prepared_s` and `reaper` (one of `scripts.REAPERS`) are for trials; None takes the best."""

    def __init__(
        self,
        url: str,
        link: Link,
        links: Links | None = None,
        *,
        prepared_s: float = PREPARED_S,
        reaper: str | None = None,
    ) -> None:
        """`links` reaches what the input and the output of jobs name by URL."""
        self.url = url
        self._link = link
        self._stager = Stager(files_of(link), links)
        self._prepared_s = prepared_s
        self._reaper = reaper
        self._probed: scripts.Machine | None = None

    async def health(self) -> str:
        """What watches over jobs there."""
        machine = self._probed = await self._probe()
        self._check_leave(machine)
        return f"jobs are watched over by {machine.reaper()}"

    async def prepare(self, attempt: str, job: JobDescription, *, tell: Tell | None = None) -> str:
        """A `LinkError` comes only before the wrapper is started, so that nothing was; later it is InDoubt."""
        check(attempt)
        async with self._stager.used():
            wanted = await self._stager.wanted(job)
            steps = await self._steps(attempt, job)
            if wanted:
                reply = await self._link.run(steps.claim)
                folder = self._answer(reply, "claimed", "ready")
                if self._word(reply)[0] == "ready":  # prepared before, perhaps even running: its files are its own
                    return folder
                await self._stager.bring(wanted, f"{folder}/work", tell)
        return self._answer(await steps.start(), "ready")

    async def _steps(self, attempt: str, job: JobDescription) -> Steps:
        machine = await self._machine()
        self._check_leave(machine)
        reaper = self._reaper or machine.reaper()
        order = scripts.order(attempt, job, limit_s=self._prepared_s, reaper=reaper)
        nonce = secrets.token_hex(8)
        start = scripts.start(attempt, nonce, job, machine, reaper)
        return Steps(scripts.claim(attempt, nonce, job), partial(self._submit, start, order))

    async def commit(self, attempt: str) -> None:
        self._check_committed(await self._submit(await self._call("commit", check(attempt))))

    def _check_committed(self, reply: Reply) -> None:
        word, reason = self._word(reply)
        if word != "ok":
            raise SubmissionRefused(f"{self.url} did not start the job: {reason or _WORDS.get(word, word)}.")

    async def find(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        if not attempts:
            return {}
        machine = await self._machine()
        call = scripts.call("find_all", *map(check, attempts), of="find.sh")
        reply = await self._link.run(call)
        try:
            return statuses(reply.text, machine)
        except (ValueError, TypeError) as error:
            raise self._broken(reply) from error

    async def cancel(self, attempt: str, *, grace_s: float = 10.0) -> None:
        machine = await self._machine()
        hundredths = str(round(max(0.0, grace_s) * 100))
        words = (check(attempt), secrets.token_hex(8), hundredths, *machine.detach())
        await self._steer("cancel", *words, settled=("gone", "ended", "rebooted"))

    async def suspend(self, attempt: str) -> None:
        await self._steer("halt", check(attempt))

    async def resume(self, attempt: str) -> None:
        await self._steer("wake", check(attempt))

    async def send(self, attempt: str, data: bytes, *, end: bool = False) -> None:
        words = (check(attempt), "end" if end else "", str(len(data)))
        await self._steer("append", *words, data=scripts.escaped(data))

    async def read(self, attempt: str, stream: str, offset: int, *, most: int = 65536) -> bytes:
        call = scripts.call("piece", check(attempt), check_stream(stream), str(offset + 1), str(most))
        return (await self._link.run(call)).output

    async def length(self, attempt: str, stream: str) -> int:
        reply = await self._link.run(scripts.call("extent", check(attempt), check_stream(stream)))
        try:
            return int(reply.output or b"0")
        except ValueError as error:
            raise self._broken(reply) from error

    async def fetch(
        self, attempt: str, patterns: Sequence[str], folder: Path, *, tell: Tell | None = None
    ) -> Sequence[str]:
        if not patterns:
            return []
        place = scripts.names((await self._link.run(scripts.call("place", check(attempt)))).output)
        async with self._stager.used():
            return await self._stager.fetch(place[0], patterns, folder, tell) if place else []

    async def give(self, attempt: str, folder: Path, names: Sequence[str]) -> None:
        there = await self._steer("folder", check(attempt))
        await self._stager.give(folder, names, f"{there}/work")

    async def discard(self, attempt: str) -> None:
        known = (await self.find([attempt])).get(attempt)
        if known and not (known.state and known.state.final):
            raise not_over(attempt, self.url, known)
        await self._steer("discard", attempt, secrets.token_hex(8))  # repeated, it finishes what was interrupted

    async def _machine(self) -> scripts.Machine:
        if self._probed is None:
            self._probed = await self._probe()
        return self._probed

    async def _probe(self) -> scripts.Machine:
        reply = await self._link.run(scripts.probe())
        try:
            return scripts.machine(reply.text)
        except (KeyError, ValueError) as error:
            raise self._broken(reply) from error

    def _check_leave(self, machine: scripts.Machine) -> None:
        if machine.leave == "refused":
            raise SubmissionRefused(
                f"{self.url} ends all processes of a user at logout, so no job could stay.",
                hint="Allow it there by `loginctl enable-linger`.",
            )

    async def _submit(self, script: Script, data: str = "") -> Reply:
        hint = "It is asked again until it answers."
        try:
            reply = await self._link.run(script, data=data)
        except LinkError as error:
            raise InDoubt(f"{self.url} did not confirm: {error}", hint=hint) from error
        if not reply.output.strip():
            raise InDoubt(f"{self.url} did not confirm: {self._broken(reply)}", hint=hint)
        return reply

    async def _call(self, name: str, *words: str) -> Script:
        return scripts.call(name, *words)

    async def _steer(self, name: str, *words: str, data: str = "", settled: Sequence[str] = ()) -> str:
        """Call a function of steer.sh; what it said after its first word."""
        word, rest = self._word(await self._link.run(await self._call(name, *words), data=data))
        if word in {"ok", "at", *settled}:
            return rest
        if word == "elsewhere":
            raise Unreachable(f"{self.url} is another machine now than the one that has the job {words[0]}.")
        raise ZeliGridError(f"The job {words[0]} on {self.url}: {rest or _WORDS.get(word, word)}.")

    def _answer(self, reply: Reply, *wanted: str) -> str:
        word, rest = self._word(reply)
        if word not in wanted:
            said = reply.errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise SubmissionRefused(f"{self.url} refused the job: {rest}{f' ({said})' if said else ''}.")
        return rest

    def _word(self, reply: Reply) -> tuple[str, str]:
        line = reply.text.strip().rpartition("\n")[2]
        word, _, rest = line.partition(" ")
        if not word:
            raise self._broken(reply)
        return word, rest

    def _broken(self, reply: Reply) -> LinkError:
        said = reply.errors.decode("utf-8", "replace").strip() or "nothing"
        return Refused(f"{self.url} did not understand a script; it said: {said[-300:]}.")


_WORDS = {
    "unknown": "it is not known there",
    "gone": "it was canceled or discarded",
    "ended": "it has ended",
    "elsewhere": "it is another machine now",
    "rebooted": "the machine was booted since",
    "started": "it has been started",
}


def check(attempt: str) -> str:
    """The id, where it is one. UsageError."""
    if not _ID.fullmatch(attempt):
        raise UsageError(f"{attempt!r} is not an id of an attempt.", hint="It has 32 hexadecimal digits.")
    return attempt


def check_stream(name: str) -> str:
    """The name of a stream, where it is one. UsageError."""
    if name not in {"stdout", "stderr"}:
        raise UsageError(f"{name!r} is not a stream of a job.", hint="Take stdout or stderr.")
    return name


def not_over(attempt: str, url: str, status: JobStatus) -> ZeliGridError:
    """Why a job that has not ended cannot be discarded."""
    detail = status.detail or (status.state.value if status.state else "")
    return ZeliGridError(f"The job {attempt} on {url} is not over yet ({detail}).", hint="Cancel it first.")
