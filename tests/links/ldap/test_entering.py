"""How directories are entered: certificates, StartTLS, users and passwords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from tests.directories import BASE, MASTER, PASSWORD, Authority, OpenLdap
from tests.keyrings import Ring
from tests.links.ldap.answers import search
from zeligui.errors import LinkError, Refused, Unreachable, UsageError
from zeligui.links.ldap import connection, entering, parse
from zeligui.options import Place as At
from zeligui.settings import Directories, Settings, check

Start = Callable[..., OpenLdap]
CLEAR = ["password-hash {CLEARTEXT}", r'authz-regexp "uid=([^,]*),cn=digest-md5,cn=auth" "cn=$1,o=grid"']


def found(url: str, entered: Directories) -> list[str]:
    return [entry.dn.decode() for entry in search(parse(url, entered), "(objectClass=*)")]


def failure(url: str, entered: Directories) -> LinkError:
    with pytest.raises(LinkError) as caught:
        found(url, entered)
    said = f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"
    for words in ("has no secret", "The secret locked"):
        said = said.replace(words, "")
    assert "secret" not in said
    return caught.value


@pytest.fixture
def trusting(authority: Authority) -> Directories:
    return Directories(authorities=(authority.file,))


@pytest.fixture
def master(ring: Ring) -> Directories:
    ring.set_password("zeligrid", "grid", PASSWORD)
    return Directories(user=MASTER, password="keyring:grid")


def by_starttls(start: Start, authority: Authority, host: str = "127.0.0.1", **times: float) -> OpenLdap:
    """A server on ldap:// which can start TLS."""
    certificate, key = authority.certificate(host, **times)
    return start(options=[f"TLSCertificateFile {certificate}", f"TLSCertificateKeyFile {key}"])


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_private_authority_is_trusted_by_its_file(
    openldap: Start, authority: Authority, trusting: Directories, scheme: str
) -> None:
    if scheme == "ldap":
        server, trusting = by_starttls(openldap, authority), replace(trusting, starttls=True)
    else:
        certificate, key = authority.certificate("127.0.0.1")
        server = openldap(certificate=certificate, key=key)
    assert found(server.url, trusting)


@pytest.mark.parametrize(
    ("host", "days", "words"),
    [
        ("other.example.org", (-1, 1), "mismatch"),
        ("127.0.0.1", (-9, -1), "expired"),
        ("127.0.0.1", (1, 9), "not yet valid"),
    ],
    ids=["name", "expired", "not-yet"],
)
def test_a_bad_certificate_is_refused_in_words(
    openldap: Start, authority: Authority, host: str, days: tuple[float, float], words: str
) -> None:
    certificate, key = authority.certificate(host, begins_d=days[0], ends_d=days[1])
    by_starttls = openldap(options=[f"TLSCertificateFile {certificate}", f"TLSCertificateKeyFile {key}"])
    for server in (by_starttls, openldap(certificate=certificate, key=key)):
        error = failure(server.url, Directories(starttls=True, authorities=(authority.file,)))
        assert isinstance(error, Refused)
        assert words in str(error)


def test_the_wrong_authority_is_refused(
    openldap: Start, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    error = failure(by_starttls(openldap, authority).url, Directories(starttls=True, authorities=(other.file,)))
    assert "is not to be trusted" in str(error)
    assert "authorities" in error.hint


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_is_told(openldap: Start, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    error = failure(openldap().url, Directories(starttls=True, authorities=(file,)))
    assert "does not start TLS" in str(error) or f"The authority {file} cannot be read" in str(error)


def test_what_is_to_be_encrypted_is_never_asked_in_clear(openldap: Start, master: Directories) -> None:
    server = openldap()
    error = failure(server.url, replace(master, starttls=True))
    assert "does not start TLS" in str(error)
    assert "does not start TLS" in str(failure(f"{server.url}????StartTLS", master))


def test_a_user_is_let_in_by_a_password_of_the_keyring(openldap: Start, master: Directories, ring: Ring) -> None:
    server = openldap(options=["disallow bind_anon", "require authc"])
    assert found(server.url, master)
    reader = server.add_user("reader", "other secret")
    ring.set_password("zeligrid", "grid", "other secret")
    assert found(f"{server.url}????bindname={reader.replace(',', '%2C')}", master)


def spoiled(ring: Ring, name: str) -> Directories:
    ring.set_password("zeligrid", "grid", "" if name == "empty" else "not the secret")
    user = "cn=nobody,o=grid" if name == "user" else MASTER
    return Directories(user=user, password={"missing": "keyring:other", "none": ""}.get(name, "keyring:grid"))


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("password", "knows no user cn=master,o=grid with that password", "keyring set zeligrid grid"),
        ("user", "knows no user cn=nobody,o=grid with that password", "keyring set zeligrid grid"),
        ("empty", "is empty", ""),
        ("missing", "The keyring has no secret other", "keyring set zeligrid other"),
        ("none", "The keyring has no secret cn=master,o=grid", "keyring set zeligrid cn=master,o=grid"),
    ],
)
def test_who_is_not_let_in_is_told_why(openldap: Start, ring: Ring, name: str, words: str, hint: str) -> None:
    error = failure(openldap().url, spoiled(ring, name))
    assert isinstance(error, Refused)
    assert words in str(error)
    assert hint in error.hint


def test_a_server_that_is_not_for_everyone_says_what_to_set(openldap: Start) -> None:
    error = failure(openldap(options=["disallow bind_anon", "require authc"]).url, Directories())
    assert "is not to be read by everyone" in str(error)
    assert "`user` and `password`" in error.hint


