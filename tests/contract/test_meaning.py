"""What contracts mean: units, texts, globs, unknown values, margins, ranking, left sides."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contract.table import Table
from zeligui.contract.evaluation import apt, judge, left_value, margins, rank
from zeligui.contract.language import Profile, read

HOST: dict[str, float | str] = {
    "hostName": "n1.grid",
    "osName": "Linux",
    "osRelease": "22.04",
    "cpuCount": 4,
    "cpuSpeed": 2400,
    "cpuAvail": 0.57,
    "load1": 2,
    "freeMemory": 500,
    "totalMemory": 1000,
    "latency": 500,
    "queueWait": 1,
    "rack": "b7",
    "slot": 7,
    "kernel": "5.10-x",
    "Mds-Cpu-vendor": "GenuineIntel",
}


def profile_of(lines: str) -> Profile:
    reading = read("[p]\n" + lines, published=tuple(HOST))
    assert reading.errors == ()
    return reading.profiles[0]


def judged(line: str) -> int:
    statistics = {("avg", "load1", 300.0): [1.5], ("age", "osName", None): [3.0]}
    return int(judge(profile_of(line), Table([HOST], statistics))[0, 0])


TRUE = [
    # Quantities are compared, not bare numbers.
    "latency = 0.5 s",
    "latency < 1 s",
    "latency < 1 s + 1",
    "latency + queueWait = 1500",
    "queueWait + latency = 1.5",
    "queueWait > latency",
    "500 = `latency`",
    "latency > 499 ms and latency < 500001 us",
    "cpuSpeed = 2.4 GHz",
    "freeMemory >= 500 MB",
    "freeMemory < 500 MiB",
    "freeMemory = 0.5 GB",
    "freeMemory = 500000 kB",
    "queueWait < 1 min",
    "cpuAvail = 57 %",
    "cpuAvail >= 57%",
    "freeMemory / totalMemory = 50 %",
    "freeMemory / totalMemory < 0.6",
    "load1 / cpuCount = .5",
    "freeMemory / cpuCount = 125",
    "freeMemory > 100 * cpuCount",
    "cpuSpeed * cpuCount > 9 GHz",
    "cpuSpeed * 2 > 4000",
    "latency * latency = 250000",
    "(latency + 500) * 2 = 2 s",
    "cpuCount * latency = 2000",
    "-cpuCount = -4",
    "cpuCount - 5 < -.5",
    "cpuCount = 2 + 2 * 1",
    "cpuCount = (1 + 1) * 2",
    "8 / 2 / 2 = 2",
    "cpuCount = 4.",
    "cpuCount = 4e0",
    "1e-999 = 0",
    "cpuCount = --4",
    # Texts compare without regard to case; the unquoted right side is a text.
    "osName = linux",
    "OSNAME = LINUX",
    'osName == "Linux"',
    "osName != AIX",
    "osName in (aix, LINUX)",
    "osName not in (AIX)",
    'osName != "Linux # x"',
    "osRelease = 22.04",
    "osRelease != 22.040",
    "hostName = N1.grid",
    'osName != ""',
    "`osName` = Linux",
    "`osName` != `osRelease`",
    "osName = `osName`",
    "`Mds-Cpu-vendor` = genuineintel",
    '"x" != osName',
    # Globs are of the whole value.
    "osName ~ lin*",
    "osName ~ L?nux",
    "osName ~ [k-m]inux",
    'osName ~ "[!a]inux"',
    "osName !~ inux",
    "osName !~ [a]inux",
    "hostName ~ *.grid",
    "osRelease ~ 22*",
    'osName !~ "[L"',
    "osName ~ *",
    "osName !~ Linu",
    # Of an attribute that no one knows, a number is a number and a text a text.
    "rack = B7",
    "slot = 7",
    "slot = 7.0",
    'slot = "7"',
    "slot > 6",
    'slot in ("7")',
    "kernel != 5",
    "rack !~ c*",
    "slot > 6 s",
    "rack != `slot`",
    # Statistics and precedence.
    "avg(load1, 5 min) < load1",
    "age(osName) < 5",
    "age(osName) < 5 s",
    "not cpuAvail > 1 and load1 = 2",
    "load1 = 2 or load1 = 3 and load1 = 4",
    "not not cpuCount = 4",
    "cpuCount / 0 > 1 or cpuCount = 4",
]
UNKNOWN = [
    "bandWidth > 5",
    "not bandWidth > 5",
    "bandWidth > 5 and cpuCount = 4",
    "bandWidth > 5 or cpuCount = 5",
    "site = x",
    "site != x",
    "site ~ *",
    "site in (x)",
    "site = `x`",
    "cpuCount / 0 > 1",
    "1 / (cpuCount / 0) = 0",
    "cpuCount * 1e308 * 10 > 1",
    "0 / 0 = 0",
    "min(load1, 5 min) < 5",
    "forecast(cpuAvail, 30 s) > 0",
    "rack > 5",
]


@pytest.mark.parametrize("line", TRUE)
def test_it_is_true(line: str) -> None:
    assert judged(line) == 1
    assert judged(f"not ({line})") == 0


@pytest.mark.parametrize("line", UNKNOWN)
def test_it_is_unknown(line: str) -> None:
    assert judged(line) == -1
    assert not apt(profile_of(line), Table([HOST])).any()


def test_a_comment_is_no_part_of_a_text() -> None:
    assert judged("osName = Linux # AIX") == judged("osName=Linux;AIX") == 1


def test_unknown_is_decided_by_what_is_certain() -> None:
    assert judged("bandWidth > 5 and cpuCount = 5") == 0
    assert judged("bandWidth > 5 or cpuCount = 4") == 1


MARGINS = [
    ("cpuAvail > 0.5", (0.57 - 0.5) / 0.5),
    ("cpuAvail < 0.5", (0.5 - 0.57) / 0.5),
    ("latency < 1 s", 0.5),
    ("load1 >= 0", 2.0),
    ("load1 > -4", 1.5),
    ("cpuCount > 3 and load1 < 8", 1 / 3),
    ("(cpuCount > 3 and load1 < 8) and cpuSpeed > 2000", 0.2),
    ("cpuCount > 3\nload1 < 8\nosName = Linux", 1 / 3),
    ("osName = Linux", None),
    ("cpuCount = 4", None),
    ("not cpuCount < 3", None),
    ("cpuCount > 3 or load1 < 8", None),
    ("cpuCount > 3 and osName = Linux", None),
    ("bandWidth > 3", None),
]


@pytest.mark.parametrize(("lines", "expected"), MARGINS)
def test_margins(lines: str, expected: float | None) -> None:
    (found,) = margins(profile_of(lines), Table([HOST]))
    assert np.isnan(found) if expected is None else found == pytest.approx(expected)


GRID = Table(
    [
        {"hostName": "d", "cpuAvail": 0.9, "cpuSpeed": 1000, "freeMemory": 100},
        {"hostName": "c", "cpuAvail": 0.9, "cpuSpeed": 3000},
        {"hostName": "b", "cpuAvail": 0.7, "cpuSpeed": 3000, "freeMemory": 300},
        {"hostName": "a", "cpuAvail": 0.9, "cpuSpeed": 1000, "freeMemory": 50},
    ]
)
RANKINGS = [
    ("cpuAvail > 0.5", "acdb"),
    ("cpuAvail > 0.5\nmaximize cpuSpeed", "bcad"),
    ("maximize cpuSpeed\nminimize cpuAvail", "bcad"),
    ("minimize freeMemory", "adbc"),
    ("maximize cpuSpeed\nmaximize freeMemory", "bdac"),
    ("maximize cpuAvail * 100 + cpuSpeed", "cbad"),
    ("", "abcd"),
    ("maximize 1", "abcd"),
]


@pytest.mark.parametrize(("lines", "expected"), RANKINGS)
def test_rankings(lines: str, expected: str) -> None:
    ranked = rank(profile_of(lines), GRID, np.arange(4))
    assert "".join(GRID.names[host] for host in ranked) == expected


@pytest.mark.parametrize("tied", [3, 40])
def test_hosts_that_tie_are_ranked_by_name_in_whatever_order_they_stand(tied: int) -> None:
    names = [f"n{number * 17 % 40:02}" for number in range(40)]
    rows = [{"hostName": name, "cpuAvail": max(0, index - tied + 1)} for index, name in enumerate(names)]
    ranked = rank(profile_of("minimize cpuAvail"), Table(rows), np.arange(40))
    assert [names[host] for host in ranked] == sorted(names[:tied]) + names[tied:]


def test_a_call_to_the_right_of_equals_is_a_value() -> None:
    averages = Table([HOST], {("avg", "load1", 5.0): [0.57]})
    assert judge(profile_of("cpuAvail = avg(load1, 5 s)"), averages).tolist() == [[1]]


def test_nothing_is_ranked_where_nothing_is_apt() -> None:
    assert rank(profile_of("cpuAvail > 1"), GRID, np.array([], dtype=np.intp)).tolist() == []


def test_a_profile_without_constraints_accepts_every_host() -> None:
    assert apt(profile_of(""), GRID).tolist() == [True] * 4
    assert judge(profile_of(""), GRID).shape == (0, 4)


LEFT: list[tuple[str, float | str | None]] = [
    ("latency < 1 s", 500.0),
    ("latency < 1 s for 5 s", 500.0),
    ("(cpuAvail > 0.5)", 0.57),
    ("osName = x", "Linux"),
    ("osName != x", "Linux"),
    ("osName ~ x", "Linux"),
    ("osName not in (x)", "Linux"),
    ("slot = 5", 7.0),
    ("rack = 5", "b7"),
    ("avg(load1, 5 min) < 5", 1.5),
    ("bandWidth > 5", None),
    ("site = x", None),
    ("load1 + 1 > 5", None),
    ("load1 > 1 and load1 < 3", None),
    ("not load1 > 1", None),
    ("0.5 < cpuAvail", 0.5),
    ("5 ms < latency", 5.0),
]


@pytest.mark.parametrize(("line", "expected"), LEFT)
def test_the_left_side_in_the_attributes_own_unit(line: str, expected: float | str | None) -> None:
    (constraint,) = profile_of(line).constraints
    table = Table([{}, HOST], {("avg", "load1", 300.0): [0.0, 1.5]})
    assert left_value(constraint, table, 1) == expected
