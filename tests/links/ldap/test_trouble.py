"""What becomes of a search in trouble: servers that are killed, hang, have limits, refer elsewhere, or never end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.directories import SITE, OpenLdap
from tests.links.ldap.answers import search
from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.grid.sources.directory import read
from zeligui.links.ldap import connection, entering, parse, searching
from zeligui.links.ldap.messages import DONE, ENTRY, Stream, written

Start = Callable[..., OpenLdap]
HOSTS = "(objectClass=MdsHost)"


def found(url: str, condition: str = "(objectClass=*)") -> list[str]:
    return [entry.dn.decode() for entry in search(parse(url), condition)]


def failure(url: str) -> LinkError:
    with pytest.raises(LinkError) as caught:
        found(url)
    return caught.value


def part(url: str) -> tuple[list[str], LinkError]:
    """What came before the search failed."""
    entries: list[str] = []
    with pytest.raises(LinkError) as caught:
        entries.extend(entry.dn.decode() for entry in search(parse(url), HOSTS))
    return entries, caught.value


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (connection, entering):
        monkeypatch.setattr(module, "SILENCE_S", 0.3)


def test_a_server_killed_during_its_answer_is_unreachable_and_found_again(openldap: Start) -> None:
    server = openldap(options=["sizelimit unlimited"])
    server.fill(3000)
    entries = search(parse(server.url), HOSTS)
    next(entries)
    server.stop()
    with pytest.raises(Unreachable):
        list(entries)
    assert isinstance(failure(server.url), Refused)
    server.start()
    assert len(found(server.url, HOSTS)) == 3000


def test_a_server_that_hangs_is_unreachable_in_time(openldap: Start, impatient: None) -> None:
    server = openldap()
    server.freeze()
    for url in (server.url, f"{server.url}????StartTLS", f"{server.url.replace('ldap:', 'ldaps:')}"):
        assert isinstance(failure(url), Unreachable)


def test_a_server_that_hangs_during_its_answer_is_unreachable_in_time(openldap: Start, impatient: None) -> None:
    server = openldap(options=["sizelimit unlimited"])
    server.fill(3000)
    entries = search(parse(server.url), HOSTS)
    next(entries)
    server.freeze()
    with pytest.raises(Unreachable, match="has said nothing for"):
        list(entries)


@pytest.mark.parametrize("page", [500, 2])
@pytest.mark.parametrize(
    "limit",
    [
        "size.soft=3 size.hard=100",  # of those that ask for no limit, without pages
        "size.pr=3 size.prtotal=unlimited",  # of a page
        "size.prtotal=disabled",  # no pages
    ],
)
def test_a_limit_that_leaves_a_way_to_all_entries_is_none(
    openldap: Start, limit: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE", page)
    server = openldap(options=[f"sizelimit {limit}"])
    for number in range(6):
        server.add_host(f"n{number}")
    assert len(found(server.url, HOSTS)) == 6


@pytest.mark.parametrize(
    ("limit", "page"), [("4", 500), ("4", 2), ("4", 0), ("size.prtotal=4", 500), ("size.prtotal=4", 2)]
)
def test_what_comes_before_a_size_limit_is_used_and_the_rest_is_told(
    openldap: Start, limit: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE", page)
    server = openldap(options=[f"sizelimit {limit}"])
    for number in range(6):
        server.add_host(f"n{number}")
    entries, error = part(server.url)
    assert len(entries) == 4
    assert "gives fewer entries at a time than it has (sizeLimitExceeded)" in str(error)
    directory, broken = read(parse(server.url))
    assert directory.hosts
    assert broken is not None


def test_a_search_that_must_look_at_too_many_is_told(openldap: Start) -> None:
    assert "gives fewer entries than were asked for" in str(
        failure(openldap(options=["sizelimit size.unchecked=1"]).url)
    )


def test_parts_that_are_kept_elsewhere_are_told_and_not_followed(openldap: Start) -> None:
    server = openldap()
    server.add_host("n1")
    loop = f"{server.address}/ou=loop,{SITE}"
    server.refer(f"ou=loop,{SITE}", loop)
    told: list[str] = []
    assert len(list(search(parse(server.url), HOSTS, told.append))) == 1
    assert "keeps parts of its tree elsewhere" in told[0]
    assert loop in told[0]
    assert told[0] in read(parse(server.url))[0].warnings


@pytest.mark.parametrize("below", ["", "ou=further,"])
def test_a_base_that_refers_to_itself_ends_in_words(openldap: Start, below: str) -> None:
    server = openldap()
    server.refer(f"ou=loop,{SITE}", f"{server.address}/ou=loop,{SITE}")
    error = failure(f"{server.address}/{below}ou=loop,{SITE}")
    assert isinstance(error, Refused)
    assert f"keeps this base elsewhere (referral: {server.address}/{below}ou=loop,{SITE}" in str(error)


def test_two_servers_that_refer_to_each_other_end_in_words(openldap: Start) -> None:
    first = openldap()
    second = openldap(options=[f"referral {first.address}"])
    first.refer(f"ou=other,{SITE}", f"{second.address}/o=other")
    for url in (f"{first.address}/ou=other,{SITE}", f"{second.address}/o=other"):
        assert "keeps this base elsewhere" in str(failure(url))


@pytest.fixture
def talker() -> Iterator[Callable[[Callable[[int], bytes]], str]]:
    """A server that answers the first request, by its number, again and again for as long as somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def start(answer: Callable[[int], bytes]) -> str:
            threads.append(threading.Thread(target=_talk, args=(listener, answer)))
            threads[-1].start()
            return f"ldap://127.0.0.1:{listener.getsockname()[1]}/o=grid"

        yield start
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()


