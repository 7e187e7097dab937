"""What a directory answers, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zeligui.links.ldap import Place, pages
from zeligui.links.ldap.decoding import Found
from zeligui.links.ldap.searching import found_in


def search(place: Place, condition: str, tell: Callable[[str], object] = lambda _words: None) -> Iterator[Found]:
    """All entries that fulfil a condition, as the pages come."""
    for page in pages(place, condition, tell):
        yield from map(found_in, page)