def test_a_password_does_not_cross_the_network_in_clear(monkeypatch: pytest.MonkeyPatch, master: Directories) -> None:
    place = parse("ldap://directory.example.org/o=grid", master)
    with pytest.raises(Refused, match="would cross the network unencrypted"):
        entering.enter(None, place, "192.0.2.1", encrypted=False)  # type: ignore[arg-type]


def test_digest_md5_proves_a_user_without_sending_the_password(openldap: Start, ring: Ring) -> None:
    server = openldap(options=[*CLEAR, "disallow bind_anon", "require authc"])
    server.add_user("reader", "top secret")
    entered = Directories(user="reader", password="keyring:grid", mechanism="DIGEST-MD5")
    ring.set_password("zeligrid", "grid", "top secret")
    assert found(server.url, entered)
    ring.set_password("zeligrid", "grid", "no secret")
    assert "knows no user reader" in str(failure(server.url, entered))


def test_one_level_and_the_base_alone_can_be_searched(openldap: Start) -> None:
    server = openldap()
    server.add_host("n1")
    whole, one = (len(found(f"{server.url}??{scope}", Directories())) for scope in ("sub", "one"))
    assert found(f"{server.url}??base", Directories()) == [BASE]
    assert one == 2 < whole


@pytest.mark.parametrize(
    "url",
    [
        "ldap://h/o=grid????StartTLS,password=x",
        "ldap://h/o=grid????bindname=%00",
        "ldap://h/o=grid????bindname=cn=a,o=grid",
        "ldaps://h/o=grid????StartTLS",
        "ldap://h/o=grid??two",
        "ldap://h/o=grid????!unknown",
    ],
)
def test_what_a_url_cannot_ask_for_is_refused(url: str) -> None:
    with pytest.raises(Exception, match=r"is not the address|more than can be chosen|TLS twice"):
        parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "ldap://reader:secret@host/o=grid",
        "ldap://reader:secret@ho st/o=grid",
        "ldap://reader:se?secret@host/o=grid",
        "ldap://host/o=grid????password=secret",
        "ldap://host/o=grid????bindname=cn=a,x-bindpw=secret",
        "ldap://host/o=grid?secret",
    ],
)
def test_a_password_in_a_url_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url)
    error = caught.value
    assert "secret" not in f"{error!r} {error.hint} {error.__cause__!r}"
    assert "bindname=DN" in error.hint
    if url.startswith("ldap://reader:secret@host"):
        assert "keyring" in error.hint


def test_the_settings_take_no_password_either() -> None:
    for entered in (Directories(mds="ldap://me:secret@host/o=grid"), Directories(password="secret")):
        with pytest.raises(UsageError) as caught:
            check(Settings(directories=entered), At(Path("settings.toml")))
        assert "secret" not in str(caught.value).replace("a secret", "")


def test_a_user_of_the_url_has_the_password_of_that_name(openldap: Start, ring: Ring) -> None:
    server = openldap(options=["disallow bind_anon", "require authc"])
    reader = server.add_user("reader", "reader's")
    ring.set_password("zeligrid", MASTER, PASSWORD)
    ring.set_password("zeligrid", reader, "reader's")
    entered = Directories(user=MASTER)
    assert found(server.url, entered)
    assert found(f"{server.url}????bindname={reader.replace(',', '%2C')}", entered)


def test_a_url_may_ask_to_stay_anonymous(openldap: Start, ring: Ring) -> None:
    server = openldap(options=["disallow bind_anon", "require authc"])
    error = failure(f"{server.url}????bindname=", Directories(user=MASTER))
    assert "is not to be read by everyone" in str(error)
    assert found(f"{openldap().url}????bindname=", Directories(user=MASTER))


@pytest.mark.parametrize("mechanism", ["simple", "DIGEST-MD5"])
def test_any_password_can_be_one(openldap: Start, ring: Ring, mechanism: Literal["simple", "DIGEST-MD5"]) -> None:
    server = openldap(options=CLEAR)
    reader = server.add_user("reader", 'zażółć, "gęślą" 🔑')
    entered = Directories(user=reader if mechanism == "simple" else "reader", password="keyring:r", mechanism=mechanism)
    ring.set_password("zeligrid", "r", 'zażółć, "gęślą" 🔑')
    assert found(server.url, entered)


def test_a_locked_keyring_is_told(openldap: Start, ring: Ring) -> None:
    error = failure(openldap().url, Directories(user=MASTER, password="keyring:locked"))
    assert "cannot be had: it is locked" in str(error)


def test_a_connection_that_was_closed_gets_no_password(openldap: Start, master: Directories) -> None:
    place = parse(openldap().url, master)
    with connection.open_connection(replace(place, user="")) as opened:
        opened.closed = True
        with pytest.raises(Unreachable, match="has closed the connection"):
            entering.enter(opened, place, "127.0.0.1", encrypted=False)


@pytest.mark.parametrize(
    ("host", "ends_d", "hint"),
    [
        ("127.0.0.1", 1, "--ca FILE"),
        ("other.example.org", 1, "the name, or the IP address, that the certificate is for"),
        ("127.0.0.1", -0.5, "renew it"),
    ],
)
def test_a_bad_certificate_comes_with_what_to_do(
    openldap: Start, authority: Authority, host: str, ends_d: float, hint: str
) -> None:
    certificate, key = authority.certificate(host, ends_d=ends_d)
    trusted = () if "--ca" in hint else (authority.file,)
    error = failure(openldap(certificate=certificate, key=key).url, Directories(authorities=trusted))
    assert hint in error.hint
    assert ".." not in str(error)
