"""RSL: whatever a text holds, it stays that text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import SubmissionRefused
from zeligui.links.gram.rsl import Variable, quoted, request

TEXTS = st.binary(max_size=40).map(lambda raw: raw.replace(b"\0", b"").replace(b"\n", b""))


def read(literals: bytes) -> list[bytes]:
    """The texts of a sequence of literals, by the grammar of RSL 1.0."""
    assert re.fullmatch(rb'(?:"(?:[^"]|"")*"(?: |$))*', literals)
    return [one.replace(b'""', b'"') for one in re.findall(rb'"((?:[^"]|"")*)"(?= |$)', literals)]


@given(st.lists(TEXTS, min_size=1))
def test_texts_are_read_back_as_they_were(texts):
    relation = request({"arguments": texts})
    assert relation.startswith(b"&(arguments=")
    assert relation.endswith(b")")
    assert read(relation[12:-1]) == texts


@given(TEXTS)
def test_nothing_in_a_text_ends_it(text):
    literal = quoted(text)
    assert literal[:1] == literal[-1:] == b'"'
    assert literal[1:-1].replace(b'""', b"").count(b'"') == 0


def test_names_that_are_no_utf8_are_kept():
    assert quoted(b"\xff\xfe".decode("utf-8", "surrogateescape")) == b'"\xff\xfe"'


@pytest.mark.parametrize("text", ["a\0b", b"\0", "\ud800", "a\nb"])
def test_what_rsl_cannot_carry_is_refused_in_words(text):
    with pytest.raises(SubmissionRefused, match=r"process|line end"):
        quoted(text)


def test_a_description_has_lists_and_variables():
    made = request(
        {
            "executable": "/bin/sh",
            "directory": Variable("HOME"),
            "stdout": Variable("HOME", "/out"),
            "environment": [["A", "1 2"], ["B", 'say "x"']],
            "arguments": [],
        }
    )
    assert made == (
        b'&(executable="/bin/sh")(directory=$(HOME))(stdout=$(HOME) # "/out")'
        b'(environment=("A" "1 2") ("B" "say ""x"""))'
    )
