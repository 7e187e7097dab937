"""What is asked of a directory, as bytes (RFC 4511 4.5.1): to load ldap3 for that takes a tenth of a first load."""

from __future__ import annotations

import re
from collections.abc import Collection

from zeligui.links.ldap.messages import written
from zeligui.links.ldap.place import Scope

SEARCH = 0x63

_SCOPES: dict[Scope, int] = {"base": 0, "one": 1, "sub": 2}
_INTEGER, _ENUMERATED, _BOOLEAN, _SEQUENCE = 0x02, 0x0A, 0x01, 0x30
_EQUAL, _PRESENT = 0xA3, 0x87
_SEVERAL = {"&": 0xA0, "|": 0xA1, "!": 0xA2}
_SIMPLE = re.compile(r"\(([A-Za-z][A-Za-z0-9.;-]*)=([^()*\\]+|\*)\)")


def request(number: int, kind: int, content: bytes, control: bytes = b"") -> bytes:
    """A message with a request, and a control if there is one."""
    asked = integer(number) + written(kind, content)
    return written(_SEQUENCE, asked + (written(0xA0, control) if control else b""))


def search(base: str, condition: str, scope: Scope, attributes: Collection[str], limit_s: int = 0) -> bytes:
    """The content of a SearchRequest: nothing is dereferenced, and the server stops after `limit_s` unless that is 0.

    ValueError where the condition is more than words of `attribute=value` and `attribute=*`, with `&`, `|` and `!`.
    """
    chosen = written(_ENUMERATED, bytes([_SCOPES[scope]])) + written(_ENUMERATED, b"\0")
    limits = integer(0) + integer(limit_s) + written(_BOOLEAN, b"\0")
    wanted = written(_SEQUENCE, b"".join(map(octets, attributes)))
    fulfilled, end = _condition(condition, 0)
    if end != len(condition):
        raise ValueError(f"{condition!r} is more than one condition")
    return octets(base) + chosen + limits + fulfilled + wanted


def control(oid: str, value: bytes, *, needed: bool = False) -> bytes:
    """A control with this value; where it is `needed`, a server that does not know it refuses."""
    return written(_SEQUENCE, octets(oid) + (written(_BOOLEAN, b"\xff") if needed else b"") + written(0x04, value))


def octets(text: str) -> bytes:
    """A text as it stands in a request."""
    return written(0x04, text.encode())


def integer(number: int) -> bytes:
    """A number, 0 or more, as it stands in a request."""
    return written(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _condition(text: str, at: int) -> tuple[bytes, int]:
    """The filter that begins there (RFC 4515), and where it ends."""
    if matched := _SIMPLE.match(text, at):
        attribute, value = matched.groups()
        simple = (
            written(_PRESENT, attribute.encode())
            if value == "*"
            else written(_EQUAL, octets(attribute) + octets(value))
        )
        return simple, matched.end()
    tag = _SEVERAL.get(text[at + 1 : at + 2]) if text[at : at + 1] == "(" else None
    if tag is None:
        raise ValueError(f"{text[at:]!r} is no condition that is known here")
    parts, at = b"", at + 2
    while text[at : at + 1] == "(":
        part, at = _condition(text, at)
        parts += part
    if text[at : at + 1] != ")" or not parts:
        raise ValueError(f"{text!r} does not end")
    return written(tag, parts), at + 1
