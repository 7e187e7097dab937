"""Who is believed: names of hosts and of users, authorities and what they may sign, proxies and how long they last."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.links.gram.hostile import Realm, answering, framed, silent
from tests.links.gsi.authority import DAY, Authority, name, openssl_hash, some_key
from zeligui.errors import Refused, Unreachable, UsageError
from zeligui.links.gram.client import Client
from zeligui.links.gram.contacts import Contact, JobContact, job_contact
from zeligui.links.gram.peers import ManagerGone
from zeligui.links.gram.wire import Garbled
from zeligui.links.gram.words import DONE, Denied
from zeligui.links.gsi.credentials import Credential, NoCredential, read_pair
from zeligui.links.gsi.proxies import make_proxy, write_proxy

STATUS = b"protocol-version: 2\r\nstatus: %d\r\nfailure-code: %d\r\njob-failure-code: 0\r\nexit-code: 7\r\n\0"
IDENTITY = "/O=Grid/OU=Sim/CN=host/localhost"


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    return Realm(tmp_path)


def job(port: int) -> JobContact:
    return job_contact(f"https://localhost:{port}/1/2/")


def pong(tls: object) -> None:
    tls.sendall(b"\0")  # type: ignore[attr-defined]
    tls.recv(1)  # type: ignore[attr-defined]
    answering(framed(b""))(tls)  # type: ignore[arg-type]


def test_a_gatekeeper_proves_the_name_of_its_host(realm):
    with realm.server(lambda tls: (tls.sendall(b"\0"), tls.recv(99), tls.sendall(framed(b"")))) as port:
        Client(realm.identities).ping(Contact("localhost", port), limit_s=5)


def test_a_certificate_of_another_name_is_refused_with_what_to_write(realm):
    with realm.server(silent) as port, pytest.raises(Refused, match="of another name") as caught:
        Client(realm.identities).ping(Contact("127.0.0.1", port), limit_s=5)
    assert f":{IDENTITY}" in caught.value.hint


def test_the_subject_in_the_contact_stands_for_the_name(realm):
    with realm.server(lambda tls: (tls.sendall(b"\0"), tls.recv(99), tls.sendall(framed(b"")))) as port:
        Client(realm.identities).ping(Contact("127.0.0.1", port, subject=IDENTITY), limit_s=5)
        with pytest.raises(Refused, match="not of /O=Grid/CN=Else"):
            Client(realm.identities).ping(Contact("localhost", port, subject="/O=Grid/CN=Else"), limit_s=5)


def test_a_proxy_passes_for_no_host(realm):
    with realm.server(silent, shows=realm.proxy) as port, pytest.raises(Refused, match="of another name"):
        Client(realm.identities).ping(Contact("localhost", port), limit_s=5)


def test_a_job_manager_proves_that_it_was_sent_by_us(realm):
    with realm.server(answering(framed(STATUS % (DONE, 0))), shows=realm.proxy) as port:
        found = Client(realm.identities).status(job(port), limit_s=5)
    assert (found.state, found.exit_code) == (DONE, 7)


def test_a_job_manager_of_another_user_is_refused(realm, tmp_path):
    certificate, key = tmp_path / "other.pem", some_key(100)
    signed = realm.authority.sign(name("Some Else"), key.public_key())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate.write_bytes(signed.public_bytes(Encoding.PEM) + private)
    with (
        realm.server(silent, shows=certificate) as port,
        pytest.raises(Refused, match=r"another identity than yours: .*Some Else"),
    ):
        Client(realm.identities).status(job(port), limit_s=5)


def test_an_authority_may_sign_only_what_its_policy_says(realm):
    realm.authority.allow('"/O=Elsewhere/*"')
    with realm.server(silent) as port, pytest.raises(Refused, match="may not sign"):
        Client(realm.identities).ping(Contact("localhost", port), limit_s=5)


def test_a_revoked_certificate_is_refused(realm):
    client = Client(realm.identities)
    serial = x509.load_pem_x509_certificate(realm.host.read_bytes()).serial_number
    with realm.server(silent) as port:
        realm.authority.revoke(serial)
        with pytest.raises(Refused, match="was revoked"):
            client.ping(Contact("localhost", port), limit_s=5)


def test_an_authority_that_is_not_trusted_is_refused(realm, tmp_path):
    other = Authority(tmp_path / "others", "Other CA", number=1, hashed=openssl_hash(name("Other CA")))
    certificate, key = other.host(tmp_path, "localhost")
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(certificate.read_bytes() + key.read_bytes())
    with realm.server(silent, shows=foreign) as port, pytest.raises(Refused, match="not believed"):
        Client(realm.identities).ping(Contact("localhost", port), limit_s=5)


def test_a_site_that_does_not_trust_our_authority_says_so(realm, tmp_path):
    other = Authority(tmp_path / "others", "Other CA", number=1, hashed=openssl_hash(name("Other CA")))
    folder = tmp_path / "other"
    folder.mkdir()
    realm.write(make_proxy(read_pair(*other.user(folder))))
    with realm.server(pong) as port, pytest.raises(Refused, match="does not believe your certificate") as refused:
        Client(realm.identities).ping(Contact("localhost", port), limit_s=5)
    assert "trusts your authority" in refused.value.hint


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [(-2 * DAY, -DAY, "ended on"), (DAY, 2 * DAY, "not valid before")],
)
def test_a_proxy_that_is_not_valid_now_is_refused_before_anything_is_sent(realm, tmp_path, begins, ends, words):
    folder = tmp_path / "late"
    folder.mkdir()
    user = read_pair(*realm.authority.user(folder, begins=begins, ends=ends))
    write_proxy(Credential(user.chain, user.key), realm.proxy)
    with pytest.raises(UsageError, match=words):
        Client(realm.identities).status(job(1))


def test_a_proxy_of_less_than_ten_minutes_starts_no_job(realm):
    realm.write(make_proxy(realm.user, valid_s=599))
    with pytest.raises(UsageError, match="only; a site wants ten minutes") as caught:
        Client(realm.identities).submit(Contact("localhost", 1), b"&")
    assert "proxy init" in caught.value.hint


def test_a_limited_proxy_starts_no_job(realm):
    realm.write(make_proxy(realm.user, limited=True))
    with pytest.raises(UsageError, match="limited"):
        Client(realm.identities).submit(Contact("localhost", 1), b"&")


def test_a_proxy_that_others_can_read_is_not_used(realm):
    realm.proxy.chmod(0o644)
    with pytest.raises(UsageError, match="can be read by other users"):
        Client(realm.identities).status(job(1))


def test_no_proxy_is_said_with_what_makes_one(realm):
    realm.proxy.unlink()
    with pytest.raises(NoCredential, match="There is no proxy") as caught:
        Client(realm.identities).status(job(1))
    assert "proxy init" in caught.value.hint


def test_a_proxy_is_read_anew_when_it_has_changed(realm):
    identities = realm.identities
    first = identities.now()
    assert identities.now() is first
    realm.write(make_proxy(realm.user, valid_s=timedelta(hours=2).total_seconds()))
    assert identities.now().credential.certificate != first.credential.certificate


def test_where_a_job_manager_was_and_is_not_any_more_is_no_state_of_its_job(realm):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ManagerGone, match="is not there any more"):
        Client(realm.identities).status(job(port))
    with pytest.raises(Refused, match="Nothing listens"):
        Client(realm.identities).ping(Contact("localhost", port))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        framed(STATUS % (DONE, 0))[:-20],
        framed(b"protocol-version: 2\r\n\0"),
        framed(b"protocol-version: 2\r\nstatus: done\r\n\0"),
        b"\0" * 100,
    ],
)
def test_a_cut_or_garbled_status_is_an_error_and_no_state(realm, said):
    with realm.server(answering(said), shows=realm.proxy) as port, pytest.raises(Garbled, match="The job manager"):
        Client(realm.identities).status(job(port), limit_s=5)


def test_an_unknown_job_is_said_by_its_number(realm):
    said = framed(STATUS % (0, 156))
    with realm.server(answering(said), shows=realm.proxy) as port, pytest.raises(Denied, match="not known") as caught:
        Client(realm.identities).status(job(port), limit_s=5)
    assert caught.value.number == 156


def test_a_silent_job_manager_is_given_up_at_the_limit(realm):
    with realm.server(silent, shows=realm.proxy) as port:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match=r"did not answer within 0\.3 s"):
            Client(realm.identities).status(job(port), limit_s=0.3)
        assert time.monotonic() - begun < 60


def test_what_takes_the_job_and_names_no_contact_is_garbled(realm):
    said = framed(b'protocol-version: 2\r\nstatus: 110\r\njob-manager-url: "https://x/../"\r\n\0')

    def gatekeeper(tls):
        tls.sendall(b"\0")
        tls.recv(1)
        tls.sendall(REQUEST)
        tls.recv(1 << 16)
        answering(said)(tls)

    with realm.server(gatekeeper) as port, pytest.raises(Garbled, match="named no contact"):
        Client(realm.identities).submit(Contact("localhost", port), b"&", limit_s=5)


REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([]))
    .sign(some_key(3), hashes.SHA256())
    .public_bytes(Encoding.DER)
)
