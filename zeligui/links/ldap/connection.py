"""A connection to a directory: every step has an end in time and size, and fails in words.

Everything here blocks; it is called through `links.calls`.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.links.ldap import asking
from zeligui.links.ldap.decoding import entry
from zeligui.links.ldap.entering import SILENCE_S, enter, secured, start_tls
from zeligui.links.ldap.messages import DONE, ENTRY, Stream
from zeligui.links.ldap.place import Place, Scope

if TYPE_CHECKING:
    from ldap3 import Connection

CONNECT_S = 10.0

SEARCH_S = 60.0
"""For all of a search: 10,000 hosts with all that they publish take 5 s."""

MOST_BYTES = 1 << 28

MOST_BYTES_TO_ENTER = 1 << 20
"""Until it is asked for more: ldap3 copies what has come anew with every piece."""

_PIECE = 1 << 16

MOST_ENTRIES = 1_000_000
"""A server that makes up others for ever must not fill the memory."""


@contextmanager
def open_connection(place: Place, *, read_only: bool = True) -> Iterator[Connection]:
    """An ldap3 connection to the directory, for as long as the block lasts. A LinkError says why there is none."""
    with _wired(place) as wire:
        connection = _speak(place, wire, read_only=read_only)
        if place.starttls:
            start_tls(connection, place)
            wire.encrypt(place)
        if place.user:
            enter(connection, place, wire.peer, encrypted=wire.encrypted)
        yield connection


@contextmanager
def open_line(place: Place) -> Iterator[Line]:
    """The same to be asked for entries only."""
    if place.starttls or place.user:
        with open_connection(place) as connection:
            yield Line(connection.socket, place)
    else:
        with _wired(place) as wire:
            yield Line(wire, place)


@contextmanager
def _wired(place: Place) -> Iterator[_Wire]:
    with closing(_connect(place)) as plain:
        wire = _Wire(secured(plain, place) if place.secure else plain, place.url)
        try:
            yield wire
        except LinkError:
            raise
        except Exception as error:  # neither ldap3 nor who reads here checks everything that it takes apart
            raise Refused(
                f"{place.url} does not answer as a directory does ({type(error).__name__}).",
                hint="Its port may be that of another service, or the address begin with ldaps://.",
            ) from error
        finally:
            wire.close()


class Line:
    """A connection that is asked for entries. `socket` is what the answers come over."""

    def __init__(self, wire: _Wire, place: Place) -> None:
        self.socket = wire
        self._place = place
        self._asked = 0

    def search(
        self,
        base: str,
        condition: str,
        scope: Scope,
        attributes: Collection[str],
        *,
        control: bytes = b"",
        limit_s: int = 0,
    ) -> int:
        """Ask for entries; the number of the request comes back, which those that answer it bear."""
        self._asked += 1
        content = asking.search(base, condition, scope, attributes, limit_s)
        self.socket.sendall(asking.request(self._asked, asking.SEARCH, content, control))
        return self._asked

    def root(self, *attributes: str) -> dict[str, list[bytes]]:
        """What the directory says of itself (RFC 4512 5.1), nothing where it does not; nothing else may be asked."""
        number, stream = self.search("", "(objectClass=*)", "base", attributes), Stream()
        found: dict[str, list[bytes]] = {}
        while True:
            for message in stream.messages(self.socket.recv(_PIECE)):
                if message is None or message.number != number:
                    raise Unreachable(f"{self._place.url} ends the connection, or answers to no question.")
                if message.kind == ENTRY:
                    found = entry(message.content).attributes
                elif message.kind == DONE:
                    return found


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


def _speak(place: Place, wire: _Wire, *, read_only: bool) -> Connection:
    """An ldap3 connection over ours. No schema is read; nothing is bound: an unbound connection is anonymous."""
    from ldap3 import NONE, SAFE_SYNC, Connection, Server

    server = Server(place.host, place.port, get_info=NONE)
    connection = Connection(
        server,
        client_strategy=SAFE_SYNC,
        check_names=False,
        auto_referrals=False,
        auto_range=False,
        read_only=read_only,
    )
    connection.socket = wire
    connection.closed, connection.listening = False, True
    connection.strategy._outstanding = {}  # as its own opener leaves it
    return connection


class _Wire:
    """The socket as ldap3 uses it, with an end to how long and how much it receives. Its failures are LinkErrors."""

    def __init__(self, connected: socket.socket, url: str) -> None:
        self._socket = connected
        self._url = url
        self.begin(MOST_BYTES_TO_ENTER)
        connected.settimeout(SILENCE_S)

    def begin(self, most_bytes: int | None = None) -> None:
        """A new exchange over a kept connection: time and size count from now on."""
        self._end = time.monotonic() + SEARCH_S
        self._most = self._left = MOST_BYTES if most_bytes is None else most_bytes

    @property
    def encrypted(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket)

    @property
    def peer(self) -> str:
        """The IP address of the other side."""
        address: str = self._socket.getpeername()[0].partition("%")[0]
        return address

    def encrypt(self, place: Place) -> None:
        """Go on over TLS, which the other side has agreed to."""
        self._socket = secured(self._socket, place)
        self._socket.settimeout(SILENCE_S)

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
            raise Refused(f"{self._url} answers with more than {self._most >> 20} MB.", hint="Name a narrower base.")
        return piece

    def keep_alive(self) -> None:
        """Notice within half a minute that the network to the other side is gone, though nothing is sent."""
        options = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in options.items():
            if (option := getattr(socket, name, None)) is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, option, value)

    def listen(self, limit_s: float) -> bytes | None:
        """What comes within so long, for one who listens without an end; None where nothing does."""
        self._socket.settimeout(limit_s)
        try:
            piece = self._socket.recv(1 << 18)
        except TimeoutError:
            return None
        except OSError as error:
            raise Unreachable(f"The connection to {self._url} broke: {_why(error)}.") from error
        finally:
            with suppress(OSError):
                self._socket.settimeout(SILENCE_S)
        if not piece:
            raise Unreachable(f"{self._url} has closed the connection.")
        return piece

    def hang_up(self) -> None:
        """End what waits on the connection, in whichever thread."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

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
