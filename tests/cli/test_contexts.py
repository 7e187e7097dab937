"""`zeligrid contexts` and sessions of the command line that hold only what they were given."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import OpenSsh, make_key
from zeligui.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _no_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "no proxy"))


def test_all_that_is_found_is_listed_with_what_mends_it(own_home: Path, capsys: Capture) -> None:
    (own_home / ".ssh").mkdir(mode=0o700)
    good, bad = make_key(own_home / ".ssh" / "id_ed25519"), make_key(own_home / ".ssh" / "id_rsa", "rsa")
    bad.chmod(0o644)
    assert main(["contexts", "--json"]) == 1
    said = {one["context"]: one for one in json.loads(capsys.readouterr().out)}
    assert said[f"key:{good}"]["status"] == "usable"
    assert (said[f"key:{bad}"]["status"], said[f"key:{bad}"]["mend"]) == ("unusable", f"chmod 600 {bad}")
    assert said["agent"]["status"] == "absent"
    assert {one["kind"] for one in said.values()} == {"key", "agent", "proxy", "certificate"}
    bad.chmod(0o600)
    assert main(["contexts"]) == 0
    assert f"usable     key:{good}" in capsys.readouterr().out


def test_which_of_them_a_machine_accepts_is_said(
    openssh: Callable[..., OpenSsh], tmp_path: Path, capsys: Capture
) -> None:
    server, stranger = openssh(), make_key(tmp_path / "stranger")
    keys = ["--known-hosts", str(server.known_hosts), "--context", f"key:{stranger}", "--json", server.url]
    assert main(["contexts", *keys]) == 1
    capsys.readouterr()
    assert main(["contexts", *keys, "--identity", str(server.identity)]) == 0
    said = {one["context"]: one["accepted"] for one in json.loads(capsys.readouterr().out)}
    assert said == {f"key:{server.identity}": True, f"key:{stranger}": False, "agent": None}


def test_a_machine_that_cannot_be_reached_is_3(closed_port: int, tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    assert main(["contexts", f"ssh://127.0.0.1:{closed_port}", "--identity", str(key)]) == 3


def test_an_explicit_session_has_nothing_of_the_settings(own_home: Path, tmp_path: Path, capsys: Capture) -> None:
    key, other = make_key(tmp_path / "key"), make_key(tmp_path / "other")
    (own_home / "zeligrid").mkdir()
    settings = own_home / "zeligrid" / "settings.toml"
    settings.write_text(f'identities = ["{other}"]\ncontexts = ["agent"]\n')
    main(["contexts", "--json", "--only-contexts", "--context", f"key:{key}"])
    assert [one["context"] for one in json.loads(capsys.readouterr().out)] == [f"key:{key}", "proxy"]
    settings.write_text(f'only_contexts = true\ncontexts = ["key:{other}"]\n')
    main(["contexts", "--json"])
    assert [one["context"] for one in json.loads(capsys.readouterr().out)] == [f"key:{other}", "proxy"]
    settings.write_text('contexts = ["lab1"]\n')
    assert main(["contexts"]) == 2
    assert "key:FILE, agent" in capsys.readouterr().err
