"""Proxies made from a user's certificate: what is in them, who takes them, and what is refused."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.links.gsi.authority import DAY, Authority, name, some_key
from tests.servers import require
from zeligui.errors import UsageError
from zeligui.links.gsi.credentials import Credential, NoCredential, read_pair, read_proxy
from zeligui.links.gsi.proxies import delegate, destroy_proxy, make_proxy, write_proxy


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


@pytest.fixture
def user(authority: Authority, tmp_path: Path) -> Credential:
    return read_pair(*authority.user(tmp_path))


def shown_over_tls(proxy: Path, authority: Authority, tmp_path: Path) -> str:
    """The proxy as a client's certificate: what a server that allows proxies makes of it; "" where it takes it."""
    host_key, host = some_key(200), authority.sign(name("localhost"), some_key(200).public_key())
    pem = tmp_path / "host.pem"
    pem.write_bytes(
        host.public_bytes(serialization.Encoding.PEM)
        + host_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server_side.load_cert_chain(pem)
    server_side.verify_mode = ssl.CERT_REQUIRED
    server_side.verify_flags |= ssl.VerifyFlags.VERIFY_ALLOW_PROXY_CERTS
    client_side.load_cert_chain(proxy)
    client_side.check_hostname = False
    for side in (server_side, client_side):
        side.load_verify_locations(authority.file)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(up, down, server_side=True)
    client = client_side.wrap_bio(down, up)
    try:
        for _ in range(8):
            for side in (client, server):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
    except ssl.SSLError as error:
        return str(error)
    assert server.getpeercert(binary_form=True)
    return ""


def test_a_proxy_is_taken_by_a_server_that_knows_the_authority_alone(
    user: Credential, authority: Authority, tmp_path: Path
) -> None:
    first = make_proxy(user)
    write_proxy(make_proxy(first), tmp_path / "proxy")  # a proxy of a proxy
    assert shown_over_tls(tmp_path / "proxy", authority, tmp_path) == ""


def test_a_proxy_signed_by_another_key_is_not_taken(user: Credential, authority: Authority, tmp_path: Path) -> None:
    false = Credential(user.chain, some_key(300))
    write_proxy(make_proxy(false), tmp_path / "proxy")
    assert "verify failed" in shown_over_tls(tmp_path / "proxy", authority, tmp_path)


def test_a_written_proxy_reads_as_the_same_and_is_for_its_user_alone(user: Credential, tmp_path: Path) -> None:
    proxy = make_proxy(user, valid_s=7200)
    write_proxy(proxy, tmp_path / "proxy")
    read = read_proxy(tmp_path / "proxy")
    assert (tmp_path / "proxy").stat().st_mode & 0o777 == 0o600
    assert read.chain == proxy.chain
    assert (read.kind, read.limited) == ("full proxy", False)
    assert read.identity == "/O=Grid/OU=Sim/CN=Some One"
    assert read.subject.startswith("/O=Grid/OU=Sim/CN=Some One/CN=")
    assert 7100 < read.left_s() <= 7200


def test_what_a_limited_proxy_makes_is_limited(user: Credential) -> None:
    limited = make_proxy(user, limited=True)
    assert limited.kind == "limited proxy"
    assert make_proxy(limited).limited
    assert make_proxy(limited).kind == "limited proxy"


def test_a_proxy_ends_with_what_it_comes_from(authority: Authority, tmp_path: Path) -> None:
    user = read_pair(*authority.user(tmp_path, ends=timedelta(hours=1)))
    assert make_proxy(user, valid_s=86400).ends == user.ends


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [(-5 * DAY, -DAY, "ended on"), (DAY, 5 * DAY, "is not valid before")],
    ids=["expired", "not-yet"],
)
def test_a_certificate_out_of_its_time_makes_no_proxy(
    authority: Authority, tmp_path: Path, begins: timedelta, ends: timedelta, words: str
) -> None:
    user = read_pair(*authority.user(tmp_path, begins=begins, ends=ends))
    with pytest.raises(UsageError, match=words):
        make_proxy(user)


