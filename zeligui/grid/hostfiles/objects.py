"""Hosts in JSON: a list of objects whose keys are attributes."""

from __future__ import annotations

import json
import math

from zeligui.errors import UsageError
from zeligui.grid.hostfiles.rows import Rows

_SHAPE = 'Write a list of objects: [{"hostName": "node1", "osName": "Linux", "cpuSpeed": 2400}, …].'
_LISTING = frozenset({"age_s", "source", "status", "detail"})


class _Pairs(list[tuple[str, object]]):
    """The pairs of one object: a key that stands twice is seen twice."""


def read(content: str) -> Rows:
    """Read JSON. What `zeligrid hosts --json` prints can be read too: what it says about sources is left out."""
    try:
        document = json.loads(content, object_pairs_hook=_Pairs, parse_int=float, parse_constant=lambda _: math.nan)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"it is no JSON at {where}: {error.msg}.", hint=_SHAPE) from error
    except RecursionError as error:
        raise UsageError("its JSON is nested too deeply.", hint=_SHAPE) from error
    if not isinstance(document, list) or isinstance(document, _Pairs):
        raise UsageError("it holds no list of hosts.", hint=_SHAPE)
    return _rows(document)


def _rows(document: list[object]) -> Rows:
    rows = Rows()
    for number, item in enumerate(document, 1):
        if not isinstance(item, _Pairs):
            raise UsageError(f"entry {number} is no object.", hint=_SHAPE)
        listed = any(name == "age_s" and isinstance(value, _Pairs) for name, value in item)
        rows.take(number, [pair for pair in item if not (listed and pair[0] in _LISTING)])
    return rows
