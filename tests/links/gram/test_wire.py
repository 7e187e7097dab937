"""Answers of GRAM services: whole ones are read, all others are errors in words."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.links.gram.hostile import framed
from zeligui.errors import LinkError, Unreachable
from zeligui.links.gram.wire import MOST_BODY, MOST_HEAD, Deadline, Garbled, Wire, message, quoted, unquoted

WHO = "The site"
FIELDS = b'protocol-version: 2\r\nstatus: 110\r\njob-manager-url: "https://site:1/2/3/"\r\n\0'


class Said:
    """A connection at whose other end everything has been said already."""

    def __init__(self, said: bytes, piece: int = 1 << 16) -> None:
        self._said = said
        self._piece = piece

    def settimeout(self, value: float | None, /) -> None:
        assert value is None or value > 0

    def sendall(self, data: bytes, /) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    def recv(self, most: int, /) -> bytes:
        count = min(most, self._piece)
        piece, self._said = self._said[:count], self._said[count:]
        return piece


def wire(said: bytes, piece: int = 1 << 16) -> Wire:
    return Wire(Said(said, piece), WHO, Deadline(5))


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_an_answer_is_read_in_whatever_pieces_it_comes(piece):
    answer = wire(framed(FIELDS), piece).answer()
    assert answer.code == 200
    assert answer.number("status", WHO) == 110
    assert answer.fields["job-manager-url"] == "https://site:1/2/3/"


def test_a_refusal_without_a_message_is_an_answer():
    answer = wire(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n").answer()
    assert (answer.code, answer.reason, answer.fields) == (403, "Forbidden", {})


@pytest.mark.parametrize("cut", range(0, len(framed(FIELDS)), 5))
def test_a_truncated_answer_is_unreachable_never_a_state(cut):
    with pytest.raises(Garbled, match="closed the connection"):
        wire(framed(FIELDS)[:cut]).answer()


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/9.9 yes\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * MOST_HEAD,
        framed(b"status 110\r\n"),
        framed(b"status: 1\r\nstatus: 2\r\n"),
        framed(b"\xff\xfe\r\n"),
        framed(b"x" * (MOST_BODY + 1)),
    ],
)
def test_a_garbled_answer_is_an_error_that_says_so(said):
    with pytest.raises(Garbled, match="The site") as caught:
        wire(said).answer()
    assert caught.value.hint


@pytest.mark.parametrize("value", [b"", b"-1", b"x", b"1 2", b"9" * 10, "٣".encode()])
def test_a_number_that_is_none_is_an_error(value):
    answer = wire(framed(b"status: " + value + b"\r\n")).answer()
    with pytest.raises(Garbled, match="without a number for status"):
        answer.number("status", WHO)


@given(st.binary(max_size=300))
def test_whatever_comes_is_an_answer_or_an_error_in_words(said):
    with suppress(LinkError):
        assert wire(said).answer().code > 0


def test_silence_ends_at_the_limit():
    near, far = socket.socketpair()
    with near, far, pytest.raises(Unreachable, match=r"did not answer within 0\.05 s"):
        Wire(near, WHO, Deadline(0.05)).answer()


def test_a_connection_that_breaks_while_something_is_sent_is_unreachable():
    with pytest.raises(Unreachable, match="broke: Broken pipe"):
        wire(b"").post("/", "site", b"")


@pytest.mark.parametrize("said", [b"\x02\x01\x05", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80", b"\x30\x00"])
def test_a_request_for_a_proxy_that_is_none_is_an_error(said):
    with pytest.raises(Garbled, match="asked for a proxy"):
        wire(said).token()


def test_tokens_are_read_by_their_own_length():
    short, long = b"\x30\x03abc", b"\x30\x82\x01\x00" + b"x" * 256
    both = wire(short + long, 3)
    assert (both.token(), both.token()) == (short, long)


@given(st.text(st.characters(exclude_characters="\r\n", codec="utf-8")))
def test_texts_of_messages_are_read_back(text):
    assert unquoted(quoted(text.encode()).decode()) == text


def test_a_message_ends_as_globus_ends_it():
    assert message(("", b'"status"')) == b'protocol-version: 2\r\n"status"\r\n\0'
