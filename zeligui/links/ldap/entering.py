"""How a directory is entered: over TLS with its certificate verified, and as a user with a password of the keyring."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from shlex import quote
from typing import TYPE_CHECKING, Any

from zeligui.errors import Refused, Unreachable, UsageError
from zeligui.links.ldap.place import START_TLS, Place
from zeligui.secret import from_keyring

if TYPE_CHECKING:
    from ldap3 import Connection

SILENCE_S = 15.0
"""For a TLS handshake, or between two pieces of an answer."""

_UNKNOWN_AUTHORITY = (
    "Name the certificate of the authority that signed it: --ca FILE, or `authorities` under [directories] of the "
    "settings."
)
_RENEW = "Ask who runs it to renew it; or the clock of this machine is wrong."
_WRONG_NAME = "Write the address with the name, or the IP address, that the certificate is for."
_MENDED = {9: _RENEW, 10: _RENEW, 62: _WRONG_NAME, 64: _WRONG_NAME}
"""What to do by OpenSSL's codes: not yet valid, expired, another name, another IP address."""

_WRONG_PASSWORD = 49
_NOT_FOR_PLAIN = frozenset({8, 13})
"""Results of RFC 4511 of a server that wants a stronger proof, or an encrypted connection."""


def secured(plain: socket.socket, place: Place) -> ssl.SSLSocket:
    """TLS over the connection, the certificate and its name verified always: ldap3 by itself accepts any."""
    plain.settimeout(SILENCE_S)
    try:
        return _trusting(place).wrap_socket(plain, server_hostname=place.host)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        hint = _MENDED.get(error.verify_code, _UNKNOWN_AUTHORITY)
        raise Refused(f"The certificate of {place.url} is not to be trusted: {why}.", hint=hint) from error
    except TimeoutError as error:
        raise Unreachable(f"{place.url} accepts connections, but does not answer.") from error
    except OSError as error:
        why = getattr(error, "reason", None) or error.strerror or str(error)  # TLSV1_ALERT_PROTOCOL_VERSION
        raise Refused(
            f"{place.url} does not speak TLS 1.2 or newer: {why.replace('_', ' ').lower()}.",
            hint="Write ldap:// where it has no TLS, or the port of ldaps, mostly 636.",
        ) from error


def _trusting(place: Place) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for file in place.authorities:
        try:
            context.load_verify_locations(file.expanduser())
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else "no PEM"
            raise Refused(
                f"The authority {file} cannot be read: {why}.",
                hint="It is named by --ca, or by `authorities` under [directories] of the settings.",
            ) from error
    return context


def start_tls(connection: Connection, place: Place) -> None:
    """Ask for TLS on a plain connection. Refused where the server has none: nothing is sent unencrypted instead."""
    _, result, _, _ = connection.extended(START_TLS)
    if result["result"] != 0:
        raise Refused(
            f"{place.url} does not start TLS ({result['description']}), which is required.",
            hint="Write ldaps:// where it has a port for that, or let `starttls` be false where all is public.",
        )


def enter(connection: Connection, place: Place, peer: str, *, encrypted: bool) -> None:
    """Bind as the user of the place. Refused where it is not let in, or where its password could be overheard."""
    if place.mechanism == "simple" and not encrypted and not ipaddress.ip_address(peer).is_loopback:
        raise Refused(
            f"The password for {place.url} would cross the network unencrypted, so it is not sent.",
            hint="Write ldaps://, or set `starttls = true` under [directories] of the settings.",
        )
    try:
        password = from_keyring(place.password, f"the directory {place.host}")
    except UsageError as error:
        raise Refused(str(error), hint=error.hint) from error
    connection.socket.begin()  # the user may have been asked to unlock the keyring
    if not password:
        raise Refused(f"The password {place.password} for {place.url} is empty.", hint="Nobody is let in so.")
    result = _bind(connection, place, password)
    if result["result"] == 0:
        return
    said = f" ({result['description']})"
    if result["result"] == _WRONG_PASSWORD:
        raise Refused(
            f"{place.url} knows no user {place.user} with that password{said}.",
            hint=f"Set it anew: keyring set zeligrid {quote(place.password)}",
        )
    hint = "It may want ldaps://, StartTLS or another `mechanism`." if result["result"] in _NOT_FOR_PLAIN else ""
    raise Refused(f"{place.url} does not let {place.user} in{said}.", hint=hint)


def _bind(connection: Connection, place: Place, password: str) -> dict[str, Any]:
    from ldap3 import DIGEST_MD5, SASL, SIMPLE
    from ldap3.core.exceptions import LDAPExceptionError

    if connection.closed:  # ldap3 would open another, of its own and unencrypted
        raise Unreachable(f"{place.url} has closed the connection.")
    connection.user, connection.password = place.user, password
    connection.authentication = SIMPLE
    if place.mechanism == "DIGEST-MD5":
        connection.authentication, connection.sasl_mechanism = SASL, DIGEST_MD5
        connection.sasl_credentials = (None, place.user, password, None)
    try:
        _, result, _, _ = connection.bind()
        return dict(result)
    except (LDAPExceptionError, UnicodeError) as error:  # which may hold the password
        raise Refused(f"{place.url} does not let {place.user} in ({type(error).__name__}).") from None
    finally:
        connection.password, connection.sasl_credentials = None, None
