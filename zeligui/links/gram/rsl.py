"""RSL, the language in which a job is described to a GRAM service (RSL 1.0 of the Globus Toolkit)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zeligui.errors import SubmissionRefused

Text = str | bytes


@dataclass(frozen=True, slots=True)
class Variable:
    """What the site puts in its place, such as the user's home there; `rest` follows it without a gap."""

    name: str
    rest: str = ""


Value = Text | Variable | Sequence["Value"]
"""A text, which means only itself; a substitution; or a parenthesized list of values."""


def request(relations: Mapping[str, Value | Iterable[Value]]) -> bytes:
    """The conjunction `&(name=value …)…`, without relations of no value, which sites refuse.

    SubmissionRefused where a text cannot be said in RSL.

    >>> request({"executable": "/bin/echo", "arguments": ["a b", 'say "x"']})
    b'&(executable="/bin/echo")(arguments="a b" "say ""x\"\"")'
    """
    listed = {name: _listed(value) for name, value in relations.items()}
    return b"&" + b"".join(_relation(name, values) for name, values in listed.items() if values)


def quoted(text: Text) -> bytes:
    """A text as an RSL literal: between quotes nothing is special but the quote, which is doubled.

    SubmissionRefused where it holds a NUL, which ends a text in RSL, a line end, or is no text for a process at all.
    """
    try:
        raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise SubmissionRefused(f"{text!r} cannot be passed to a process.") from error
    if b"\0" in raw:
        raise SubmissionRefused("An argument or a value of the environment holds a NUL, which no process can get.")
    if b"\n" in raw:
        # GCT 6.2 keeps the RSL in a line of a file: read again, it is taken for another manager's job, without end.
        raise SubmissionRefused("A line end cannot be said in RSL: job managers lose jobs that have one.")
    return b'"' + raw.replace(b'"', b'""') + b'"'


def _listed(value: Value | Iterable[Value]) -> list[Value]:
    return [value] if isinstance(value, (str, bytes, Variable)) else list(value)


def _relation(name: str, values: Iterable[Value]) -> bytes:
    return b"(" + name.encode("ascii") + b"=" + b" ".join(map(_value, values)) + b")"


def _value(value: Value) -> bytes:
    if isinstance(value, Variable):
        reference = b"$(" + value.name.encode("ascii") + b")"
        return reference + (b" # " + quoted(value.rest) if value.rest else b"")
    if isinstance(value, (str, bytes)):
        return quoted(value)
    return b"(" + b" ".join(map(_value, value)) + b")"
