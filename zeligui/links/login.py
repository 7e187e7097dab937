"""From an address to a connection that is encrypted, whose host key is known, and on which a user is logged in."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from zeligui.errors import Refused, Unreachable, UsageError
from zeligui.links.contexts import Contexts
from zeligui.links.contexts.passwords import secret_of
from zeligui.links.hostkeys import HostKey, KnownHosts
from zeligui.links.identities import Identities
from zeligui.links.routes import Hop
from zeligui.links.shell import printable

DIAL_S = 5.0
"""How long a machine may take to accept a connection, and then again to say its first word."""

LOGIN_S = 10.0
"""How long the exchange of keys may take, and the login."""

SILENCE_MS = 5000
"""A connection on which sent data is not acknowledged for this long is broken."""

# What costs least first: these take less than a millisecond; a Diffie-Hellman group is a long exponentiation that holds
# the interpreter's lock, and would make the event loop late. All else stays possible, for old servers.
_FIRST_KEX = ("mlkem768x25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256")
_FIRST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr")
_RSA = ("rsa-sha2-512", "rsa-sha2-256")

# Else what paramiko logs would be printed on standard error: every failure is raised here, in words.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


def dial(hop: Hop, deadline: float, hold: Callable[[socket.socket], None]) -> socket.socket:
    """A TCP connection to a machine that has begun to speak. Unreachable or Refused.

    `hold` is given each socket before anything is waited for on it: closing it ends the wait.
    """
    with in_words(hop.where, "connecting"):
        sock = _connect(hop, deadline, hold)
        try:
            # A silent machine is found out here, where waiting costs others nothing.
            sock.settimeout(_left(deadline, DIAL_S))
            if not sock.recv(1, socket.MSG_PEEK):
                raise Refused(
                    f"{hop.where} closed the connection at once.",
                    hint="It may be overloaded, or not let this machine in.",
                )
        except TimeoutError as error:
            raise Unreachable(f"{hop.where} accepted the connection but says nothing.") from error
        return sock


def _connect(hop: Hop, deadline: float, hold: Callable[[socket.socket], None]) -> socket.socket:
    try:
        found = socket.getaddrinfo(hop.host, hop.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Unreachable(f"{hop.where}: the name {hop.host!r} is not known.") from error
    failure: OSError = OSError("it has no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        hold(sock)
        try:
            _tune(sock)
            sock.settimeout(_left(deadline, DIAL_S))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _tune(sock: socket.socket) -> None:
    # TCP_NODELAY: a command takes 4 ms instead of 46 (Nagle and delayed ACK).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Without TCP_USER_TIMEOUT a cut link goes unnoticed for minutes; with it, for 5 s.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_MS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)


def encrypt(transport: paramiko.Transport, hop: Hop, known_hosts: Sequence[Path]) -> None:
    """Encrypt the connection and check the machine's key: UnknownHostKey, ChangedHostKey, Refused, Unreachable."""
    transport.banner_timeout = DIAL_S
    transport.handshake_timeout = transport.auth_timeout = transport.channel_timeout = LOGIN_S
    known = KnownHosts(known_hosts)
    with in_words(hop.where, "agreeing on keys"):
        _prefer(transport, known.kinds(hop.key_name, hop.port))
        transport.start_client(timeout=LOGIN_S)
        key = transport.get_remote_server_key()
    known.check(hop.key_name, hop.port, HostKey(key.get_name(), key.asbytes()), hop.where)


def log_in(transport: paramiko.Transport, hop: Hop, contexts: Contexts) -> str:
    """Log the user in on a connection whose machine was checked; what was accepted, by name. Refused, Unreachable."""
    with in_words(hop.where, "logging in"):
        return _authenticate(transport, hop, contexts)


def _prefer(transport: paramiko.Transport, known: Sequence[str]) -> None:
    """Ask for the key types that are known of the machine first: it may have several keys."""
    options = transport.get_security_options()
    kinds = [name for kind in known for name in (_RSA if kind == "ssh-rsa" else (kind,))]
    options.key_types = _first(kinds, options.key_types)
    options.kex = _first(_FIRST_KEX, options.kex)
    options.ciphers = _first(_FIRST_CIPHERS, options.ciphers)


def _first(preferred: Sequence[str], possible: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for name in preferred if name in possible] + list(possible)))


def _authenticate(transport: paramiko.Transport, hop: Hop, contexts: Contexts) -> str:
    """By a key, else by the password that was given for this machine; where it wants both, by both."""
    password = contexts.password_for(hop.user, hop.names, hop.port)
    with closing(Identities(hop, contexts)) as identities:
        wanted = _by_keys(transport, hop, identities)
        if wanted is None:
            return identities.tried[-1]
        if password is None or not transport.is_active():
            raise identities.refusal(wanted)
        identities.tried.append("the password")
        _by_password(transport, hop, identities, password)
        return identities.tried[-1]


def _by_keys(transport: paramiko.Transport, hop: Hop, identities: Identities) -> str | None:
    """None where one of them was enough, else why not; without a word where all were refused."""
    for key in identities.offers():
        began = time.monotonic()
        try:
            further = transport.auth_publickey(hop.user, key)
        except paramiko.BadAuthenticationType as error:
            return f"it takes {_listed(error.allowed_types)} only"
        except paramiko.AuthenticationException as error:
            if time.monotonic() - began >= LOGIN_S:
                raise Unreachable(f"{hop.where} did not answer the login in time.") from error
            if not transport.is_active():
                raise identities.refusal("it ended the connection") from error
        else:
            return f"it wants {_listed(further)} besides a key" if further else None
    return ""


def _by_password(transport: paramiko.Transport, hop: Hop, identities: Identities, name: str) -> None:
    try:
        secret = secret_of(name)
    except UsageError as error:
        raise Refused(f"{identities.refusal()} {error}", hint=error.hint) from error
    try:
        further = transport.auth_password(hop.user, secret)
    except paramiko.BadAuthenticationType as error:
        raise identities.refusal(f"it takes {_listed(error.allowed_types)} only") from error
    except paramiko.AuthenticationException as error:
        raise identities.refusal() from error
    if further:
        raise identities.refusal(f"it wants {_listed(further)} besides the password")


def _listed(kinds: Sequence[str]) -> str:
    return _said(" or ".join(kinds))


def _said(words: object) -> str:
    """Words that may be the other machine's, fit for a terminal."""
    return printable(str(words)[:200]).rstrip(".")


@contextmanager
def in_words(where: str, doing: str) -> Iterator[None]:
    """What paramiko and the socket raise becomes a `LinkError` that says where and while doing what."""
    try:
        yield
    except ConnectionRefusedError as error:
        raise Refused(
            f"{where} refused the connection.", hint="Is an ssh server running there, on that port?"
        ) from error
    except TimeoutError as error:
        raise Unreachable(f"{where} did not answer in time while {doing}.") from error
    except IncompatiblePeer as error:
        raise Refused(f"{where} has no way of encryption in common with ZeliGrid: {_said(error)}.") from error
    except paramiko.ChannelException as error:
        raise Refused(f"{where} refused a channel while {doing}: {_said(error.text)}.") from error
    except (EOFError, OSError, paramiko.SSHException) as error:
        reason = getattr(error, "strerror", None) or str(error) or "the connection broke"
        raise Unreachable(f"{where} failed while {doing}: {_said(reason)}.") from error


def _left(deadline: float, most: float) -> float:
    left = min(deadline - time.monotonic(), most)
    if left <= 0:
        raise TimeoutError
    return left
