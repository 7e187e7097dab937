"""Proxies (RFC 3820): short-lived certificates that stand for the user, made here without any tool of Globus."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from zeligui.errors import UsageError
from zeligui.links.gsi.credentials import (
    INHERIT_ALL,
    LIMITED,
    PROXY_INFORMATION,
    Credential,
    check_times,
)

USUAL_S = 12 * 3600.0
"""What Globus's own tools take, too."""

SHORTEST_S = 600.0
"""A gatekeeper refuses a proxy that ends sooner."""

SLACK = timedelta(minutes=5)
"""So much the clock of a site may be behind ours."""

LEAST_BITS, MOST_BITS = 2048, 8192


def make_proxy(
    issuer: Credential,
    *,
    valid_s: float = USUAL_S,
    limited: bool = False,
    bits: int = LEAST_BITS,
    now: datetime | None = None,
) -> Credential:
    """A proxy with a new key, valid for `valid_s` but not beyond the chain that it comes from.

    A limited one may move files and start no jobs; a proxy of a limited one is limited. UsageError where the issuer is
    not valid now, or allows no proxy after it.
    """
    now = now or datetime.now(UTC)
    check_times(issuer, now)
    if not 1 <= valid_s <= 366 * 86400:
        raise UsageError("A proxy is valid for a second at least, and for a year at most.")
    if not LEAST_BITS <= bits <= MOST_BITS:
        raise UsageError(f"A key of {bits} bits is not to be used.", hint=f"Take {LEAST_BITS} to {MOST_BITS}.")
    key = rsa.generate_private_key(65537, bits)
    ends = min(now + timedelta(seconds=valid_s), issuer.ends)
    certificate = _sign(issuer, key.public_key(), ends=ends, limited=limited or issuer.limited, now=now)
    return Credential((certificate, *issuer.chain), key)


def delegate(issuer: Credential, request: bytes, *, valid_s: float | None = None, limited: bool = True) -> bytes:
    """Sign the certificate request (DER) of a service as a proxy of ours; the certificate, as DER.

    ValueError where the request is none, or is not signed by its own key.
    """
    asked = x509.load_der_x509_csr(request)
    if not asked.is_signature_valid:
        raise ValueError("the request is not signed by its own key")
    public = asked.public_key()
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size < LEAST_BITS // 2:
        raise ValueError("the request is for no RSA key of a safe size")
    now = datetime.now(UTC)
    ends = issuer.ends if valid_s is None else min(issuer.ends, now + timedelta(seconds=valid_s))
    signed = _sign(issuer, public, ends=ends, limited=limited or issuer.limited, now=now)
    return signed.public_bytes(serialization.Encoding.DER)


def _sign(
    issuer: Credential, public: rsa.RSAPublicKey, *, ends: datetime, limited: bool, now: datetime
) -> x509.Certificate:
    parent = issuer.certificate
    serial = secrets.randbits(63) | 1
    number = x509.NameAttribute(NameOID.COMMON_NAME, str(secrets.randbits(31) | 1))
    subject = x509.Name([*parent.subject.rdns, x509.RelativeDistinguishedName([number])])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(parent.subject)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(max(now - SLACK, issuer.begins))
        .not_valid_after(ends)
        .add_extension(x509.UnrecognizedExtension(PROXY_INFORMATION, _information(limited=limited)), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer.key, hashes.SHA256())
    )


def _information(*, limited: bool) -> bytes:
    """ProxyCertInfo, without a limit to the path: a sequence of a sequence of the policy's language."""
    policy = _sequence(LIMITED if limited else INHERIT_ALL)
    return _sequence(policy)


def _sequence(content: bytes) -> bytes:
    return bytes((0x30, len(content))) + content  # all that is made here is shorter than 128 bytes


def write_proxy(proxy: Credential, file: Path) -> None:
    """Write it for this user alone, as Globus's tools do: certificate, key, the rest of the chain. Whole or not at all.

    UsageError where it cannot be written.
    """
    key = proxy.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    first, *rest = [one.public_bytes(serialization.Encoding.PEM) for one in proxy.chain]
    try:
        with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as written:  # mode 0600
            try:
                written.write(b"".join((first, key, *rest)))
                written.flush()
                os.fsync(written.fileno())
                Path(written.name).replace(file)
            except BaseException:
                Path(written.name).unlink()
                raise
    except OSError as error:
        raise UsageError(f"The proxy {file} cannot be written: {error.strerror}.") from error


def destroy_proxy(file: Path) -> bool:
    """Overwrite the proxy and remove it; False where there is none. UsageError where that is not possible."""
    try:
        if file.is_symlink() or not file.is_file():
            return _gone(file)
        with file.open("r+b") as opened:
            opened.write(bytes(file.stat().st_size))
            opened.flush()
            os.fsync(opened.fileno())
        file.unlink()
    except OSError as error:
        raise UsageError(f"The proxy {file} cannot be removed: {error.strerror}.") from error
    return True


def _gone(file: Path) -> bool:
    """A link is removed, not what it points to; anything else that is no file is left alone."""
    if file.is_symlink():
        with suppress(FileNotFoundError):
            file.unlink()
        return True
    if file.exists():
        raise UsageError(f"{file} is no file.")
    return False
