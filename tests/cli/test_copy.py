"""`zeligrid copy`: what it copies where, what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import OpenSsh, wait_until
from zeligui.cli import main

Run = Callable[..., int]


@pytest.fixture
def server(openssh: Callable[..., OpenSsh]) -> OpenSsh:
    return openssh()


@pytest.fixture
def run(server: OpenSsh) -> Run:
    """Runs `copy` with the keys of the server."""

    def start(*words: str | Path) -> int:
        keys = ("--known-hosts", server.known_hosts, "--identity", server.identity)
        return main(["copy", *map(str, (*words, *keys))])

    return start


@pytest.fixture
def far(server: OpenSsh) -> str:
    """What stands before a path on the server."""
    return "sftp" + server.url.removeprefix("ssh")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree in the working folder."""
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.dat").write_text("a")
    (folder / "deep" / "b.dat").write_text("bb")
    (folder / "c.txt").write_text("ccc")
    monkeypatch.chdir(tmp_path)
    return folder


def below(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_into_the_target_and_with_a_slash_what_is_in_it_does(
    run: Run, far: str, data: Path, tmp_path: Path
) -> None:
    whole = below(data)
    assert run("data", f"{far}{tmp_path}/there") == 0
    assert below(tmp_path / "there") == {f"data/{name}": text for name, text in whole.items()}
    assert run(f"{far}{tmp_path}/there/data/", "back") == 0
    assert below(tmp_path / "back") == whole


def test_a_file_gets_the_name_or_goes_into_the_folder(run: Run, far: str, data: Path, tmp_path: Path) -> None:
    assert run("data/a.dat", f"{far}{tmp_path}/new name") == 0
    assert (tmp_path / "new name").read_text() == "a"
    assert run("data/a.dat", "data/c.txt", f"{far}{tmp_path}/several") == 0
    assert sorted(below(tmp_path / "several")) == ["a.dat", "c.txt"]
    (tmp_path / "folder").mkdir()
    assert run(f"{far}{tmp_path}/data/a.dat", "folder") == 0
    assert run("data/c.txt", "folder/made/") == 0
    assert below(tmp_path / "folder") == {"a.dat": "a", "made/c.txt": "ccc"}


def test_stars_keep_the_folders_that_follow_them(run: Run, far: str, data: Path, tmp_path: Path) -> None:
    assert run(f"{far}{tmp_path}/data/**/*.dat", "goal") == 0
    assert below(tmp_path / "goal") == {"a.dat": "a", "deep/b.dat": "bb"}


def test_json_is_one_document(
    run: Run, far: str, data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = f"{far}{tmp_path}/there"
    for moved, there in ((6, 0), (0, 3)):
        assert run("data", target, "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert told.pop("seconds") > 0
        assert told == {"files": 3, "bytes": 6, "there": there, "moved": moved, "breaks": 0, "target": target}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("nothing", "goal"), 2, "There is no"),
        (("data/*.none", "goal"), 2, "Nothing matches"),
        (("data/a.dat", "go*l"), 2, "stars"),
        (("data/a.dat", "ftp://lab1/x"), 2, "Known are: file://, gsiftp://, sftp://"),
        (("data", "data/deep/"), 2, "into itself"),
        (("data/a.dat", "data/deep/../a.dat", "goal"), 2, "would be one file"),
        (("data/a.dat", "sftp://127.0.0.1:1/x"), 3, "refused the connection"),
        (("data/a.dat", "gsiftp://127.0.0.1:1/x", "--only-contexts"), 2, "no grid proxy"),
    ],
)
@pytest.mark.usefixtures("data")
def test_an_error_says_what_is_wrong(
    run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], status: int, said: str
) -> None:
    assert run(*words) == status
    assert said in capsys.readouterr().err
    assert not Path("goal").exists()


def test_an_unknown_host_key_is_refused_with_the_line_that_accepts_it(
    far: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["copy", "data/a.dat", f"{far}/tmp/x"]) == 3
    assert "known_hosts" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["copy", "--help"]) == 0
    assert "zeligrid copy results.tar sftp://" in capsys.readouterr().out


def test_a_terminal_shows_a_bar_and_ctrl_c_leaves_what_is_there_to_go_on_with(
    server: OpenSsh, far: str, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(64 << 20))
    goal = tmp_path / "there"
    goal.mkdir()
    keys = ["--known-hosts", str(server.known_hosts), "--identity", str(server.identity)]
    words = [sys.executable, "-m", "zeligui.cli", "copy", str(tmp_path / "large"), f"{far}{goal}/", *keys]
    main_end, terminal = pty.openpty()
    process = subprocess.Popen(words, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm"})
    os.close(terminal)
    wait_until(lambda: any(one.stat().st_size > 8 << 20 for one in goal.iterdir()), "nothing comes", limit_s=60)
    process.send_signal(signal.SIGINT)
    said = drained(main_end)
    ended = process.wait(30)
    if ended == 0:
        pytest.skip("it was faster than the interruption")
    assert ended == 130
    assert "large" in said
    assert "goes on with it" in said
    assert [one.suffix for one in goal.iterdir()] == [".part"]
    assert main(words[3:]) == 0
    assert (goal / "large").read_bytes() == (tmp_path / "large").read_bytes()


def drained(terminal: int) -> str:
    """All that a terminal was told, to its end."""
    said = b""
    try:
        while piece := os.read(terminal, 65536):
            said += piece
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return said.decode(errors="replace")
