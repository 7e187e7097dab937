"""Hosts as columns, straight from dictionaries: what the tests evaluate contracts over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zeligui.contract.columns import Numbers, Texts


class Table:
    """Columns of hosts given as dictionaries; `statistics` maps (function, attribute, seconds) to a column."""

    def __init__(
        self,
        rows: Sequence[Mapping[str, float | str]],
        statistics: Mapping[tuple[str, str, float | None], Sequence[float]] | None = None,
    ) -> None:
        self.rows = [{name.casefold(): value for name, value in row.items()} for row in rows]
        self.statistics = statistics or {}

    @property
    def names(self) -> Sequence[str]:
        return [str(row.get("hostname", f"n{number}")) for number, row in enumerate(self.rows)]

    def knows(self, attribute: str) -> bool:
        return any(attribute.casefold() in row for row in self.rows)

    def numbers(self, attribute: str) -> Numbers:
        return np.array([as_number(row.get(attribute.casefold())) for row in self.rows], dtype=np.float64)

    def texts(self, attribute: str) -> Texts:
        found = [as_text(row.get(attribute.casefold())) for row in self.rows]
        vocabulary = tuple(dict.fromkeys(text for text in found if text is not None))
        codes = [-1 if text is None else vocabulary.index(text) for text in found]
        return Texts(np.array(codes, dtype=np.int32), vocabulary)

    def statistic(self, function: str, attribute: str, seconds: float | None) -> Numbers:
        column = self.statistics.get((function, attribute, seconds), [np.nan] * len(self.rows))
        return np.array(column, dtype=np.float64)


def as_number(value: float | str | None) -> float:
    try:
        return float("nan") if value is None else float(value)
    except ValueError:
        return float("nan")


def as_text(value: float | str | None) -> str | None:
    return format(value, "g") if isinstance(value, float | int) else value
