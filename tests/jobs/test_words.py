"""What a job is given arrives unchanged, and what it makes comes back: words, environment, files, streams."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.jobs.places import Place
from zeligui.errors import SubmissionRefused, UsageError, ZeliGridError
from zeligui.jobs.job import JobState

ODD = [
    "a b",
    "'",
    '"',
    "$(touch hacked)",
    "`id`",
    "\\",
    "x\ny",
    "\n",
    "",
    "-n",
    "*",
    "~",
    "%s",
    "é€😀",
    "\udcff\udc80",
    "\x01\x81",
]
ODD_NAMES = [
    "a b.txt",
    "it's.txt",
    "$(id).txt",
    "new\nline",
    "-n",
    "[x]*?.txt",
    "é€.txt",
    "back\\slash",
    " lead",
    "\udcff.bin",
]
PRINT_ARGUMENTS = 'for word do printf "%s\\0" "$word"; done'


def raw(word: str) -> bytes:
    return word.encode("utf-8", "surrogateescape")


async def test_arguments_arrive_unchanged(place: Place) -> None:
    _, output = await place.run("sh", "-c", PRINT_ARGUMENTS, "sh", *ODD)
    assert output == b"".join(raw(word) + b"\0" for word in ODD)


async def test_environment_arrives_unchanged_and_alone(place: Place) -> None:
    given = {f"ODD_{number}": word for number, word in enumerate(ODD)} | {"PATH": f"/odd path:{os.environ['PATH']}"}
    attempt = await place.start("sh", "-c", "cat /proc/self/environ; umask >&2", environment=given)
    assert (await place.ended(attempt)).state is JobState.DONE
    entries = (await place.output(attempt)).split(b"\0")
    assert set(entries) >= {raw(f"{name}={value}") for name, value in given.items()}
    assert f"ZELIGRID_JOB={attempt}".encode() in entries
    assert not [entry for entry in entries if entry.startswith(b"LC_ALL=")]  # as after a login
    assert (await place.output(attempt, "stderr")).strip() == (await place.shell("umask")).strip().encode()


async def test_names_that_no_shell_can_export_arrive_or_are_refused(place: Place) -> None:
    given = {"with-dash": "1", "a.b": "2", "1st": "3", "func()": "4", "é": "5"}
    if place.plain:
        with pytest.raises(SubmissionRefused, match="cannot be passed"):
            await place.prepare("cat", "/proc/self/environ", environment=given)
        return
    _, output = await place.run("cat", "/proc/self/environ", environment=given)
    assert set(output.split(b"\0")) >= {raw(f"{name}={value}") for name, value in given.items()}


async def test_values_are_on_no_disk_and_in_no_argument(place: Place) -> None:
    attempt = await place.start("sh", "-c", "echo up; sleep 1000", environment={"SECRET": "hush-" + "hush"})
    await place.says(attempt, b"up")
    folder = place.handles[attempt]
    assert await place.shell(f"grep -rl hush-hus[h] {folder} $HOME/.zeligrid /tmp/zeligrid* 2>/dev/null; true") == ""
    assert await place.shell("cat /proc/[0-9]*/cmdline 2>/dev/null | grep -ac hush-hus[h]; true") == "0\n"


@pytest.mark.parametrize("bad", [{"A": "x\0y"}, {"": "x"}, {"A=B": "x"}, {"A": "\ud800"}])
async def test_what_no_process_can_get_is_refused(here: Place, bad: dict[str, str]) -> None:
    with pytest.raises(SubmissionRefused):
        await here.prepare("true", environment=bad)


async def test_signals_and_streams_are_as_a_job_expects(place: Place) -> None:
    _, output = await place.run("sh", "-c", "grep SigIgn /proc/$$/status; ls -l /proc/$$/fd; pwd")
    ignored = int(output.split()[1], 16)
    # A shell's background job ignores INT and QUIT; below make, whose recipes posix_spawn starts, 32 and 33 are, too.
    assert ignored & ~(0b11 << 31 | (0b110 if place.plain else 0)) == 0
    assert b"/dev/null" in output
    assert output.strip().endswith(b"/work")
    assert b"socket" not in output
    assert output.count(b"pipe") == 0


async def test_the_job_leads_a_session_of_its_own(place: Place) -> None:
    _, output = await place.run("sh", "-c", "echo $$; cat /proc/$$/stat")
    own, stat = output.decode().split("\n", 1)
    _, _, group, session = stat.rpartition(")")[2].split()[:4]
    assert own == group == session


async def test_input_keeps_its_names_content_and_mode(place: Place, tmp_path: Path) -> None:
    for number, name in enumerate(place.names(ODD_NAMES)):
        (tmp_path / name).write_bytes(bytes([number]) * 5000)
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "run me").write_text('#!/bin/sh\nfor f in * .[a-z]*; do printf "%s\\0" "$f"; done\n')
    (tmp_path / "tree" / "deep" / "run me").chmod(0o755)
    status, output = await place.run("tree/deep/run me", input=(*place.names(ODD_NAMES), "tree"), folder=tmp_path)
    assert status.state is JobState.DONE, status
    assert set(output.split(b"\0")) >= {raw(name) for name in place.names(ODD_NAMES)}


async def test_an_executable_named_in_input_is_taken_from_there(place: Place, tmp_path: Path) -> None:
    (tmp_path / "ls").write_text("#!/bin/sh\necho mine\n")
    (tmp_path / "ls").chmod(0o755)
    assert (await place.run("ls", input=("ls",), folder=tmp_path))[1] == b"mine\n"
    assert (await place.run("ls", "-d", "/"))[1] == b"/\n"
    (tmp_path / "ls").chmod(0o644)
    status, _ = await place.run("ls", input=("ls",), folder=tmp_path)
    assert "Permission denied" in status.detail


async def test_missing_input_is_refused_before_anything_is_sent(here: Place, tmp_path: Path) -> None:
    with pytest.raises(SubmissionRefused, match="does not exist"):
        await here.prepare("true", input=("nothing.txt",), folder=tmp_path)
    assert not (Path.home() / ".zeligrid").exists()


async def test_results_come_back_by_pattern(place: Place, tmp_path: Path) -> None:
    code = f"""import os
