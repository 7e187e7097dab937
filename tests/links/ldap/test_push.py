"""What a server may send to one who listens to its changes, taken apart message by message."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import Refused, Unreachable
from zeligui.links.ldap import parse, push
from zeligui.links.ldap.messages import DONE, ENTRY, INTERMEDIATE, Message, Stream, written
from zeligui.links.ldap.push import Copy, PushRefused, _Listening

ONE, TWO, THREE = (bytes([number]) * 16 for number in (1, 2, 3))


class Asked:
    """Numbers what is asked."""

    def __init__(self) -> None:
        self.count = 0

    def search(self, *_asked: object, **_more: object) -> int:
        self.count += 1
        return self.count


def listening(*ids: bytes, cookie: bytes | None = None) -> tuple[_Listening, Copy]:
    copy = Copy("o=grid", cookie, set(ids))
    return _Listening(Asked(), parse("ldap://h/o=grid"), "(objectClass=*)", [copy]), copy  # type: ignore[arg-type]


def state(kind: int, id_: bytes, cookie: bytes = b"") -> bytes:
    inside = written(0x0A, bytes([kind])) + written(0x04, id_) + (written(0x04, cookie) if cookie else b"")
    return written(0x30, inside)


def control(value: bytes) -> bytes:
    return written(0x30, written(0x04, push.STATE.encode()) + written(0x04, value))


def entry(kind: int, id_: bytes, *, cookie: bytes = b"") -> Message:
    content = written(0x04, b"cn=x") + written(0x30, b"")
    return Message(1, ENTRY, content, control(state(kind, id_, cookie)))


def news(content: bytes) -> Message:
    return Message(1, INTERMEDIATE, written(0x80, push.NEWS.encode()) + written(0x81, content))


def end(code: int, said: bytes = b"") -> Message:
    content = written(0x0A, code.to_bytes(2, "big")) + written(0x04, b"") + written(0x04, said)
    return Message(1, DONE, content)


PRESENT, DELETED = written(0xA2, b""), written(0xA1, b"")


def test_a_refresh_of_everything_ends_with_what_it_named() -> None:
    here, copy = listening(ONE, TWO)
    for message in (entry(1, ONE), entry(1, THREE), news(PRESENT)):
        here._mind(copy, message)
    taken = here._take()
    assert {key: found is not None for key, found in taken.entries.items()} == {ONE: True, THREE: True, TWO: False}
    assert (copy.ids, copy.whole) == ({ONE, THREE}, True)


def test_a_refresh_from_a_cookie_keeps_what_is_present_still() -> None:
    here, copy = listening(ONE, TWO, THREE, cookie=b"c")
    present = written(0xA3, written(0x31, written(0x04, ONE)))
    for message in (news(present), entry(0, TWO), news(PRESENT)):
        here._mind(copy, message)
    assert here._take().entries == {THREE: None}


def test_a_refresh_by_deletions_keeps_what_it_does_not_name() -> None:
    here, copy = listening(ONE, TWO, THREE, cookie=b"c")
    gone = written(0xA3, written(0x01, b"\xff") + written(0x31, written(0x04, ONE)))
    for message in (news(gone), entry(3, TWO), news(DELETED)):
        here._mind(copy, message)
    assert here._take().entries == {ONE: None, TWO: None}
    assert copy.ids == {THREE}


def test_a_phase_that_is_not_the_last_does_not_end_the_refresh() -> None:
    here, copy = listening(ONE, TWO, cookie=b"c")
    here._mind(copy, entry(0, ONE))
    here._mind(copy, news(written(0xA2, written(0x04, b"next") + written(0x01, b"\0"))))
    assert (copy.whole, copy.cookie, copy.ids) == (False, b"next", {ONE})
    here._mind(copy, news(DELETED))
    assert copy.whole


def test_cookies_are_kept_wherever_they_come() -> None:
    here, copy = listening()
    here._mind(copy, entry(1, ONE, cookie=b"first"))
    assert copy.cookie == b"first"
    here._mind(copy, news(written(0x80, b"second")))
    assert copy.cookie == b"second"


def test_a_server_that_wants_to_begin_anew_is_asked_for_everything() -> None:
    here, copy = listening(ONE, TWO, cookie=b"old")
    here._mind(copy, end(push.REFRESH_REQUIRED))
    assert (copy.cookie, copy.whole, copy.anew) == (None, False, True)
    (number,) = here._of
    assert number == 2
    here._mind(copy, entry(1, ONE))
    here._mind(copy, news(DELETED))
    assert here._take().entries.keys() == {ONE, TWO}
    assert copy.ids == {ONE}


class Wire:
    """Says these messages, one at a time, and has gone then."""

    def __init__(self, *said: Message) -> None:
        self._said = list(said)

    def listen(self, _limit_s: float) -> bytes:
        if not self._said:
            raise Unreachable("It has gone.")
        number, kind, content, behind = self._said.pop(0)
        more = written(0xA0, behind) if behind else b""
        return written(0x30, written(0x02, bytes([number])) + written(kind, content) + more)


@pytest.mark.parametrize("is_first", [True, False])
def test_what_is_gone_is_not_told_in_part(is_first: bool) -> None:
    here, _ = listening(THREE, cookie=b"c")
    gone = news(written(0xA3, written(0x01, b"\xff") + written(0x31, written(0x04, THREE))))
    came = [entry(1, ONE), entry(1, TWO)]
    here._line.socket = Wire(*([gone, *came] if is_first else [*came, gone]), news(DELETED))  # type: ignore[assignment]
    here._partly = 1
    told: list[push.Changes] = []
    with pytest.raises(Unreachable):
        told.extend(here.changes())
    assert all(None not in some.entries.values() for some in told if some.partial)
    assert any(some.partial for some in told) != is_first
    assert {key: found is not None for some in told for key, found in some.entries.items()} == {
        ONE: True,
        TWO: True,
        THREE: False,
    }


def test_a_server_that_begins_anew_tells_no_parts() -> None:
    here, _ = listening()
    first = entry(1, ONE), news(DELETED), end(push.REFRESH_REQUIRED)
    again = [message._replace(number=2) for message in (entry(1, ONE), entry(1, TWO), news(DELETED))]
    here._line.socket = Wire(*first, *again)  # type: ignore[assignment]
    here._partly = 1
    told: list[push.Changes] = []
    with pytest.raises(Unreachable):
        told.extend(here.changes())
    assert [some.partial for some in told] == [True, False, False]
    assert told[-1].entries.keys() == {ONE, TWO}


@pytest.mark.parametrize(("code", "kind"), [(12, PushRefused), (53, PushRefused), (4, PushRefused), (51, Unreachable)])
def test_a_refusal_is_for_good_or_for_now(code: int, kind: type[Exception]) -> None:
    here, copy = listening()
    with pytest.raises(kind, match=f"result {code}: Not today"):
        here._mind(copy, end(code, b"Not today"))


def test_what_makes_no_sense_is_counted() -> None:
    here, copy = listening(cookie=b"at")
    for message in (
        Message(1, ENTRY, b""),
        Message(1, ENTRY, b"\x04\xff", control(state(1, ONE))),
        Message(1, ENTRY, b"", control(state(1, b""))),
        Message(1, ENTRY, b"", control(b"\x30\x05\x0a")),
        news(b""),
        news(b"\xa3\x20"),
    ):
        here._mind(copy, message)
    here._mind(copy, Message(1, INTERMEDIATE, written(0x80, b"1.2.3")))
    taken = here._take()
    assert (taken.entries, taken.wrong) == ({}, 6)


def test_entries_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "MOST_ENTRIES", 2)
    here, copy = listening()
    here._mind(copy, entry(1, ONE))
    here._mind(copy, entry(1, TWO))
    with pytest.raises(Refused, match="has more than 2 entries"):
        here._mind(copy, entry(1, THREE))


@given(st.sampled_from([1, 2, 3]), st.binary(min_size=1, max_size=64), st.binary(max_size=20), st.integers(0, 300))
def test_an_entry_that_comes_has_its_id_and_content(kind: int, id_: bytes, cookie: bytes, size: int) -> None:
    content = written(0x04, b"cn=x") + written(0x30, bytes(size))
    parts = written(0x02, b"\x01") + written(ENTRY, content) + written(0xA0, control(state(kind, id_, cookie)))
    (message,) = Stream().messages(written(0x30, parts))
    assert message is not None
    assert (message.number, message.kind, message.content) == (1, ENTRY, content)
    assert push._state(message) == (kind, id_, cookie or None)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_bytes_are_more_than_wrong(data: bytes, size: int) -> None:
    stream = Stream()
    here, copy = listening()
    with suppress(ValueError):
        for at in range(0, len(data), size):
            for message in stream.messages(data[at : at + size]):
                if message is not None and message.kind != DONE:
                    here._mind(copy, message)


@given(st.lists(st.binary(min_size=0, max_size=300), max_size=5), st.integers(1, 64))
def test_messages_are_whole_however_they_are_cut(contents: list[bytes], size: int) -> None:
    sent = b"".join(
        written(0x30, written(0x02, bytes([number + 1])) + written(ENTRY, content))
        for number, content in enumerate(contents)
    )
    stream = Stream()
    found = [message for at in range(0, len(sent), size) for message in stream.messages(sent[at : at + size])]
    assert [(one.number, one.content) for one in found if one] == [(n + 1, c) for n, c in enumerate(contents)]
