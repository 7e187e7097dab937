"""Who is logged in and whether the owner is back, by each account that systems keep of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from zeligui.sensor import people
from zeligui.sensor.people import People


def entry(user: str, line: str, host: str = "", *, kind: int = 7, pid: int = os.getpid()) -> bytes:
    record = bytearray(400 if os.uname().machine in people.WIDE_TIMES else 384)
    record[0:2], record[4:8] = kind.to_bytes(2, sys.byteorder), pid.to_bytes(4, sys.byteorder)
    for at, text in ((8, line), (44, user), (76, host)):
        record[at : at + len(text)] = text.encode()
    return bytes(record)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any account of logins, and terminals nobody has typed at for long."""
    monkeypatch.setattr(people, "UTMP", (str(tmp_path / "utmp"),))
    for name in ("SESSIONS", "SYSTEMD", "SCREENS"):
        monkeypatch.setattr(people, name, str(tmp_path / name))
    monkeypatch.setattr(people, "DEVICES", f"{tmp_path}/")
    monkeypatch.setattr(people, "interrupts", lambda device: -1)
    (tmp_path / "pts").mkdir()
    for line in ("pts/0", "pts/1", "tty1"):
        (tmp_path / line).touch()
        os.utime(tmp_path / line, (1e9, 1e9))
    return tmp_path


def test_without_an_account_of_logins_nothing_is_said() -> None:
    assert People().values() == {}


def test_people_are_counted_once_and_idle_ones_are_not_back(machine: Path) -> None:
    entries = [entry("ana", "pts/0"), entry("ana", "pts/1"), entry("bo", "tty1"), entry("", "tty2", kind=6)]
    (machine / "utmp").write_bytes(b"".join([*entries, entry("gone", "pts/1", pid=2**22 + 1), b"cut"]))
    assert People().values() == {"users": 2, "ownerActive": 0}


def test_who_typed_lately_is_back(machine: Path) -> None:
    (machine / "utmp").write_bytes(entry("ana", "pts/0"))
    os.utime(machine / "pts/0")
    assert People().values() == {"users": 1, "ownerActive": 1}


@pytest.mark.parametrize(("lit", "active"), [("On", 1), ("Off", 0), (None, 1)])
def test_a_screen_is_used_while_it_is_lit(machine: Path, lit: str | None, active: int) -> None:
    (machine / "utmp").write_bytes(entry("ana", "tty1", ":0"))
    for name, status, dpms in (("card0-DP-1", "connected", lit), ("card0-DP-2", "disconnected", "On")):
        if dpms:
            (machine / "SCREENS" / name).mkdir(parents=True)
            (machine / "SCREENS" / name / "status").write_text(f"{status}\n")
            (machine / "SCREENS" / name / "dpms").write_text(f"{dpms}\n")
    assert People().values()["ownerActive"] == active


def test_a_key_that_is_pressed_tells_before_the_screen(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([5, 6])
    monkeypatch.setattr(people, "interrupts", lambda device: next(counts))
    monkeypatch.setattr(people, "screens_lit", lambda: False)
    monkeypatch.setattr(people, "LOOK_S", 0.0)
    (machine / "utmp").write_bytes(entry("ana", ":0"))
    one = People()
    assert [one.values()["ownerActive"] for _ in range(2)] == [0, 1]


def test_systemd_keeps_an_account_where_there_is_no_utmp(machine: Path) -> None:
    (machine / "SYSTEMD").mkdir()
    (machine / "SESSIONS").mkdir()
    sessions = {
        "1": "USER=ana\nCLASS=user\nTYPE=wayland\nSTATE=active\n",
        "2": "USER=bo\nCLASS=user\nTYPE=tty\nTTY=pts/0\nSTATE=active\n",
        "3": "USER=grid\nCLASS=user\nTYPE=unspecified\nSERVICE=sshd\n",
        "4": "USER=gdm\nCLASS=greeter\nTYPE=wayland\n",
        "5": "USER=late\nCLASS=user\nTYPE=tty\nTTY=tty1\nSTATE=closing\n",
        "6": "rubbish \x00\n",
        "7": "USER=evil\nTTY=../../etc/passwd\n",
    }
    for name, text in sessions.items():
        (machine / "SESSIONS" / name).write_text(text)
    said = People().values()
    assert said == {"users": 3, "ownerActive": 1}, "one at a screen that tells nothing is believed"
