"""Messages of LDAP (RFC 4511) as bytes: cut out of a stream, and taken apart. Only what a reader of entries meets."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from zeligui.links.ldap.decoding import entry

__all__ = [
    "DONE",
    "ENTRY",
    "INTERMEDIATE",
    "REFERENCE",
    "Message",
    "Stream",
    "element",
    "elements",
    "entry",
    "referred",
    "result",
    "written",
]

ENTRY, DONE, REFERENCE, INTERMEDIATE = 0x64, 0x65, 0x73, 0x79
"""The tags of what answers a search."""

LONGEST = 1 << 24
"""No entry of a directory of machines has 16 MB."""

LONGEST_TEXT = 200


class Message(NamedTuple):
    """One message: the request that it answers, its tag, what is in it, and what comes behind that, its controls."""

    number: int
    kind: int
    content: bytes
    behind: bytes = b""

    @property
    def controls(self) -> dict[str, bytes]:
        """By their OIDs."""
        return _controls(self.behind)


class Stream:
    """Takes pieces of a stream as they come, and gives the messages that are whole. ValueError for what is none."""

    def __init__(self) -> None:
        self._rest = b""

    def messages(self, piece: bytes) -> list[Message | None]:
        """The messages that this piece completes, None for each that makes no sense."""
        data, at = self._rest + piece if self._rest else piece, 0
        found: list[Message | None] = []
        while True:
            end, message = _plain_entry(data, at)
            if message is None:
                if (whole := _whole(data, at)) is None:
                    break
                end, message = whole, _message(data, at)
            found.append(message)
            at = end
        self._rest = data[at:]
        return found


def element(data: bytes, at: int) -> tuple[int, int, int]:
    """The tag of the element at a place, and where its content begins and ends. ValueError where it does not fit."""
    try:
        tag, length, begin = data[at], data[at + 1], at + 2
    except IndexError as error:
        raise ValueError("an element is cut off") from error
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(data[at + 2 : begin], "big")
    if begin + length > len(data):
        raise ValueError("an element is longer than what is around it")
    return tag, begin, begin + length


def elements(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The tags and contents of the elements between two places."""
    end = len(data) if end is None else end
    while begin < end:
        tag, start, begin = element(data, begin)
        yield tag, data[start:begin]


def result(content: bytes) -> tuple[int, str]:
    """The code of a result, and what it says (RFC 4511 4.1.9), harmless to show."""
    (_, code), _, (_, said), *_ = elements(content)
    return int.from_bytes(code, "big"), _shown(said)


def referred(content: bytes) -> list[str]:
    """The addresses in a REFERENCE, or in a result that refers elsewhere (RFC 4511 4.1.10), harmless to show."""
    found = list(elements(content))
    if found and found[0][0] != 0x04:
        found = [one for tag, inside in found if tag == 0xA3 for one in elements(inside)]
    return [_shown(address) for _, address in found]


def _shown(text: bytes) -> str:
    short = text.decode("utf-8", "replace")[:LONGEST_TEXT]
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in short)


def written(tag: int, content: bytes) -> bytes:
    """An element with this content."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _whole(data: bytes, at: int) -> int | None:
    """Where the message at a place ends, None where it has not come as a whole."""
    if len(data) < at + 2:
        return None
    if data[at] != 0x30:
        raise ValueError("what comes is no LDAP")
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        begin += length & 0x7F
        if len(data) < begin:
            return None
        length = int.from_bytes(data[at + 2 : begin], "big")
    if length > LONGEST:
        raise ValueError(f"a message of {length >> 20} MB comes")
    return begin + length if len(data) >= begin + length else None


_PLAIN = Struct(">HHHBBBH")
"""How a message with an entry begins: lengths in two bytes, the number in one."""


def _plain_entry(data: bytes, at: int) -> tuple[int, Message | None]:
    """The message there, and where it ends, if it is an entry of the size that most have, which is seen at once."""
    if len(data) - at < _PLAIN.size:
        return at, None
    outer, size, integer, number, kind, length_in, length = _PLAIN.unpack_from(data, at)
    begin, end = at + _PLAIN.size, at + 4 + size
    behind = begin + length
    if outer != 0x3082 or integer != 0x0201 or kind != ENTRY or length_in != 0x82 or number > 0x7F or behind > end:
        return at, None
    if end > len(data):
        return at, None
    if behind == end:
        return end, Message(number, ENTRY, data[begin:behind])
    if end - behind < 2 or data[behind] != 0xA0 or data[behind + 1] != end - behind - 2 or end - behind - 2 > 0x7F:
        return at, None
    return end, Message(number, ENTRY, data[begin:behind], data[behind + 2 : end])


def _message(data: bytes, at: int) -> Message | None:
    try:
        _, begin, end = element(data, at)
        (_, number), (kind, content), *rest = elements(data, begin, end)
        behind = b"".join(some for tag, some in rest if tag == 0xA0)
        _controls(behind)
    except ValueError:
        return None
    return Message(int.from_bytes(number, "big"), kind, content, behind)


def _controls(content: bytes) -> dict[str, bytes]:
    return dict(_control(each) for _, each in elements(content))


def _control(content: bytes) -> tuple[str, bytes]:
    oid, value = "", b""
    for place, (tag, text) in enumerate(elements(content)):
        if place == 0:
            oid = text.decode("ascii", "replace")
        elif tag == 0x04:
            value = text
    return oid, value
