"""What a machine has, and what is made of it: few tools, other shells, login managers, URLs."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.places import Place
from tests.servers import OpenSsh
from zeligui.errors import Refused, SubmissionRefused, Unreachable, UsageError
from zeligui.jobs import open_service, scripts
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.staging import Stager
from zeligui.links import open_links
from zeligui.links.local import LocalLink

TOOLS = [
    "awk",
    "cat",
    "chmod",
    "cp",
    "date",
    "dirname",
    "env",
    "find",
    "getconf",
    "grep",
    "head",
    "id",
    "kill",
    "ln",
    "ls",
    "mkdir",
    "mkfifo",
    "mv",
    "nohup",
    "readlink",
    "rm",
    "sh",
    "sleep",
    "tail",
    "touch",
    "tr",
    "uname",
    "wc",
]


def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """A PATH with the tools of POSIX, and `more`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in (*TOOLS, *more):
        path = shutil.which(name)
        assert path, name
        (folder / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("more", "reaper"), [(["perl", "setsid"], "perl"), (["setsid"], "sh"), ([], "sh"), (["perl"], "perl")]
)
async def test_with_few_tools_jobs_run_stop_and_end(
    here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], reaper: str
) -> None:
    only(tmp_path, monkeypatch, *more)
    assert (await here.service._machine()).reaper() == reaper
    status, output = await here.run("sh", "-c", "echo out; exit 4")
    assert (status.exit_code, output) == (4, b"out\n")
    attempt = await here.start("sh", "-c", "sleep 1000 & echo up; wait")
    await here.says(attempt, b"up")
    await here.service.suspend(attempt)
    assert (await here.status(attempt)).state is JobState.SUSPENDED
    await here.service.cancel(attempt)
    assert (await here.ended(attempt)).state is JobState.CANCELED
    await here.quiet(attempt)


