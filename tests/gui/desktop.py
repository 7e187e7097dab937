"""A desktop that nobody sees: an X server, a window manager, and somebody at its keyboard and mouse."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.screens import x_server
from tests.servers import require, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
SCREEN = ("-screen", "0", "1280x800x24")
COMMAND = (sys.executable, "-m", "zeligui.cli")
LONG_S = 60.0


class Desktop:
    """What somebody sees on the screen, and does."""

    def __init__(self, display: str) -> None:
        self.environment = environment(DISPLAY=display)

    def does(self, *words: str) -> str:
        """What xdotool answers; nothing where it fails, as where a window has gone meanwhile."""
        ended = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False, timeout=20
        )
        return ended.stdout.strip() if ended.returncode == 0 else ""

    def presses(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        self.does("key", "--clearmodifiers", *keys)

    def clicks(self, window: str, x: int, y: int) -> None:
        """Press the left button at a place of a window. (`--sync` waits 15 s where the mouse is there already.)"""
        self.does("mousemove", "--window", window, str(x), str(y), "click", "1")

    def windows(self, title: str = "^ZeliGrid$") -> list[str]:
        """The windows that are seen with this title, a pattern."""
        return self.does("search", "--onlyvisible", "--name", title).split()

    @property
    def active(self) -> str:
        """The window that has the keyboard."""
        return self.does("getactivewindow")

    def sees_window(self, title: str = "^ZeliGrid$") -> str:
        """The one window with this title, once it is seen and has the keyboard."""
        wait_until(lambda: self.active in self.windows(title), f"no window {title}", limit_s=LONG_S)
        return self.active

    def sees_question(self, window: str) -> str:
        """What a window asks, once it is seen and has the keyboard."""
        wait_until(lambda: self.active in {*self.windows()} - {window}, "no question", limit_s=LONG_S)
        return self.active


class Program:
    """A start of ZeliGrid as a user makes it: a process of its own, with a process group as a terminal gives it."""

    def __init__(
        self,
        *words: str,
        desktop: Desktop | None = None,
        command: Sequence[str] = COMMAND,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [*command, *words],
            cwd=ROOT,
            env=desktop.environment if desktop else environment(**(more or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def interrupt(self) -> None:
        """Ctrl+C in its terminal: all of its process group hear it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def says(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout
        return self.process.stdout.readline()

    def ended(self) -> tuple[int, str]:
        """With what it ended, and what it said."""
        said, _ = self.process.communicate(timeout=LONG_S)
        return self.process.returncode, said

    def end(self) -> None:
        """Where it runs still, the test has failed: end it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@contextmanager
def desktop() -> Iterator[Desktop]:
    """A screen with a window manager, ended by their process ids."""
    require("xdotool", "xdotool")
    manager = require("openbox", "openbox")
    with x_server(*SCREEN) as display:
        made = Desktop(display)
        with subprocess.Popen([manager, "--sm-disable"], env=made.environment, stdout=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: made.does("get_num_desktops") != "", "openbox did not start")
                yield made
            finally:
                process.terminate()


@contextmanager
def started(*words: str, **how: Any) -> Iterator[Program]:
    """Start ZeliGrid; it has ended afterwards."""
    program = Program(*words, **how)
    try:
        yield program
    finally:
        program.end()


def told(*words: str) -> Any:
    """What a command says as JSON; None where it says no."""
    ended = subprocess.run(
        [*COMMAND, *words, "--json"], cwd=ROOT, env=environment(), capture_output=True, check=False, timeout=LONG_S
    )
    with suppress(ValueError):
        return json.loads(ended.stdout)
    return None


def environment(**more: str) -> Mapping[str, str]:
    """That of a process on this screen and no other, which starts no D-Bus of its own."""
    left_out = {"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "QT_QPA_PLATFORM", "XDG_ACTIVATION_TOKEN"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {"DBUS_SESSION_BUS_ADDRESS": "disabled:"} | more
