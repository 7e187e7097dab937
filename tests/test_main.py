"""main.py where ZeliGrid cannot run: the line that makes it run is printed, and seen after a double click."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import main
from tests.screens import dialogs
from tests.servers import require

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that was just made: it has no environment."""
    folder = tmp_path / "my grid"
    (folder / "zeligui").mkdir(parents=True)
    for name in ("main.py", "zeligui/__init__.py", "zeligui/display.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_without_what_it_needs_it_says_how_to_get_it(checkout: Path, nowhere: None):
    ended = start(checkout)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"make -C '{checkout}' run" in ended.stderr


def test_a_file_alone_says_so_too(tmp_path: Path, nowhere: None):
    shutil.copy(ROOT / "main.py", tmp_path)
    ended = start(tmp_path)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


def test_after_a_double_click_it_is_seen(checkout: Path, x: str, monkeypatch: pytest.MonkeyPatch):
    (checkout / "tkinter.py").write_text("raise ImportError")
    asked = dialogs(checkout, monkeypatch, "zenity")
    ended = start(checkout)
    (line,) = asked()
    assert line.startswith("zenity --error --no-markup ")
    assert line.endswith(f"Type this once in a terminal:  make -C '{checkout}' run")
    assert line.partition(" --text ")[2] in ended.stderr


def test_where_python_has_tk_it_is_seen_without_another_program(checkout: Path, x: str):
    pytest.importorskip("tkinter")
    require("xdotool", "xdotool")
    with subprocess.Popen(command(checkout), cwd=checkout, stderr=subprocess.PIPE, text=True) as process:
        steps = "search --sync --onlyvisible --name ^ZeliGrid$ mousemove --window %1 20 20 key --window 0 Return"
        subprocess.run(["xdotool", *steps.split()], check=True, timeout=20)
        assert process.wait(timeout=20) == 1


def test_it_needs_what_the_package_depends_on():
    lines = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("\n]")[0]
    named = {name.lower() for name in re.findall(r'^ *"([A-Za-z0-9]+)', lines, re.MULTILINE)}
    assert named == {name.lower() for name in main.NEEDED}


def start(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(checkout), cwd=checkout, capture_output=True, text=True, check=False, timeout=30)


def command(checkout: Path) -> list[str]:
    """main.py by a Python that has nothing but its own library."""
    return [sys.executable, "-S", "-E", str(checkout / "main.py")]
