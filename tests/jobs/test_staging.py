"""Input and output of jobs as trees, globs and URLs, over a way that breaks, and how far it is."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from tests.servers import OpenSsh, Relay
from zeligui.errors import LinkError, Refused, SubmissionRefused, UsageError
from zeligui.experiment.staging import Staging
from zeligui.files.progress import Progress
from zeligui.jobs import open_service
from zeligui.jobs.job import JobDescription
from zeligui.jobs.service import JobService
from zeligui.links import open_links

FIND = ("/bin/sh", ("-c", "find . -type f | sort; cat $(find . -type f | sort)"))


class Machine:
    """A machine that has jobs, behind a wire; `other` is what stands before a path of another machine in a URL."""

    def __init__(self, service: JobService, wire: Relay, other: str) -> None:
        self.service, self.wire, self.other = service, wire, other
        self.attempt = ""

    async def run(self, executable: str, arguments: Sequence[str] = (), **how: object) -> bytes:
        """Run a job to its end; what it printed."""
        self.attempt = secrets.token_hex(16)
        await self.service.prepare(self.attempt, JobDescription(executable, tuple(arguments), **how))  # type: ignore[arg-type]
        await self.service.commit(self.attempt)
        async with asyncio.timeout(60):
            while not (state := (await self.service.find([self.attempt]))[self.attempt].state) or not state.final:
                await asyncio.sleep(0.05)
        return await self.service.read(self.attempt, "stdout", 0)


@pytest.fixture
async def machine(openssh: Callable[..., OpenSsh], relay: Callable[[int], Relay]) -> AsyncIterator[Machine]:
    first, second = openssh(), openssh()
    wire = relay(first.port)
    known = first.known_hosts.parent / "both"
    key = first.known_hosts.read_text().split(" ", 1)[1]
    known.write_text(f"[127.0.0.1]:{wire.port} {key}{second.known_hosts.read_text()}")
    links = open_links(known_hosts=[known], identities=[first.identity, second.identity])
    yield Machine(open_service(f"ssh://127.0.0.1:{wire.port}", links), wire, f"sftp://127.0.0.1:{second.port}")
    await links.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An experiment's folder."""
    folder = tmp_path / "experiment"
    for name in ("a.dat", "b.txt", "deep/c.dat", "deep/deeper/d.dat", "tree/e"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n")
    return folder


async def test_input_is_named_by_globs_trees_and_urls(machine: Machine, data: Path, tmp_path: Path) -> None:
    far = tmp_path / "far"
    (far / "runs" / "1").mkdir(parents=True)
    (far / "runs" / "1" / "x.in").write_text("x\n")
    (far / "single").write_text("s\n")
    named = ("**/*.dat", "tree", f"{machine.other}{far}/runs/*/*.in", f"{machine.other}{far}/single")
    printed = (await machine.run(*FIND, input=named, folder=data)).decode().split("\n")
    assert printed[:6] == ["./1/x.in", "./a.dat", "./deep/c.dat", "./deep/deeper/d.dat", "./single", "./tree/e"]
    assert printed[6:] == ["x", "a.dat", "deep/c.dat", "deep/deeper/d.dat", "s", "tree/e", ""]


@pytest.mark.parametrize("name", ["nothing", "*.none", "{other}/nothing/there", "{other}/nothing/*"])
async def test_input_that_is_not_there_is_refused(machine: Machine, data: Path, name: str) -> None:
    with pytest.raises(SubmissionRefused, match="does not exist"):
        await machine.run("true", input=(name.format(other=machine.other),), folder=data)


async def test_two_inputs_of_one_name_are_wrong_usage(machine: Machine, data: Path) -> None:
    with pytest.raises(UsageError, match=r"two files 'a\.dat'"):
        await machine.run("true", input=("a.dat", f"{machine.other}{data}/a.dat"), folder=data)


async def test_output_comes_home_as_trees_and_globs_and_goes_to_urls(machine: Machine, tmp_path: Path) -> None:
    make = (
        "mkdir -p out/deep; echo 1 >out/one.dat; echo 2 >out/deep/two.dat; echo 3 >three.log; ln -s /etc/passwd out.log"
    )
    await machine.run("/bin/sh", ("-c", make))
    results, far = tmp_path / "results" / "trial" / "7", tmp_path / "far"
    patterns = ["out", "**/*.log", f"out/**/*.dat -> {machine.other}{far}"]
    came = await machine.service.fetch(machine.attempt, patterns, results)
    assert list(came) == ["out", "three.log"]
    assert (results / "out/deep/two.dat").read_text() == "2\n"
    assert (results / "three.log").read_text() == "3\n"
    assert not (results / "out.log").exists()
    assert (far / "trial/7/out/one.dat").read_text() == "1\n"
    assert (far / "trial/7/out/deep/two.dat").read_text() == "2\n"


@pytest.mark.parametrize("url", ["sftp://127.0.0.1:1/x", "ftp://lab1/x", "nonsense://", "gsiftp://127.0.0.1:1/x"])
async def test_output_that_cannot_be_sent_is_a_no_of_a_machine(machine: Machine, tmp_path: Path, url: str) -> None:
    await machine.run("/bin/sh", ("-c", "echo 1 >out"))
    with pytest.raises(LinkError):
        await machine.service.fetch(machine.attempt, [f"out -> {url}"], tmp_path / "results")


async def test_staging_goes_on_after_a_break_and_tells_how_far_it_is(machine: Machine, data: Path) -> None:
    content = os.urandom(32 << 20)
    (data / "large").write_bytes(content)
    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        if len(told) < 2 <= len([*told, progress]) and progress.done:
            machine.wire.cut()
            asyncio.get_running_loop().call_later(0.2, machine.wire.heal)
        told.append(progress)

    attempt = secrets.token_hex(16)
    job = JobDescription("/bin/sleep", ("30",), input=("large", "tree"), folder=data)
    folder = Path(await machine.service.prepare(attempt, job, tell=tell))
    assert (folder / "work" / "large").read_bytes() == content
    assert told[-1] == Progress(told[-1].name, told[-1].total, told[-1].total, 2, 2)
    assert all(0 <= one.share <= 1 for one in told)
    await machine.service.cancel(attempt)


async def test_an_output_that_the_machine_will_not_give_is_its_no(machine: Machine, tmp_path: Path) -> None:
    await machine.run("/bin/sh", ("-c", "mkdir out; ln -s /etc/passwd out/leak"))
    with pytest.raises(Refused, match="leads out"):
        await machine.service.fetch(machine.attempt, ["out"], tmp_path / "results")


def test_staging_is_known_by_attempt_and_forgotten_at_its_end() -> None:
    staging, heard = Staging(), []
    end = staging.listen(heard.append)
    with staging.following("a") as tell:
        tell(Progress("", 0, 0, 0, 0))  # nothing is to be moved
        assert staging.of("a") is None
        tell(now := Progress("file", 1, 2, 0, 1))
        assert staging.of("a") is now
        assert staging.of("b") is None
    assert staging.of("a") is None
    assert heard == ["a", "a"]
    end()
    with staging.following("a") as tell:
        tell(now)
    assert heard == ["a", "a"]
