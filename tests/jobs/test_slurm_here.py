"""Jobs of this machine's own Slurm after the first: sbatch is run without a shell, and what is in the way is heeded."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.jobs.clusters import native, rows
from tests.jobs.places import Place
from tests.slurm import Slurm
from zeligui.errors import InDoubt, SubmissionRefused
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.slurm import here

ECHO = JobDescription("sh", ("-c", "echo ran"))
Site = Callable[[str], None]


@pytest.fixture
async def place(slurm: Slurm, tmp_path: Path) -> AsyncIterator[Place]:
    """The cluster, which has one job already."""
    found = Place("slurm://", folder=tmp_path, pause_s=0.2, within_s=40)
    await found.prepare("true")
    yield found
    await found.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Puts a script before the real sbatch, which is `$sbatch` in it."""

    def put(script: str) -> None:
        own = tmp_path / "site" / "sbatch"
        own.parent.mkdir()
        own.write_text(f"#!/bin/sh\nsbatch={shutil.which('sbatch')}\n{script}\n")
        own.chmod(0o755)
        monkeypatch.setenv("PATH", str(own.parent), prepend=":")

    return put


def folder_of(place: Place, attempt: str) -> Path:
    """Where an attempt would be prepared."""
    return Path(place.handles[place.last]).parent / attempt


async def test_sbatch_is_run_without_a_shell_and_the_job_is_like_any_other(
    place: Place, slurm: Slurm, site: Site, tmp_path: Path
) -> None:
    site(f'tr "\\0" " " < /proc/$PPID/cmdline >> {tmp_path}/parents\nexec "$sbatch" "$@"')
    attempt = await place.start("sh", "-c", "umask; echo ran")
    assert (await place.ended(attempt)).state is JobState.DONE
    umask, said = (await place.output(attempt)).split()
    assert (int(umask, 8), said) == (int((await place.shell("umask")).strip(), 8), b"ran")
    assert len(rows(slurm, attempt)) == 1
    assert "python" in (tmp_path / "parents").read_text()


async def test_what_is_made_for_it_is_what_a_shell_makes(place: Place) -> None:
    job = JobDescription("cat", interactive=True, fence_s=60)
    told = []
    for service in (place.fresh(), place.service):
        attempt = secrets.token_hex(16)
        told.append(made(Path(await service.prepare(attempt, job)), attempt))
    by_shell, from_here = told
    assert from_here.keys() == by_shell.keys() >= {"claim", "fence", "stdin.pending", "native", "sent"}
    for name in from_here.keys() - NAMES_OF_THE_CLAIM:
        assert (name, from_here[name]) == (name, by_shell[name])


NAMES_OF_THE_CLAIM = {"exit.pending", "fenced.pending", "stdin.pending"}
"""These need only be whole: for them no further file is made."""


def made(folder: Path, attempt: str) -> dict[str, tuple[int, str]]:
    """The modes and first lines of what was made for an attempt, without words of its own."""
    paths = {"claim": folder.parent / "claims" / attempt, "folder": folder}
    paths |= {path.name: path for path in folder.iterdir() if not path.name.startswith("native.")}
    lines = {name: path.read_text().partition("\n")[0] if path.is_file() else "" for name, path in paths.items()}
    lines["claim"] = re.sub(r"^claim \w{16} ", "claim NONCE ", lines["claim"])
    lines["native"] = re.sub(r"^\d+ end$", "ID end", lines["native"])
    return {name: (path.stat().st_mode, lines[name]) for name, path in paths.items()}


