"""Single values of directories: which of them mean unknown, what time they say, which system a distribution is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from zeligui.contract.attributes import ATTRIBUTES
from zeligui.contract.columns import Numbers
from zeligui.grid.hosts import Value
from zeligui.grid.table import canonical, number_in

_UNKNOWN_TEXTS = frozenset(
    {
        "",
        "undefinedvalue",
        "undefined",
        "unknown",
        "unavailable",
        "n/a",
        "not defined",
        "unset",
        "none",
        "null",
        "_undef_",
        "unavailable at time of install",
    }
)
_NO_LIMIT = 999_999_999.0
_UNKNOWN_COUNTS = frozenset({99_999.0, 444_444.0, 999_999.0})
_UNKNOWN_SECONDS = 2_146_660_000.0
_MAX_INT32 = 2_147_483_647.0
_COUNTED = re.compile(
    "memory|slots|jobs|priority|cpus|smpsize|instances|clockspeed|speedmhz|ram-|vm-|cpu-(?:total-)?free|load"
)
_NEVER_ZERO = re.compile(
    """gluehostprocessor(clockspeed|model|vendor|version)|gluehostmainmemory(ram|virtual)(size|available)|gluehostbenchmarks[if]00
    |gluesubcluster(physical|logical)cpus|gluehostarchitecture(smpsize|platformtype)|glueceinfototalcpus
    |gluehostoperatingsystem(name|release|version)
    |glue2executionenvironment(mainmemorysize|virtualmemorysize|cpuclockspeed|logicalcpus|physicalcpus|totalinstances
      |cpumodel|cpuvendor|cpuversion|osfamily|osname|osversion|platform)
    |mds-cpu-(speedmhz|total-count|smp-size|model|vendor)|mds-memory-ram(-total)?-sizemb|mds-os-(name|release|version)
    """,
    re.VERBOSE,
)
_MAY_BE_NEGATIVE = re.compile("latitude|longitude")
_CLOCK = re.compile("gluehostprocessorclockspeed|glue2executionenvironmentcpuclockspeed|mds-cpu-speedmhz")
PLAUSIBLE_MHZ = (100.0, 10_000.0)
"""EGI's validator takes any other clock as suspicious."""

_FIRST_SIGNS, _LAST_SIGNS = frozenset("+-.0123456789"), frozenset(".0123456789")
"""Of a number."""

_PLAINLY_TEXT = r"(?>[A-Za-z][A-Za-z.-]*\d|[\dA-Za-z-]*\.[\dA-Za-z-]*\.)[\dA-Za-z.-]*+"
_PLAINLY_TEXTS = re.compile(rf"{_PLAINLY_TEXT}(?:\n{_PLAINLY_TEXT})*+", re.ASCII)
"""Lines that are texts and mean something at a glance: names with a digit, or addresses, which all differ.

Nothing that was matched is tried in another way: one odd name behind thousands would else take for ever.
"""

_TEXTS = frozenset(name.casefold() for name, kind in ATTRIBUTES.items() if kind.text)

_EXACT_DIGITS = 15
"""A float holds every integer of so many."""

_GENERALIZED = re.compile(r"(\d{10})(\d\d)?(\d\d)?(?:[.,](\d+))?\s*(Z|[+-]\d\d(?:\d\d)?)?")

_FAMILIES = (
    ("Darwin", re.compile(r"darwin|mac ?os|os ?x\b")),
    ("Windows", re.compile(r"windows|cygwin|mingw|^win(32|64|nt|xp|\d)")),
    ("AIX", re.compile(r"\baix")),
    ("SunOS", re.compile(r"sunos|solaris|illumos|smartos")),
    ("HP-UX", re.compile(r"hp-?ux")),
    ("IRIX64", re.compile(r"irix64")),
    ("IRIX", re.compile(r"irix")),
    ("OSF1", re.compile(r"osf1|tru64")),
    ("FreeBSD", re.compile(r"freebsd")),
    ("NetBSD", re.compile(r"netbsd")),
    ("OpenBSD", re.compile(r"openbsd")),
    (
        "Linux",
        re.compile(
            r"linux|scientific|cern|centos|red ?hat|rhel|fedora|debian|ubuntu|suse|gentoo|mandrake|mandriva|slackware"
            r"|alma|amazon|alpine|manjaro|nixos|rocky|rocks|raspbian|mint\b|turbolinux|oracle|devuan|knoppix"
            r"|^(sl|slc|slf|sles|sled|rhas|rhes|rhws|arch|amzn|ol|el)[\s\d._-]*$"
        ),
    ),
)


def known(attribute: str, text: str) -> Value | None:
    """The value as a number where it is written as one, as text otherwise; None where it means unknown.

    What the contract language takes for a text stays one: a release may be 12. `attribute` is the directory's own, in
    small letters.
    """
    stripped = text.strip()
    if stripped.isdecimal() and stripped.isascii() and len(stripped) <= _EXACT_DIGITS:  # most are, of 200,000 values
        number = float(stripped)
        exact = stripped[0] != "0" or len(stripped) == 1
    elif stripped.casefold() in _UNKNOWN_TEXTS:
        return None
    elif (
        stripped[0] not in _FIRST_SIGNS or stripped[-1] not in _LAST_SIGNS or math.isnan(number := number_in(stripped))
    ):
        return stripped
    else:
        exact = canonical(number) == stripped
    rules = _rules(attribute)
    if rules.stand_for_unknown(number):
        return None
    return number if exact and not rules.text else stripped


