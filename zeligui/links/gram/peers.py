"""Connections to the services of a site: TLS with the proxy of the user, and a peer that is believed or not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography import x509

from zeligui.errors import Refused, Unreachable
from zeligui.links.gram.contacts import Contact, JobContact
from zeligui.links.gram.wire import Deadline, Wire, broken
from zeligui.links.gram.words import printable
from zeligui.links.gsi import places
from zeligui.links.gsi.credentials import Credential, check_times, given, kind, read_proxy, slashed
from zeligui.links.gsi.trust import Trust

CONNECT_S = 10.0
"""How long a connection may take, its TLS included."""


class ManagerGone(Unreachable):
    """Nobody listens any more where a job manager was: it has ended, and its jobs may go on without it."""


class Foreign(Refused):
    """Another user's job manager listens where ours was."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to a site and whom we believe, as of the files it was read from."""

    credential: Credential
    trust: Trust
    context: ssl.SSLContext

    @property
    def name(self) -> x509.Name:
        """The end entity that we stand for."""
        return _end_entity(self.credential.chain)


class Identities:
    """The user's proxy and authorities, read anew when their files have changed. Safe to use from several threads."""

    def __init__(
        self,
        proxy: Callable[[], Path | None] = places.user_proxy,
        authorities: Callable[[], Path] = places.authorities,
    ) -> None:
        """Where they are is asked at each use; no proxy is that of a session that was given none."""
        self._proxy = proxy
        self._authorities = authorities
        self._lock = threading.Lock()
        self._known: tuple[object, Identity] | None = None

    def now(self) -> Identity:
        """NoCredential or UsageError where the proxy or the authorities cannot be used."""
        proxy, authorities = given(self._proxy()), self._authorities()
        with self._lock:
            stamp = _stamp(proxy, authorities)
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, _identity(proxy, authorities))
            identity = self._known[1]
        check_times(identity.credential)
        return identity


def _stamp(proxy: Path, authorities: Path) -> object:
    """What changes when one of the files does."""
    files = [proxy]
    try:
        files += sorted(authorities.iterdir())
        return authorities, [
            (file.name, (seen := file.stat()).st_mtime_ns, seen.st_size, seen.st_ino) for file in files
        ]
    except OSError:
        return object()  # reading them says what is wrong


def _identity(proxy: Path, authorities: Path) -> Identity:
    credential, trust = read_proxy(proxy), Trust(authorities)
    context = trust.context(proxy)
    context.check_hostname = False  # what name it must bear depends on the peer: see `to_gatekeeper`, `to_manager`
    return Identity(credential, trust, context)


