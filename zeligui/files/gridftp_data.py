"""The data connections of GridFTP: contents of files, between here and a server (RFC 959; GFD.20, 47; DCSC).

Both ends prove themselves by a credential that is made here for this run alone and told to the server over the control
connection, which is encrypted. So nothing of the user's is handed on to the server.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import socket
import ssl
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.files.gridftp_control import CONNECT_S, Control
from zeligui.files.service import Unable

PIECE = 1 << 20

STILL_S = 60.0
"""How long a data connection may stand still, and the server take to close a file."""

CHANGED_S = 7 * 86400
"""How long a credential for data is used; it is valid for a month."""

_ADDRESS = re.compile(r"\((\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})\)")

T = TypeVar("T")


def receive(control: Control, path: str, offset: int, take: Callable[[bytes], None]) -> None:
    """Give a file to `take` piece by piece, from an offset to its end; blocking."""

    def pour(data: socket.socket) -> None:
        while came := data.recv(PIECE):
            take(came)

    _move(control, "RETR", path, offset, pour)


def piece(control: Control, path: str, offset: int, count: int) -> bytes:
    """So many bytes of a file, or as many as it has from the offset on; blocking."""
    taken = bytearray()

    def pour(data: socket.socket) -> None:
        while len(taken) < count and (came := data.recv(min(PIECE, count - len(taken)))):
            taken.extend(came)

    _move(control, f"ERET P {offset} {count}", path, 0, pour)
    return bytes(taken)


def send(control: Control, path: str, offset: int, pieces: Iterator[bytes]) -> None:
    """Write a file from an offset on, until the pieces end; blocking."""

    def pour(data: socket.socket) -> None:
        for one in pieces:
            data.sendall(one)
        data.shutdown(socket.SHUT_WR)

    _move(control, "STOR", path, offset, pour)


def _move(control: Control, verb: str, path: str, offset: int, pour: Callable[[socket.socket], None]) -> None:
    _make_ready(control)
    with closing(_dialled(control)) as data:
        control.data = data
        try:
            if offset:
                control.ask(f"REST {offset}", expect=3)
            control.send(verb, path)
            _prove(control, data, path)
            data.settimeout(STILL_S)
            pour(data)
        except OSError as error:
            _complaint(control, path)
            raise Unreachable(
                f"The connection for data to {control.where} broke: {error.strerror or error}."
            ) from error
        finally:
            control.data = None
    control.answer(path, limit_s=STILL_S)


def _complaint(control: Control, path: str) -> None:
    """Raise what the server says of a broken connection for data, as that its disk is full."""
    ready, _, _ = select.select([control], [], [], CONNECT_S)
    if ready:
        control.answer(path)


def _make_ready(control: Control) -> None:
    """Tell the server how contents are to be moved, once. Unable where it cannot do so."""
    if control.ready:
        return
    for command in ("TYPE I", "PBSZ 1048576", "PROT C"):
        control.ask(command)
    try:
        control.ask(f"DCSC P {b64encode(_credential()[0]).decode()}")
    except LinkError as error:
        if isinstance(error, Unreachable):
            raise
        raise Unable(str(error)) from error
    control.ready = True


def _dialled(control: Control) -> socket.socket:
    said = control.ask("PASV").text
    found = _ADDRESS.search(said)
    if not found:
        raise Unable(f"{control.where} does not say where it takes data.")
    *host, high, low = map(int, found.groups())
    try:
        return socket.create_connection((".".join(map(str, host)), 256 * high + low), timeout=CONNECT_S)
    except OSError as error:
        raise Unreachable(f"{control.where} cannot be reached for data: {error.strerror or error}.") from error


def _prove(control: Control, data: socket.socket, path: str) -> None:
    """TLS until both ends are proved; what follows is not encrypted, as GridFTP has it unless told otherwise."""
    certificate, context = _credential()[1:]
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(coming, going)
    data.settimeout(CONNECT_S)

    def until_done(step: Callable[[], T]) -> T:
        while True:
            with suppress(ssl.SSLWantReadError):
                done = step()
                data.sendall(going.read())
                return done
            data.sendall(going.read())
            coming.write(_came(control, data, path))

    until_done(tls.do_handshake)
    if tls.getpeercert(binary_form=True) != certificate:
        raise Refused(f"Another one than {control.where} answered for its data.", hint="Somebody may be in between.")
    if tls.version() == "TLSv1.3":
        until_done(lambda: tls.read(1))  # a byte without meaning, which Globus sends then
    tls.write(b"0")  # no credential is handed on
    data.sendall(going.read())


def _came(control: Control, data: socket.socket, path: str) -> bytes:
    """What came of the handshake; an error where the server rather says why there is none."""
    while True:
        waiting: list[socket.socket | Control] = [data, control]
        ready, _, _ = select.select(waiting, [], [], CONNECT_S)
        if data in ready and (came := data.recv(1 << 16)):
            return came
        if control in ready:
            control.hear(path)
            continue
        raise ConnectionResetError("it was closed" if ready else "it did not answer")


def _credential() -> tuple[bytes, bytes, ssl.SSLContext]:
    """As the server takes it, its certificate, and a context that believes and shows nothing else."""
    return _made_in(int(time.time() // CHANGED_S))


@lru_cache(maxsize=1)
def _made_in(_period: int) -> tuple[bytes, bytes, ssl.SSLContext]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"data {secrets.token_hex(8)}")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=shown.decode())
    with tempfile.NamedTemporaryFile() as file:  # only its user can read it
        file.write(shown + secret)
        file.flush()
        context.load_cert_chain(os.fspath(file.name))
    return shown + secret + shown, certificate.public_bytes(serialization.Encoding.DER), context
