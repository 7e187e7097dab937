"""A sensor's lines, read as if an enemy had written them: bounded, checked, and never a reason to fail."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Mapping
from typing import Any

from zeligui.clock import Clock, SystemClock
from zeligui.errors import UsageError
from zeligui.grid.hosts import Measurement, Usage, Value
from zeligui.links.addresses import parse

LONGEST_LINE = 1024 * 1024
LONGEST_NAME = 64
LONGEST_TEXT = 256
MOST_ATTRIBUTES = 256
MOST_JOBS = 4096

FRACTIONS = frozenset({"cpuavail", "cpucurrent", "owneractive"})
QUANTITIES = FRACTIONS | frozenset(
    """cpucount machines cpuspeed cpufree cpulimit load1 load5 load15 totalmemory freememory totalswap freeswap
    totaldisk freedisk bandwidth latency freeslots queuewait runnable users gpucount gpufreememory probecost""".split()
)
"""Attributes of the contract language, and `runnable`, which are numbers and never negative."""


JUMP_S = 60.0
"""A stamp that is ahead of the one before by so much more than the time between them is from the future."""

SAID_S = 600.0
"""What was dropped is said so long after."""


class Publisher:
    """Reads the lines of one sensor. `url` names the machine where the sensor does not find $ZELIGRID_HOSTNAME set.

    What cannot be is dropped, counted, and said in the notes of the next ten minutes.
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self._url = url
        self._name = name_in(url)
        self._clock = clock or SystemClock()
        self._attributes: set[str] = set()
        self._stamps = _Stamps()
        self._lines, self._wrong = _Dropped("line", "lines"), _Dropped("value", "values")

    def measurement(self, line: bytes) -> Measurement:
        """What a line says; what cannot be is left out, and the note says so."""
        now = self._clock.age()
        try:
            said = _object(line)
            stamp = self._stamps.checked(said.get("stamp"), now)
        except ValueError as error:
            said, stamp = {}, None
            self._lines.add(1, f"The sensor sent a line that cannot be {error}", now)
        given = said.get("values")
        values, wrong = self._values(given if isinstance(given, Mapping) else {})
        jobs, wrong_jobs = _jobs(said.get("jobs"))
        wrong += ["the use of a job"] * wrong_jobs
        if wrong:
            self._wrong.add(len(wrong), f"The sensor sent values that cannot be: {', '.join(wrong[:5])}", now)
        reported = values.pop("hostName", "")
        by_url = self._url.startswith("ssh://") and said.get("named") is not True
        if not by_url and isinstance(reported, str) and _is_host_name(reported):
            self._name = reported
        identity = said.get("identity")
        return Measurement(
            self._name,
            self._url,
            values,
            identity if isinstance(identity, str) and _is_text(identity) else "",
            stamp,
            jobs,
            " ".join(filter(None, (self._lines.note(now), self._wrong.note(now)))),
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


class _Dropped:
    """How many of something were dropped, and why the last one was."""

    def __init__(self, one: str, many: str) -> None:
        self._one, self._many = one, many
        self._count = 0
        self._last, self._at = "", -math.inf

    def add(self, count: int, why: str, now: float) -> None:
        self._count += count
        self._last, self._at = why, now

    def note(self, now: float) -> str:
        if now - self._at > SAID_S:
            return ""
        many = self._one if self._count == 1 else self._many
        return f"{self._last} ({self._count} {many} dropped so far)."


class _Stamps:
    """Tells stamps from the past and the future; a clock that was set is believed from the second line on.

    A clock may be wrong by any constant: stamps are compared with the one before, not with a clock here.
    """

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._odd: tuple[float, float] | None = None

    def checked(self, given: object, now: float) -> float | None:
        """The stamp of a line that came at `now`, None where it has none. ValueError where it cannot be."""
        if given is None:
            return None
        stamp = _number(given)
        if math.isnan(stamp) or stamp < 0:
            raise ValueError("used: its stamp is not a time")
        wrong = self._strangeness(stamp, now, self._last)
        if wrong and (self._odd is None or self._strangeness(stamp, now, self._odd)):
            self._odd = now, stamp
            raise ValueError(f"used: its stamp is from the {wrong}")
        self._last, self._odd = (now, stamp), None
        return stamp

    @staticmethod
    def _strangeness(stamp: float, now: float, before: tuple[float, float] | None) -> str:
        if before is None:
            return ""
        passed, ahead = now - before[0], stamp - before[1]
        if ahead < 0:
            return "past"
        return "future" if ahead > passed + JUMP_S else ""


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
        raise ValueError("read: it is too long")
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("read: it is not JSON") from error
    if not isinstance(said, dict):
        raise ValueError("read: it is not an object")
    return said


def _jobs(given: object) -> tuple[dict[str, Usage], int]:
    """What jobs use, and how many entries cannot be."""
    jobs, wrong = {}, int(not isinstance(given, Mapping | None))
    for name, use in list(given.items())[:MOST_JOBS] if isinstance(given, Mapping) else ():
        figures = [_number(use.get(key)) for key in ("cpu_s", "memory_mb", "runnable")] if isinstance(use, dict) else []
        if _is_name(name) and figures and all(0 <= figure < math.inf for figure in figures):
            jobs[name] = Usage(*figures)
        else:
            wrong += 1
    return jobs, wrong


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