class Connection:
    """A connection to a peer that is believed; a context that closes it."""

    def __init__(self, tls: ssl.SSLSocket, who: str, deadline: Deadline) -> None:
        self._tls = tls
        self.who = who
        self.version = tls.version() or ""
        self.wire = Wire(tls, who, deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tls.close()


def to_gatekeeper(identity: Identity, contact: Contact, deadline: Deadline) -> Connection:
    """A connection to a gatekeeper that proves the host's name, or the subject that the contact gives."""
    who = f"The gatekeeper {contact.where}"
    tls = _connect(identity, contact.host, contact.port, who, deadline)
    try:
        chain = _chain(tls)
        _check_subject(chain, contact, who) if contact.subject else _check_host(tls, chain, contact.host, who)
        identity.trust.check(chain, who)
        return Connection(tls, who, deadline)
    except BaseException:
        tls.close()
        raise


def to_manager(identity: Identity, contact: JobContact, deadline: Deadline) -> Connection:
    """A connection to a job manager, which proves by a proxy of ours that it was given one by us.

    ManagerGone where nobody listens there.
    """
    who = f"The job manager {contact.where.rpartition(' ')[2]}"
    tls = _connect(identity, contact.host, contact.port, who, deadline, manager=True)
    try:
        chain = _chain(tls)
        if _end_entity(chain) != identity.name:
            raise Foreign(
                f"{who} runs under another identity than yours: {printable(slashed(chain[0].subject))}.",
                hint="Another user's job manager has its port now; ask again, the job is looked for anew.",
            )
        identity.trust.check(chain, who)
        return Connection(tls, who, deadline)
    except BaseException:
        tls.close()
        raise


def _connect(
    identity: Identity, host: str, port: int, who: str, deadline: Deadline, *, manager: bool = False
) -> ssl.SSLSocket:
    connecting = deadline.within(CONNECT_S)
    raw = _reach(host, port, who, connecting, manager=manager)
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(connecting.left())
        return identity.context.wrap_socket(raw, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raw.close()
        raise _unbelieved(error, who, identity) from error
    except OSError as error:
        raw.close()
        raise broken(error, who, connecting) from error


def _reach(host: str, port: int, who: str, connecting: Deadline, *, manager: bool) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=connecting.left())
    except ConnectionRefusedError as error:
        if manager:
            raise ManagerGone(f"{who} is not there any more.", hint="Its jobs go on; it is started again.") from error
        raise Refused(f"Nothing listens at {host}, port {port}.", hint="Look whether its gatekeeper runs.") from error
    except socket.gaierror as error:
        raise Unreachable(f"The name {host} is not known: {error.strerror}.", hint="Look at the URL.") from error
    except TimeoutError as error:
        raise Unreachable(f"{who} did not answer within {connecting.seconds:g} s.", hint="Try again.") from error
    except OSError as error:
        raise Unreachable(f"{who} cannot be reached: {error.strerror or error}.", hint="Try again.") from error


def _unbelieved(error: ssl.SSLCertVerificationError, who: str, identity: Identity) -> Refused:
    return Refused(
        f"{who} shows a certificate that is not believed: {printable(error.verify_message)}.",
        hint=f"The authorities that are trusted here are in {identity.trust.folder}.",
    )


def _check_subject(chain: Sequence[x509.Certificate], contact: Contact, who: str) -> None:
    shown = slashed(_end_entity(chain))
    if shown != contact.subject:
        raise Refused(
            f"{who} shows the certificate of {printable(shown)}, not of {printable(contact.subject)}.",
            hint="Look at the subject in the URL. If it is right, something else answers in the site's place.",
        )


def _check_host(tls: ssl.SSLSocket, chain: Sequence[x509.Certificate], host: str, who: str) -> None:
    """Only names that an authority has signed count: whoever makes a proxy could write any into it."""
    names = _names(chain[0]) if kind(chain[0]) == "certificate" else []
    if not any(_same_host(name, host) for name in names):
        shown = slashed(_end_entity(chain))
        hint = f"If that is who it should be, write it behind the service in the URL: :{printable(shown)}"
        known = f" for {', '.join(map(printable, names[:4]))}" if names else ""
        raise Refused(f"{who} shows a certificate of another name: {printable(shown)}{known}.", hint=hint)


def _names(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses that it was signed for (RFC 2818)."""
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    addresses = [str(one) for one in alternative.get_values_for_type(x509.IPAddress)]
    return [*alternative.get_values_for_type(x509.DNSName), *addresses]


def _same_host(name: str, host: str) -> bool:
    """A star stands for one first label (RFC 6125)."""
    name, host = name.casefold().rstrip("."), host.casefold().rstrip(".")
    return name == host or (name.startswith("*.") and name.count(".") > 1 and host.partition(".")[2] == name[2:])


def _chain(tls: ssl.SSLSocket) -> Sequence[x509.Certificate]:
    """The chain that was verified, from the peer's own certificate on."""
    shown: Any = tls if hasattr(tls, "get_verified_chain") else tls._sslobj  # type: ignore[attr-defined]
    chain = shown.get_verified_chain()  # public since Python 3.13
    encoded = [one if isinstance(one, bytes) else one.public_bytes(2) for one in chain]
    return [x509.load_der_x509_certificate(one) for one in encoded]


def _end_entity(chain: Sequence[x509.Certificate]) -> x509.Name:
    """The subject of the first that is no proxy; of a proxy without its certificate, that of its first issuer."""
    found = next((one.subject for one in chain if kind(one) == "certificate"), None)
    return found or chain[-1].issuer
