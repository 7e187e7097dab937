"""The frames around a script's output, however it is cut up on its way, and the greeting of a new shell."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import Refused
from zeligui.links.shell import Frame, greet, printable, quote

NONCE = "0123456789abcdef" * 2
BEGIN, END = f"{NONCE} begin\n".encode(), f"{NONCE} end 7\n".encode()
OUTPUT = st.binary(max_size=200) | st.lists(st.sampled_from([b"x", b"\n", BEGIN[:9], END[:12]])).map(b"".join)


def cut(whole: bytes, at: list[int]) -> list[bytes]:
    """The bytes in pieces."""
    edges = sorted({0, len(whole), *(number % (len(whole) + 1) for number in at)})
    return [whole[start:end] for start, end in pairwise(edges)]


@given(noise=OUTPUT, output=OUTPUT, at=st.lists(st.integers(0, 1000)))
def test_a_frame_holds_exactly_the_output(noise: bytes, output: bytes, at: list[int]) -> None:
    frame = Frame(NONCE)
    for piece in cut(noise + BEGIN + output + END, at):
        assert not frame.whole
        frame.add(piece)
    assert (frame.whole, frame.status, frame.content) == (True, 7, output)


@given(noise=OUTPUT, output=OUTPUT, at=st.lists(st.integers(0, 1000)))
def test_lines_are_the_same_however_they_come(noise: bytes, output: bytes, at: list[int]) -> None:
    frame = Frame(NONCE)
    lines = []
    for piece in cut(noise + BEGIN + output + END, at):
        frame.add(piece)
        lines += frame.take_lines()
    assert lines == split(output)


def split(output: bytes) -> list[bytes]:
    """Lines as a shell has them: ended by a line feed alone, the last perhaps without."""
    lines = output.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def test_noise_before_the_frame_is_kept_short() -> None:
    frame = Frame(NONCE)
    for _ in range(100):
        frame.add(b"x" * 10_000)
    assert len(frame) <= 4096
    assert frame.noise == b"x" * 400


def test_a_quoted_word_is_one_word() -> None:
    assert quote("it's $(x)") == "'it'\\''s $(x)'"


def test_control_signs_do_not_reach_a_message() -> None:
    assert printable("a\x1b[2Jb\nc\u202e") == "a [2Jb c"


class ClosedPipe:
    """What an account without a shell leaves: it has spoken and ended before anything could be sent."""

    ended = True

    def __init__(self, *pieces: tuple[bytes, bytes]) -> None:
        self._pieces = [*pieces, (b"", b"")]

    def send(self, data: bytes, deadline: float) -> None:
        raise OSError("Socket is closed")

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        return self._pieces.pop(0)

    def close(self) -> None:
        pass


def test_an_account_that_ended_before_it_was_spoken_to_is_refused_with_what_it_said() -> None:
    pipe = ClosedPipe((b"This account is not available.\r\n", b""))
    with pytest.raises(Refused, match=r"does not give a shell, it says: 'This account is not available\.'"):
        greet(pipe, "ssh://lab1", time.monotonic() + 5)
