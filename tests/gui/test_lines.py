"""Texts one a line: what is shown is read back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zeligui.gui.lines import Shape, from_lines, to_lines

TEXTS = st.text(
    st.one_of(st.sampled_from(' "=:\\\n\t#ab\u2028\xa0\x7f'), st.characters(exclude_categories=["Cs"])), max_size=8
)
NAMED = st.dictionaries(TEXTS, TEXTS, max_size=3)


@given(st.lists(TEXTS, max_size=4))
@example(["", " a", "line\nline", '"', '"a"', "\\n", "a b"])
def test_texts(texts: list[str]) -> None:
    assert from_lines("texts", shown("texts", texts)) == texts


@given(NAMED)
@example({"": "", "a=b": "=c", "a=": " x ", "a:": "#", '"': '"'})
def test_variables(texts: dict[str, str]) -> None:
    assert from_lines("variables", shown("variables", texts)) == texts


@given(st.dictionaries(TEXTS, st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3), max_size=3))
@example({"lab1:2222": {"room = 1": "2.11"}, "a: b": {": ": ":"}, "": {"": ""}, "a:": {"b:": "c"}})
def test_labels(labels: dict[str, dict[str, str]]) -> None:
    assert from_lines("labels", shown("labels", labels)) == labels


def shown(shape: Shape, value: Any) -> list[str]:
    """What an editor gives back of it, which knows line ends of several kinds."""
    return "\n".join(to_lines(shape, value)).replace("\u2028", "\n").replace("\xa0", " ").split("\n")


def test_what_is_plain_is_shown_plainly() -> None:
    assert to_lines("texts", ["a b", "$(c)", "ü", "it's"]) == ["a b", "$(c)", "ü", "it's"]
    assert to_lines("variables", {"SEED": "1", "A": "b = c"}) == ["SEED = 1", "A = b = c"]
    assert to_lines("labels", {"lab1:2222": {"room": "2.11"}}) == ["lab1:2222: room = 2.11"]


def test_blanks_and_empty_lines_mean_nothing() -> None:
    assert from_lines("texts", ["  a ", "", "   ", "b"]) == ["a", "b"]
    assert from_lines("variables", ["A=1", " B  =  2 ", 'C = " 3"']) == {"A": "1", "B": "2", "C": " 3"}


@pytest.mark.parametrize(
    ("shape", "line", "words"),
    [
        ("variables", "SEED", "SEED is no line such as NAME = text"),
        ("variables", "= 1", "= 1 is no line such as NAME = text"),
        ("labels", "lab1 room = 1", "is no line such as lab1: room = 2.11"),
        ("labels", "lab1: room", "room is no line such as lab1: room = 2.11"),
        ("texts", '"a', "has no end of its quotes"),
        ("texts", '"a" b', "goes on after its quotes"),
    ],
)
def test_what_is_no_such_line_is_said(shape: Shape, line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        from_lines(shape, [line])


def test_a_name_that_is_given_twice_is_said() -> None:
    with pytest.raises(ValueError, match="lab1 room is given twice"):
        from_lines("labels", ["lab1: room = 1", "lab1: room = 2"])
