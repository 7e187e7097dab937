"""authorized_keys: what is not ours stays byte for byte, whoever else writes, and whatever fails."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from zeligui.errors import UsageError
from zeligui.links import authorized

OURS = b'restrict,command="x" ssh-ed25519 AAAA ours'


def ours(line: bytes) -> bool:
    return line.endswith(b" ours")


@pytest.fixture
def file(own_home: Path) -> Path:
    return authorized.own_file()


def test_it_is_made_with_its_folder_for_the_user_alone(file: Path) -> None:
    authorized.add(file, OURS)
    assert file.read_bytes() == OURS + b"\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert authorized.remove(file, ours) == 1
    assert file.read_bytes() == b""


def test_without_a_file_there_is_nothing_to_remove(file: Path) -> None:
    assert authorized.remove(file, ours) == 0
    assert not file.parent.exists()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=some.binary(max_size=200))
def test_all_that_is_not_ours_stays_byte_for_byte(file: Path, before: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(before)
    authorized.add(file, OURS)
    after = file.read_bytes()
    assert after.startswith(before)
    assert after.splitlines()[-1] == OURS
    assert authorized.remove(file, ours) == 1
    assert file.read_bytes() in {before, before + b"\n"}, "only an end that the last line lacked"


def test_mode_and_link_are_kept_and_nothing_else_is_left(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "keys"
    real.write_bytes(b"# mine\r\nssh-rsa AAAA me\n")
    real.chmod(0o640)
    file.parent.mkdir()
    file.symlink_to(real)
    authorized.add(file, OURS)
    assert authorized.remove(file, ours) == 1
    assert file.is_symlink()
    assert real.read_bytes() == b"# mine\r\nssh-rsa AAAA me\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]


def test_a_disk_that_fails_leaves_it_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.parent.mkdir()
    file.write_bytes(b"ssh-rsa AAAA me")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        authorized.add(file, OURS)
    assert file.read_bytes() == b"ssh-rsa AAAA me"
    assert [one.name for one in file.parent.iterdir()] == ["authorized_keys"]


def test_many_at_once_lose_nothing(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"ssh-rsa AAAA me\n")

    def come_and_go(number: int) -> None:
        for turn in range(5):
            authorized.add(file, b"key %d %d" % (number, turn))
            if turn:
                authorized.remove(file, lambda line: line == b"key %d %d" % (number, turn))  # noqa: B023

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(file.read_bytes().splitlines()) == sorted([b"ssh-rsa AAAA me", *(b"key %d 0" % n for n in range(4))])


def test_a_folder_that_others_may_write_is_said(file: Path) -> None:
    authorized.add(file, OURS)
    assert authorized.refused_by_sshd(file) == ""
    file.parent.chmod(0o770)
    assert f"chmod go-w {file.parent}" in authorized.refused_by_sshd(file)
