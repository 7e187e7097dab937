"""Which lines of a known_hosts file speak of which host."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from tests.servers import require
from zeligui.errors import ChangedHostKey, LinkError, Refused, UnknownHostKey
from zeligui.links.hostkeys import HostKey, KnownHosts

KEY = HostKey("ssh-ed25519", b"a key")
OTHER = HostKey("ssh-ed25519", b"another key")
RSA = HostKey("ssh-rsa", b"an RSA key")


def verdict(tmp_path: Path, lines: str, name: str, port: int = 22, key: HostKey = KEY) -> type[LinkError] | None:
    """What is raised for a key, by a file with these lines; KEY, OTHER and RSA stand for the keys."""
    for word, value in (("KEY", KEY), ("OTHER", OTHER), ("RSA", RSA)):
        lines = lines.replace(word, value.line)
    (tmp_path / "known").write_text(lines)
    try:
        KnownHosts([tmp_path / "known"]).check(name, port, key, "it")
    except LinkError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("lines", "name", "port"),
    [
        ("host KEY", "host", 22),
        ("HOST KEY", "host", 22),
        ("other,host,third KEY comment", "host", 22),
        ("*.grid KEY", "node1.grid", 22),
        ("node?.grid KEY", "node1.grid", 22),
        ("[host]:2222 KEY", "host", 2222),
        ("host KEY", "host", 2222),
        ("[*]:2222 KEY", "host", 2222),
        ("::1 KEY", "::1", 22),
        ("# host\n\nnonsense\nhost ssh-ed25519 !!!\n\thost   KEY", "host", 22),
        ("host OTHER\nhost KEY", "host", 22),
        ("[host]:2222 OTHER\nhost KEY", "host", 2222),
    ],
)
def test_a_line_accepts_its_key(tmp_path: Path, lines: str, name: str, port: int) -> None:
    assert verdict(tmp_path, lines, name, port) is None


@pytest.mark.parametrize(
    ("lines", "name", "port"),
    [
        ("", "host", 22),
        ("host2 KEY", "host", 22),
        ("# host KEY", "host", 22),
        ("[host]:2222 KEY", "host", 22),
        ("[host]:2222 KEY", "host", 2223),
        ("host OTHER", "host", 2222),
        ("*,!host KEY", "host", 22),
        ("ho[s]t KEY", "host", 22),
        ("@cert-authority host KEY", "host", 22),
        ("|1|broken KEY", "host", 22),
    ],
)
def test_a_host_of_which_no_line_speaks_is_unknown(tmp_path: Path, lines: str, name: str, port: int) -> None:
    assert verdict(tmp_path, lines, name, port) is UnknownHostKey


@pytest.mark.parametrize("lines", ["host OTHER", "host RSA", "* OTHER", "host OTHER\nhost RSA"])
def test_another_key_of_a_known_host_is_a_change(tmp_path: Path, lines: str) -> None:
    assert verdict(tmp_path, lines, "host") is ChangedHostKey


@pytest.mark.parametrize("lines", ["@revoked host KEY", "host KEY\n@revoked * KEY", "@revoked [host]:2222 KEY"])
def test_a_revoked_key_is_refused(tmp_path: Path, lines: str) -> None:
    assert verdict(tmp_path, lines, "host", 2222) is Refused


def test_a_key_revoked_elsewhere_does_not_count(tmp_path: Path) -> None:
    assert verdict(tmp_path, "host KEY\n@revoked other KEY", "host") is None


@pytest.mark.parametrize("port", [22, 2222])
def test_names_hashed_by_ssh_keygen_are_found(tmp_path: Path, port: int) -> None:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
    key = HostKey("ssh-ed25519", blob)
    file = tmp_path / "known"
    file.write_text(f"{'host' if port == 22 else '[host]:2222'} ssh-ed25519 {base64.b64encode(blob).decode()}\n")
    command = [require("ssh-keygen", "openssh-client"), "-q", "-H", "-f", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    assert file.read_text().startswith("|1|")
    known = KnownHosts([file])
    known.check("host", port, key, "it")
    assert known.kinds("host", port) == ("ssh-ed25519",)
    with pytest.raises(UnknownHostKey):
        known.check("host2", port, key, "it")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        KnownHosts([tmp_path])
