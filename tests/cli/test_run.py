"""`zeligrid run` as a process: what it says of machines that are silent, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zeligui.cli import main
from zeligui.grid.history.reading import reading
from zeligui.grid.history.tables import HOSTS

ROOT = Path(__file__).resolve().parent.parent.parent
EXPERIMENT = """\
name = "silent"
contract = "any.contract"
[job]
executable = "true"
"""


@pytest.fixture
def refusing() -> Iterator[str]:
    """A source whose port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"ssh://127.0.0.1:{taken.getsockname()[1]}"


def test_a_machine_that_refuses_is_said_and_a_held_run_is_interrupted(refusing, tmp_path):
    (tmp_path / "any.contract").write_text("[any]\ncpuAvail > 0\n")
    (tmp_path / "e.toml").write_text(EXPERIMENT)
    command = [sys.executable, "-m", "zeligui.cli", "run", str(tmp_path / "e.toml"), "--source", refusing]
    with subprocess.Popen(
        [*command, "--json", "--home", str(tmp_path / "home")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout
        held = json.loads(run.stdout.readline())
        run.send_signal(signal.SIGINT)
        rest, said = run.communicate(timeout=30)
    assert (held["event"], held["job"], held["instance"], held["host"]) == ("held", None, None, None)
    assert rest == ""
    assert said.startswith(f"zeligrid: {refusing} is refused: ")
    assert "The same command takes them up again" in said
    assert run.returncode == 130


def test_a_run_keeps_a_history_of_what_it_watches(tmp_path, capsys):
    (tmp_path / "any.contract").write_text("[any]\ncpuAvail >= 0\n")
    (tmp_path / "e.toml").write_text(EXPERIMENT)
    command = [sys.executable, "-m", "zeligui.cli", "run", str(tmp_path / "e.toml"), "--source", "local://"]
    subprocess.run([*command, "--home", str(tmp_path / "home")], cwd=ROOT, check=True, timeout=120, capture_output=True)
    with reading(tmp_path / "home" / "history.sqlite") as archive:
        host = archive.nearest(HOSTS, "any")
    assert main(["hosts", "--history", host, "load1", "--json", "--home", str(tmp_path / "home")]) == 0
    assert json.loads(capsys.readouterr().out)["values"]
