"""Texts, and texts by their names, written one a line, so that each can be read back as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Shape = Literal["texts", "variables", "labels"]

EXAMPLES: Mapping[Shape, str] = {
    "texts": "one a line",
    "variables": "NAME = text, one a line",
    "labels": "lab1: room = 2.11, one a line",
}


def to_lines(shape: Shape, value: Any) -> list[str]:
    """A value as lines. What could be misread stands in quotes, as in JSON: blanks at an end, line ends, nothing."""
    if shape == "texts":
        return [_quoted(str(one)) for one in value]
    if shape == "variables":
        return [f"{_quoted(name, '=')} = {_quoted(text)}" for name, text in value.items()]
    return [f"{_quoted(host, ': ')}: {line}" for host, given in value.items() for line in to_lines("variables", given)]


def from_lines(shape: Shape, lines: Sequence[str]) -> Any:
    """The value that stands in lines, the empty ones left out. ValueError says in words what is no such line."""
    written = [line.strip() for line in lines if line.strip()]
    if shape == "texts":
        return [_text(line) for line in written]
    found: dict[Any, Any] = {}
    for line in written:
        host, rest = _parted(line, ": ", EXAMPLES[shape]) if shape == "labels" else ("", line)
        name, rest = _parted(rest, "=", EXAMPLES[shape])
        given = found.setdefault(host, {})
        if name in given:
            raise ValueError(f"{' '.join(filter(None, (host, name)))} is given twice")
        given[name] = _text(rest)
    return found if shape == "labels" else found.get("", {})


def _quoted(text: str, before: str = "") -> str:
    """A text, in quotes where it would not be read back without, `before` that sign."""
    odd = not text or text != text.strip() or text[0] == '"' or not text.isprintable()
    if odd or (before and before in text):
        return json.dumps(text, ensure_ascii=not text.isprintable())
    return text


def _text(line: str) -> str:
    """The text that a line, or the rest of one, stands for."""
    text = line.strip()
    if not text.startswith('"'):
        return text
    quoted, rest = _quote(text)
    if rest:
        raise ValueError(f"{text} goes on after its quotes")
    return quoted


def _parted(line: str, sign: str, example: str) -> tuple[str, str]:
    """The name that stands before a sign, and what stands after it."""
    line = line.strip()
    quoted = line.startswith('"')
    name, after = _quote(line) if quoted else ("", line)
    before, found, rest = after.partition(sign.strip() if quoted else sign)
    if not found or bool(before.strip()) == quoted:
        raise ValueError(f"{line} is no line such as {example.removesuffix(', one a line')}")
    return name if quoted else before.strip(), rest


def _quote(line: str) -> tuple[str, str]:
    """The text in the quotes with which a line begins, and what stands after them."""
    try:
        text, end = json.JSONDecoder().raw_decode(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{line} has no end of its quotes, or a sign in them that is read as none") from error
    return str(text), line[end:].strip()
