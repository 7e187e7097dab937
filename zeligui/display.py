"""The screen without Qt, which ends the process where it lacks something: can it be used; and a message on it."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

CONNECT_S = 2.0
ADMITTED_S = 0.5
PAUSE_S = 0.02
PACKAGES = (
    "libegl1 libgl1 libxkbcommon0 libfontconfig1 libfreetype6 libglib2.0-0 libdbus-1-3 libx11-6 "
    "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libx11-xcb1 libwayland-cursor0"
)
"""What the libraries that Qt needs are called by Debian."""
_VARIABLES = {"wayland": "WAYLAND_DISPLAY", "xcb": "DISPLAY"}
"""Qt's names of the ways to a screen, and what names the screen."""
_DISPLAY = re.compile(r"(?P<host>[^:]*):(?P<number>[0-9]+)(\.[0-9]+)?")

_DIALOGS = (
    ("zenity", "--error", "--no-markup", "--title", "ZeliGrid", "--text"),
    ("kdialog", "--title", "ZeliGrid", "--error"),
    ("xmessage", "-center"),
)
_CLOSED = {0, 1}
"""What a dialog's process ends with when it was answered, or closed unanswered."""


def show(message: str) -> bool:
    """Show a message on the screen and wait until it is closed; whether somebody can have seen it.

    Nothing is shown where standard error is a terminal, which is read, or where no display answers.
    """
    if (sys.stderr and sys.stderr.isatty()) or all(map(_why_no_screen, _VARIABLES)):
        return False
    return _show_by_tk(message) or any(_show_by(dialog, message) for dialog in _DIALOGS)


def why_no_display() -> str:
    """Why no window can be opened, and what to do; empty where one can."""
    if sys.platform != "linux":
        return ""
    asked = os.environ.get("QT_QPA_PLATFORM", "")  # xcb, or wayland;xcb, or vnc:port=5900
    ways = [way.partition(":")[0] for way in asked.split(";") if way]
    ways = ways or [way for way, variable in _VARIABLES.items() if os.environ.get(variable)]
    whys = [_why_no_screen(way) or _why_no_plugin(way) or _why_not_let_in(way) for way in ways]
    if not whys:
        return "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)."
    return "" if "" in whys else whys[0]


def _why_no_screen(way: str) -> str:
    if way == "wayland":
        return _why_no_wayland(os.environ.get("WAYLAND_DISPLAY", ""))
    return _why_no_x(os.environ.get("DISPLAY", "")) if way == "xcb" else ""


def _why_no_wayland(display: str) -> str:
    path = Path(os.environ.get("XDG_RUNTIME_DIR", ""), display)
    there = bool(display) and _connects(socket.AF_UNIX, str(path))
    return "" if there else f"the Wayland display {display or '(none)'} does not answer."


def _why_no_x(display: str) -> str:
    found = _DISPLAY.fullmatch(display)
    if not found:
        return f"DISPLAY is {display!r}, which names no display."
    host, number = found["host"], int(found["number"])
    if host in {"", "unix"}:
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
        there = _connects(socket.AF_UNIX, f"\0{path}") or _connects(socket.AF_UNIX, path)
    else:
        there = _connects(socket.AF_INET, (host, 6000 + number))
    return "" if there else f"the display {display} does not answer."


def _connects(family: int, where: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as link:
        link.settimeout(CONNECT_S)
        with suppress(OSError, ValueError):
            link.connect(where)
            return True
    return False


def _why_no_plugin(name: str) -> str:
    """Whether Qt's plugin for the display finds its libraries; those of Debian are named."""
    spec = find_spec("PySide6")
    if spec is None or not spec.origin:
        return "PySide6 is not installed."
    folder = Path(spec.origin).parent / "Qt"
    plugin = folder / "plugins" / "platforms" / f"libq{name}.so"
    if not plugin.is_file():
        return ""  # a Qt of the system's own, or one that names it otherwise
    try:
        ctypes.CDLL(str(plugin), mode=os.RTLD_LAZY)
    except OSError as error:
        library = str(error).partition(":")[0]
        return f"the library {library} is missing. On Debian, type as root: apt-get install -y {PACKAGES}"
    return ""


def _why_not_let_in(way: str) -> str:
    """Whether X lets us in, tried by the library that Qt uses.

    A server without other clients begins anew when its last one goes, and drops who comes just then. So it is tried for
    a while, and the link is kept until this process ends: Qt comes next, and would end the process.
    """
    if way != "xcb":
        return ""
    display = os.environ.get("DISPLAY", "")
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    end = time.monotonic() + ADMITTED_S
    while True:
        link = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
        if not xcb.xcb_connection_has_error(link):
            return ""
        xcb.xcb_disconnect(link)
        if time.monotonic() > end:
            return f"the display {display} is another user's, who does not let this one in."
        time.sleep(PAUSE_S)


def _show_by_tk(message: str) -> bool:
    try:
        from tkinter import TclError, Tk, messagebox
    except ImportError:  # Debian has it in a package of its own
        return False
    try:
        top = Tk()
    except TclError:
        return False
    top.withdraw()
    messagebox.showerror("ZeliGrid", message)
    top.destroy()
    return True


def _show_by(dialog: tuple[str, ...], message: str) -> bool:
    try:
        ended = subprocess.run([*dialog, message], stdin=subprocess.DEVNULL, check=False)
    except OSError:
        return False
    return ended.returncode in _CLOSED
