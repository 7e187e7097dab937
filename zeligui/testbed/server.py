"""The SSH server of a node: commands, shells and SFTP for the one key of the grid's client."""

from __future__ import annotations

import logging
import os
import select
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, NoReturn

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    MSG_CHANNEL_REQUEST,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from zeligui.testbed.files import Files

log = logging.getLogger(__name__)

PIECE = 2**16
IDLE_S = 5.0
CANNOT_START = 255


@dataclass(frozen=True, slots=True)
class Site:
    """What a server needs to know of its node."""

    host_key: paramiko.PKey
    client_key: paramiko.PKey
    home: Path
    environment: Mapping[str, str]


def serve(listener: socket.socket, site: Site) -> NoReturn:
    """Answer for ever; each connection has threads of its own."""
    while True:
        connection, _ = listener.accept()
        # TCP_NODELAY: an exec takes 4 ms instead of 46 (Nagle and delayed ACK).
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_converse, args=(connection, site), daemon=True).start()


def _converse(connection: socket.socket, site: Site) -> None:
    transport = Conversation(connection)
    transport.add_server_key(site.host_key)
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files, site.home)
    try:
        transport.start_server(server=Doorkeeper(site))
    except _CLIENT_GONE as error:
        log.info("a client did not get through the handshake: %s", error)
        transport.close()
        return
    channels: list[paramiko.Channel] = []  # paramiko itself holds them weakly
    while transport.is_active():
        opened = transport.accept(IDLE_S)
        channels = [channel for channel in (*channels, opened) if channel and not channel.closed]


class Doorkeeper(paramiko.ServerInterface):
    """What a client may do: with the right key, run commands and copy files, under any user name."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asked: dict[int, list[bytes]] = {}

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return AUTH_SUCCESSFUL if key == self._site.client_key else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        return self._ask(channel, [b"/bin/sh", b"-c", command])

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        return self._ask(channel, [b"/bin/sh"])

    def _ask(self, channel: paramiko.Channel, command: list[bytes]) -> bool:
        self._asked[channel.chanid] = command
        return True

    def begin(self, channel: paramiko.Channel) -> None:
        """Start what this channel asked for, if it did."""
        if command := self._asked.pop(channel.chanid, None):
            threading.Thread(target=_run, args=(channel, command, self._site), daemon=True).start()


# paramiko offers no public way to act after its answer.
_HANDLERS: Mapping[int, Callable[[paramiko.Channel, paramiko.Message], None]] = vars(paramiko.Transport)[
    "_channel_handler_table"
]


def _answer_then_begin(channel: paramiko.Channel, message: paramiko.Message) -> None:
    _HANDLERS[MSG_CHANNEL_REQUEST](channel, message)
    doorkeeper = channel.get_transport().server_object
    if isinstance(doorkeeper, Doorkeeper):
        doorkeeper.begin(channel)


class Conversation(paramiko.Transport):
    """A connection that answers a request before its command runs.

    paramiko answers after its callback returned: a command that is started in there may end, and its channel be
    closed, before the client was told that it began.
    """

    _channel_handler_table: ClassVar = {**_HANDLERS, MSG_CHANNEL_REQUEST: _answer_then_begin}


def _run(channel: paramiko.Channel, command: Sequence[bytes], site: Site) -> None:
    """Begin a command and talk for it, until it ends or its client goes; then it goes on alone."""
    try:
        process = _begin(command, site)
    except OSError as error:
        with suppress(*_CLIENT_GONE):
            channel.sendall_stderr(f"The command could not be started: {error}.\n".encode())
            channel.send_exit_status(CANNOT_START)
            channel.close()
        return
    threading.Thread(target=_feed, args=(channel, process.stdin), daemon=True).start()
    with suppress(*_CLIENT_GONE):
        _forward(channel, process)
        channel.close()
    process.wait()


_CLIENT_GONE = (OSError, EOFError, paramiko.SSHException)


def _begin(command: Sequence[bytes], site: Site) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=site.home,
        env=site.environment,
        start_new_session=True,
    )


def _feed(channel: paramiko.Channel, stdin: IO[bytes]) -> None:
    """Copy what the client sends until its end; a command that does not read it does not stop the client."""
    with suppress(BrokenPipeError), stdin:
        while piece := channel.recv(PIECE):
            stdin.write(piece)
            stdin.flush()
    while channel.recv(PIECE):
        pass


def _forward(channel: paramiko.Channel, process: subprocess.Popen[bytes]) -> None:
    """Copy what the command prints, and its exit status when it ends; who it left behind may go on printing."""
    with ExitStack() as closing:
        end = os.pidfd_open(process.pid)
        closing.callback(os.close, end)
        senders: dict[int, Callable[[bytes], object]] = {}
        for pipe, send in ((process.stdout, channel.sendall), (process.stderr, channel.sendall_stderr)):
            if pipe:
                senders[closing.enter_context(pipe).fileno()] = send

        def passed_on(descriptor: int) -> bool:
            """Forward one piece; whether it was the last."""
            if descriptor == end:
                channel.send_exit_status(_status(process.wait()))
                return True
            piece = os.read(descriptor, PIECE)
            if piece:
                senders[descriptor](piece)
            return not piece

        waiting = {*senders, end}
        while waiting and not channel.closed:
            ready = _readable(waiting)
            # The exit status goes out after all that was printed before it.
            waiting -= {descriptor for descriptor in (ready - {end}) or ready if passed_on(descriptor)}


def _readable(descriptors: set[int]) -> set[int]:
    """Those that can be read or have ended, after a while at most."""
    watch = select.poll()
    for descriptor in descriptors:
        watch.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in watch.poll(IDLE_S * 1000)}


def _status(returned: int) -> int:
    """As a shell says it: 128 and the signal's number for a command that a signal ended."""
    return returned if returned >= 0 else 128 - returned
