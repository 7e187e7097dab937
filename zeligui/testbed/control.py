"""How a running grid is commanded: one JSON object there, one back, over a local socket that its folder names."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zeligui.errors import Unreachable, UsageError, ZeliGridError

LIMIT_S = 30.0
MOST = 65536

Message = Mapping[str, Any]


def ask(folder: Path, request: Message) -> dict[str, Any]:
    """Command the grid that runs under `folder` and return its answer.

    Unreachable: none runs there, or it does not answer. UsageError: it refused, and says why.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(LIMIT_S)
        try:
            link.connect(_address(folder))
        except OSError as error:
            raise Unreachable(
                f"No embedded grid runs under {folder}.",
                hint="Start one with `zeligrid testbed up`, in another terminal and with the same home.",
            ) from error
        _same_user(link)
        answer = _exchange(link, request)
    if "error" in answer:
        raise UsageError(answer["error"], hint=answer["hint"])
    return answer


class Desk:
    """Where the running grid takes its commands. Holding it is what makes a grid the only one under its folder."""

    def __init__(self, folder: Path) -> None:
        """UsageError: a grid runs under this folder already."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(_address(folder))
        except OSError as error:
            self._socket.close()
            raise UsageError(
                f"An embedded grid already runs under {folder}.",
                hint="Use it, end it with Ctrl+C where it was started, or give another --home.",
            ) from error
        self._socket.listen()

    def fileno(self) -> int:
        return self._socket.fileno()

    def answer(self, obey: Callable[[Message], Message]) -> None:
        """Take one waiting command; what `obey` refuses with a ZeliGridError is told to who asked."""
        link, _ = self._socket.accept()
        with link:
            link.settimeout(1.0)  # who asks is on this machine and has its question ready
            try:
                _same_user(link)
                _send(link, _obeyed(obey, _receive(link)))
            except (OSError, ValueError, ZeliGridError):
                return  # who asked went away, or may not ask: there is nobody to tell

    def close(self) -> None:
        self._socket.close()


def _obeyed(obey: Callable[[Message], Message], request: Message) -> Message:
    try:
        return obey(request)
    except ZeliGridError as error:
        return {"error": str(error), "hint": error.hint}
    except (OSError, LookupError, TypeError, ValueError) as error:
        return {"error": f"The embedded grid cannot do that ({error}).", "hint": ""}


def _exchange(link: socket.socket, request: Message) -> dict[str, Any]:
    try:
        _send(link, request)
        return _receive(link)
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"The embedded grid did not answer ({error}).", hint="Look at the terminal where it was started."
        ) from error


def _address(folder: Path) -> bytes:
    """An abstract name: it needs no file, has no length limit in paths, and goes when its process goes (unix(7))."""
    place = os.fsencode(folder.resolve())
    return b"\0zeligrid-testbed-" + hashlib.sha256(place).hexdigest()[:32].encode()


def _same_user(link: socket.socket) -> None:
    """Anybody may connect to an abstract name; only the same user is listened to."""
    _, user, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if user != os.geteuid():
        raise UsageError("The embedded grid belongs to another user.", hint="Give a --home of your own.")


def _send(link: socket.socket, message: Message) -> None:
    link.sendall(json.dumps(message).encode())
    link.shutdown(socket.SHUT_WR)


def _receive(link: socket.socket) -> dict[str, Any]:
    text = b""
    while piece := link.recv(MOST):
        text += piece
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message