for name in {json.dumps(place.names(ODD_NAMES))}:
    open(os.fsencode(name), 'w').write('x')
os.mkdir('sub')
open('sub/out.dat', 'w').write('y')
os.chmod('sub/out.dat', 0o755)
os.symlink('/etc/passwd', 'leak.txt')"""
    status, _ = await place.run(sys.executable, "-c", code)
    assert status.state is JobState.DONE, status
    attempt = place.last
    came = await place.service.fetch(attempt, ["*", "sub/*.dat", "nothing*"], tmp_path / "results")
    assert set(came) == {*place.names(ODD_NAMES), "sub", "sub/out.dat"}
    assert all((tmp_path / "results" / name).read_text() == "x" for name in place.names(ODD_NAMES))
    assert (tmp_path / "results/sub/out.dat").stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "results/leak.txt").exists()  # it leads outside


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../stdout", "a/../../stdout", ""])
async def test_patterns_stay_inside(here: Place, tmp_path: Path, pattern: str) -> None:
    attempt = await here.prepare("true")
    with pytest.raises(UsageError, match="inside"):
        await here.service.fetch(attempt, [pattern], tmp_path)
    with pytest.raises(UsageError, match="inside"):
        await here.service.give(attempt, tmp_path, [pattern])


async def test_a_checkpoint_is_given_to_a_preparation_only(place: Place, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("41")
    attempt = await place.prepare("cat", "state.json")
    await place.service.give(attempt, tmp_path, ["state.json"])
    await place.service.commit(attempt)
    await place.ended(attempt)
    assert await place.output(attempt) == b"41"
    with pytest.raises(ZeliGridError):
        await place.service.give(attempt, tmp_path, ["state.json"])


async def test_output_is_read_by_offset_and_binary_safe(place: Place) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 1000); sys.stderr.write('oops')"
    attempt = await place.start(sys.executable, "-c", code)
    await place.ended(attempt)
    assert await place.output(attempt) == bytes(range(256)) * 1000
    assert await place.service.read(attempt, "stdout", 255_990, most=7) == bytes(range(246, 253))
    assert await place.service.read(attempt, "stdout", 256_000) == b""
    assert await place.output(attempt, "stderr") == b"oops"
    assert await place.service.read("0" * 32, "stdout", 0) == b""
    assert await place.service.length(attempt, "stdout") == 256_000
    assert await place.service.length(attempt, "stderr") == 4
    assert await place.service.length("0" * 32, "stdout") == 0


async def test_standard_input_comes_in_pieces_and_ends_when_told(place: Place) -> None:
    attempt = await place.prepare("cat", interactive=True)
    await place.service.send(attempt, b"before\0\xff\n")
    await place.service.commit(attempt)
    await place.says(attempt, b"before")
    piece = bytes(range(256)) * 300
    await place.service.send(attempt, piece)
    await place.says(attempt, piece[-600:])
    assert (await place.status(attempt)).state is JobState.RUNNING
    await place.service.send(attempt, b"last", end=True)
    assert (await place.ended(attempt)).state is JobState.DONE
    assert await place.output(attempt) == b"before\0\xff\n" + piece + b"last"
    with pytest.raises(ZeliGridError):
        await place.service.send(attempt, b"more")


async def test_a_job_that_reads_nothing_may_end(place: Place) -> None:
    attempt = await place.prepare("true", interactive=True)
    await place.service.send(attempt, b"x" * 200_000)
    await place.service.commit(attempt)
    assert (await place.ended(attempt)).state is JobState.DONE


async def test_standard_input_is_empty_unless_asked_for(place: Place) -> None:
    status, output = await place.run("cat")
    assert (status.state, output) == (JobState.DONE, b"")
    attempt = await place.start("sleep", "1000")
    with pytest.raises(ZeliGridError, match="standard input"):
        await place.service.send(attempt, b"x")
