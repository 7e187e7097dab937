"""Directories that answer LDAP, and what answers otherwise, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.links.ldap.answers import search
from zeligui.errors import LinkError, Refused, Unreachable, UsageError
from zeligui.links.ldap import Place, connection, entering, parse, searching


def names(url: str, condition: str = "(objectClass=*)") -> list[str]:
    return [found.dn.decode() for found in search(parse(url), condition)]


def failure(url: str) -> LinkError:
    with pytest.raises(LinkError) as caught:
        names(url)
    assert url in str(caught.value)
    return caught.value


def test_a_url_says_where_and_from_which_base() -> None:
    url = "ldap://giis.example.org:2135/Mds-Vo-name=site,%20o=grid"
    assert parse(url) == Place(url, "giis.example.org", 2135, "Mds-Vo-name=site, o=grid", secure=False)


@pytest.mark.parametrize(
    ("url", "host", "port", "base"),
    [
        ("ldap://nws", "nws", 389, ""),
        ("ldaps://nws/", "nws", 636, ""),
        ("ldaps://[2001:db8::1]:1636/o=nws", "2001:db8::1", 1636, "o=nws"),
        ("ldap://nws/cn=M%C3%BCller", "nws", 389, "cn=Müller"),
        ("ldap://nws/cn=a/b", "nws", 389, "cn=a/b"),
    ],
)
def test_what_a_url_leaves_out_is_the_standards(url: str, host: str, port: int, base: str) -> None:
    place = parse(url)
    assert (place.host, place.port, place.base) == (host, port, base)


@pytest.mark.parametrize(
    "url",
    [
        "ldap://", "ldap:///o=grid", "ldap://h:0", "ldap://h:99999", "ldap://h:x", "ldap://-h/", "ldap://a b/",
        "ldap://h/%00", "ldap://h/%ff", "ldap://[::1/", "ldap://h/a\nb", "http://h/o=grid", "ldapi://h/",
        "ldap://me@h/", "ldap://me:secret@h/", "ldap://h/o=grid?cn?sub", "ldap://h/o=grid#x",
    ],
)  # fmt: skip
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url)
    assert "ldap://" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_all_entries_below_the_base_are_found(openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "PAGE", 2)
    server = openldap()
    for number in range(5):
        server.add_host(f"n{number}")
    assert names(server.url, "(objectClass=MdsHost)") == [f"Mds-Host-hn=n{n},Mds-Vo-name=site,o=grid" for n in range(5)]
    assert len(names(f"{server.address}/Mds-Host-hn=n3,Mds-Vo-name=site,o=grid")) == 1


def test_without_a_base_the_whole_tree_is_searched(openldap: Callable[..., Any]) -> None:
    server = openldap()
    assert names(server.address) == names(server.url)


@pytest.mark.parametrize(
    ("base", "words"), [("o=nowhere", "has no such base"), ("o=grid,", "takes its base for no distinguished name")]
)
def test_a_base_that_is_not_there_is_refused(openldap: Callable[..., Any], base: str, words: str) -> None:
    error = failure(f"{openldap().address}/{base}")
    assert isinstance(error, Refused)
    assert words in str(error)
    assert error.hint


def test_a_server_that_gives_only_some_is_refused(openldap: Callable[..., Any]) -> None:
    error = failure(openldap(options=["sizelimit 2"]).url)
    assert "gives fewer entries at a time than it has" in str(error)


def test_a_server_that_wants_a_name_is_refused(openldap: Callable[..., Any]) -> None:
    error = failure(openldap(options=["require authc"]).url)
    assert isinstance(error, Refused)
    assert "is not to be read by everyone" in str(error)


def test_a_server_that_refers_elsewhere_is_refused(openldap: Callable[..., Any]) -> None:
    error = failure(f"{openldap(options=['referral ldap://other.example.org']).address}/o=other")
    assert "keeps this base elsewhere" in str(error)


def test_a_closed_port_is_refused(closed_port: int) -> None:
    error = failure(f"ldap://127.0.0.1:{closed_port}/o=grid")
    assert isinstance(error, Refused)
    assert f"nothing answers on port {closed_port}" in str(error)


@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'x' * 70}.invalid"])
def test_a_name_that_nobody_knows_is_unreachable(host: str) -> None:
    error = failure(f"ldap://{host}/o=grid")
    assert isinstance(error, Unreachable)
    assert "there is no machine named" in str(error)


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_silence_is_unreachable(silent_port: int, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (connection, entering):
        monkeypatch.setattr(module, "SILENCE_S", 0.2)
    assert isinstance(failure(f"{scheme}://127.0.0.1:{silent_port}/o=grid"), Unreachable)


def test_an_answer_without_an_end_is_ended(openldap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    server = openldap()
    with monkeypatch.context() as patch:
        patch.setattr(connection, "SEARCH_S", 0.0)
        assert "has not come to the end of its answer" in str(failure(server.url))
    monkeypatch.setattr(connection, "MOST_BYTES", 100)
    assert "answers with more than" in str(failure(server.url))


@pytest.mark.parametrize(
    "words",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x30\x03\x02\x01\x00" * 9, b"\x30\x84" + b"\xff" * 99, bytes(99), b"0\x02\x02\x01"],
)
def test_another_service_is_no_directory(
    speaker: Callable[..., Any], words: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (connection, entering):
        monkeypatch.setattr(module, "SILENCE_S", 0.2)
    assert failure(f"ldap://127.0.0.1:{speaker(words).port}/o=grid").status in {"refused", "unreachable"}


def test_a_certificate_counts_only_where_its_authority_is_trusted(
    openldap: Callable[..., Any], authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.certificate("127.0.0.1")
    server = openldap(certificate=certificate, key=key)
    error = failure(server.url)
    assert isinstance(error, Refused)
    assert "is not to be trusted" in str(error)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    assert names(server.url)


def test_a_certificate_for_another_name_is_refused(
    openldap: Callable[..., Any], authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    certificate, key = authority.certificate("other.example.org")
    assert "is not to be trusted" in str(failure(openldap(certificate=certificate, key=key).url))


def test_the_wrong_scheme_is_told(openldap: Callable[..., Any], authority: Any) -> None:
    certificate, key = authority.certificate("127.0.0.1")
    plain, secure = openldap(), openldap(certificate=certificate, key=key)
    error = failure(plain.url.replace("ldap:", "ldaps:"))
    assert "does not speak TLS" in str(error)
    assert "Write ldap://" in error.hint
    assert "ldaps://" in failure(secure.url.replace("ldaps:", "ldap:")).hint
