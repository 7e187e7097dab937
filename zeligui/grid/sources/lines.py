"""A sensor's lines, read as if an enemy had written them: bounded, checked, and never a reason to fail."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Mapping
from typing import Any

from zeligui.errors import UsageError
from zeligui.grid.hosts import Measurement, Usage, Value
from zeligui.links.addresses import parse

LONGEST_LINE = 1024 * 1024
LONGEST_NAME = 64
LONGEST_TEXT = 256
MOST_ATTRIBUTES = 256
MOST_JOBS = 4096

FRACTIONS = frozenset({"cpuavail"})
QUANTITIES = FRACTIONS | frozenset(
    """cpucount machines cpuspeed cpufree load1 load5 load15 totalmemory freememory freeswap freedisk bandwidth latency
    freeslots queuewait runnable""".split()
)
"""Attributes of the contract language, and `runnable`, which are numbers and never negative."""


class Publisher:
    """Reads the lines of one sensor. `url` names the machine where the sensor does not find $ZELIGRID_HOSTNAME set."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = name_in(url)
        self._attributes: set[str] = set()

    def measurement(self, line: bytes) -> Measurement:
        """What a line says; what cannot be read is left out, and the note says so."""
        try:
            said = _object(line)
        except ValueError as error:
            return Measurement(self._name, self._url, {}, note=f"The sensor sent a line that cannot be read: {error}.")
        given = said.get("values")
        values, wrong = self._values(given if isinstance(given, Mapping) else {})
        note = f"The sensor sent values that cannot be: {', '.join(wrong[:5])}." if wrong else ""
        reported = values.pop("hostName", "")
        by_url = self._url.startswith("ssh://") and said.get("named") is not True
        if not by_url and isinstance(reported, str) and _is_host_name(reported):
            self._name = reported
        identity, stamp = said.get("identity"), _number(said.get("stamp"))
        return Measurement(
            self._name,
            self._url,
            values,
            identity if isinstance(identity, str) and _is_text(identity) else "",
            None if math.isnan(stamp) else stamp,
            _jobs(said.get("jobs")),
            note,
        )

    def _values(self, given: Mapping[str, Any]) -> tuple[dict[str, Value], list[str]]:
        values: dict[str, Value] = {}
        wrong = []
        for name, value in given.items():
            checked = self._checked(name, value)
            if checked is None:
                wrong.append(name if _is_name(name) else "a name of no attribute")
            else:
                values[name] = checked
        return values, wrong

    def _checked(self, name: str, value: object) -> Value | None:
        key = name.casefold()
        if not _is_name(name) or (key not in self._attributes and len(self._attributes) >= MOST_ATTRIBUTES):
            return None
        if key == "hostname" and name != "hostName":
            return None
        self._attributes.add(key)
        if isinstance(value, str):
            return value if _is_text(value) and key not in QUANTITIES else None
        number = _number(value)
        possible = -math.inf < number < math.inf and (key not in QUANTITIES or number >= 0)
        return number if possible and (key not in FRACTIONS or number <= 1) else None


def name_in(url: str) -> str:
    """The name of the host that a source's URL gives: of `local://` this machine's, of a file the URL itself."""
    scheme, _, rest = url.partition("://")
    if scheme == "local":
        return socket.gethostname()
    try:
        return parse(url).host if scheme == "ssh" else rest or url
    except UsageError:
        return url


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise ValueError("it is too long")
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(said, dict):
        raise ValueError("it is not an object")
    return said


def _jobs(given: object) -> dict[str, Usage]:
    jobs = {}
    for name, use in list(given.items())[:MOST_JOBS] if isinstance(given, Mapping) else ():
        figures = [_number(use.get(key)) for key in ("cpu_s", "memory_mb", "runnable")] if isinstance(use, dict) else []
        if _is_name(name) and figures and all(0 <= figure < math.inf for figure in figures):
            jobs[name] = Usage(*figures)
    return jobs


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.replace("-", "_").replace(".", "_").replace("_", "a").isalnum()


def _is_text(text: str) -> bool:
    return 0 < len(text) <= LONGEST_TEXT and text.isprintable()


def _is_host_name(text: str) -> bool:
    return _is_text(text) and " " not in text and not text.startswith("-")
