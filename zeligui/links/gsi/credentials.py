"""Certificates with their private keys as files hold them, checked before use, and what they say in words."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

from zeligui.errors import UsageError, ZeliGridError

LARGEST = 1 << 20
"""Bytes of a file of certificates."""

PROXY_INFORMATION = ObjectIdentifier("1.3.6.1.5.5.7.1.14")
"""The extension ProxyCertInfo of RFC 3820."""
DRAFT_PROXY_INFORMATION = ObjectIdentifier("1.3.6.1.4.1.3536.1.222")
"""The same in the draft that Globus 3 followed."""

INHERIT_ALL = bytes.fromhex("06082b06010505071501")
INDEPENDENT = bytes.fromhex("06082b06010505071502")
LIMITED = bytes.fromhex("060b2b060104019b5001010109")
"""Policy languages of RFC 3820 and, the last, of Globus, as DER writes their identifiers."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_NAMES = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.USER_ID: "UID",
    NameOID.EMAIL_ADDRESS: "emailAddress",
    NameOID.SERIAL_NUMBER: "serialNumber",
}


class NoCredential(ZeliGridError):
    """There is no credential where one was looked for."""


def given(proxy: Path | None) -> Path:
    """The file of a session's proxy. NoCredential where it was given none."""
    if proxy is None:
        raise NoCredential("This session was given no grid proxy.", hint="Give it one: --context proxy")
    return proxy


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate first in its chain, with its private key. Nothing of the key is ever shown."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)
    file: Path | None = None

    @property
    def certificate(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def subject(self) -> str:
        return slashed(self.certificate.subject)

    @property
    def issuer(self) -> str:
        return slashed(self.certificate.issuer)

    @property
    def identity(self) -> str:
        """The name of the end entity for which all proxies of the chain stand."""
        named = next((one for one in self.chain if kind(one) == "certificate"), None)
        if named is not None:
            return slashed(named.subject)
        attributes = list(self.chain[-1].subject.rdns)[:-1]  # a proxy file without its certificate: without the last CN
        return slashed(x509.Name(attributes))

    @property
    def limited(self) -> bool:
        """Whether it may not start jobs: one limited proxy in the chain makes all after it limited."""
        return any(kind(one) == "limited proxy" for one in self.chain)

    @property
    def kind(self) -> str:
        return kind(self.certificate)

    @property
    def bits(self) -> int:
        return self.key.key_size

    @property
    def begins(self) -> datetime:
        return max(one.not_valid_before_utc for one in self.chain)

    @property
    def ends(self) -> datetime:
        """When the first of the chain ends, which ends all."""
        return min(one.not_valid_after_utc for one in self.chain)

    def left_s(self, now: datetime | None = None) -> float:
        """Seconds for which it is still valid, 0 after its end or before its beginning."""
        now = now or datetime.now(UTC)
        return max(0.0, (self.ends - now).total_seconds()) if now >= self.begins else 0.0


def lasting(seconds: float) -> str:
    """How long a credential is still valid, in words."""
    hours, minutes = divmod(int(seconds // 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def slashed(name: x509.Name) -> str:
    """A name as grid-mapfiles write it: /O=Grid/CN=Some One."""
    return "".join(
        f"/{_NAMES.get(attribute.oid, attribute.oid.dotted_string)}={attribute.value!s}" for attribute in name
    )


def kind(certificate: x509.Certificate) -> str:
    """`certificate`, or which kind of proxy it is: `full`, `limited`, `independent`, `restricted`, `legacy` proxy."""
    for oid in (PROXY_INFORMATION, DRAFT_PROXY_INFORMATION):
        try:
            extension = certificate.extensions.get_extension_for_oid(oid).value
        except (x509.ExtensionNotFound, ValueError):
            continue
        raw = extension.value if isinstance(extension, x509.UnrecognizedExtension) else b""
        for language, words in ((INHERIT_ALL, "full"), (LIMITED, "limited"), (INDEPENDENT, "independent")):
            if language in raw:
                return f"{words} proxy"
        return "restricted proxy"
    last = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)][-1:]
    if last == ["limited proxy"]:
        return "limited proxy"
    return "legacy proxy" if last == ["proxy"] else "certificate"


def read_pair(certificate: Path, key: Path, passphrase: Callable[[Path], str] | None = None) -> Credential:
    """The user's certificate and its key. `passphrase` is asked where the key is encrypted; its answer is kept nowhere.

    NoCredential where a file is missing; UsageError where one is not to be used, saying what mends it.
    """
    chain = _certificates(_content(certificate, "certificate"), certificate)
    private = _private_key(_content(key, "private key", secret=True), key, passphrase)
    return _matched(chain, private, certificate, key)


def read_proxy(file: Path) -> Credential:
    """A proxy file: certificate, key, and the rest of the chain. Errors as in `read_pair`."""
    content = _content(file, "proxy", secret=True)
    return _matched(_certificates(content, file), _private_key(content, file, None), file, file)


def read_certificate(file: Path) -> tuple[x509.Certificate, ...]:
    """What is in a file of certificates, without any key. Errors as in `read_pair`."""
    return _certificates(_content(file, "certificate"), file)


def is_locked(key: Path) -> bool:
    """Whether a private key asks for a pass phrase. Errors as in `read_pair`."""
    found = _KEY.search(_content(key, "private key", secret=True))
    return found is not None and b"ENCRYPTED" in found[0]


def check_times(credential: Credential, now: datetime | None = None) -> None:
    """UsageError where it is not valid at this time, saying since when or until when."""
    now = now or datetime.now(UTC)
    what = f"The {credential.kind} {credential.file or credential.subject}"
    if now < credential.begins:
        raise UsageError(
            f"{what} is not valid before {_moment(credential.begins)}.",
            hint="Look at the clock of this machine, or wait.",
        )
    if now >= credential.ends:
        renewed = credential.kind == "certificate"
        raise UsageError(
            f"{what} ended on {_moment(credential.ends)}.",
            hint="Ask the authority that signed it for a new one."
            if renewed
            else "`zeligrid proxy init` makes a new one.",
        )


def _moment(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"


def _content(file: Path, what: str, *, secret: bool = False) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise NoCredential(f"There is no {what} {file}.", hint=_MISSING[what]) from error
    except OSError as error:
        raise UsageError(f"The {what} {file} cannot be read: {error.strerror}.") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UsageError(f"The {what} {file} is no file.")
    with os.fdopen(descriptor, "rb") as opened:
        if secret and status.st_uid not in (os.getuid(), 0):
            raise UsageError(f"The {what} {file} belongs to another user.", hint="A key is for one user alone.")
        if secret and status.st_mode & 0o077:
            raise UsageError(
                f"The {what} {file} can be read by other users of this machine.",
                hint=f"Make it yours alone (chmod 600 {file}), and think of it as known to them.",
            )
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"The {what} {file} is larger than {LARGEST >> 20} MiB.")
    return content


_MISSING = {
    "certificate": "An authority of your grid gives one; keep it in ~/.globus/usercert.pem, or name it with --cert.",
    "private key": "It was made with the request for the certificate; keep it in ~/.globus/userkey.pem, or use --key.",
    "proxy": "`zeligrid proxy init` makes one from your certificate.",
}


def _certificates(content: bytes, file: Path) -> tuple[x509.Certificate, ...]:
    try:
        found = tuple(x509.load_pem_x509_certificate(one) for one in _CERTIFICATE.findall(content))
    except ValueError as error:
        raise UsageError(f"{file} holds a certificate that cannot be read.", hint="It may be cut off.") from error
    if not found:
        raise UsageError(
            f"{file} holds no certificate.", hint="Certificates are kept as PEM: -----BEGIN CERTIFICATE-----."
        )
    return found


def _private_key(content: bytes, file: Path, passphrase: Callable[[Path], str] | None) -> PrivateKey:
    pem = next(iter(_KEY.findall(content)), None)
    if pem is None:
        raise UsageError(f"{file} holds no private key.", hint="Keys are kept as PEM: -----BEGIN PRIVATE KEY-----.")
    try:
        private = _load(pem, file, passphrase)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"The private key {file} cannot be read.", hint="It may be cut off, or the pass phrase wrong."
        ) from (None if b"ENCRYPTED" in pem else error)
    if not isinstance(private, PrivateKey):
        raise UsageError(f"The private key {file} is neither RSA nor of an elliptic curve.")
    return private


def _load(pem: bytes, file: Path, passphrase: Callable[[Path], str] | None) -> object:
    if b"ENCRYPTED" not in pem:
        return serialization.load_pem_private_key(pem, None)
    if passphrase is None:
        raise UsageError(f"The private key {file} is encrypted, and nobody can be asked for its pass phrase.")
    try:
        return serialization.load_pem_private_key(pem, passphrase(file).encode())
    except ValueError:
        raise UsageError(f"The pass phrase does not open the private key {file}.", hint="Try again.") from None


def _matched(chain: Sequence[x509.Certificate], private: PrivateKey, certificate: Path, key: Path) -> Credential:
    if chain[0].public_key() != private.public_key():
        both = f"the private key {key}" if key != certificate else "the private key in the same file"
        raise UsageError(
            f"The certificate in {certificate} does not belong to {both}.", hint="Look for the other half of each."
        )
    return Credential(tuple(chain), private, certificate)
