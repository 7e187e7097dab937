"""Requests of GRAM5 and their answers, framed as HTTP over a connection that has a time limit.

An answer is bounded, and one that is cut or garbled is an error in words: it says nothing of the job.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from zeligui.errors import Refused, Unreachable
from zeligui.links.gram.words import printable

MOST_HEAD, MOST_BODY = 1 << 14, 1 << 16
"""Bytes of an answer: real ones have some hundred."""

VERSION = "2"

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n")
_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63}):[ \t]*(.*)")


class Garbled(Unreachable):
    """An answer that is cut or cannot be understood."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The code and the words of HTTP, and the fields of the message."""

    code: int
    reason: str
    fields: Mapping[str, str]

    def number(self, name: str, who: str) -> int:
        """A field that is a number. Garbled where it is not there or none."""
        value = self.fields.get(name, "")
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise Garbled(f"{who} answered without a number for {name}.", hint=HINT)
        return int(value)


HINT = "Something else than GRAM5 may listen there, or the network garbles what passes through it."


class Deadline:
    """The moment until which one exchange may take, all its steps together."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left. TimeoutError where none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def within(self, seconds: float) -> Deadline:
        """The earlier of this one and one that begins now."""
        return Deadline(min(seconds, self.left()))


class Stream(Protocol):
    """What a TLS socket is here."""

    def settimeout(self, value: float | None, /) -> None: ...
    def sendall(self, data: bytes, /) -> None: ...
    def recv(self, most: int, /) -> bytes: ...


class Wire:
    """One connection, read piece by piece. `who` is at the other end, for the words.

    What goes wrong with it is Unreachable, or Garbled where something came that is not an answer; Refused where our
    certificate is not believed.
    """

    def __init__(self, stream: Stream, who: str, deadline: Deadline) -> None:
        self._stream = stream
        self._who = who
        self._deadline = deadline
        self._rest = b""

    def send(self, data: bytes) -> None:
        try:
            self._stream.settimeout(self._deadline.left())
            self._stream.sendall(data)
        except OSError as error:
            raise broken(error, self._who, self._deadline) from error

    def exactly(self, count: int) -> bytes:
        """The next bytes, all of them."""
        while len(self._rest) < count:
            self._more()
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def token(self, most: int = MOST_BODY) -> bytes:
        """The next DER value: its head says how long it is."""
        head = self.exactly(2)
        count = head[1]
        if count & 0x80:
            size = self.exactly(count & 0x7F if count & 0x7F <= 3 else 0)
            head, count = head + size, int.from_bytes(size, "big")
        if head[0] != 0x30 or not 0 < count <= most:
            raise Garbled(f"{self._who} asked for a proxy in a way that is not understood.", hint=HINT)
        return head + self.exactly(count)

    def post(self, path: str, host: str, message: bytes) -> None:
        """Send a message."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Type: application/x-globus-gram\r\nContent-Length: {len(message)}\r\n\r\n"
        )
        self.send(head.encode("ascii") + message)

    def answer(self) -> Answer:
        """The answer to what was posted."""
        while b"\r\n\r\n" not in self._rest:
            if len(self._rest) > MOST_HEAD:
                raise Garbled(f"{self._who} sent a heading without an end.", hint=HINT)
            if self._rest and not _may_be_http(self._rest):
                raise Garbled(f"{self._who} does not talk GRAM: it said {self._shown()}.", hint=HINT)
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        head += b"\r\n"
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if not status:
            raise Garbled(f"{self._who} sent an answer without a status.", hint=HINT)
        count = int(length[1]) if length else 0
        if count > MOST_BODY:
            raise Garbled(f"{self._who} announced an answer of {count} bytes, which none has.", hint=HINT)
        body = self.exactly(count)
        return Answer(int(status[1]), printable((status[2] or b"").decode("latin-1")), _fields(body, self._who))

    def _more(self) -> None:
        try:
            self._stream.settimeout(self._deadline.left())
            piece = self._stream.recv(1 << 14)
        except OSError as error:
            raise broken(error, self._who, self._deadline) from error
        if not piece:
            what = "in the middle of its answer" if self._rest else "without an answer"
            raise Garbled(f"{self._who} closed the connection {what}.", hint="Try again; its logs say more.")
        self._rest += piece

    def _shown(self) -> str:
        return ascii(self._rest[:40].decode("latin-1"))


def broken(error: OSError, who: str, deadline: Deadline) -> Unreachable | Refused:
    """What an error of a connection means, in its handshake or later: with TLS 1.3 a peer looks at ours after it."""
    if isinstance(error, TimeoutError):
        return Unreachable(f"{who} did not answer within {deadline.seconds:g} s.", hint="Try again.")
    with_whom = f"{who[0].lower()}{who[1:]}"
    if not isinstance(error, ssl.SSLError):
        return Unreachable(f"The connection with {with_whom} broke: {error.strerror or error}.", hint="Try again.")
    why = printable((error.reason or "").replace("_", " ").lower())
    if "unknown ca" in why or ("alert" in why and "certificate" in why):
        return Refused(
            f"{who} does not believe your certificate ({why}).",
            hint="Ask whether the site trusts your authority; `zeligrid proxy info` shows what you have.",
        )
    return Garbled(f"The connection with {with_whom} broke: {why or 'what came was not TLS'}.", hint="Try again.")


def _may_be_http(begun: bytes) -> bool:
    return begun.startswith(b"HTTP/1."[: len(begun)])


def _fields(body: bytes, who: str) -> dict[str, str]:
    """The lines `name: value` of a message. Garbled where a line is none, or a name comes twice."""
    fields: dict[str, str] = {}
    for line in body.rstrip(b"\0").decode("utf-8", "replace").split("\r\n"):
        if not line:
            continue
        found = _FIELD.fullmatch(line)
        if not found or found[1] in fields:
            raise Garbled(f"{who} sent an answer that is not understood: {line[:60]!a}.", hint=HINT)
        fields[found[1]] = unquoted(found[2])
    return fields


def unquoted(value: str) -> str:
    """A value of a message: texts stand between quotes, in which a backslash hides a quote or another one."""
    if len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def quoted(text: bytes) -> bytes:
    """A text as a message has it."""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def message(*fields: tuple[str, bytes]) -> bytes:
    """A message of the given fields; one without a name stands alone."""
    lines = [f"protocol-version: {VERSION}".encode()]
    lines += [name.encode() + b": " + value if name else value for name, value in fields]
    return b"\r\n".join(lines) + b"\r\n\0"


def framed(token: bytes) -> bytes:
    """A token as job managers take them: its length first."""
    return len(token).to_bytes(4, "big") + token