def test_a_pass_phrase_is_asked_for_and_never_told(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.user(tmp_path, passphrase=b"open sesame")
    assert make_proxy(read_pair(certificate, key, lambda _: "open sesame")).left_s() > 0
    with pytest.raises(UsageError, match="does not open") as wrong:
        read_pair(certificate, key, lambda _: "close sesame")
    with pytest.raises(UsageError, match="nobody can be asked"):
        read_pair(certificate, key)
    assert "sesame" not in f"{wrong.value!r} {wrong.value.hint} {wrong.value.__context__!r} {wrong.value.__cause__!r}"


def open_to_all(certificate: Path, key: Path) -> None:
    key.chmod(0o644)


def of_another(certificate: Path, key: Path) -> None:
    pem = some_key(400).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key.write_bytes(pem)


def cut_off(certificate: Path, key: Path) -> None:
    key.write_bytes(key.read_bytes()[:400])


def swapped(certificate: Path, key: Path) -> None:
    certificate.write_bytes(key.read_bytes())


def garbled(certificate: Path, key: Path) -> None:
    certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def endless(certificate: Path, key: Path) -> None:
    certificate.unlink()
    certificate.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (open_to_all, "can be read by other users"),
        (of_another, "does not belong to the private key"),
        (cut_off, "holds no private key"),
        (swapped, "holds no certificate"),
        (garbled, "cannot be read"),
        (endless, "is no file"),
    ],
)
def test_bad_files_are_refused_in_words(
    authority: Authority, tmp_path: Path, spoil: Callable[[Path, Path], None], words: str
) -> None:
    certificate, key = authority.user(tmp_path)
    spoil(certificate, key)
    with pytest.raises(UsageError, match=words):
        read_pair(certificate, key)


def test_a_missing_file_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoCredential, match="There is no proxy") as missing:
        read_proxy(tmp_path / "proxy")
    assert "zeligrid proxy init" in missing.value.hint


def test_a_request_of_a_service_is_signed_as_a_limited_proxy(user: Credential) -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(some_key(500), hashes.SHA256())
    signed = x509.load_der_x509_certificate(delegate(user, request.public_bytes(serialization.Encoding.DER)))
    signed.verify_directly_issued_by(user.certificate)
    assert signed.public_key() == some_key(500).public_key()
    assert Credential((signed, *user.chain), some_key(500)).limited
    with pytest.raises(ValueError, match=r".+"):
        delegate(user, b"\x30\x03abc")


def test_a_destroyed_proxy_is_gone_and_overwritten(user: Credential, tmp_path: Path) -> None:
    file, second = tmp_path / "proxy", tmp_path / "second"
    write_proxy(make_proxy(user), file)
    second.hardlink_to(file)
    assert destroy_proxy(file)
    assert not file.exists()
    assert not second.read_bytes().strip(b"\0")
    assert not destroy_proxy(file)


def test_what_a_link_points_to_is_left_alone(user: Credential, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("precious")
    (tmp_path / "proxy").symlink_to(tmp_path / "other")
    assert destroy_proxy(tmp_path / "proxy")
    assert (tmp_path / "other").read_text() == "precious"


def test_globus_reads_our_proxies_and_we_read_its(user: Credential, authority: Authority, tmp_path: Path) -> None:
    certificate, key = tmp_path / "usercert.pem", tmp_path / "userkey.pem"
    info, init = (require(program, "globus-proxy-utils") for program in ("grid-proxy-info", "grid-proxy-init"))
    write_proxy(make_proxy(user, valid_s=3600), tmp_path / "ours")
    said = subprocess.run([info, "-f", tmp_path / "ours"], capture_output=True, text=True, check=True)
    assert "identity : /O=Grid/OU=Sim/CN=Some One" in said.stdout
    assert "RFC 3820 compliant impersonation proxy" in said.stdout
    make = [init, "-q", "-limited", "-valid", "2:0", "-cert", certificate, "-key", key]
    environment = {"X509_CERT_DIR": str(authority.folder), "PATH": "/usr/bin:/bin"}
    subprocess.run([*make, "-out", tmp_path / "theirs"], check=True, env=environment)
    theirs = read_proxy(tmp_path / "theirs")
    assert theirs.limited
    assert theirs.identity == "/O=Grid/OU=Sim/CN=Some One"
    assert abs((theirs.ends - datetime.now(UTC)).total_seconds() - 7200) < 120
