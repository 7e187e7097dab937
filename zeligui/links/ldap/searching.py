"""A search in a directory: all entries from a base down, in pages, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from zeligui.errors import Refused, Unreachable
from zeligui.links.ldap import asking
from zeligui.links.ldap.asking import integer
from zeligui.links.ldap.connection import MOST_ENTRIES, SEARCH_S, Line, open_line
from zeligui.links.ldap.decoding import Found, entry
from zeligui.links.ldap.messages import DONE, ENTRY, REFERENCE, Message, Stream, elements, referred, result, written
from zeligui.links.ldap.place import Place

PAGE, SMALLER = 500, 5
"""Entries in a page: so many times fewer where a server refuses that, and at last no pages."""
PIECE = 1 << 18
MOST_ELSEWHERE = 100

_PAGED_RESULTS = "1.2.840.113556.1.4.319"
_BASES = "`ldapsearch -x -s base -b '' namingContexts` asks a directory for its bases."

_REFERRAL, _ADMIN_LIMIT = 10, 11

_REFUSALS: Mapping[int, tuple[str, str]] = {
    3: ("stops its search: it takes longer than is allowed", "A base further down the tree has fewer entries."),
    4: (
        "gives fewer entries at a time than it has",
        "Ask who runs it for a larger size limit, or name a narrower base.",
    ),
    _REFERRAL: ("keeps this base elsewhere", "Name that other directory instead: referrals are not followed."),
    _ADMIN_LIMIT: (
        "gives fewer entries than were asked for",
        "Ask who runs it for a larger limit, or name a narrower base.",
    ),
    32: ("has no such base", _BASES),
    34: ("takes its base for no distinguished name", "A base is written as in Mds-Vo-name=site,o=grid."),
}
"""What a result of RFC 4511 (appendix A) means for the user."""

_ENTER = "Set `user` and `password` under [directories] of the settings, or ask who runs it for a public base."

_NOT_FOR_ALL = frozenset({1, 8, 13, 48, 49, 50, 53})
"""Results that a server which everyone may not read gives."""

_BUSY = frozenset({51, 52, 80})


def pages(place: Place, condition: str, tell: Callable[[str], object]) -> Iterator[list[bytes]]:
    """All entries from the base down that fulfil `condition` (an LDAP filter), each as it came: `found_in` reads it.

    They come page by page. A LinkError says why the directory gives none, or not all of them, after those that it
    gives. `tell` hears which parts are kept elsewhere: referrals are not followed, for they lead anywhere, and in
    circles.
    """
    refusal: Refused | None = None
    with open_line(place) as line:
        bases, searched = _bases(line, place), _Search(line, place, condition)
        line.socket.begin()
        for base in bases:
            try:
                yield from searched.below(base)
            except Refused as error:  # another base may be open
                refusal = refusal or error
    if searched.elsewhere:
        tell(said_of_elsewhere(place, searched.elsewhere))
    if refusal:
        raise refusal


def found_in(content: bytes) -> Found:
    """An entry. One that cannot be read has no name, and its content as its only piece, which is none either."""
    try:
        return entry(content)
    except ValueError:
        return Found(b"", (content,))


def said_of_elsewhere(place: Place, addresses: Collection[str]) -> str:
    """That parts of a directory were not looked at, which it keeps elsewhere."""
    first = ", ".join(list(addresses)[:3]) + (", …" if len(addresses) > 3 else "")
    return f"{place.url} keeps parts of its tree elsewhere, where nobody looks unless they are named too: {first}."


def _bases(line: Line, place: Place) -> tuple[str, ...]:
    """The whole tree is what the server says it holds: OpenLDAP has nothing at the empty base itself."""
    if place.base:
        return (place.base,)
    return tuple(each.decode() for each in line.root("namingContexts").get("namingContexts", ())) or ("",)


class _Search:
    """One search over one connection, base after base; `elsewhere` is where the server says that more is kept."""

    def __init__(self, line: Line, place: Place, condition: str) -> None:
        self.elsewhere: dict[str, None] = {}
        self._line = line
        self._place = place
        self._condition = condition
        self._stream = Stream()
        self._count = 0

    def below(self, base: str) -> Iterator[list[bytes]]:
        """A page after another (RFC 2696); a server that knows no pages gives all in the first.

        The next page is asked for before this one is read: the server works at it meanwhile.
        """
        size, cookie = PAGE, b""
        number = self._ask(base, size)
        while number:
            contents, done = self._page(number)
            if size and not (contents or cookie) and result(done.content)[0] == _ADMIN_LIMIT:
                size //= SMALLER
                number = self._ask(base, size)
                continue
            cookie = _cookie(done)
            number = self._ask(base, size, cookie) if cookie else 0
            yield contents
            _check(done, self._place)

    def _ask(self, base: str, size: int, cookie: bytes = b"") -> int:
        page = written(0x30, integer(size) + written(0x04, cookie))
        control = asking.control(_PAGED_RESULTS, page) if size else b""
        return self._line.search(
            base, self._condition, self._place.scope, ["*"], control=control, limit_s=int(SEARCH_S)
        )

    def _page(self, number: int) -> tuple[list[bytes], Message]:
        """The entries that answer a request, as they came, and the message that ends them."""
        contents: list[bytes] = []
        while True:
            for message in self._stream.messages(self._line.socket.recv(PIECE)):
                if message is not None and message.number == 0:  # an unsolicited notification (RFC 4511 4.4)
                    raise Unreachable(f"{self._place.url} ends the connection.")
                if message is None or message.number != number:
                    raise ValueError("an answer to no question")
                if message.kind == ENTRY:
                    contents.append(message.content)
                elif message.kind == REFERENCE and len(self.elsewhere) < MOST_ELSEWHERE:
                    self.elsewhere |= dict.fromkeys(referred(message.content))
                elif message.kind == DONE:
                    self._count += len(contents)
                    return contents, message
            if self._count + len(contents) > MOST_ENTRIES:
                raise Refused(
                    f"{self._place.url} has more than {MOST_ENTRIES:,} entries.", hint="Name a narrower base."
                )


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
    message = ", ".join(referred(done.content)) if code == _REFERRAL else message
    said = f" ({RESULT_CODES.get(code, code)}{': ' if message else ''}{message[:200]})"
    if code in _REFUSALS:
        words, hint = _REFUSALS[code]
        raise Refused(f"{place.url} {words}{said}.", hint=hint)
    if code in _NOT_FOR_ALL:
        raise Refused(f"{place.url} is not to be read by {place.user or 'everyone'}{said}.", hint=_ENTER)
    raise (Unreachable if code in _BUSY else Refused)(f"{place.url} gives no answer{said}.")
