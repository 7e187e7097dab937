"""Directories that answer LDAP, read anonymously: one search, its answer bounded in time and size, failures in words.

Everything here blocks; it is called through `links.calls`.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from zeligui.errors import LinkError, Refused, Unreachable, UsageError

if TYPE_CHECKING:
    from ldap3 import Connection

CONNECT_S, SILENCE_S = 10.0, 15.0
"""To connect; and for a TLS handshake, or between two pieces of an answer."""

SEARCH_S = 60.0
"""For all of a search: 10,000 hosts with all that they publish take 5 s."""

MOST_BYTES = 1 << 28
PAGE = 500
PORTS = {"ldap": 389, "ldaps": 636}

_PAGED_RESULTS = "1.2.840.113556.1.4.319"
_FORM = "Write ldap://host[:port]/base or ldaps://host[:port]/base, such as ldap://giis.example.org:2135/o=grid."
_BASES = "`ldapsearch -x -s base -b '' namingContexts` asks a directory for its bases."

_REFUSALS: Mapping[int, tuple[str, str]] = {
    3: ("stops its search: it takes longer than is allowed", "A base further down the tree has fewer entries."),
    4: (
        "gives fewer entries at a time than it has",
        "Ask who runs it for a larger size limit, or name a narrower base.",
    ),
    10: ("keeps this base elsewhere", "Name that other directory instead."),
    11: ("gives fewer entries than were asked for", "Ask who runs it for a larger limit, or name a narrower base."),
    32: ("has no such base", _BASES),
    34: ("takes its base for no distinguished name", "A base is written as in Mds-Vo-name=site,o=grid."),
}
"""What a result of RFC 4511 (appendix A) means for the user."""

_NOT_FOR_ALL = frozenset({1, 8, 13, 48, 49, 50, 53})
"""Results that a server which everyone may not read gives."""

_BUSY = frozenset({51, 52, 80})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL points to: the server, and the base below which all is searched; an empty base is the whole tree."""

    url: str
    host: str
    port: int
    base: str
    secure: bool


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as the server sent it: nothing of it is decoded, or checked."""

    dn: bytes
    attributes: Mapping[str, list[bytes]]


def parse(url: str) -> Place:
    """The place that a URL names (RFC 4516, without what may follow the base). UsageError for everything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        base = unquote(parts.path[1:], errors="strict")
    except ValueError as error:
        raise _no_address(url) from error
    named = host and not host.startswith("-") and all(sign.isalnum() or sign in "._-:" for sign in host)
    if parts.scheme not in PORTS or not named or port == 0 or not (url + base).isprintable():
        raise _no_address(url)
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise UsageError(
            f"{url[:200]!a} says more than where a directory is and what its base is.",
            hint=f"Directories are read as everyone may read them, from the base down. {_FORM}",
        )
    return Place(url, host, port or PORTS[parts.scheme], base, parts.scheme == "ldaps")


def _no_address(url: str) -> UsageError:
    return UsageError(f"{url[:200]!a} is not the address of a directory.", hint=_FORM)


def search(place: Place, condition: str) -> Iterator[Found]:
    """All entries from the base down that fulfil `condition` (an LDAP filter), as the pages come.

    A LinkError says why the directory gives none, or not all of them.
    """
    with closing(_connect(place)) as plain:
        wire = _Wire(_secured(plain, place) if place.secure else plain, place.url)
        try:
            connection = _speak(place, wire)
            for base in _bases(connection, place):
                yield from _pages(connection, place, base, condition)
        except LinkError:
            raise
        except Exception as error:  # ldap3 does not check what it takes apart
            raise Refused(
                f"{place.url} does not answer as a directory does ({type(error).__name__}).",
                hint="Its port may be that of another service, or the address begin with ldaps://.",
            ) from error
        finally:
            wire.close()


def _connect(place: Place) -> socket.socket:
    """A connection of our own: ldap3's opener tells a name that nobody knows from a closed port by its words only."""
    try:
        return socket.create_connection((place.host, place.port), CONNECT_S)
    except (socket.gaierror, UnicodeError) as error:
        raise Unreachable(
            f"{place.url}: there is no machine named {place.host}.", hint="Check its name, and the network."
        ) from error
    except ConnectionRefusedError as error:
        raise Refused(
            f"{place.url}: nothing answers on port {place.port} of {place.host}.",
            hint="A GRIS or GIIS is mostly on port 2135, a BDII on 2170.",
        ) from error
    except OSError as error:
        raise Unreachable(f"{place.url} cannot be reached: {_why(error)}.") from error


