"""A search in a directory: all entries from a base down, in pages, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zeligui.errors import Refused, Unreachable
from zeligui.links.ldap.connection import SEARCH_S, open_connection
from zeligui.links.ldap.decoding import Found, entry
from zeligui.links.ldap.messages import DONE, ENTRY, Message, Stream, elements, result
from zeligui.links.ldap.place import Place, Scope

if TYPE_CHECKING:
    from ldap3 import Connection

PAGE = 500
PIECE = 1 << 18

SCOPES: Mapping[Scope, Any] = {"base": "BASE", "one": "LEVEL", "sub": "SUBTREE"}
_PAGED_RESULTS = "1.2.840.113556.1.4.319"
_BASES = "`ldapsearch -x -s base -b '' namingContexts` asks a directory for its bases."

_REFUSALS: Mapping[int, tuple[str, str]] = {
    3: ("stops its search: it takes longer than is allowed", "A base further down the tree has fewer entries."),
    4: (
        "gives fewer entries at a time than it has",
        "Ask who runs it for a larger size limit, or name a narrower base.",
    ),
    10: ("keeps this base elsewhere", "Name that other directory instead."),
    11: ("gives fewer entries than were asked for", "Ask who runs it for a larger limit, or name a narrower base."),
    32: ("has no such base", _BASES),
    34: ("takes its base for no distinguished name", "A base is written as in Mds-Vo-name=site,o=grid."),
}
"""What a result of RFC 4511 (appendix A) means for the user."""

_ENTER = "Set `user` and `password` under [directories] of the settings, or ask who runs it for a public base."

_NOT_FOR_ALL = frozenset({1, 8, 13, 48, 49, 50, 53})
"""Results that a server which everyone may not read gives."""

_BUSY = frozenset({51, 52, 80})


def search(place: Place, condition: str) -> Iterator[Found]:
    """All entries from the base down that fulfil `condition` (an LDAP filter), as the pages come.

    A LinkError says why the directory gives none, or not all of them.
    """
    with open_connection(place) as connection:
        for base in _bases(connection, place):
            yield from _pages(connection, place, base, condition)


def _bases(connection: Connection, place: Place) -> tuple[str, ...]:
    """The whole tree is what the server says it holds: OpenLDAP has nothing at the empty base itself."""
    if place.base:
        return (place.base,)
    _, _, entries, _ = connection.search("", "(objectClass=*)", "BASE", attributes=["namingContexts"])
    named = [each for entry in entries for each in entry.get("raw_attributes", {}).get("namingContexts", ())]
    return tuple(each.decode() for each in named) or ("",)


def _pages(connection: Connection, place: Place, base: str, condition: str) -> Iterator[Found]:
    """A page after another (RFC 2696); a server that knows no pages gives all in the first.

    The next page is asked for before this one is read: the server works at it meanwhile.
    """
    stream = Stream()
    number = _ask(connection, place, base, condition, b"")
    while number:
        contents, done = _page(connection, stream, number)
        cookie = _cookie(done)
        number = _ask(connection, place, base, condition, cookie) if cookie else 0
        yield from map(_entry, contents)
        _check(done, place)


def _ask(connection: Connection, place: Place, base: str, condition: str, cookie: bytes) -> int:
    from ldap3 import DEREF_NEVER
    from ldap3.operation.search import search_operation
    from ldap3.protocol.rfc2696 import paged_search_control

    request = search_operation(
        base, condition, SCOPES[place.scope], DEREF_NEVER, ["*"], 0, int(SEARCH_S), False, True, True
    )
    number: int = connection.strategy.send("searchRequest", request, [paged_search_control(False, PAGE, cookie)])
    return number


def _page(connection: Connection, stream: Stream, number: int) -> tuple[list[bytes], Message]:
    """The entries that answer a request, as they came, and the message that ends them."""
    contents: list[bytes] = []
    while True:
        for message in stream.messages(connection.socket.recv(PIECE)):
            if message is None or message.number != number:
                raise ValueError("an answer to no question")
            if message.kind == ENTRY:
                contents.append(message.content)
            elif message.kind == DONE:
                return contents, message


def _entry(content: bytes) -> Found:
    """One that cannot be read has no name, and its content as its only piece, which is none either."""
    try:
        return entry(content)
    except ValueError:
        return Found(b"", (content,))


def _cookie(done: Message) -> bytes:
    """By which the next page is asked for; empty where there is none."""
    value = done.controls.get(_PAGED_RESULTS)
    if not value:
        return b""
    (_, inside), *_ = elements(value)
    _, (_, cookie) = elements(inside)
    return cookie


def _check(done: Message, place: Place) -> None:
    from ldap3.core.results import RESULT_CODES

    code, message = result(done.content)
    if code == 0:
        return
    said = f" ({RESULT_CODES.get(code, code)}{': ' if message else ''}{message})"[:200]
    if code in _REFUSALS:
        words, hint = _REFUSALS[code]
        raise Refused(f"{place.url} {words}{said}.", hint=hint)
    if code in _NOT_FOR_ALL:
        raise Refused(f"{place.url} is not to be read by {place.user or 'everyone'}{said}.", hint=_ENTER)
    raise (Unreachable if code in _BUSY else Refused)(f"{place.url} gives no answer{said}.")