async def test_busybox_is_enough(here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("busybox is not installed")
    (tmp_path / "bin").mkdir()
    subprocess.run([busybox, "--install", "-s", str(tmp_path / "bin")], check=True)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    status, output = await here.run("sh", "-c", 'printf "%s|" "$@"; exit 4', "sh", "a b", "x\ny", "")
    assert (status.exit_code, output) == (4, b"a b|x\ny||")
    attempt = await here.start("sh", "-c", "trap '' TERM; setsid sleep 1000 & echo up; while :; do sleep 0.1; done")
    await here.says(attempt, b"up")
    await here.service.suspend(attempt)
    await here.until(attempt, JobState.SUSPENDED)
    await here.service.cancel(attempt, grace_s=0.2)
    assert (await here.ended(attempt)).state is JobState.CANCELED
    await here.quiet(attempt)


@pytest.mark.parametrize("row", ["0 0 0 0", "1 1 1 1", "0 1 0 1", " ", "999999999 1 0 0"])
async def test_what_is_no_job_has_no_processes(row: str) -> None:
    link = LocalLink()
    script = f'{scripts.text("common.sh", "processes.sh")}\necho "job {"0" * 32} {row}" | processes pids'
    try:
        assert (await link.run(script)).output == b""
    finally:
        await link.close()


async def test_a_process_that_took_over_an_id_is_not_the_job(here: Place) -> None:
    attempt = await here.start("sleep", "1000")
    await here.until(attempt, JobState.RUNNING)
    record = Path(here.handles[attempt]) / "pid"
    job, start, rest = record.read_text().split(" ", 2)
    record.write_text(f"{os.getpid()} {start} {rest}")  # this test's own process, which is older
    status = await here.status(attempt)
    assert (status.state, status.detail) == (JobState.RUNNING, "ending")
    await here.service.cancel(attempt, grace_s=0)
    await here.quiet(attempt)
    assert int(job) != os.getpid()


async def test_where_logout_ends_all_a_job_is_refused_or_leaves_the_session(
    here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (
        ("busctl", "echo b true"),
        ("grep", 'case $* in *scope*) exit 0 ;; esac; exec /bin/grep "$@"'),
        ("loginctl", f"cat {tmp_path}/linger"),
        ("systemd-run", 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "linger").write_text("no\n")
    with pytest.raises(SubmissionRefused, match="logout"):
        await here.prepare("true")
    with pytest.raises(SubmissionRefused, match="logout"):
        await here.service.health()
    (tmp_path / "linger").write_text("yes\n")
    here.service = here.fresh()
    assert (await here.service._machine()).leave == "scope"
    status, _ = await here.run("true")
    assert status.state is JobState.DONE


async def test_health_says_what_watches_over_jobs(here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await here.service.health() == "jobs are watched over by python3"
    only(tmp_path, monkeypatch)
    here.service = here.fresh()
    assert await here.service.health() == "jobs are watched over by sh"


async def test_a_machine_that_refuses_is_not_well(openssh: Callable[..., OpenSsh]) -> None:
    server = openssh()
    links = open_links(known_hosts=[server.known_hosts])
    try:
        with pytest.raises(Refused):
            await open_service(server.url, links).health()
    finally:
        await links.close()


async def test_tombstones_are_swept_after_thirty_days(here: Place) -> None:
    old, young = secrets.token_hex(16), secrets.token_hex(16)
    live = await here.start("sleep", "1000")
    await here.service.cancel(old)
    await here.service.cancel(young)
    claims = Path(here.handles[live]).parent / "claims"
    for attempt, days in ((old, 32), (young, 28), (live, 99)):
        then = time.time() - days * 86400
        os.utime(claims / attempt, (then, then))
    await here.fresh()._machine()
    assert {path.name for path in claims.iterdir()} == {young, live}


async def test_a_claim_without_a_wrapper_is_taken_up_again_or_canceled(here: Place) -> None:
    first, second = secrets.token_hex(16), secrets.token_hex(16)
    for attempt in (first, second):
        await here.shell(scripts.claim(attempt, "nonce", JobDescription("true")))
        assert (await here.status(attempt)).state is JobState.NEW
    here.handles[first] = await here.service.prepare(first, JobDescription("true"))
    await here.service.commit(first)
    assert (await here.ended(first)).state is JobState.DONE
    await here.service.cancel(second)
    with pytest.raises(SubmissionRefused, match="canceled"):
        await here.service.prepare(second, JobDescription("true"))
    assert (await here.status(second)).state is JobState.CANCELED


async def test_staging_that_broke_can_be_repeated(here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("all of it")
    job = JobDescription("cat", ("file",), input=("file",), folder=tmp_path)
    attempt = secrets.token_hex(16)

    async def broken(*_: object) -> None:
        raise Unreachable("The connection broke.")

    with monkeypatch.context() as patch:
        patch.setattr(Stager, "bring", broken)
        with pytest.raises(Unreachable):
            await here.service.prepare(attempt, job)
    here.handles[attempt] = await here.service.prepare(attempt, job)
    await here.service.commit(attempt)
    await here.ended(attempt)
    assert await here.output(attempt) == b"all of it"


async def test_services_are_found_by_scheme() -> None:
    links = open_links()
    assert open_service("local://", links).url == "local://"
    assert open_service("ssh://nowhere.invalid", links).url == "ssh://nowhere.invalid"
    for url in ("carrier-pigeon://x", "node1", ""):
        with pytest.raises(UsageError) as caught:
            open_service(url, links)
        assert {"local://", "ssh://", "slurm://", "gram://"} <= set(re.findall(r"\S+://", caught.value.hint))
    await links.close()


@pytest.mark.parametrize("bad", ["", "x" * 32, "0" * 31, "0" * 33, "../../../etc", "0" * 31 + "\n"])
async def test_an_id_is_32_hexadecimal_digits(here: Place, bad: str) -> None:
    for call in (here.service.commit, here.service.cancel, here.service.suspend, here.service.discard):
        with pytest.raises(UsageError, match="not an id"):
            await call(bad)
