"""A place under test: jobs started there, waited for, and ended with the test."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from tests.islands import alive, content, everyone
from zeligui.jobs import open_service
from zeligui.jobs.adaptors import Ability, adaptors
from zeligui.jobs.job import JobDescription, JobState, JobStatus
from zeligui.jobs.posix import PosixService
from zeligui.links import Link, Links, open_links
from zeligui.links.link import Script

ROOT = Path(__file__).resolve().parent.parent.parent
ELSEWHERE = """
import asyncio, sys
from pathlib import Path
from zeligui.jobs import open_service
from zeligui.links import open_links

async def main(url, attempt, *keys):
    links = open_links(known_hosts=[*map(Path, keys[:1])], identities=[*map(Path, keys[1:])])
    service = open_service(url, links)
    print((await service.find([attempt]))[attempt].state.value)
    print((await service.read(attempt, "stdout", 0)).decode().strip())
    await service.cancel(attempt)
    print("canceled")
    await links.close()

asyncio.run(main(*sys.argv[1:]))
"""

WITHIN_S = 15.0
PAUSE_S = 0.02


class Place:
    """One place that runs jobs, and the attempts made there. `handles` are their directories, where they have one.

    Jobs of every place run on this machine, so that their processes are seen from here, and so that they see `folder`,
    the test's own.
    """

    def __init__(
        self,
        url: str,
        reaper: str | None = None,
        *,
        known_hosts: Path | None = None,
        identity: Path | None = None,
        folder: Path = Path(),
        within_s: float = WITHIN_S,
        pause_s: float = PAUSE_S,
        many: int = 50,
        inside: Sequence[str] = (),
    ) -> None:
        self.url = url
        self.folder = folder
        self._reaper = reaper
        self._known_hosts = [known_hosts] if known_hosts else []
        self._identities = [identity] if identity else []
        self._within_s, self._pause_s = within_s, pause_s
        self.many = many
        self._inside = inside
        self._opened: list[Links] = []
        self._seen: dict[str, JobStatus] = {}
        self.handles: dict[str, str] = {}
        self.service: Any = self.fresh()  # a JobService; tests of one kind of it look deeper

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    @property
    def can(self) -> frozenset[Ability]:
        """What its adaptor declares."""
        return next(adaptor.declared.can for adaptor in adaptors() if adaptor.scheme == self.scheme)

    def fresh(self, **how: Any) -> Any:
        """A service over a connection of its own, as after a restart of the master."""
        if self.scheme in {"local", "ssh"}:
            return PosixService(self.url, self.link(), **{"reaper": self._reaper, **how})
        return open_service(self.url, self.links())

    def links(self) -> Links:
        self._opened.append(open_links(known_hosts=self._known_hosts, identities=self._identities))
        return self._opened[-1]

    def link(self) -> Link:
        return self.links().to(self.url)

    @property
    def gate(self) -> Path:
        """A file that a job may wait for, and that the test makes."""
        return self.folder / "gate"

    @property
    def plain(self) -> bool:
        """Whether jobs are watched by plain sh, with its limits."""
        return self._reaper == "sh"

    @property
    def kills_at_once(self) -> bool:
        """Whether the other end leaves a canceled job no time, whatever is asked: schedulers behind GRAM do not."""
        return self.scheme == "gram" and not self.url.endswith("-fork")

    def names(self, names: Sequence[str]) -> Sequence[str]:
        """Those that files may have there: the nodes' file server wants UTF-8, and GridFTP has one line for a name."""
        if self.scheme == "gram":
            return [name for name in names if "\n" not in name]
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
        """What is known now; fail where that may not follow what was known before."""
        status: JobStatus = (await self.service.find([attempt]))[attempt]
        before = self._seen.get(attempt)
        if before and before.state and status.state and before.state is not status.state:
            assert before.state.may_become(status.state), f"{status} after {before}"
        self._seen[attempt] = status
        return status

    async def wait(self, holds: Callable[[], Awaitable[bool]], complaint: Callable[[], object]) -> None:
        """Ask again and again until it holds, at most so long as things take there."""
        end = time.monotonic() + self._within_s
        while not await holds():
            assert time.monotonic() < end, complaint()
            await asyncio.sleep(self._pause_s)

    async def until(self, attempt: str, *states: JobState) -> JobStatus:
        """Poll until the job is in one of the states; fail where it is over in another."""

        async def there() -> bool:
            status = await self.status(attempt)
            assert status.state in states or not (status.state and status.state.final), status
            return status.state in states

        await self.wait(there, lambda: f"still {self._seen[attempt]}")
        return self._seen[attempt]

    async def ended(self, attempt: str) -> JobStatus:
        return await self.until(attempt, JobState.DONE, JobState.FAILED, JobState.CANCELED)

    async def output(self, attempt: str, stream: str = "stdout") -> bytes:
        pieces = [b""]
        while piece := await self.service.read(attempt, stream, sum(map(len, pieces))):
            pieces.append(piece)
        return b"".join(pieces)

    async def says(self, attempt: str, text: bytes) -> None:
        """Wait until the job has printed `text`."""
        said = b""

        async def there() -> bool:
            nonlocal said
            said = await self.output(attempt)
            return text in said

        await self.wait(there, lambda: said)

    async def elsewhere(self, attempt: str) -> Sequence[str]:
        """What another process finds out about an attempt, and prints before it cancels it."""
        keys = [str(file) for file in (*self._known_hosts, *self._identities)]
        command = [*self._inside, sys.executable, "-c", ELSEWHERE, self.url, attempt, *keys]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=ROOT)
        said, _ = await process.communicate()
        return said.decode().splitlines()

    async def shell(self, script: str | Script) -> str:
        return (await self.service._link.run(script)).text  # type: ignore[no-any-return]

    async def ids(self, attempt: str) -> tuple[int, int]:
        """The process ids of the job and of its wrapper, on their machine."""
        said = await self.shell(f"cd {self.handles[attempt]} && cat pid wrapper")
        job, wrapper = said.splitlines()
        return int(job.split()[0]), int(wrapper.split()[0])

    def marked(self, mark: str) -> list[bytes]:
        """The command lines of the live processes whose environment holds `mark`."""
        marked = [pid for pid in everyone() if mark.encode() in content(pid, "environ")]
        return [content(pid, "cmdline").replace(b"\0", b" ") for pid in marked if alive(pid)]

    async def quiet_process(self, pid: int) -> None:
        """Wait until a process there is gone, or a zombie."""

        async def gone() -> bool:
            return (await self.shell(f"cut -d' ' -f3 /proc/{pid}/stat 2>/dev/null")).strip() in {"", "Z"}

        await self.wait(gone, lambda: f"{pid} is still there")

    async def quiet(self, mark: str) -> None:
        """Wait until no process has `mark`."""

        async def gone() -> bool:
            return not self.marked(mark)

        await self.wait(gone, lambda: self.marked(mark))

    async def close(self) -> None:
        """End what still runs, and the connections."""
        try:
            # Those that are over, too: they may have left children behind.
            await asyncio.gather(*(self.service.cancel(attempt, grace_s=0) for attempt in self.handles))
            for attempt, handle in self.handles.items():
                await self.quiet(attempt)
                await self.quiet_folder(handle)
        finally:
            for links in self._opened:
                await links.close()

    async def quiet_folder(self, folder: str) -> None:
        """Wait until no wrapper and no killer works in a job's directory."""

        def working() -> list[bytes]:
            lines = ((pid, content(pid, "cmdline")) for pid in everyone())
            return [line for pid, line in lines if folder.encode() in line and alive(pid)]

        async def gone() -> bool:
            return not working()

        await self.wait(gone, working)
