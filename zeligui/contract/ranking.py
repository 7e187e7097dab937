"""Which of the apt hosts is better: by the profile's preferences, else by the smallest of its margins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import islice
from operator import le

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Columns, Numbers
from zeligui.contract.conditions import And, Compare, Condition
from zeligui.contract.model import Profile
from zeligui.contract.operations import View, values


def rank(profile: Profile, columns: Columns, hosts: NDArray[np.intp]) -> NDArray[np.intp]:
    """`hosts` (indices into the columns), best first; ties by host name, ascending.

    By the preferences in the order written, a host of which one is unknown after all that are known; without
    preferences by the smallest margin, largest first. Shape as `hosts`.
    """
    view = View(columns, hosts)
    keys = [np.broadcast_to(values(wish.value, view), hosts.shape) for wish in profile.preferences]
    signs = [-1.0 if wish.largest_first else 1.0 for wish in profile.preferences]
    if not profile.preferences:
        keys, signs = [_smallest(profile, view)], [-1.0]
    # The worst of all, infinity, is no value: columns hold none.
    ordered = [np.where(np.isnan(key), np.inf, sign * key) for key, sign in zip(keys, signs, strict=True)]
    unknown = np.isnan(reduce(np.add, keys))
    order = np.argsort(ordered[0]) if len(keys) == 1 else np.lexsort([*reversed(ordered), unknown])
    return hosts[_by_name_where_equal(order, ordered, columns, hosts)]


def margins(profile: Profile, columns: Columns) -> Numbers:
    """The smallest margin of each host over the constraints that have one; NaN where it is unknown or none has.

    A margin is the distance of the two sides, positive where the comparison holds, divided by the size of the right
    side (by 1 where that is 0). Shape (hosts,).
    """
    return _smallest(profile, View(columns))


def _smallest(profile: Profile, view: View) -> Numbers:
    least: Numbers | None = None
    for constraint in profile.constraints:
        margin = _margin(constraint.condition, view)
        if margin is not None:
            least = np.broadcast_to(margin, view.size) if least is None else np.minimum(least, margin)
    return np.full(view.size, np.nan) if least is None else least


def _margin(condition: Condition, view: View) -> Numbers | np.float64 | None:
    """The margin of a comparison with `< <= > >=`, the smallest of an `and` of them; None for all else."""
    if isinstance(condition, And):
        parts = [_margin(part, view) for part in condition.parts]
        known = [part for part in parts if part is not None]
        return reduce(np.minimum, known) if len(known) == len(parts) else None
    if not isinstance(condition, Compare) or condition.operator == "=":
        return None
    left, right = values(condition.left, view), values(condition.right, view)
    size = np.abs(right)
    with np.errstate(all="ignore"):
        distance = left - right if condition.operator in {">", ">="} else right - left
        return distance / np.where(size == 0, 1.0, size)


def _by_name_where_equal(
    order: NDArray[np.intp], keys: list[Numbers], columns: Columns, hosts: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Order the runs of equal keys by host name; where few are equal, the other names are not looked at."""
    equal = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in keys:
        sorted_key = key[order]
        equal &= sorted_key[1:] == sorted_key[:-1]
    if not equal.any():
        return order
    tied = np.concatenate(([False], equal)) | np.concatenate((equal, [False]))
    run_of = np.cumsum(np.concatenate(([False], ~equal)))[tied]
    members = order[tied]
    names = columns.names
    if len(members) > len(names) // 8:
        places = _NAMES.ranks(names)[hosts[members]]
    else:
        places = _ranked([names[host] for host in hosts[members].tolist()])
    order[tied] = members[np.argsort(run_of * len(names) + places)]
    return order


class _NameRanks:
    """The place of each host's name among all, of the names asked for last: to sort a million takes a second."""

    def __init__(self) -> None:
        self._names: Sequence[str] = ()
        self._ranks = np.empty(0, dtype=np.intp)

    def ranks(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Shape (names,). A tuple never changes: the same one again is not sorted again."""
        if names is not self._names or not isinstance(names, tuple):
            self._names, self._ranks = names, _ranked(names)
        return self._ranks


_NAMES = _NameRanks()


def _ranked(names: Sequence[str]) -> NDArray[np.intp]:
    ranks = np.arange(len(names))
    if not all(map(le, names, islice(names, 1, None))):
        ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return ranks
