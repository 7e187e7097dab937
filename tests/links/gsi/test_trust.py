"""Which certificates are believed: signing policies and lists of revoked certificates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tests.links.gsi.authority import DAY, Authority, name, some_key
from zeligui.errors import Refused, UsageError
from zeligui.links.gsi.trust import Trust, signing_policy

CA = "/O=Grid/OU=Sim/CN=Test CA"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


@pytest.fixture
def host(authority: Authority) -> x509.Certificate:
    return authority.sign(name("site.test"), some_key(100).public_key())


def check(authority: Authority, certificate: x509.Certificate) -> None:
    Trust(authority.folder).check([certificate], "gram://site.test")


def test_what_an_authority_may_sign_is_believed(authority: Authority, host: x509.Certificate) -> None:
    check(authority, host)
    authority.revoke(host.serial_number + 1)
    check(authority, host)


def other_names(authority: Authority, serial: int) -> None:
    authority.allow('"/O=Elsewhere/*" "/O=Grid/OU=Sim2/*"')


def no_policy(authority: Authority, serial: int) -> None:
    authority.file.with_suffix(".signing_policy").unlink()


def of_another(authority: Authority, serial: int) -> None:
    authority.allow('"/O=Grid/*"', authority="/O=Elsewhere/CN=CA")


def revoked(authority: Authority, serial: int) -> None:
    authority.revoke(serial)


def outdated(authority: Authority, serial: int) -> None:
    authority.revoke(next_update=-DAY)


def forged(authority: Authority, serial: int) -> None:
    authority.revoke(key=some_key(999))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (other_names, "may not sign for /O=Grid/OU=Sim/CN=site.test"),
        (no_policy, "Nothing says which names"),
        (of_another, "may not sign for"),
        (revoked, "was revoked by"),
        (outdated, "is older than it allows"),
        (forged, "is not signed by it"),
    ],
)
def test_what_it_may_not_is_refused_in_words(
    authority: Authority, host: x509.Certificate, spoil: Callable[[Authority, int], None], words: str
) -> None:
    spoil(authority, host.serial_number)
    with pytest.raises(Refused, match=words):
        check(authority, host)


def test_an_authority_of_the_same_name_with_another_key_is_not_believed(tmp_path: Path, authority: Authority) -> None:
    false = Authority(tmp_path / "false", number=1)
    with pytest.raises(Refused, match="who is not trusted here"):
        check(authority, false.sign(name("site.test"), some_key(100).public_key()))


def test_a_folder_without_authorities_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no trusted authority"):
        Trust(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        Trust(tmp_path / "nowhere")


def test_a_policy_file_may_speak_of_several_authorities() -> None:
    text = """
    access_id_CA X509 '/O=Other/CN=CA'
    pos_rights globus CA:sign
    cond_subjects globus '"/O=Other/*"'
    access_id_CA X509 '/O=Grid/OU=Sim/CN=Test CA'
    neg_rights globus CA:sign
    cond_subjects globus '"/O=Never/*"'
    pos_rights globus CA:sign
    cond_subjects globus '"/O=Grid/*" "/O=Too/*"'
    """
    assert signing_policy(text, CA) == ("/O=Grid/*", "/O=Too/*")
    assert signing_policy("access_id_CA X509 'unclosed", CA) == ()


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader_of_policies(text: str) -> None:
    assert signing_policy(f"{text}\n", CA) == signing_policy(f"{text}\n", CA)