async def test_input_that_is_brought_before_is_there(place: Place, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("brought")
    attempt = await place.start("cat", "data", input=("data",), folder=tmp_path)
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"brought"


async def test_a_disk_that_gives_no_file_two_names_is_good_enough(
    place: Place, slurm: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(here.os, "link", refused)
    attempt = await place.start("sh", "-c", "read -r word; echo $word", interactive=True)
    await place.service.send(attempt, b"ran\n", end=True)
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"ran\n"
    assert len(rows(slurm, attempt)) == 1


async def test_what_another_machine_has_claimed_is_refused_and_no_job_is_left(place: Place, slurm: Slurm) -> None:
    attempt = secrets.token_hex(16)
    claims = folder_of(place, attempt).parent.parent / "other" / "claims"
    claims.mkdir(parents=True)
    (claims / attempt).write_text("claim 0123 boot 4711 end\n")
    with pytest.raises(SubmissionRefused, match="claimed for another cluster, or on a machine"):
        await place.service.prepare(attempt, ECHO)
    assert set(rows(slurm, attempt)) <= {"CANCELLED"}


async def test_what_a_site_says_besides_the_id_is_not_taken_for_it(place: Place, slurm: Slurm, site: Site) -> None:
    site('echo "be kind"\n"$sbatch" "$@"\necho "2 * free" >&2')
    attempt = await place.start("sh", "-c", "echo ran")
    assert (await place.ended(attempt)).state is JobState.DONE
    assert len(rows(slurm, attempt)) == 1


async def test_a_number_from_an_sbatch_that_fails_is_no_id(place: Place, site: Site) -> None:
    site("echo 4711\necho 'sbatch: error: Batch job submission failed: no budget' >&2\nexit 1")
    attempt = secrets.token_hex(16)
    with pytest.raises(SubmissionRefused, match="no budget"):
        await place.service.prepare(attempt, ECHO)
    assert not (folder_of(place, attempt) / "native").exists()


async def test_what_slurm_refuses_is_told_in_its_words(
    place: Place, slurm: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBATCH_CONSTRAINT", "no-such-feature")
    attempt = secrets.token_hex(16)
    with pytest.raises(SubmissionRefused, match="Invalid feature"):
        await place.service.prepare(attempt, ECHO)
    assert rows(slurm, attempt) == []


async def test_what_hangs_is_in_doubt_and_may_be_tried_again(
    place: Place, slurm: Slurm, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = secrets.token_hex(16)
    with monkeypatch.context() as patch:
        patch.setattr(here, "SUBMIT_S", 0.3)
        site("exec sleep 60")
        with pytest.raises(InDoubt, match="timed out"):
            await place.service.prepare(attempt, ECHO)
    monkeypatch.undo()
    place.handles[attempt] = await place.service.prepare(attempt, ECHO)
    assert len(rows(slurm, attempt)) == 1
    await place.service.commit(attempt)
    assert (await place.ended(attempt)).state is JobState.DONE


async def test_of_what_another_prepares_at_the_same_time_no_second_job_is_left(
    place: Place, slurm: Slurm, site: Site
) -> None:
    attempt = secrets.token_hex(16)
    folder = folder_of(place, attempt)
    site(f'"$sbatch" "$@"\nmkdir -p {folder}\necho "1 end" > {folder}/native')
    place.handles[attempt] = await place.service.prepare(attempt, ECHO)
    assert native(place, attempt) == "1"
    assert rows(slurm, attempt) == ["CANCELLED"]


async def test_an_id_that_another_is_just_writing_is_waited_for(place: Place, slurm: Slurm) -> None:
    attempt = secrets.token_hex(16)
    there = folder_of(place, attempt) / "native"
    there.parent.mkdir()
    there.touch()
    asyncio.get_running_loop().call_later(0.3, there.write_text, "1 end\n")
    place.handles[attempt] = await place.service.prepare(attempt, ECHO)
    assert native(place, attempt) == "1"
    assert rows(slurm, attempt) == ["CANCELLED"]


async def test_many_who_prepare_it_at_once_prepare_one_job(place: Place, slurm: Slurm) -> None:
    services = [place.fresh() for _ in range(4)]
    for service in services:
        await service.prepare(secrets.token_hex(16), ECHO)
    for _ in range(8):
        attempt = secrets.token_hex(16)
        handles = await asyncio.gather(*(service.prepare(attempt, ECHO) for service in services))
        place.handles[attempt] = handles[0]
        assert len(set(handles)) == 1
        assert Path(handles[0], "native").read_text().removesuffix(" end\n").isdigit()
        assert [state for state in rows(slurm, attempt) if state != "CANCELLED"] == ["PENDING"]
    await place.service.commit(attempt)
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"ran\n"


@pytest.mark.parametrize("name", ["claims/{0}", "{0}/exit.pending", "{0}/go.pending"])
async def test_what_another_who_prepares_it_is_just_writing_is_waited_for(place: Place, name: str) -> None:
    attempt = secrets.token_hex(16)
    jobs = folder_of(place, attempt).parent
    there, written = jobs / name.format(attempt), (jobs / name.format(place.last)).read_bytes()
    there.parent.mkdir(exist_ok=True)
    there.touch()
    asyncio.get_running_loop().call_later(0.3, there.write_bytes, written)
    place.handles[attempt] = await place.service.prepare(attempt, JobDescription("true"))
    await place.service.commit(attempt)
    assert (await place.ended(attempt)).state is JobState.DONE


async def test_what_was_prepared_before_is_found(place: Place, slurm: Slurm) -> None:
    attempt = await place.prepare("sh", "-c", "echo ran")
    first = native(place, attempt)
    assert await place.service.prepare(attempt, ECHO) == place.handles[attempt]
    assert native(place, attempt) == first
    assert rows(slurm, attempt) == ["PENDING"]


async def test_what_was_canceled_before_is_refused_and_no_job_is_left(place: Place, slurm: Slurm) -> None:
    attempt = secrets.token_hex(16)
    await place.service.cancel(attempt)
    with pytest.raises(SubmissionRefused, match="canceled or ended before"):
        await place.service.prepare(attempt, ECHO)
    assert set(rows(slurm, attempt)) <= {"CANCELLED"}


async def test_what_is_canceled_while_it_is_handed_over_is_refused_and_no_job_is_left(
    place: Place, slurm: Slurm, site: Site
) -> None:
    attempt = secrets.token_hex(16)
    site(f'"$sbatch" "$@"\nmkdir -p {folder_of(place, attempt)}/decided')
    with pytest.raises(SubmissionRefused, match="canceled or came too late"):
        await place.service.prepare(attempt, ECHO)
    assert rows(slurm, attempt) == ["CANCELLED"]
