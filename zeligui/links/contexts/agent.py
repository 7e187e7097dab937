"""The user's ssh agent: whether it answers in time, and which keys it holds."""

from __future__ import annotations

import os
import socket
import struct
import time
from dataclasses import dataclass

from zeligui.errors import ZeliGridError
from zeligui.links.contexts.context import Context, Standing

ANSWER_S = 2.0
"""How long it may take; paramiko would wait for ever."""

_REQUEST = struct.pack(">IB", 1, 11)
_ANSWER = 12
"""SSH_AGENTC_REQUEST_IDENTITIES and SSH_AGENT_IDENTITIES_ANSWER, draft-ietf-sshm-ssh-agent, section 3.5."""
_LARGEST = 1 << 20


class NoAgent(ZeliGridError):
    """No agent answers; `named` says whether the environment names one."""

    def __init__(self, message: str, *, hint: str, named: bool) -> None:
        super().__init__(message, hint=hint)
        self.named = named


@dataclass(frozen=True, slots=True)
class Held:
    """One key that the agent holds: its public half, and the name that the user gave it."""

    blob: bytes
    comment: str

    @property
    def kind(self) -> str:
        """Such as ssh-ed25519."""
        return _string(self.blob, 0)[0].decode("ascii", "replace")


def held() -> tuple[Held, ...]:
    """The keys of the agent that $SSH_AUTH_SOCK names. Blocks for two seconds at most. NoAgent."""
    path = os.environ.get("SSH_AUTH_SOCK")
    if not path:
        raise NoAgent("No ssh agent is named in SSH_AUTH_SOCK.", hint="eval $(ssh-agent)", named=False)
    try:
        return _read(_asked(path))
    except (OSError, struct.error, ValueError) as error:
        silent = "does not answer" if isinstance(error, OSError) else "gives no answer that is understood"
        raise NoAgent(
            f"The ssh agent that SSH_AUTH_SOCK names {silent}.", hint="eval $(ssh-agent)", named=True
        ) from error


def answer() -> tuple[Held, ...] | NoAgent:
    """What the agent holds, or why it does not say. Blocks as `held` does."""
    try:
        return held()
    except NoAgent as error:
        return error


def look(keys: tuple[Held, ...] | NoAgent) -> Context:
    """The agent that gave this answer as a context."""
    if isinstance(keys, NoAgent):
        standing = Standing.UNUSABLE if keys.named else Standing.ABSENT
        return Context("agent", "", standing, str(keys), keys.hint)
    if not keys:
        words = "The ssh agent answers, and holds no key; it may be locked (ssh-add -X opens it)."
        return Context("agent", "", Standing.ABSENT, words, "ssh-add")
    names = ", ".join(f"{key.comment or 'without a name'} ({key.kind})" for key in keys)
    return Context("agent", "", Standing.USABLE, f"The ssh agent holds {names}.")


def _asked(path: str) -> bytes:
    deadline = time.monotonic() + ANSWER_S
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(ANSWER_S)
        sock.connect(path)
        sock.sendall(_REQUEST)
        (size,) = struct.unpack(">I", _exactly(sock, 4, deadline))
        if size > _LARGEST:
            raise ValueError
        return _exactly(sock, size, deadline)


def _exactly(sock: socket.socket, count: int, deadline: float) -> bytes:
    came = bytearray()
    while len(came) < count:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        piece = sock.recv(count - len(came))
        if not piece:
            raise ConnectionError
        came += piece
    return bytes(came)


def _read(answer: bytes) -> tuple[Held, ...]:
    kind, count = struct.unpack_from(">BI", answer)
    if kind != _ANSWER:
        raise ValueError
    keys, place = [], 5
    for _ in range(count):
        blob, place = _string(answer, place)
        comment, place = _string(answer, place)
        keys.append(Held(blob, comment.decode("utf-8", "replace")))
    return tuple(keys)


def _string(data: bytes, place: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">I", data, place)
    end = place + 4 + size
    if end > len(data):
        raise ValueError
    return data[place + 4 : end], end
