"""`zeligrid proxy`: made, shown, destroyed, and where it is looked for."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.links.gsi.authority import Authority
from zeligui.cli import main


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    certificate, key = Authority(tmp_path / "certificates").user(tmp_path, passphrase=b"open sesame")
    monkeypatch.setenv("X509_USER_CERT", str(certificate))
    monkeypatch.setenv("X509_USER_KEY", str(key))
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "proxy"))
    return tmp_path / "proxy"


def types(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_proxy_is_made_shown_and_destroyed(
    proxy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch, "open sesame\n")
    assert main(["proxy", "init", "--valid", "2 h", "--limited", "--pass-stdin"]) == 0
    assert "limited proxy" in capsys.readouterr().out
    assert main(["proxy", "info", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["identity"] == "/O=Grid/OU=Sim/CN=Some One"
    assert told["path"] == str(proxy)
    assert 7000 < told["left_s"] <= 7200
    assert main(["proxy", "destroy"]) == 0
    assert main(["proxy", "info"]) == 1
    assert "There is no proxy" in capsys.readouterr().err


def test_a_wrong_pass_phrase_makes_none_and_is_not_repeated(
    proxy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch, "close sesame\n")
    assert main(["proxy", "init", "--pass-stdin", "--debug"]) == 2
    said = capsys.readouterr()
    assert "does not open" in said.err
    assert "sesame" not in said.out + said.err
    assert not proxy.exists()


def test_a_folder_that_cannot_be_written_is_said(
    proxy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch, "open sesame\n")
    assert main(["proxy", "init", "--pass-stdin", "--file", str(proxy / "no" / "proxy")]) == 2
    assert "cannot be written" in capsys.readouterr().err
