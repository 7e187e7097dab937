"""The control connection of GridFTP: commands and replies, protected by the user's proxy (RFC 959, 2228, GFD.20)."""

from __future__ import annotations

import base64
import binascii
import re
import socket
import ssl
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography import x509

from zeligui.errors import LinkError, Refused, Unreachable, UsageError
from zeligui.files.gridftp_words import in_words
from zeligui.links.addresses import parse
from zeligui.links.gram.contacts import FILES_PORT
from zeligui.links.gsi import places
from zeligui.links.gsi.credentials import check_times, read_proxy
from zeligui.links.gsi.trust import Trust
from zeligui.links.shell import printable

CONNECT_S = 10.0
"""How long the connection may take, and then each reply."""

LONGEST_LINE = 1 << 20
LONGEST_REPLY = 64 << 20
"""Bytes of one reply: a folder of some 300,000 files."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The code of a reply and its lines, the code and its dash taken away from the first and last."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.decode("utf-8", "surrogateescape").strip() for line in self.lines)


class Control:
    """A connection on which the user is logged in. All is blocking; for one thread at a time.

    `root` is `gsiftp://host[:port]`. A `LinkError` where the server does not answer or says no; UsageError where the
    proxy or the authorities here cannot be used.
    """

    def __init__(self, root: str, proxy: Path | None = None, authorities: Path | None = None) -> None:
        address = parse("ssh" + root.removeprefix("gsiftp"))
        self.where = root
        self.data: socket.socket | None = None
        """The connection for contents, while there is one."""
        self.ready = False
        """It has been told how contents are to be moved."""
        credential = proxy or places.user_proxy()
        check_times(read_proxy(credential))
        trust = Trust(authorities or places.authorities())
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trust.context(credential).wrap_bio(self._in, self._out, server_hostname=address.host)
        self._socket = self._dial(address.host, address.port or FILES_PORT)
        self._file: BinaryIO = self._socket.makefile("rb")
        # Closed as well where nobody has it any more: services, which keep it, are never closed themselves.
        self._end = weakref.finalize(self, _end, self._file, self._socket)
        self._end.atexit = False
        try:
            self._greet()
            self._log_in(trust)
        except BaseException:
            self.close()
            raise

    def _dial(self, host: str, port: int) -> socket.socket:
        try:
            dialled = socket.create_connection((host, port), timeout=CONNECT_S)
        except socket.gaierror as error:
            raise Unreachable(f"{self.where}: the name {host!r} is not known.") from error
        except ConnectionRefusedError as error:
            raise Refused(
                f"{self.where} refused the connection.", hint="Is a GridFTP server running there, on that port?"
            ) from error
        except OSError as error:
            raise self._broken(error) from error
        dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return dialled

    def _greet(self) -> None:
        greeting = self._plain_reply()
        if greeting.code != 220:
            raise Refused(f"{self.where} lets nobody in: {printable(greeting.text)[:200]}.")
        self._put(b"AUTH GSSAPI")
        if self._plain_reply().code != 334:
            raise Refused(f"{self.where} does not take grid credentials.", hint="Is it a GridFTP server?")

    def _log_in(self, trust: Trust) -> None:
        try:
            self._shake_hands()
        except ssl.SSLCertVerificationError as error:
            raise Refused(
                f"{self.where} shows a certificate that is not believed: {error.verify_message.rstrip('.')}.",
                hint=f"The authorities that are trusted here are in {trust.folder}.",
            ) from error
        except ssl.SSLError as error:
            raise Refused(f"{self.where} does not agree on encryption: {error.reason}.") from error
        shown = self._tls.getpeercert(binary_form=True)
        trust.check([x509.load_der_x509_certificate(shown or b"")], self.where)
        self.ask("USER :globus-mapping:", expect=3)
        self.ask("PASS -")

    def _shake_hands(self) -> None:
        """TLS within ADAT; after it one byte `0`: no credential is handed on by this connection."""
        shaken = said = False
        while True:
            if not shaken:
                with suppress(ssl.SSLWantReadError):
                    self._tls.do_handshake()
                    shaken = True
            if shaken and not said and not self._out.pending:
                self._tls.write(b"0")
                said = True
            self._put(b"ADAT " + base64.b64encode(self._out.read()))
            reply = self._plain_reply()
            if reply.code not in {235, 335}:
                raise Refused(
                    f"{self.where} does not believe your credential: {printable(reply.text)[-300:].rstrip('.')}.",
                    hint="`zeligrid proxy info` shows the proxy; the site must trust the authority that signed you.",
                )
            self._in.write(_token(reply))
            if shaken:
                with suppress(ssl.SSLWantReadError):
                    self._tls.read(1)
            if reply.code == 235:
                return

    def ask(self, command: str, path: str = "", *, expect: int = 2, limit_s: float = CONNECT_S) -> Reply:
        """Send a command about a path; its last reply comes back, which is an error unless it begins with `expect`."""
        self.send(command, path)
        return self.answer(path, expect=expect, limit_s=limit_s)

    def send(self, command: str, path: str = "") -> None:
        """Send a command about a path, and do not wait."""
        command = f"{command} {path}" if path else command
        if any(sign in command for sign in "\r\n\0"):
            raise UsageError(f"The name {command[:200]!a} holds control signs, which GridFTP cannot take.")
        self._tls.write(command.encode("utf-8", "surrogateescape") + b"\r\n")
        self._put(b"ENC " + base64.b64encode(self._out.read()))

    def answer(self, path: str = "", *, expect: int = 2, limit_s: float = CONNECT_S) -> Reply:
        """The last reply to a command about a path."""
        deadline = time.monotonic() + limit_s
        reply = self._reply(deadline)
        while reply.code // 100 == 1:  # it is under way
            reply = self._reply(deadline)
        if reply.code // 100 != expect:
            raise in_words(printable(self.where + path)[:300], reply.text)
        return reply

    def hear(self, path: str) -> None:
        """One reply that comes before the last; an error where it is a no."""
        reply = self._reply(time.monotonic() + CONNECT_S)
        if reply.code >= 400:
            raise in_words(printable(self.where + path)[:300], reply.text)

    def fileno(self) -> int:
        """What can be waited for until an answer comes."""
        return self._socket.fileno()

    def _reply(self, deadline: float) -> Reply:
        text = bytearray()
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Unreachable(f"{self.where} did not answer in time.")
            self._socket.settimeout(left)
            text += self._opened(self._line())
            if len(text) > LONGEST_REPLY:
                raise Unreachable(f"{self.where} answers without end.")
            if (reply := _whole(bytes(text))) is not None:
                return reply

    def _opened(self, line: bytes) -> bytes:
        """What a protected line says; a server that has given up speaks plainly."""
        if line[:3] not in {b"631", b"632", b"633"}:
            raise in_words(self.where, line[4:].decode("utf-8", "replace"))
        try:
            self._in.write(base64.b64decode(line[4:]))
            plain = bytearray()
            with suppress(ssl.SSLWantReadError):
                while piece := self._tls.read(1 << 16):
                    plain += piece
        except (binascii.Error, ssl.SSLError) as error:
            raise Unreachable(f"{self.where} broke the protocol of GridFTP.") from error
        return bytes(plain)

    def _plain_reply(self) -> Reply:
        text = b""
        while (reply := _whole(text)) is None:
            text += self._line()
        return reply

    def _line(self) -> bytes:
        try:
            line = self._file.readline(LONGEST_LINE)
        except OSError as error:
            raise self._broken(error) from error
        if not line.endswith(b"\n"):
            raise Unreachable(f"{self.where} closed the connection.")
        return line

    def _put(self, line: bytes) -> None:
        try:
            self._socket.sendall(line + b"\r\n")
        except OSError as error:
            raise self._broken(error) from error

    def _broken(self, error: OSError) -> LinkError:
        if isinstance(error, TimeoutError):
            return Unreachable(f"{self.where} did not answer in time.")
        return Unreachable(f"The connection to {self.where} broke: {error.strerror or error}.")

    def close(self) -> None:
        """End the connection, from any thread: who waits on it, or on its data, is told that it broke."""
        for each in (self.data, self._socket):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self._end()


def _end(file: BinaryIO, connection: socket.socket) -> None:
    file.close()
    connection.close()


def _token(reply: Reply) -> bytes:
    _, found, token = reply.lines[-1].partition(b"ADAT=")
    try:
        return base64.b64decode(token, validate=False) if found else b""
    except binascii.Error:
        return b""


def _whole(text: bytes) -> Reply | None:
    """The reply where all of it has come: a line with a code and a blank ends it (RFC 959, 4.2)."""
    lines = text.rstrip(b"\0").split(b"\r\n" if b"\r\n" in text else b"\n")
    if len(lines) < 2 or lines[-1] or not re.match(rb"\d\d\d ", lines[-2]):
        return None
    kept = [re.sub(rb"^\d\d\d[ -]", b"", line) for line in lines[:-1]]
    return Reply(int(lines[-2][:3]), tuple(kept))
