"""One ssh connection to a machine, over the hosts that its route jumps, and the channels on it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import paramiko

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.links.addresses import Address
from zeligui.links.contexts import Contexts
from zeligui.links.login import LOGIN_S, dial, encrypt, in_words, log_in
from zeligui.links.routes import Hop, route
from zeligui.links.sftp import Sftp, hang_up
from zeligui.links.shell import COMMAND

CHANNEL_S = 5.0
"""How long a machine may take to open a channel on a kept connection; one that takes longer is gone."""

GATE_S = 0.5
"""How long a login waits for its turn; then it goes on, as slow machines before it must not hold up the others."""

WAKING_S = 10.0
"""A connection at rest wakes so often. paramiko's own tenth of a second is 2,000 times a second of 200 connections."""

WINDOW = 2 * 1024 * 1024


class Connection:
    """All is blocking, and is called in threads. `close` may be called from any, and ends what the others wait for.

    What `at_end` has is offered to the machine itself, where that is not all. `gate` lets few connections compute their
    keys at a time, so that many do not make the event loop late.
    """

    def __init__(
        self,
        address: Address,
        known_hosts: Sequence[Path],
        contexts: Contexts,
        gate: threading.Semaphore,
        *,
        at_end: Contexts | None = None,
    ) -> None:
        self._address = address
        self._known_hosts = known_hosts
        self._contexts = contexts
        self._at_end = at_end or contexts
        self._gate = gate
        self._transports: list[paramiko.Transport] = []
        self._socket: socket.socket | None = None
        self._closed = False
        self.stage = "route"
        """What is being done while it opens, or failed: the route, the host key, or the login."""
        self.peer = ""
        """The address of the machine, where it is connected to without a jump."""
        self.proved_by = ""
        """What the machine accepted, by name."""

    @property
    def alive(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return bool(self._transports) and not self._closed and all(each.is_active() for each in self._transports)

    def open(self, deadline: float) -> None:
        """Connect, jump by jump. A `LinkError` when that fails; then `close` is still due."""
        try:
            self._open(deadline)
        except LinkError:
            self._check_open()
            raise

    def _open(self, deadline: float) -> None:
        hops = route(self._address)
        way: socket.socket | paramiko.Channel = dial(hops[0], deadline, self._hold)
        for number, hop in enumerate(hops):
            self._log_in(way, hop, self._at_end if number + 1 == len(hops) else self._contexts)
            if number + 1 < len(hops):
                way = self._jump(hop, hops[number + 1])
        for transport in self._transports:
            transport.sock.settimeout(WAKING_S)  # `close` need not wait for it: it shuts the socket down first
        if len(hops) == 1 and self._socket is not None:
            self.peer = str(self._socket.getpeername()[0])

    def _hold(self, sock: socket.socket) -> None:
        self._socket = sock
        self._check_open()

    def _log_in(self, way: socket.socket | paramiko.Channel, hop: Hop, contexts: Contexts) -> None:
        passed = self._gate.acquire(timeout=GATE_S)
        try:
            self._check_open()
            transport = paramiko.Transport(way)
            self._transports.append(transport)
            self.stage = "host key"
            encrypt(transport, hop, self._known_hosts)
            self.stage = "login"
            self.proved_by = log_in(transport, hop, contexts)
        finally:
            if passed:
                self._gate.release()
        self._check_open()

    def _jump(self, hop: Hop, to: Hop) -> paramiko.Channel:
        try:
            with in_words(to.where, f"connecting by way of {hop.where}"):
                self.stage = "route"
                return self._transports[-1].open_channel(
                    "direct-tcpip", (to.host, to.port), ("127.0.0.1", 0), timeout=LOGIN_S
                )
        except Refused as error:
            raise Unreachable(str(error)) from error

    def _check_open(self) -> None:
        if self._closed:
            raise Unreachable(f"The connection to {self._address.url} was closed.")

    def shell(self) -> ChannelPipe:
        """A channel on which `/bin/sh` runs. A `LinkError` when it cannot be had; Unreachable: nor can any other."""
        channel = self._channel()
        with in_words(self._address.url, "starting a shell"):
            pipe = ChannelPipe(channel)
            channel.exec_command(COMMAND)
        return pipe

    def sftp(self) -> Sftp:
        """A channel for files."""
        channel = self._channel()
        with in_words(self._address.url, "opening SFTP"):
            try:
                channel.invoke_subsystem("sftp")
            except paramiko.SSHException as error:
                if not self.alive:
                    raise
                raise Refused(
                    f"{self._address.url} offers no SFTP, which copies need.",
                    hint="Its sshd_config wants a line: Subsystem sftp internal-sftp",
                ) from error
        return Sftp(channel, self._address.url, self.shell)

    def _channel(self) -> paramiko.Channel:
        self._check_open()
        with in_words(self._address.url, "opening a channel"):
            return self._transports[-1].open_session(WINDOW, timeout=CHANNEL_S)

    def close(self) -> None:
        """End all: the socket first, so that no thread of paramiko's waits on it any more."""
        self._closed = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        for transport in reversed(self._transports):
            transport.packetizer.complete_handshake()  # else its timer's thread outlives a handshake that failed
            transport.close()
        for transport in self._transports:
            if transport.is_alive():
                transport.join(2)


class ChannelPipe:
    """The standard streams of a shell at the other end of a channel."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._came = _Came()
        channel.in_buffer.set_event(self._came)
        channel.in_stderr_buffer.set_event(self._came)

    @property
    def ended(self) -> bool:
        channel = self._channel
        return bool(channel.closed or channel.eof_received) or not channel.get_transport().is_active()

    def send(self, data: bytes, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._channel.settimeout(left)
        try:
            self._channel.sendall(data)
        except (EOFError, paramiko.SSHException) as error:
            raise ConnectionError from error

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        while True:
            self._came.forget()
            ended = self.ended
            out, err = self._read()
            if out or err:
                return out, err
            if ended and not self._channel.eof_received:
                raise ConnectionError
            if ended:
                return b"", b""
            left = deadline - time.monotonic()
            if left <= 0 or not self._came.wait(left):
                raise TimeoutError

    def _read(self) -> tuple[bytes, bytes]:
        channel = self._channel
        try:  # reading sends too: it widens the window
            out = channel.recv(65536) if channel.recv_ready() else b""
            err = channel.recv_stderr(65536) if channel.recv_stderr_ready() else b""
        except (EOFError, paramiko.SSHException) as error:
            raise ConnectionError from error
        return out, err

    def close(self) -> None:
        hang_up(self._channel)


class _Came(threading.Event):
    """Set by a channel's buffers when data comes or they close; cleared by the reader alone, as both share it."""

    def clear(self) -> None:
        """A drained buffer does not speak for the other."""

    def forget(self) -> None:
        super().clear()
