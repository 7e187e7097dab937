"""A running program's desk: one JSON object there, one back, over a local socket that only its own user is heard at."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zeligui.errors import Unreachable, ZeliGridError

LIMIT_S = 30.0
TAKEN_S = 1.0
"""Who asks is on this machine and has its question ready; a window stands still until it is taken."""
PIECE = 65536
LARGEST = 16 * 1024 * 1024

Message = Mapping[str, Any]


class NobodyThere(Unreachable):
    """No program has a desk at this address."""


class Occupied(ZeliGridError):
    """Another program has its desk at this address already."""

    exit_status = 2


def address(kind: str, folder: Path) -> bytes:
    """Where the program of this kind has its desk for a folder.

    An abstract name: it needs no file, has no limit of length in paths, and goes when its process goes (unix(7)).
    """
    place = os.fsencode(folder.resolve())
    return b"\0zeligrid-" + kind.encode() + b"-" + hashlib.sha256(place).hexdigest()[:32].encode()


def ask(where: bytes, request: Message, *, limit_s: float = LIMIT_S) -> dict[str, Any]:
    """Send a request to a desk and return the answer.

    NobodyThere: there is none. Unreachable: it does not answer in time, or belongs to another user. What was refused
    comes back as an answer with `error` and `hint`.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(limit_s)
        try:
            link.connect(where)
        except ConnectionRefusedError as error:
            raise NobodyThere("No such program runs.") from error
        except OSError as error:
            raise Unreachable(f"It does not answer ({error}).") from error
        try:
            _check_user(link)
            _send(link, request)
            return _receive(link, limit_s)
        except (OSError, ValueError) as error:
            raise Unreachable(f"It does not answer ({error}).") from error


class Desk:
    """Where requests are taken. Having it is what makes a program the only one at its address."""

    def __init__(self, where: bytes) -> None:
        """Occupied: another program has it."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(where)
        except OSError as error:
            self._socket.close()
            raise Occupied("Another program of the kind runs already.") from error
        self._socket.setblocking(False)
        self._socket.listen()

    def fileno(self) -> int:
        return self._socket.fileno()

    def answer(self, obey: Callable[[Message], Message]) -> None:
        """Take one waiting request, if there is one; what `obey` refuses with a ZeliGridError is told to who asked."""
        try:
            link, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        with link:
            link.settimeout(TAKEN_S)
            try:
                _check_user(link)
                _send(link, _obeyed(obey, _receive(link, TAKEN_S)))
            except (OSError, ValueError):
                return  # who asked went away, or may not ask: there is nobody to tell

    def close(self) -> None:
        self._socket.close()


def _obeyed(obey: Callable[[Message], Message], request: Message) -> Message:
    try:
        return obey(request)
    except ZeliGridError as error:
        return {"error": str(error), "hint": error.hint}
    except (OSError, LookupError, TypeError, ValueError) as error:
        return {"error": f"It cannot do that ({type(error).__name__}: {error}).", "hint": ""}


def _check_user(link: socket.socket) -> None:
    """Anybody may connect to an abstract name; only the same user is listened to."""
    _, user, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if user != os.geteuid():
        raise PermissionError("it belongs to another user")


def _send(link: socket.socket, message: Message) -> None:
    link.sendall(json.dumps(message).encode())
    link.shutdown(socket.SHUT_WR)


def _receive(link: socket.socket, limit_s: float) -> dict[str, Any]:
    """The one message, within the limit as a whole: a byte now and then does not prolong it."""
    end = time.monotonic() + limit_s
    text = bytearray()
    while piece := link.recv(PIECE):
        text += piece
        if len(text) > LARGEST:
            raise ValueError("it says too much")
        link.settimeout(max(0.001, end - time.monotonic()))
    try:
        message = json.loads(text)
    except RecursionError as error:
        raise ValueError("what it says is nested too deeply") from error
    if not isinstance(message, dict):
        raise ValueError("it says no JSON object")
    return message
