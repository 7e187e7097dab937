"""Grid proxies and certificates as contexts: expired, foreign, revoked, too short and world-readable ones are said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.links.gsi.authority import Authority
from zeligui.links.contexts import Context, Standing
from zeligui.links.contexts import grid as of_grid
from zeligui.links.gsi.credentials import read_pair
from zeligui.links.gsi.proxies import make_proxy, write_proxy


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("X509_CERT_DIR", str(tmp_path / "trusted"))
    return Authority(tmp_path / "trusted")


def proxy(authority: Authority, folder: Path, *, valid_s: float = 7200.0, limited: bool = False) -> Path:
    pair = read_pair(*authority.user(folder))
    write_proxy(make_proxy(pair, valid_s=valid_s, limited=limited), folder / "proxy")
    return folder / "proxy"


def unusable(file: Path) -> Context:
    one = of_grid.proxy(file)
    assert one.standing is Standing.UNUSABLE
    assert one.mend
    return one


def test_a_good_proxy_says_for_whom_and_how_long(authority: Authority, tmp_path: Path) -> None:
    one = of_grid.proxy(proxy(authority, tmp_path))
    assert one.usable
    assert "/O=Grid/OU=Sim/CN=Some One lasts 1 h 59 min more" in one.says
    limited = of_grid.proxy(proxy(authority, tmp_path, limited=True))
    assert (limited.usable, limited.limited) == (True, True)


def test_a_short_one_and_one_that_others_can_read_are_not_used(authority: Authority, tmp_path: Path) -> None:
    assert "too short" in unusable(proxy(authority, tmp_path, valid_s=500)).says
    file = proxy(authority, tmp_path)
    file.chmod(0o644)
    assert f"chmod 600 {file}" in unusable(file).mend


def test_one_of_a_foreign_or_a_revoked_certificate_is_not_used(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    stranger = Authority(tmp_path / "other", "Other CA", number=1, hashed="11111111")
    assert "is not trusted here" in unusable(proxy(stranger, tmp_path / "foreign")).says
    file = proxy(authority, tmp_path)
    certificate = read_pair(tmp_path / "usercert.pem", tmp_path / "userkey.pem").certificate
    authority.revoke(certificate.serial_number)
    assert "was revoked" in of_grid.proxy(file).says
    assert not of_grid.proxy(file).usable


def test_what_is_missing_or_no_proxy_is_told_apart(tmp_path: Path) -> None:
    assert of_grid.proxy(tmp_path / "gone").standing is Standing.ABSENT
    assert "is no file" in of_grid.proxy(tmp_path).says
    (tmp_path / "odd").write_text("nonsense")
    (tmp_path / "odd").chmod(0o600)
    assert not of_grid.proxy(tmp_path / "odd").usable


def test_a_certificate_says_who_signed_it_and_whether_it_ended(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X509_USER_CERT", str(tmp_path / "usercert.pem"))
    monkeypatch.setenv("X509_USER_KEY", str(tmp_path / "userkey.pem"))
    assert of_grid.certificate().standing is Standing.ABSENT
    authority.user(tmp_path, passphrase=b"open sesame")
    assert of_grid.certificate().usable
    assert "with its pass phrase" in of_grid.certificate().says
    authority.user(tmp_path, ends=-timedelta(hours=1))
    assert not of_grid.certificate().usable
