"""OpenSSH certificates: a key that an authority of the hosts has signed, for some names and some time."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import paramiko
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)
from paramiko.pkey import PublicBlob

from zeligui.errors import UsageError

FOREVER = 2**64 - 1
LARGEST = 1 << 16


class NotValid(UsageError):
    """A certificate that lies beside a key is not to be used."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that is valid now, as ssh sends it, and what it is in words."""

    blob: PublicBlob
    says: str


def certificate_of(file: Path, public: bytes, now: datetime | None = None) -> Certificate | None:
    """The certificate beside a private key file whose public half is `public`; None where there is none. NotValid."""
    beside = Path(f"{file}-cert.pub")
    try:
        with beside.open("rb") as opened:
            content = opened.read(LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotValid(f"Its certificate {beside} cannot be read: {error.strerror}.") from error
    try:
        found = load_ssh_public_identity(content)
        blob = PublicBlob.from_string(content.decode("ascii"))
    except (ValueError, UnsupportedAlgorithm, paramiko.SSHException) as error:
        raise NotValid(f"{beside} is no certificate that is understood.", hint="It may be cut off.") from error
    if not isinstance(found, SSHCertificate):
        raise NotValid(f"{beside} is a key, and no certificate.")
    return _valid(found, blob, beside, public, now or datetime.now(UTC))


def _valid(found: SSHCertificate, blob: PublicBlob, file: Path, public: bytes, now: datetime) -> Certificate:
    again = "Ask who signed it for a new one."
    begins, ends = _moment(found.valid_after), _moment(found.valid_before)
    if found.type is not SSHCertificateType.USER:
        raise NotValid(f"The certificate {file} is for a host, not for a user.")
    if _blob_of(found) != public:
        raise NotValid(f"The certificate {file} belongs to another key.", hint=again)
    try:
        found.verify_cert_signature()
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise NotValid(f"The signature of the certificate {file} does not fit.", hint=again) from error
    if begins and now < begins:
        raise NotValid(
            f"Its certificate {file} is not valid before {_said(begins)}.", hint="Look at the clock, or wait."
        )
    if ends and now >= ends:
        raise NotValid(f"Its certificate {file} ended on {_said(ends)}.", hint=again)
    names = ", ".join(one.decode("utf-8", "replace") for one in found.valid_principals) or "every name"
    until = f"until {_said(ends)}" if ends else "for ever"
    return Certificate(blob, f"With a certificate for {names}, valid {until}.")


def _moment(seconds: int) -> datetime | None:
    """None for the end of time, and for what no calendar reaches."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds < FOREVER else None
    except (OverflowError, ValueError, OSError):
        return None


def _said(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"


def _blob_of(found: SSHCertificate) -> bytes:
    line = found.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return base64.b64decode(line.split()[1])