def known_each(attribute: str, texts: tuple[str, ...]) -> tuple[Value | None, ...]:
    """The same of many values; these themselves where they are taken as they are."""
    if _PLAINLY_TEXTS.fullmatch("\n".join(texts)):
        return texts
    return tuple(known(attribute, text) for text in texts)


def all_integers_known(attribute: str, integers: Numbers) -> bool:
    """Whether plain integers, 0 or more, are numbers that `known` takes as such, all of them."""
    rules = _rules(attribute)
    if rules.text or not (integers >= rules.least).all() or not (integers <= rules.most).all():
        return False
    return not any((integers == number).any() for number in rules.some)


def all_known(texts: Mapping[str, Sequence[str]]) -> dict[str, Value]:
    """What all attributes say that have one value, where that is known."""
    single = ((name, each[0]) for name, each in texts.items() if each and (len(each) == 1 or len(set(each)) == 1))
    return {name: value for name, text in single if (value := known(name, text)) is not None}


def known_in_language(attribute: str, value: Value) -> Value | None:
    """The value of an attribute of the contract language, as a file in its words gives it; None where it is unknown.

    ValueError where a text stands for a number and reads as none.
    """
    kind = ATTRIBUTES[attribute]
    if isinstance(value, str) and value and value.strip().casefold() in _UNKNOWN_TEXTS:
        return None
    if kind.text:
        return value if isinstance(value, str) else canonical(value)
    number = number_in(value) if isinstance(value, str) else value
    if math.isnan(number):
        raise ValueError(f"{value!r} is no number")
    return None if number == _NO_LIMIT or (attribute == "queueWait" and number >= _UNKNOWN_SECONDS) else number


@dataclass(frozen=True, slots=True)
class _Rules:
    """Which numbers of one attribute mean unknown: some, and all below `least` or above `most`; or it is a `text`."""

    some: frozenset[float]
    least: float
    most: float
    text: bool

    def stand_for_unknown(self, number: float) -> bool:
        return number in self.some or not self.least <= number <= self.most


@lru_cache(maxsize=4096)
def _rules(attribute: str) -> _Rules:
    """The rules for an attribute, in small letters: found once, for its name is looked through by several patterns."""
    zero = {0.0} if _NEVER_ZERO.fullmatch(attribute) else set()
    counts = _UNKNOWN_COUNTS if _COUNTED.search(attribute) else frozenset()
    least = -math.inf if _MAY_BE_NEGATIVE.search(attribute) else 0.0
    most = math.nextafter(_UNKNOWN_SECONDS, 0.0) if attribute.endswith("time") else math.inf
    if _CLOCK.fullmatch(attribute):
        least, most = PLAUSIBLE_MHZ
    return _Rules(frozenset({_NO_LIMIT, _MAX_INT32, *zero, *counts}), least, most, attribute in _TEXTS)


def number(attribute: str, texts: Sequence[str], choose: Callable[[list[float]], float] = min) -> float | None:
    """The attribute's number; of several different ones the one that promises least (`choose`)."""
    numbers = [number for text in texts if (number := as_number(known(attribute, text))) is not None]
    return choose(numbers) if numbers else None


def as_number(value: Value | None) -> float | None:
    """The number that a known value is, or reads as; None where it is none."""
    if isinstance(value, str):
        number = number_in(value)
        return None if math.isnan(number) else number
    return value


def text(attribute: str, texts: Iterable[str]) -> str | None:
    """The attribute's first text that does not mean unknown, as published."""
    for each in texts:
        if known(attribute, each) is not None:
            return each.strip()
    return None


def seconds(texts: Iterable[str]) -> float | None:
    """A time in seconds since 1970, from GeneralizedTime (RFC 4517 3.3.13) or ISO 8601; None where it is neither."""
    return next((moment for moment in map(_moment, texts) if moment is not None), None)


@lru_cache(maxsize=1024)
def _moment(text: str) -> float | None:
    stripped = text.strip()
    matched = _GENERALIZED.fullmatch(stripped)
    try:
        moment = _generalized(matched) if matched else datetime.fromisoformat(stripped)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _generalized(matched: re.Match[str]) -> datetime:
    """A fraction is one of the last unit written: of the minute in `200110030128.12Z`."""
    date, minute, second, fraction, zone = matched.groups()
    unit = timedelta(seconds=1) if second else timedelta(minutes=1) if minute else timedelta(hours=1)
    year, month, day = int(date[:4]), int(date[4:6]), int(date[6:8])
    moment = datetime(year, month, day, int(date[8:]), int(minute or 0), int(second or 0), tzinfo=_zone(zone))
    return moment + unit * float(f"0.{fraction}") if fraction else moment


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    return timezone(timedelta(hours=int(text[:3]), minutes=int(text[0] + (text[3:] or "0"))))


@lru_cache(maxsize=1024)
def family(distribution: str | None) -> str | None:
    """The system's family as `uname -s` names it, from the name of a distribution; None where it is not known.

    Of 175 real GLUE 1 sub-clusters one says Linux; the rest name a distribution.
    """
    folded = (distribution or "").strip().casefold()
    return next((name for name, pattern in _FAMILIES if pattern.search(folded)), None)
