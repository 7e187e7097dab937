"""A contract over columns of hosts: who satisfies what, who is apt, and what the left side of a constraint is."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.attributes import kind
from zeligui.contract.columns import Columns
from zeligui.contract.conditions import Attribute, Number, Side, Text, TextAttribute
from zeligui.contract.model import Constraint, Profile
from zeligui.contract.operations import View, is_so, values
from zeligui.contract.ranking import margins, rank

__all__ = ["apt", "judge", "left_value", "margins", "rank", "side_value"]


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
    if constraint.left is None:
        return None
    return side_value(constraint.left, View(columns, np.array([index])))


def side_value(side: Side, view: View) -> float | str | None:
    """One side of a comparison on the only host of `view`, a number in the comparison's unit; None where unknown.

    An attribute of which only the comparison tells what it is, is a number where it can be.
    """
    if isinstance(side, Text):
        return side.value
    if isinstance(side, TextAttribute):
        number = _number(view, Attribute(side.name)) if kind(side.name) is None else None
        return _text(view, side) if number is None else number
    return _number(view, side)


def _number(view: View, of: Number) -> float | None:
    found = float(np.ravel(values(of, view))[0])
    return None if np.isnan(found) else found


def _text(view: View, of: TextAttribute) -> str | None:
    column = view.texts(of.name)
    code = int(column.codes[0])
    return None if code < 0 else column.vocabulary[code]
