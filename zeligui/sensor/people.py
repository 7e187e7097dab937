"""Who is logged in, and whether somebody sits at the machine: its jobs are then guests of an owner who is back."""

# time.monotonic, not a Clock: this runs where nothing of ours is.
# ruff: noqa: PTH116, PTH208

import os
import sys
import time

from zeligui.sensor.reading import OWN_FIGURES, PROC, content

OWNER_S = 300.0
"""So long after the last input the owner is still taken to be there."""

LOOK_S = 5.0

UTMP = ("/var/run/utmp", "/var/adm/utmp")
SESSIONS = "/run/systemd/sessions"
SYSTEMD = "/run/systemd/system"  # there where systemd runs, whose sessions are then the truth
SCREENS = "/sys/class/drm"
DEVICES = "/dev/"
WIDE_TIMES = ("aarch64", "riscv64", "loongarch64")
USER_PROCESS = 7  # of utmp.h


class People:
    """Sessions with a terminal or a screen; ssh connections for commands alone, as ours are, have neither."""

    def __init__(self) -> None:
        self._values = {}  # type: dict[str, float]
        self._looked = float("-inf")
        self._keys = -1
        self._pressed = float("-inf")

    def values(self) -> "dict[str, float]":
        """users: how many different people are logged in; ownerActive: 1 where one is at a screen or typed lately.

        Empty where the system keeps no account of logins, and on a node of an embedded grid, whose machine is another.
        """
        now = time.monotonic()
        if now >= self._looked + LOOK_S and not OWN_FIGURES:
            self._looked = now
            found = sessions()
            self._values = {} if found is None else self._told(found, now)
        return self._values

    def _told(self, found: "list[tuple[str, str]]", now: float) -> "dict[str, float]":
        active = any(self._active(line, now) for _, line in found)
        return {"users": len({user for user, _ in found}), "ownerActive": int(active)}

    def _active(self, line: str, now: float) -> bool:
        if line.startswith(":"):
            return self._at_screen(now)
        return typed_ago(line) < OWNER_S

    def _at_screen(self, now: float) -> bool:
        """By keys of its own keyboard; by the screen, which is dark after a while; else it must be believed."""
        keys = interrupts("i8042")
        if keys > self._keys >= 0:
            self._pressed = now
        self._keys = keys
        lit = screens_lit()
        return now - self._pressed < OWNER_S or lit is None or lit


def sessions() -> "list[tuple[str, str]] | None":
    """User and terminal of each session, a screen's begins with a colon; None where nobody keeps an account of them."""
    for path in UTMP:
        if os.path.exists(path):  # noqa: PTH110
            return in_utmp(path)
    if os.path.isdir(SYSTEMD):  # noqa: PTH112
        return in_systemd()
    return None


def in_utmp(path: str) -> "list[tuple[str, str]]":
    """What utmp(5) says: type, pid, line and host stand at the same places in all records of glibc."""
    size = 400 if os.uname().machine in WIDE_TIMES else 384
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read(size * 4096)
    except OSError:
        return []
    found = []
    for at in range(0, len(data) - size + 1, size):
        record = data[at : at + size]
        kind, pid = (int.from_bytes(record[a:b], sys.byteorder) for a, b in ((0, 2), (4, 8)))
        line, user, host = (text_of(record[a:b]) for a, b in ((8, 40), (44, 76), (76, 332)))
        if kind == USER_PROCESS and user and os.path.isdir(f"{PROC}/{pid}"):  # noqa: PTH112
            found.append((user, host if host.startswith(":") and not line.startswith("pts") else line))
    return found


def in_systemd() -> "list[tuple[str, str]]":
    """What systemd-logind keeps: new systems have no utmp, whose times end in 2038."""
    found = []
    for name in listed(SESSIONS):
        words = dict(line.partition("=")[::2] for line in content(SESSIONS + "/" + name).splitlines())
        if not words.get("CLASS", "user").startswith("user") or words.get("STATE") == "closing":
            continue
        user = words.get("USER") or words.get("UID", "")
        if words.get("TYPE") in ("x11", "wayland", "mir"):
            found.append((user, words.get("DISPLAY") or ":"))
        elif words.get("TTY"):
            found.append((user, words["TTY"]))
    return [(user, line if words_fit(line) else "") for user, line in found]


def words_fit(line: str) -> bool:
    return ".." not in line and not line.startswith("/")


def text_of(field: bytes) -> str:
    text = field.partition(b"\0")[0].decode("utf-8", "replace")
    return text if words_fit(text) else ""


def typed_ago(line: str) -> float:
    """Seconds since something was typed at a terminal: the kernel dates its device by that, to some seconds."""
    try:
        return max(0.0, time.time() - os.stat(DEVICES + line).st_atime) if line else float("inf")
    except OSError:
        return float("inf")


def interrupts(device: str) -> int:
    """How often a device has interrupted; -1 where there is none of that name."""
    lines = [line.split() for line in content(PROC + "/interrupts").splitlines() if device in line]
    return sum(int(word) for line in lines for word in line[1:] if word.isdigit()) if lines else -1


def screens_lit() -> "bool | None":
    """Whether a screen that is plugged in is lit; None where no driver tells."""
    folders = [SCREENS + "/" + name for name in listed(SCREENS)]
    lit = [content(one + "/dpms").strip() for one in folders if content(one + "/status").strip() == "connected"]
    return "On" in lit if any(lit) else None


def listed(folder: str) -> "list[str]":
    try:
        return os.listdir(folder)
    except OSError:
        return []
