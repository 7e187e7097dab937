"""What a job is given arrives unchanged, and what it makes comes back: words, environment, files, streams."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.jobs.performing import conformance
from tests.jobs.places import Place
from zeligui.errors import SubmissionRefused, UsageError, ZeliGridError
from zeligui.jobs.adaptors import Ability
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
ALL_BYTES = "printf '" + "".join(rf"\{byte:03o}" for byte in range(256)) + "' >a"
EIGHT_TIMES = "cat a a a a a a a a >b; mv b a"
PRINT_ARGUMENTS = 'for word do printf "%s\\0" "$word"; done'


def raw(word: str) -> bytes:
    return word.encode("utf-8", "surrogateescape")


@conformance(Ability.OUTPUT)
async def test_arguments_arrive_unchanged(place: Place) -> None:
    _, output = await place.run("sh", "-c", PRINT_ARGUMENTS, "sh", *ODD)
    assert output == b"".join(raw(word) + b"\0" for word in ODD)


@conformance(Ability.OUTPUT)
async def test_environment_arrives_unchanged_and_alone(place: Place) -> None:
    given = {f"ODD_{number}": word for number, word in enumerate(ODD)} | {"PATH": f"/odd path:{os.environ['PATH']}"}
    attempt = await place.start("cat", "/proc/self/environ", environment=given)
    assert (await place.ended(attempt)).state is JobState.DONE
    entries = (await place.output(attempt)).split(b"\0")
    assert set(entries) >= {raw(f"{name}={value}") for name, value in given.items()}
    assert f"ZELIGRID_JOB={attempt}".encode() in entries
    assert not [entry for entry in entries if entry.startswith(b"LC_ALL=")]  # as after a login


async def test_names_that_no_shell_can_export_arrive_or_are_refused(machine: Place) -> None:
    given = {"with-dash": "1", "a.b": "2", "1st": "3", "func()": "4", "é": "5"}
    if machine.plain:
        with pytest.raises(SubmissionRefused, match="cannot be passed"):
            await machine.prepare("cat", "/proc/self/environ", environment=given)
        return
    _, output = await machine.run("cat", "/proc/self/environ", environment=given)
    assert set(output.split(b"\0")) >= {raw(f"{name}={value}") for name, value in given.items()}


async def test_values_are_on_no_disk_and_in_no_argument(machine: Place) -> None:
    attempt = await machine.start("sh", "-c", "echo up; sleep 1000", environment={"SECRET": "hush-" + "hush"})
    await machine.says(attempt, b"up")
    folder = machine.handles[attempt]
    assert await machine.shell(f"grep -rl hush-hus[h] {folder} $HOME/.zeligrid /tmp/zeligrid* 2>/dev/null; true") == ""
    assert await machine.shell("cat /proc/[0-9]*/cmdline 2>/dev/null | grep -ac hush-hus[h]; true") == "0\n"


@pytest.mark.parametrize("bad", [{"A": "x\0y"}, {"": "x"}, {"A=B": "x"}, {"A": "\ud800"}])
async def test_what_no_process_can_get_is_refused(here: Place, bad: dict[str, str]) -> None:
    with pytest.raises(SubmissionRefused):
        await here.prepare("true", environment=bad)


async def test_signals_and_streams_are_as_a_job_expects(machine: Place) -> None:
    _, output = await machine.run("sh", "-c", "grep SigIgn /proc/$$/status; ls -l /proc/$$/fd; umask; pwd")
    ignored = int(output.split()[1], 16)
    # A shell's background job ignores INT and QUIT; below make, whose recipes posix_spawn starts, 32 and 33 are, too.
    assert ignored & ~(0b11 << 31 | (0b110 if machine.plain else 0)) == 0
    assert b"/dev/null" in output
    assert output.splitlines()[-2] == (await machine.shell("umask")).strip().encode()
    assert output.strip().endswith(b"/work")
    assert b"socket" not in output
    assert output.count(b"pipe") == 0


async def test_the_job_leads_a_session_of_its_own(machine: Place) -> None:
    _, output = await machine.run("sh", "-c", "echo $$; cat /proc/$$/stat")
    own, stat = output.decode().split("\n", 1)
    _, _, group, session = stat.rpartition(")")[2].split()[:4]
    assert own == group == session


@conformance(Ability.STAGING)
async def test_input_keeps_its_names_content_and_mode(place: Place) -> None:
    for number, name in enumerate(place.names(ODD_NAMES)):
        (place.folder / name).write_bytes(bytes([number]) * 5000)
    (place.folder / "tree" / "deep").mkdir(parents=True)
    (place.folder / "tree" / "deep" / "run me").write_text(
        '#!/bin/sh\nfor f in * .[a-z]*; do printf "%s\\0" "$f"; done\n'
    )
    (place.folder / "tree" / "deep" / "run me").chmod(0o755)
    status, output = await place.run("tree/deep/run me", input=(*place.names(ODD_NAMES), "tree"), folder=place.folder)
    assert status.state is JobState.DONE, status
    assert set(output.split(b"\0")) >= {raw(name) for name in place.names(ODD_NAMES)}


async def test_an_executable_named_in_input_is_taken_from_there(machine: Place, tmp_path: Path) -> None:
    (tmp_path / "ls").write_text("#!/bin/sh\necho mine\n")
    (tmp_path / "ls").chmod(0o755)
    assert (await machine.run("ls", input=("ls",), folder=tmp_path))[1] == b"mine\n"
    assert (await machine.run("ls", "-d", "/"))[1] == b"/\n"
    (tmp_path / "ls").chmod(0o644)
    status, _ = await machine.run("ls", input=("ls",), folder=tmp_path)
    assert "Permission denied" in status.detail


async def test_missing_input_is_refused_before_anything_is_sent(here: Place, tmp_path: Path) -> None:
    with pytest.raises(SubmissionRefused, match="does not exist"):
        await here.prepare("true", input=("nothing.txt",), folder=tmp_path)
    assert not (Path.home() / ".zeligrid").exists()


@conformance(Ability.STAGING)
async def test_results_come_back_by_pattern(place: Place) -> None:
    make = (
        'for name do printf x >"./$name"; done; mkdir sub; printf y >sub/out.dat; chmod 755 sub/out.dat'
        "; ln -s /etc/passwd leak.txt"
    )
    names = place.names(ODD_NAMES)
    status, _ = await place.run("sh", "-c", make, "sh", *names)
    assert status.state is JobState.DONE, status
    results = place.folder / "results"
    came = await place.service.fetch(place.last, ["*", "sub/*.dat", "nothing*"], results)
    assert set(came) == {*names, "sub", "sub/out.dat"}
    assert all((results / name).read_text() == "x" for name in names)
    assert (results / "sub/out.dat").stat().st_mode & 0o777 == 0o755
    assert not (results / "leak.txt").exists()  # it leads outside


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../stdout", "a/../../stdout", ""])
async def test_patterns_stay_inside(here: Place, tmp_path: Path, pattern: str) -> None:
    attempt = await here.prepare("true")
    with pytest.raises(UsageError, match="inside"):
        await here.service.fetch(attempt, [pattern], tmp_path)
    with pytest.raises(UsageError, match="inside"):
        await here.service.give(attempt, tmp_path, [pattern])


@conformance(Ability.CHECKPOINT)
async def test_a_checkpoint_is_given_to_a_preparation_only(place: Place) -> None:
    (place.folder / "state.json").write_text("41")
    attempt = await place.prepare("cat", "state.json")
    await place.service.give(attempt, place.folder, ["state.json"])
    await place.service.commit(attempt)
    await place.ended(attempt)
    assert await place.output(attempt) == b"41"
    with pytest.raises(ZeliGridError):
        await place.service.give(attempt, place.folder, ["state.json"])


@conformance(Ability.OUTPUT)
async def test_output_is_read_by_offset_and_binary_safe(place: Place) -> None:
    attempt = await place.start(
        "sh", "-c", f"{ALL_BYTES}; {EIGHT_TIMES}; {EIGHT_TIMES}; {EIGHT_TIMES}; cat a; printf oops >&2"
    )
    await place.ended(attempt)
    assert await place.output(attempt) == bytes(range(256)) * 512
    assert await place.service.read(attempt, "stdout", 131_062, most=7) == bytes(range(246, 253))
    assert await place.service.read(attempt, "stdout", 131_072) == b""
    assert await place.output(attempt, "stderr") == b"oops"
    assert await place.service.read("0" * 32, "stdout", 0) == b""
    assert await place.service.length(attempt, "stdout") == 131_072
    assert await place.service.length(attempt, "stderr") == 4
    assert await place.service.length("0" * 32, "stdout") == 0


@conformance(Ability.OUTPUT)
async def test_output_is_read_while_the_job_runs(place: Place) -> None:
    attempt = await place.start("sh", "-c", "echo one; sleep 1000")
    await place.says(attempt, b"one\n")
    assert (await place.status(attempt)).state is JobState.RUNNING
    assert await place.service.read(attempt, "stdout", 1, most=2) == b"ne"


@conformance(Ability.OUTPUT)
async def test_much_output_comes_whole(place: Place) -> None:
    double = "; ".join(["cat a a >b; mv b a"] * 9)
    attempt = await place.start("sh", "-c", f"{ALL_BYTES}; {EIGHT_TIMES}; {double}; cat a a; exit 3")
    assert (await place.ended(attempt)).exit_code == 3
    assert await place.service.length(attempt, "stdout") == 1 << 21
    assert await place.output(attempt) == bytes(range(256)) * (1 << 13)


@conformance(Ability.STDIN)
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


async def test_a_job_that_reads_nothing_may_end(machine: Place) -> None:
    attempt = await machine.prepare("true", interactive=True)
    await machine.service.send(attempt, b"x" * 200_000)
    await machine.service.commit(attempt)
    assert (await machine.ended(attempt)).state is JobState.DONE


@conformance()
async def test_standard_input_is_empty_unless_asked_for(place: Place) -> None:
    status, output = await place.run("cat")
    assert (status.state, output) == (JobState.DONE, b"")
    attempt = await place.start("sleep", "1000")
    with pytest.raises(ZeliGridError, match="standard input"):
        await place.service.send(attempt, b"x")
