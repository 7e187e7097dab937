"""A search in a directory: all entries from a base down, in pages, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeligui.errors import Refused, Unreachable
from zeligui.links.ldap.connection import SEARCH_S, open_connection
from zeligui.links.ldap.place import Place, Scope

if TYPE_CHECKING:
    from ldap3 import Connection

PAGE = 500

_SCOPES: Mapping[Scope, Any] = {"base": "BASE", "one": "LEVEL", "sub": "SUBTREE"}
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

_ENTER = (
    "Set `user` and `password` under [directories] of the settings, or ask who runs it for a public base."
)

_NOT_FOR_ALL = frozenset({1, 8, 13, 48, 49, 50, 53})
"""Results that a server which everyone may not read gives."""

_BUSY = frozenset({51, 52, 80})


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as the server sent it: nothing of it is decoded, or checked."""

    dn: bytes
    attributes: Mapping[str, list[bytes]]


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
    """A page after another (RFC 2696); a server that knows no pages gives all in the first."""
    cookie: Any = None
    while cookie != b"":
        _, result, entries, _ = connection.search(
            base,
            condition,
            _SCOPES[place.scope],
            dereference_aliases="NEVER",
            attributes=["*"],
            time_limit=int(SEARCH_S),
            paged_size=PAGE,
            paged_cookie=cookie,
        )
        _check(result, place)
        yield from (Found(one["raw_dn"], one["raw_attributes"]) for one in entries if one["type"] == "searchResEntry")
        paged = (result.get("controls") or {}).get(_PAGED_RESULTS)
        cookie = (paged["value"]["cookie"] or b"") if paged else b""


def _check(result: Mapping[str, Any], place: Place) -> None:
    code = result["result"]
    if code == 0:
        return
    said = f" ({result['description']}{': ' if result['message'] else ''}{result['message']})"[:200]
    if code in _REFUSALS:
        words, hint = _REFUSALS[code]
        raise Refused(f"{place.url} {words}{said}.", hint=hint)
    if code in _NOT_FOR_ALL:
        raise Refused(f"{place.url} is not to be read by {place.user or 'everyone'}{said}.", hint=_ENTER)
    raise (Unreachable if code in _BUSY else Refused)(f"{place.url} gives no answer{said}.")
