"""The authorities that a user trusts: their certificates, what each may sign, and what each has revoked.

A folder of authorities has, for an authority whose hashed name is HASH: `HASH.0` (its certificate),
`HASH.signing_policy` (the names it may sign) and `HASH.r0` (its list of revoked certificates).
"""

from __future__ import annotations

import fnmatch
import re
import shlex
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from zeligui.errors import Refused, UsageError
from zeligui.links.gsi.credentials import LARGEST, kind, slashed

_NUMBERED = re.compile(r"[0-9a-f]{8}\.[0-9]", re.IGNORECASE)
MOST_STEPS = 16
"""Of a chain, from the end entity to an authority that signs itself."""

HINT = "Ask who runs the site, or the authority, for the right file."


@dataclass(frozen=True, slots=True)
class Authority:
    """One that is trusted. `policies` are the patterns of names it may sign; None where nothing says so."""

    certificate: x509.Certificate
    file: Path
    policies: tuple[str, ...] | None
    revocations: x509.CertificateRevocationList | None


class Trust:
    """All authorities of a folder, read once. UsageError where there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            files = sorted(file for file in folder.iterdir() if _NUMBERED.fullmatch(file.name))
        except OSError as error:
            raise UsageError(
                f"The folder of trusted authorities {folder} cannot be read: {error.strerror}.",
                hint="Put the certificates of your grid's authorities there, or name their folder with $X509_CERT_DIR.",
            ) from error
        self.authorities = [_authority(file) for file in files]
        if not files:
            raise UsageError(
                f"The folder {folder} holds no trusted authority.",
                hint="The certificate of one is named by its hash, such as 1f0e8352.0, with 1f0e8352.signing_policy.",
            )

    def context(self, proxy: Path) -> ssl.SSLContext:
        """What proves the user to a peer by a proxy, and believes the chains of these authorities alone.

        What each may sign, and what it has revoked, is for `check`. UsageError where a file cannot be used for TLS.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_flags |= ssl.VerifyFlags.VERIFY_ALLOW_PROXY_CERTS
        try:
            for authority in self.authorities:
                context.load_verify_locations(authority.file)
            context.load_cert_chain(proxy)
        except OSError as error:  # an SSLError is one
            raise UsageError(
                f"The proxy {proxy} or an authority of {self.folder} cannot be used for TLS: {error}.",
                hint="`zeligrid proxy init` makes a new proxy.",
            ) from error
        return context

    def check(self, chain: Sequence[x509.Certificate], where: str, now: datetime | None = None) -> None:
        """Refused unless each certificate, but for proxies, was signed by one who may, and is not revoked.

        Signatures and times of the chain are TLS's to verify; `where` is who showed the chain, for the words.
        """
        now = now or datetime.now(UTC)
        known = [one for one in chain if kind(one) == "certificate"]
        if not known:
            raise Refused(f"{where} shows no certificate of an authority.", hint=HINT)
        certificate = known[0]
        for _ in range(MOST_STEPS):
            authority = self._issuer(certificate, where)
            _check_policy(certificate, authority, where)
            _check_revoked(certificate, authority, where, now)
            if authority.certificate.subject == authority.certificate.issuer:
                return
            certificate = authority.certificate
        raise Refused(f"The certificate of {where} has a chain without an end.", hint=HINT)

    def _issuer(self, certificate: x509.Certificate, where: str) -> Authority:
        for one in self.authorities:
            if one.certificate.subject == certificate.issuer:
                try:
                    certificate.verify_directly_issued_by(one.certificate)
                except (InvalidSignature, ValueError, TypeError):
                    continue
                return one
        raise Refused(
            f"The certificate of {where} is signed by {slashed(certificate.issuer)}, who is not trusted here.",
            hint=f"If it is to be trusted, put its certificate and signing policy into {self.folder}.",
        )


def _authority(file: Path) -> Authority:
    try:
        certificate = x509.load_pem_x509_certificate(_content(file))
    except ValueError as error:
        raise UsageError(f"{file} is no certificate.", hint="Remove it, or put the right one in its place.") from error
    policy = file.with_suffix(".signing_policy")
    revoked = file.with_suffix(f".r{file.suffix[1:]}")
    return Authority(
        certificate,
        file,
        signing_policy(_content(policy).decode("utf-8", "replace"), slashed(certificate.subject))
        if policy.exists()
        else None,
        _revocations(revoked) if revoked.exists() else None,
    )


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST * 16)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error


def _revocations(file: Path) -> x509.CertificateRevocationList:
    content = _content(file)
    try:
        if content.lstrip().startswith(b"-----"):
            return x509.load_pem_x509_crl(content)
        return x509.load_der_x509_crl(content)
    except ValueError as error:
        raise UsageError(
            f"{file} is no list of revoked certificates.", hint="Fetch it again from the authority."
        ) from error


def signing_policy(text: str, authority: str) -> tuple[str, ...]:
    """The patterns of names that `authority` may sign, by the text of its policy (the EACL of Globus)."""
    patterns: list[str] = []
    about = signs = False
    for line in text.splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue  # a line that cannot be read allows nothing
        match words:
            case ["access_id_CA", "X509", name]:
                about, signs = _same_name(name, authority), False
            case ["pos_rights", "globus", rights]:
                signs = about and "CA:sign" in rights.split()
            case ["cond_subjects", "globus", names] if signs:
                patterns += re.findall(r'"([^"]*)"', names) or names.split()
    return tuple(patterns)


def _same_name(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    """Globus's own tools write a mail address in two ways."""
    return re.sub(r"/(Email|E|emailAddress)=", "/emailAddress=", name)


def _check_policy(certificate: x509.Certificate, authority: Authority, where: str) -> None:
    name = slashed(certificate.subject)
    if certificate.subject == authority.certificate.subject:
        return
    if authority.policies is None:
        raise Refused(
            f"Nothing says which names {slashed(authority.certificate.subject)} may sign, so {where} is not believed.",
            hint=f"Put its signing policy into {authority.file.with_suffix('.signing_policy')}.",
        )
    if not any(_matches(name, pattern) for pattern in authority.policies):
        raise Refused(
            f"{slashed(authority.certificate.subject)} may not sign for {name}, which {where} shows.",
            hint=f"Its signing policy is in {authority.file.with_suffix('.signing_policy')}.",
        )


def _matches(name: str, pattern: str) -> bool:
    escaped = pattern.replace("[", "[[]").replace("?", "[?]")  # only a star stands for others
    return fnmatch.fnmatchcase(_plain(name), _plain(escaped))


def _check_revoked(certificate: x509.Certificate, authority: Authority, where: str, now: datetime) -> None:
    listed = authority.revocations
    if listed is None:
        return
    name = slashed(authority.certificate.subject)
    public = authority.certificate.public_key()
    if listed.issuer != authority.certificate.subject or not listed.is_signature_valid(public):  # type: ignore[arg-type]
        raise Refused(f"The list of certificates revoked by {name} is not signed by it.", hint="Fetch it again.")
    if listed.next_update_utc is not None and listed.next_update_utc < now:
        raise Refused(
            f"The list of certificates revoked by {name} is older than it allows, so {where} is not believed.",
            hint=f"Fetch it again into {authority.file.with_suffix('.r0')}.",
        )
    if listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        raise Refused(
            f"The certificate of {where}, {slashed(certificate.subject)}, was revoked by {name}.",
            hint="Where it is yours, ask that authority for a new one; else leave the site alone until it has one.",
        )