def _secured(plain: socket.socket, place: Place) -> socket.socket:
    """TLS over the connection, the certificate and its name verified always: ldap3 by itself accepts any."""
    plain.settimeout(SILENCE_S)
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=place.host)
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            f"The certificate of {place.url} is not to be trusted: {error.verify_message}.",
            hint="It must be signed by an authority that this system trusts, for the name in the address.",
        ) from error
    except TimeoutError as error:
        raise Unreachable(f"{place.url} accepts connections, but does not answer.") from error
    except OSError as error:
        raise Refused(
            f"{place.url} does not speak TLS: {_why(error)}.",
            hint="Write ldap:// where the directory is public, or the port of ldaps, mostly 636.",
        ) from error


def _speak(place: Place, wire: _Wire) -> Connection:
    """An ldap3 connection over ours. No schema is read; nothing is bound: an unbound connection is anonymous."""
    from ldap3 import NONE, SAFE_SYNC, Connection, Server

    server = Server(place.host, place.port, get_info=NONE)
    connection = Connection(
        server, client_strategy=SAFE_SYNC, check_names=False, auto_referrals=False, auto_range=False, read_only=True
    )
    connection.socket = wire
    connection.closed, connection.listening = False, True
    connection.strategy._outstanding = {}  # as its own opener leaves it
    return connection


def _bases(connection: Connection, place: Place) -> tuple[str, ...]:
    """The whole tree is what the server says it holds: OpenLDAP has nothing at the empty base itself."""
    if place.base:
        return (place.base,)
    _, _, entries, _ = connection.search("", "(objectClass=*)", "BASE", attributes=["namingContexts"])
    named = [each for entry in entries for each in entry.get("raw_attributes", {}).get("namingContexts", ())]
    return tuple(each.decode() for each in named) or ("",)


def _pages(connection: Connection, place: Place, base: str, condition: str) -> Iterator[Found]:
    """A page after another (RFC 2696); a server that knows no pages gives all in the first."""
    cookie: Any = None
    while cookie != b"":
        _, result, entries, _ = connection.search(
            base,
            condition,
            dereference_aliases="NEVER",
            attributes=["*"],
            time_limit=int(SEARCH_S),
            paged_size=PAGE,
            paged_cookie=cookie,
        )
        _check(result, place)
        yield from (Found(one["raw_dn"], one["raw_attributes"]) for one in entries if one["type"] == "searchResEntry")
        paged = (result.get("controls") or {}).get(_PAGED_RESULTS)
        cookie = (paged["value"]["cookie"] or b"") if paged else b""


def _check(result: Mapping[str, Any], place: Place) -> None:
    code = result["result"]
    if code == 0:
        return
    said = f" ({result['description']}{': ' if result['message'] else ''}{result['message']})"[:200]
    if code in _REFUSALS:
        words, hint = _REFUSALS[code]
        raise Refused(f"{place.url} {words}{said}.", hint=hint)
    if code in _NOT_FOR_ALL:
        raise Refused(f"{place.url} is not to be read by everyone{said}.", hint="Ask who runs it for a public base.")
    raise (Unreachable if code in _BUSY else Refused)(f"{place.url} gives no answer{said}.")


class _Wire:
    """The socket as ldap3 uses it, with an end to how long and how much it receives. Its failures are LinkErrors."""

    def __init__(self, connected: socket.socket, url: str) -> None:
        self._socket = connected
        self._url = url
        self._end = time.monotonic() + SEARCH_S
        self._left = MOST_BYTES
        connected.settimeout(SILENCE_S)

    def recv(self, size: int) -> bytes:
        if time.monotonic() > self._end:
            raise Unreachable(f"{self._url} has not come to the end of its answer within {SEARCH_S:g} s.")
        try:
            piece = self._socket.recv(size)
        except TimeoutError as error:
            raise Unreachable(f"{self._url} is connected, but has said nothing for {SILENCE_S:g} s.") from error
        except OSError as error:
            raise Unreachable(f"The connection to {self._url} broke: {_why(error)}.") from error
        if not piece:
            raise Unreachable(
                f"{self._url} has closed the connection without an answer.",
                hint="Where it expects TLS, write ldaps:// instead of ldap://.",
            )
        self._left -= len(piece)
        if self._left < 0:
            raise Refused(f"{self._url} answers with more than {MOST_BYTES >> 20} MB.", hint="Name a narrower base.")
        return piece

    def sendall(self, content: bytes) -> None:
        try:
            self._socket.sendall(content)
        except OSError as error:
            raise Unreachable(f"The connection to {self._url} broke: {_why(error)}.") from error

    def shutdown(self, how: int) -> None:
        self._socket.shutdown(how)

    def close(self) -> None:
        self._socket.close()


def _why(error: OSError) -> str:
    return (error.strerror or str(error) or "it took too long").rstrip(".")
