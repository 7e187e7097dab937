"""Whether a window can be opened, on real displays that tests start; and a message that is shown without one."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.screens import dialogs, x_server
from zeligui import display
from zeligui.display import PACKAGES, show, why_no_display

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No display is named but what a test names."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_without_a_display_it_says_that_none_is_named():
    assert why_no_display() == "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)."


def test_on_a_display_that_answers_a_window_can_be_opened(x: str):
    assert why_no_display() == ""


def test_a_display_that_was_only_looked_at_still_lets_a_window_in(x: str):
    for _ in range(3):
        assert opened_after_a_look() == "opened"


def opened_after_a_look() -> str:
    """What Qt makes of the display just after it was looked at: it ends the process where it is not let in."""
    words = "from zeligui.display import why_no_display as why; print(why() or 'opened')"
    words += "; from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
    ended = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    return ended.stdout.strip() if ended.returncode == 0 else ended.stderr


def test_a_display_that_has_gone_does_not_answer(monkeypatch: pytest.MonkeyPatch):
    with x_server() as name:
        monkeypatch.setenv("DISPLAY", name)
    assert why_no_display() == f"the display {name} does not answer."


def test_a_display_that_lets_only_others_in_is_said_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    key = b"MIT-MAGIC-COOKIE-1"
    parts = (b"", b"", key, bytes(range(16)))
    (tmp_path / "others").write_bytes(b"\xff\xff" + b"".join(len(part).to_bytes(2, "big") + part for part in parts))
    with x_server("-auth", str(tmp_path / "others")) as name:
        monkeypatch.setenv("DISPLAY", name)
        assert "does not let this one in" in why_no_display()
        monkeypatch.setenv("XAUTHORITY", str(tmp_path / "others"))
        assert why_no_display() == ""


@pytest.mark.parametrize("name", ["nonsense", "host", ":", "a:b"])
def test_a_name_that_is_none_is_called_so(name, monkeypatch):
    monkeypatch.setenv("DISPLAY", name)
    assert why_no_display() == f"DISPLAY is {name!r}, which names no display."


def test_a_display_far_away_is_tried_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISPLAY", "127.0.0.1:59000")
    assert why_no_display() == "the display 127.0.0.1:59000 does not answer."


def test_a_wayland_display_is_a_socket_that_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert why_no_display() == "the Wayland display wayland-7 does not answer."
    with socket.socket(socket.AF_UNIX) as compositor:
        compositor.bind(str(tmp_path / "wayland-7"))
        compositor.listen()
        assert why_no_display() == ""


def test_where_one_way_is_shut_the_other_is_taken(x: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert why_no_display() == ""
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland;xcb")
    assert why_no_display() == ""
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    assert why_no_display() == "the Wayland display wayland-7 does not answer."


def test_a_way_that_needs_no_display_is_never_in_want_of_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert why_no_display() == ""


def test_a_missing_library_is_named_with_the_line_that_installs_it(x: str, monkeypatch: pytest.MonkeyPatch):
    def load(name: str, mode: int = 0) -> None:
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(display.ctypes, "CDLL", load)
    assert why_no_display().startswith("the library libxcb-cursor.so.0 is missing.")
    assert why_no_display().endswith(f"apt-get install -y {PACKAGES}")


def test_the_packages_named_are_those_that_the_set_up_installs():
    lines = [line.split() for line in (ROOT / "scripts" / "system-packages.txt").read_text().splitlines()]
    libraries = [line[0] for line in lines if line[1:4] == ["run", "wish", "library"]]
    assert libraries == PACKAGES.split()


def test_without_a_display_no_message_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    asked = dialogs(tmp_path, monkeypatch, "zenity")
    assert not show("It cannot start.")
    assert asked() == []


def test_a_message_is_shown_by_the_first_program_that_works(x: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "tkinter", None)
    asked = dialogs(tmp_path, monkeypatch, "kdialog", "xmessage")
    assert show("It <b>cannot</b> start.")
    assert asked() == ["kdialog --title ZeliGrid --error It <b>cannot</b> start."]


def test_a_terminal_is_read_so_nothing_is_shown(x: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    asked = dialogs(tmp_path, monkeypatch, "zenity")
    assert not show("It cannot start.")
    assert asked() == []