def _talk(listener: socket.socket, answer: Callable[[int], bytes]) -> None:
    accepted, _ = listener.accept()
    with accepted, suppress(OSError):
        stream = Stream()
        (request,) = stream.messages(accepted.recv(1 << 16))
        assert request is not None
        while answered := answer(request.number):
            accepted.sendall(answered)


def message(number: int, kind: int, content: bytes) -> bytes:
    return written(0x30, written(0x02, number.to_bytes(2, "big")) + written(kind, content))


def entries(number: int) -> bytes:
    return message(number, ENTRY, written(0x04, b"cn=x") + written(0x30, b"")) * 1000


def test_entries_without_an_end_are_ended_by_time(talker: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SEARCH_S", 0.3)
    assert "has not come to the end of its answer within 0.3 s" in str(failure(talker(entries)))


def test_entries_without_an_end_are_ended_by_their_number(
    talker: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_ENTRIES", 5000)
    assert "has more than 5,000 entries" in str(failure(talker(entries)))


def test_entries_without_an_end_are_ended_by_their_size(
    talker: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_BYTES", 1 << 20)
    assert "answers with more than 1 MB" in str(failure(talker(entries)))


def test_an_answer_to_the_first_question_has_a_smaller_end(talker: Callable[..., str]) -> None:
    address = talker(lambda _number: bytes.fromhex("308400ffffff") + bytes(60_000)).removesuffix("o=grid")
    assert "answers with more than 1 MB" in str(failure(address))


def test_a_server_that_says_good_bye_is_unreachable(talker: Callable[..., str]) -> None:
    notice = written(0x0A, b"\x34") + written(0x04, b"") + written(0x04, b"going down")
    error = failure(talker(lambda _number: message(0, 0x78, notice)))
    assert isinstance(error, Unreachable)
    assert "ends the connection" in str(error)


def test_what_a_server_says_is_shown_harmlessly(talker: Callable[..., str]) -> None:
    done = written(0x0A, b"\x50") + written(0x04, b"") + written(0x04, b"\x1b[2J\nlies" + b"x" * 999)
    error = failure(talker(lambda number: message(number, DONE, done)))
    assert str(error).isprintable()
    assert len(str(error)) < 400
