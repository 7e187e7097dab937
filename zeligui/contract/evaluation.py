"""A contract over columns of hosts: who satisfies what, who is apt, and what the left side of a constraint is."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.attributes import kind
from zeligui.contract.columns import Columns
from zeligui.contract.conditions import Attribute, Number, Text, TextAttribute
from zeligui.contract.model import Constraint, Profile
from zeligui.contract.operations import View, is_so, values
from zeligui.contract.ranking import margins, rank

__all__ = ["apt", "judge", "left_value", "margins", "rank"]


def judge(profile: Profile, columns: Columns) -> NDArray[np.int8]:
    """Every constraint on every host: 1 true, 0 false, -1 unknown. Shape (constraints, hosts)."""
    view = View(columns)
    judged = np.empty((len(profile.constraints), view.size), dtype=np.int8)
    for row, constraint in enumerate(profile.constraints):
        true = is_so(constraint.condition, view).view(np.int8)
        false = is_so(constraint.condition, view, truth=False).view(np.int8)
        judged[row] = 2 * true + false - 1
    return judged


def apt(profile: Profile, columns: Columns) -> NDArray[np.bool_]:
    """Where every constraint is true: unknown is not yes. Shape (hosts,)."""
    view = View(columns)
    masks = (is_so(constraint.condition, view) for constraint in profile.constraints)
    return reduce(np.logical_and, masks, np.ones(view.size, dtype=bool))


def left_value(constraint: Constraint, columns: Columns, index: int) -> float | str | None:
    """The left side on host `index`, in the attribute's own unit; None where it is unknown or compound."""
    left, view = constraint.left, View(columns, np.array([index]))
    if left is None:
        return None
    if isinstance(left, Text):
        return left.value
    if isinstance(left, TextAttribute):
        number = _number(view, Attribute(left.name)) if kind(left.name) is None else None
        return _text(view, left) if number is None else number
    return _number(view, left)


def _number(view: View, of: Number) -> float | None:
    found = float(np.ravel(values(of, view))[0])
    return None if np.isnan(found) else found


def _text(view: View, of: TextAttribute) -> str | None:
    column = view.texts(of.name)
    code = int(column.codes[0])
    return None if code < 0 else column.vocabulary[code]
