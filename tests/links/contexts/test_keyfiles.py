"""Key files and their certificates: what each is, what is wrong with it, and the line that mends it."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.links.contexts.signing import certify
from tests.servers import make_key
from zeligui.links.contexts import Standing
from zeligui.links.contexts.keyfiles import look, public_blob


@pytest.mark.parametrize(("kind", "words"), [("ed25519", "256 bits"), ("ecdsa", "256 bits"), ("rsa", "3072 bits")])
def test_a_key_that_can_be_used_says_what_it_is(tmp_path: Path, kind: str, words: str) -> None:
    one = look(make_key(tmp_path / "key", kind))
    assert one.standing is Standing.USABLE
    assert words in one.says
    assert one.text == f"key:{tmp_path / 'key'}"


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    key = make_key(tmp_path / "a key")
    key.chmod(0o640)
    one = look(key)
    assert (one.standing, one.exposed) == (Standing.UNUSABLE, True)
    assert one.mend == f"chmod 600 '{key}'"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a file of another user")
def test_a_key_of_another_user_is_not_used(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    os.chown(key, 12345, 12345)
    one = look(key)
    assert one.standing is Standing.UNUSABLE
    assert "belongs to another user" in one.says


def test_a_locked_key_is_used_through_the_agent_that_holds_it(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key", passphrase="open sesame")
    alone = look(key)
    assert (alone.standing, alone.mend) == (Standing.LOCKED, f"ssh-add {key}")
    assert look(key, {public_blob(key)}).usable


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a key that is understood"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----\n", "not a key"),
        ("\N{SNOWMAN}", "not a key that is understood"),
    ],
)
def test_what_is_no_key_is_said_to_be_none(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(0o600)
    one = look(file)
    assert one.standing is Standing.UNUSABLE
    assert words in one.says


def test_a_public_half_a_folder_and_nothing_are_told_apart(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    public = look(Path(f"{key}.pub"))
    assert (public.standing, public.mend) == (Standing.UNUSABLE, f"Name {key} instead.")
    assert "it is no file" in look(tmp_path).says
    gone = look(tmp_path / "gone")
    assert (gone.standing, gone.wrong) == (Standing.ABSENT, False)


def test_a_public_half_of_another_key_beside_it_is_said(tmp_path: Path) -> None:
    key, other = make_key(tmp_path / "key"), make_key(tmp_path / "other")
    shutil.copy(f"{other}.pub", f"{key}.pub")
    one = look(key)
    assert one.usable
    assert one.mend == f"ssh-keygen -y -f {key} > {key}.pub"


def test_a_certificate_says_for_whom_and_until_when(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    certify(key, tmp_path / "authority", "-V", "-1h:+1h", name="me,you")
    assert f"With a certificate for me, you, valid until {datetime.now(UTC).astimezone():%Y}" in look(key).says


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-V", "-2h:-1h"), "ended on"),
        (("-V", "+1h:+2h"), "is not valid before"),
        (("-h",), "is for a host"),
    ],
)
def test_a_certificate_that_is_not_valid_is_said_and_its_key_used(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    key = make_key(tmp_path / "key")
    certify(key, tmp_path / "authority", *options)
    one = look(key)
    assert one.usable, "without the certificate"
    assert words in one.says


def test_a_certificate_of_another_key_or_none_at_all_is_said(tmp_path: Path) -> None:
    key, other = make_key(tmp_path / "key"), make_key(tmp_path / "other")
    beside = certify(other, tmp_path / "authority").rename(f"{key}-cert.pub")
    assert "belongs to another key" in look(key).says
    beside.write_text("ssh-ed25519-cert-v01@openssh.com AAAA\n")
    assert "no certificate that is understood" in look(key).says
    shutil.copy(f"{key}.pub", beside)
    assert "is a key, and no certificate" in look(key).says
