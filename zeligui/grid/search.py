"""The filter of a list of hosts: names and texts that hold what is typed, or a constraint that is true of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.attributes import kind
from zeligui.contract.columns import Columns, Texts
from zeligui.contract.evaluation import apt
from zeligui.contract.language import Problem, read
from zeligui.grid.wording import shown

Mask = NDArray[np.bool_]

_COMPARES = re.compile(r"[=<>~]|\bin\s*\(")
"""What makes a text a constraint: no name of a host or an attribute has such signs."""

_HEADER = "[filter]\n"


@dataclass(frozen=True, slots=True)
class Found:
    """What a filter shows.

    `mask` says of every host of the columns whether it is shown. `attributes` are those that the text names, so that
    only these are shown below a host; none: all. `words` say what the text is taken as, "" where it filters nothing;
    `wrong` that it is a constraint that cannot be read, of which all hosts are shown.
    """

    mask: Mask
    attributes: frozenset[str] = frozenset()
    words: str = ""
    wrong: bool = False


def find(text: str, columns: Columns, *, attributes: Sequence[str]) -> Found:
    """The hosts that a text stands for; `attributes` are all that hosts have.

    A text with a comparison in it is one constraint of the contract language, and stands for the hosts of which it is
    true. All else is words, each of which is found, without regard to case, in the name of a host, in the name of an
    attribute that the host has a value of, or in a text that it has as a value.
    """
    return Search().find(text, columns, attributes=attributes)


class Search:
    """Keeps names and texts as they were folded the last time: most are the same at the next key."""

    def __init__(self) -> None:
        self._folded: dict[str, tuple[Sequence[str], list[str]]] = {}

    def find(self, text: str, columns: Columns, *, attributes: Sequence[str]) -> Found:
        """As the function `find`."""
        if _COMPARES.search(text):
            return _true_of(text, columns, attributes)
        words = tuple(dict.fromkeys(text.casefold().split()))
        if not words:
            return Found(np.ones(len(columns.names), dtype=bool))
        self._folded = {name: kept for name, kept in self._folded.items() if name in {"", *attributes}}
        mask, named = np.ones(len(columns.names), dtype=bool), set()
        for word in words:
            named |= {name for name in attributes if word in name.casefold()}
            if mask.any():
                mask &= self._holding(word, columns, attributes)
        each = " and ".join(f'"{shown(word)}"' for word in dict.fromkeys(text.split()))
        return Found(mask, frozenset(named), f"hosts, attributes or texts like {each}")

    def _holding(self, word: str, columns: Columns, attributes: Sequence[str]) -> Mask:
        """Where a folded word is in the host's name, or in that or the text of an attribute that it has."""
        mask = self._containing(word, "", columns.names)
        for name in attributes:
            if word in name.casefold():
                mask |= _present(name, columns)
            elif name.casefold() != "hostname":
                texts = _texts(name, columns)
                # A missing text is -1, which is the last entry.
                mask |= np.append(self._containing(word, name, texts.vocabulary), False)[texts.codes]
        return mask

    def _containing(self, word: str, key: str, texts: Sequence[str]) -> Mask:
        """Which of the texts hold a folded word; `key` is the attribute that they are of, "" for the hosts' names."""
        kept = self._folded.get(key)
        # The same tuple, or one of the same strings: equal without a look at any of their signs.
        if kept is None or kept[0] != texts:
            kept = self._folded[key] = (texts, [text.casefold() for text in texts])
        return np.fromiter((word in text for text in kept[1]), dtype=bool, count=len(texts))


def _texts(name: str, columns: Columns) -> Texts:
    """The texts of an attribute. Numbers are written out only where they are names, as of a release."""
    known = kind(name)
    return columns.texts(name) if known and known.text else columns.words(name)


def _present(name: str, columns: Columns) -> Mask:
    """Where a host has a value of an attribute."""
    published = _texts(name, columns).codes >= 0
    return published if published.all() else published | ~np.isnan(columns.numbers(name))


def _true_of(text: str, columns: Columns, attributes: Sequence[str]) -> Found:
    line = re.sub(r"[\r\n]", " ", text).strip()
    reading = read(_HEADER + line, published=attributes)
    (profile, *others) = reading.profiles or (None,)
    if reading.errors or others or profile is None or not profile.constraints:
        everything = np.ones(len(columns.names), dtype=bool)
        said = _said(reading.errors) or "there is no constraint in it; expected one, such as cpuAvail > 0.6"
        return Found(everything, words=f"a constraint that cannot be read: {said}", wrong=True)
    (constraint,) = profile.constraints
    named = {name.casefold() for name in constraint.attributes}
    waits = "" if constraint.for_s is None else ", as of now"
    warned = f"; {_said(reading.warnings)}" if reading.warnings else ""
    return Found(
        apt(profile, columns),
        frozenset(name for name in attributes if name.casefold() in named),
        f"hosts where {shown(constraint.text)}{waits}{warned}",
    )


def _said(problems: Sequence[Problem]) -> str:
    """The first of the problems of the only line."""
    return next((f"{problem.message} (column {problem.column})" for problem in problems), "")
