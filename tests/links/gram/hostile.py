"""A TLS server that says what a test wants in a GRAM service's place, and credentials that both sides believe."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.links.gsi.authority import Authority, name, openssl_hash
from zeligui.links.gram.peers import Identities
from zeligui.links.gsi.credentials import read_pair
from zeligui.links.gsi.proxies import make_proxy, write_proxy

Says = Callable[[ssl.SSLSocket], object]


class Realm:
    """An authority, a user of it with a proxy, and a host `localhost`; all in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder / "certificates", hashed=openssl_hash(name("Test CA")))
        self.user = read_pair(*self.authority.user(folder))
        self.proxy = folder / "proxy"
        self.write(make_proxy(self.user))
        certificate, key = self.authority.host(folder, "localhost")
        self.host = folder / "host.pem"
        self.host.write_bytes(certificate.read_bytes() + key.read_bytes())

    def write(self, proxy: object) -> None:
        write_proxy(proxy, self.proxy)  # type: ignore[arg-type]

    @property
    def identities(self) -> Identities:
        return Identities(lambda: self.proxy, lambda: self.authority.folder)

    @contextmanager
    def server(self, says: Says, *, shows: Path | None = None) -> Iterator[int]:
        """A server that shows a certificate (the host's) and lets `says` talk to each client; its port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shows or self.host)
        context.load_verify_locations(self.authority.file)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VerifyFlags.VERIFY_ALLOW_PROXY_CERTS
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = threading.Thread(target=serve, args=(listening, context, says))
            serving.start()
            yield listening.getsockname()[1]
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


def serve(listening: socket.socket, context: ssl.SSLContext, says: Says) -> None:
    with suppress(OSError):
        while True:
            raw, _ = listening.accept()
            raw.settimeout(5)
            with suppress(OSError), context.wrap_socket(raw, server_side=True) as tls:
                says(tls)


def answering(said: bytes) -> Says:
    """Reads one message, and says something."""

    def says(tls: ssl.SSLSocket) -> None:
        while not tls.recv(1 << 16).endswith(b"\0"):
            pass
        tls.sendall(said)

    return says


def framed(body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/x-globus-gram\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def silent(tls: ssl.SSLSocket) -> None:
    """Says nothing until the client has gone."""
    with suppress(OSError):
        while tls.recv(1 << 16):
            pass
