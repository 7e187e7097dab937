"""Whether a window can be opened here, found out before Qt is: without a display or a library Qt ends the process."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

CONNECT_S = 2.0
_DISPLAY = re.compile(r"(?P<host>[^:]*):(?P<number>[0-9]+)(\.[0-9]+)?")


def why_no_display() -> str:
    """Why no window can be opened, and what to do; empty where one can."""
    if sys.platform != "linux":
        return ""
    asked = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if asked and asked not in {"xcb", "wayland"}:
        return ""
    if asked != "xcb" and _wayland():
        return _why_no_plugin("wayland")
    if why := _why_no_x(os.environ.get("DISPLAY", "")):
        return why
    return _why_no_plugin("xcb")


def _wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    path = Path(os.environ.get("XDG_RUNTIME_DIR", ""), name)
    return bool(name) and _connects(socket.AF_UNIX, str(path))


def _why_no_x(display: str) -> str:
    found = _DISPLAY.fullmatch(display)
    if not display:
        return "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)."
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
        return (
            f"the library {library} is missing. On Debian: apt-get install libxcb-cursor0 libxkbcommon-x11-0 "
            "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libegl1 libgl1 libdbus-1-3"
        )
    return ""
