"""An authority of the tests' own: it signs certificates, says what it may sign, and revokes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

HASH = "0a1b2c3d"
DAY = timedelta(days=1)


@cache
def some_key(number: int) -> rsa.RSAPrivateKey:
    """The same key for the same number: making one takes a tenth of a second."""
    del number
    return rsa.generate_private_key(65537, 2048)


def name(common: str) -> x509.Name:
    pairs = ((NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "Sim"))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in (*pairs, (NameOID.COMMON_NAME, common))])


def openssl_hash(subject: x509.Name) -> str:
    """What OpenSSL, and so Globus, looks for in a folder of authorities (X509_NAME_hash)."""
    plain = b""
    for one in subject:
        value = " ".join(one.value.lower().split()).encode()
        oid = x509.Name([one]).public_bytes()[6:11]  # the three outer headers are of two bytes each
        plain += tlv(0x31, tlv(0x30, oid + tlv(0x0C, value)))
    return hashlib.sha1(plain).digest()[3::-1].hex()


def tlv(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


class Authority:
    """Its own files lie in `folder`, as a folder of trusted authorities has them."""

    def __init__(self, folder: Path, common: str = "Test CA", *, number: int = 0, hashed: str = HASH) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.name = name(common)
        self.key = some_key(number)
        self.file = folder / f"{hashed}.0"
        self.certificate = self.sign(self.name, self.key.public_key(), authority=True)
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.allow('"/O=Grid/OU=Sim/*"')

    def sign(
        self,
        subject: x509.Name,
        public: rsa.RSAPublicKey,
        *,
        begins: timedelta = -DAY,
        ends: timedelta = 10 * DAY,
        authority: bool = False,
        names: Sequence[str] = (),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def host(self, folder: Path, *names: str) -> tuple[Path, Path]:
        """The certificate of a machine of these names and its key, as files."""
        key = some_key(101)
        certificate, private = folder / "hostcert.pem", folder / "hostkey.pem"
        signed = self.sign(name(f"host/{names[0]}"), key.public_key(), names=names)
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        private.chmod(0o400)
        return certificate, private

    def user(self, folder: Path, *, passphrase: bytes = b"", **times: timedelta) -> tuple[Path, Path]:
        """A certificate and its key, as files."""
        key = some_key(100)
        certificate, private = folder / "usercert.pem", folder / "userkey.pem"
        signed = self.sign(name("Some One"), key.public_key(), **times)
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        hidden = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden))
        private.chmod(0o600)
        return certificate, private

    def allow(self, patterns: str, authority: str = "/O=Grid/OU=Sim/CN=Test CA") -> None:
        text = (
            f"# what may be signed\naccess_id_CA      X509         '{authority}'\n"
            f"pos_rights        globus        CA:sign\ncond_subjects     globus       '{patterns}'\n"
        )
        self.file.with_suffix(".signing_policy").write_text(text)

    def revoke(self, *serials: int, next_update: timedelta = DAY, key: rsa.RSAPrivateKey | None = None) -> None:
        now = datetime.now(UTC)
        listed = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(now - 2 * DAY)
            .next_update(now + next_update)
        )
        for serial in serials:
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
            listed = listed.add_revoked_certificate(revoked)
        signed = listed.sign(key or self.key, hashes.SHA256())
        self.file.with_suffix(".r0").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
