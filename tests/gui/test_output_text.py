"""What a job prints, as text that means only itself."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.gui.output_text import FOLDED, LONGEST_LINE, OutputText

SHARP = st.sampled_from(
    [b"\r", b"\n", b"a", b"\xc3", b"\xa9", b"\xff", b"\x1b", b"\t", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80"]
)


def shown(*pieces: bytes) -> str:
    text = OutputText()
    return "".join(map(text.take, pieces)) + text.take(b"", last=True)


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        (b"one\ntwo\n", "one\ntwo\n"),
        (b"one\r\ntwo\r\n", "one\ntwo\n"),
        (b"one\r\r\ntwo", "one\ntwo"),
        (b"10%\r20%\r30%", "10%\n20%\n30%"),
        (b"\r10%\r\r20%\n\r30%", "10%\n20%\n30%"),
        (b"a\n\r\nb", "a\n\nb"),
        (b"\x1b[31mred\x1b[0m\x07\x00\x7f", "␛[31mred␛[0m␇␀␡"),
        (b"a\tb", "a\tb"),
        (b"\xff\xfe caf\xc3\xa9 \xc3", "\\xff\\xfe café \\xc3"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        ("a\u202eb\u2066c\u2028d\u2029e\ufdd0f\ufeffg".encode(), "a�b�c�d�e�f�g"),
        ("no\u00a0break, \u3000wide, 👩\u200d🔬".encode(), "no\u00a0break, \u3000wide, 👩\u200d🔬"),
        (b"<b>bold</b> &amp;", "<b>bold</b> &amp;"),
    ],
)
def test_signs_are_shown_and_never_obeyed(printed: bytes, seen: str) -> None:
    assert shown(printed) == seen


@given(st.lists(SHARP).map(b"".join), st.data())
def test_however_a_stream_is_cut_the_text_is_the_same(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert shown(*pieces) == shown(stream)


@given(st.binary())
def test_nothing_that_would_be_obeyed_is_left(stream: bytes) -> None:
    left = {sign for sign in shown(stream) if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp", "Cn"}}
    assert left <= {"\t", "\n"}
    assert not {
        sign for sign in shown(stream) if unicodedata.bidirectional(sign) in {"RLO", "LRO", "RLE", "LRE", "RLI"}
    }


@given(st.integers(0, 3 * LONGEST_LINE), st.integers(1, LONGEST_LINE))
def test_a_long_line_is_folded_at_the_same_places_however_it_comes(length: int, piece: int) -> None:
    line = b"x" * length
    folded = shown(*(line[at : at + piece] for at in range(0, length, piece)), b"\nnext")
    assert folded == shown(line + b"\nnext")
    lines = folded.split("\n")
    assert all(one.endswith(FOLDED) and len(one) == LONGEST_LINE + 1 for one in lines[:-2])
    assert len(lines[-2]) <= LONGEST_LINE
    assert folded.replace(f"{FOLDED}\n", "") == "x" * length + "\nnext"
