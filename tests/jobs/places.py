"""A machine under test: jobs started on it, waited for, and ended with the test."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zeligui.jobs.job import JobDescription, JobState, JobStatus
from zeligui.jobs.posix import PosixService
from zeligui.links import Link, Links, open_links

WITHIN_S = 15.0


class Place:
    """One machine and the attempts made on it. `handles` are their directories there."""

    def __init__(
        self, url: str, reaper: str | None, *, known_hosts: Path | None = None, identity: Path | None = None
    ) -> None:
        self.url = url
        self._reaper = reaper
        self._known_hosts = [known_hosts] if known_hosts else []
        self._identities = [identity] if identity else []
        self._opened: list[Links] = []
        self.handles: dict[str, str] = {}
        self.service = self.fresh()

    def fresh(self, **how: Any) -> PosixService:
        """A service over a connection of its own, as after a restart of the master."""
        return PosixService(self.url, self.link(), **{"reaper": self._reaper, **how})

    def link(self) -> Link:
        self._opened.append(open_links(known_hosts=self._known_hosts, identities=self._identities))
        return self._opened[-1].to(self.url)

    @property
    def plain(self) -> bool:
        """Whether jobs are watched by plain sh, with its limits."""
        return self._reaper == "sh"

    def names(self, names: Sequence[str]) -> Sequence[str]:
        """Those that files may have there: the nodes' file server wants UTF-8."""
        return [name for name in names if "grid@" not in self.url or name.isprintable() or name.isascii()]

    @property
    def last(self) -> str:
        """The attempt that was made last."""
        return list(self.handles)[-1]

    async def prepare(self, executable: str, *arguments: str, **how: Any) -> str:
        attempt = secrets.token_hex(16)
        job = JobDescription(executable, arguments, **how)
        self.handles[attempt] = await self.service.prepare(attempt, job)
        return attempt

    async def start(self, executable: str, *arguments: str, **how: Any) -> str:
        attempt = await self.prepare(executable, *arguments, **how)
        await self.service.commit(attempt)
        return attempt

    async def run(self, executable: str, *arguments: str, **how: Any) -> tuple[JobStatus, bytes]:
        """A job from its start to its end: its last status and its standard output."""
        attempt = await self.start(executable, *arguments, **how)
        return await self.ended(attempt), await self.output(attempt)

    async def status(self, attempt: str) -> JobStatus:
        return (await self.service.find([attempt]))[attempt]

    async def until(self, attempt: str, *states: JobState) -> JobStatus:
        """Poll until the job is in one of the states; fail where it is over in another."""
        end = time.monotonic() + WITHIN_S
        while (status := await self.status(attempt)).state not in states:
            assert time.monotonic() < end, f"still {status}"
            assert not (status.state and status.state.final), status
            await asyncio.sleep(0.02)
        return status

    async def ended(self, attempt: str) -> JobStatus:
        return await self.until(attempt, JobState.DONE, JobState.FAILED, JobState.CANCELED)

    async def output(self, attempt: str, stream: str = "stdout") -> bytes:
        pieces = [b""]
        while piece := await self.service.read(attempt, stream, sum(map(len, pieces))):
            pieces.append(piece)
        return b"".join(pieces)

    async def says(self, attempt: str, text: bytes) -> None:
        """Wait until the job has printed `text`."""
        end = time.monotonic() + WITHIN_S
        while text not in (said := await self.output(attempt)):
            assert time.monotonic() < end, said
            await asyncio.sleep(0.02)

    async def shell(self, script: str) -> str:
        return (await self.service._link.run(script)).text

    async def ids(self, attempt: str) -> tuple[int, int]:
        """The process ids of the job and of its wrapper, on their machine."""
        said = await self.shell(f"cd {self.handles[attempt]} && cat pid wrapper")
        job, wrapper = said.splitlines()
        return int(job.split()[0]), int(wrapper.split()[0])

    async def marked(self, mark: str) -> list[str]:
        """The command lines of the live processes there whose environment holds `mark`."""
        script = f"""for p in $(grep -ls {mark} /proc/[0-9]*/environ); do
            case $(cat ${{p%/*}}/stat 2>/dev/null) in ''|*') Z '*) ;; *) tr '\\0' ' ' <${{p%/*}}/cmdline; echo ;; esac
        done 2>/dev/null"""
        return (await self.shell(script)).splitlines()

    async def quiet_process(self, pid: int) -> None:
        """Wait until a process there is gone, or a zombie."""
        end = time.monotonic() + WITHIN_S
        while (await self.shell(f"cut -d' ' -f3 /proc/{pid}/stat 2>/dev/null")).strip() not in {"", "Z"}:
            assert time.monotonic() < end, f"{pid} is still there"
            await asyncio.sleep(0.02)

    async def quiet(self, mark: str) -> None:
        """Wait until no process there has `mark`."""
        end = time.monotonic() + WITHIN_S
        while left := await self.marked(mark):
            assert time.monotonic() < end, left
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End what still runs, and the connections."""
        try:
            for attempt in self.handles:
                await self.service.cancel(attempt, grace_s=0)
            for attempt, folder in self.handles.items():
                await self.quiet(attempt)
                await self.quiet_folder(folder)
        finally:
            for links in self._opened:
                await links.close()

    async def quiet_folder(self, folder: str) -> None:
        """Wait until no wrapper and no killer works in a job's directory."""
        end = time.monotonic() + WITHIN_S
        own = f"{folder[:-1]}[{folder[-1]}]"  # a pattern that does not match the command line it stands in
        while left := await self.shell(f"grep -als '{own}' /proc/[0-9]*/cmdline; true"):
            assert time.monotonic() < end, left
            await asyncio.sleep(0.05)
