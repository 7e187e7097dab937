"""Why not this machine, and which constraint excludes most."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.test_properties import calm, contract_of
from tests.contract.trees import Host, Tree, hosts, trees
from zeligui.contract.columns import Columns, Texts
from zeligui.contract.language import Contract, read
from zeligui.errors import UsageError
from zeligui.grid.explanation import ConstraintAnswer, ConstraintExclusion, answer, exclusions
from zeligui.grid.hosts import Value
from zeligui.grid.matching import explain, match
from zeligui.grid.measurements import Measurements
from zeligui.grid.occupancy import adjust
from zeligui.grid.table import Joined, Table

HOST: dict[str, Value] = {
    "osName": "Linux",
    "osRelease": "22.04",
    "cpuAvail": 0.286,
    "cpuSpeed": 2400.0,
    "freeMemory": 200.0,
    "totalMemory": 1000.0,
    "latency": 500.0,
    "load1": 2.0,
    "rack": "b7",
    "slot": 7.0,
}
PUBLISHED = {"bandWidth": 90.0, "freeDisk": 12345.6, "shelf": "top"}
TABLE = Table.of([("n0", PUBLISHED), ("n1", HOST)])


def contract(lines: str) -> Contract:
    reading = read(lines, published=TABLE.attributes)
    assert reading.contract is not None, reading.errors
    return reading.contract


def answered(line: str, columns: Columns = TABLE, host: str = "n1", **known: object) -> ConstraintAnswer:
    (profile,) = answer(contract(f"[p]\n{line}\n"), columns, host, **known)  # type: ignore[arg-type]
    (one,) = profile.constraints
    return one


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cpuAvail > 0.6", ("false", 0.286, ">", 0.6, "", 0.314)),
        ("cpuAvail > 60 %", ("false", 0.286, ">", 0.6, "", 0.314)),
        ("0.6 < cpuAvail", ("false", 0.286, ">", 0.6, "", 0.314)),
        ("cpuSpeed > 2 GHz", ("true", 2400.0, ">", 2000.0, "MHz", -400.0)),
        ("2 GHz >= cpuSpeed", ("false", 2400.0, "<=", 2000.0, "MHz", 400.0)),
        ("latency < 1 s", ("true", 500.0, "<", 1000.0, "ms", -500.0)),
        ("freeMemory > 200", ("false", 200.0, ">", 200.0, "MB", 0.0)),
        ("cpuSpeed = 2 GHz", ("false", 2400.0, "=", 2000.0, "MHz", 400.0)),
        ("cpuSpeed == 2400", ("true", 2400.0, "=", 2400.0, "MHz", 0.0)),
        ("2000 = `cpuSpeed`", ("false", 2400.0, "=", 2000.0, "MHz", 400.0)),
        ("cpuSpeed != 2400", ("false", 2400.0, "!=", 2400.0, "MHz", None)),
        ("freeMemory > totalMemory / 4", ("false", 200.0, ">", 250.0, "MB", 50.0)),
        ("freeMemory / totalMemory > 50 %", ("false", 0.2, ">", 0.5, "", 0.3)),
        ("freeMemory / load1 > 50", ("true", 100.0, ">", 50.0, "MB", -50.0)),
        ("load1 + 1 < 2", ("false", 3.0, "<", 2.0, "", 1.0)),
        ("bandWidth > 78", ("unknown", None, ">", 78.0, "Mbit/s", None)),
        ("load1 > bandWidth / freeDisk * freeDisk / bandWidth", ("unknown", 2.0, ">", None, "", None)),
        ("cpuSpeed / 0 > 1", ("unknown", None, ">", 1.0, "MHz", None)),
        ("osName = AIX", ("false", "Linux", "=", "AIX", "", None)),
        ('"AIX" = `osName`', ("false", "Linux", "=", "AIX", "", None)),
        ("osRelease = 22.04", ("true", "22.04", "=", "22.04", "", None)),
        ("osName ~ L*", ("true", "Linux", "~", "L*", "", None)),
        ("osName !~ L*", ("false", "Linux", "!~", "L*", "", None)),
        ("osName in (AIX, Darwin)", ("false", "Linux", "in", ("AIX", "Darwin"), "", None)),
        ("osName not in (linux)", ("false", "Linux", "not in", ("linux",), "", None)),
        ("slot = 5", ("false", 7.0, "=", 5.0, "", 2.0)),
        ("slot = x", ("false", 7.0, "=", "x", "", None)),
        ("rack = 5", ("false", "b7", "=", "5", "", None)),
        ("rack > 5 s", ("unknown", None, ">", 5.0, "s", None)),
        ("avg(latency, 5 s) < 1 s", ("unknown", None, "<", 1000.0, "ms", None)),
    ],
)
def test_a_comparison_says_value_bound_and_by_how_much(line: str, expected: tuple[object, ...]) -> None:
    found = answered(line)
    result, value, operator, bound, unit, short_by = expected
    assert (found.constraint, found.result, found.operator, found.unit) == (line, result, operator, unit)
    assert [found.value, found.bound, found.short_by] == [
        pytest.approx(each) if isinstance(each, float) else each for each in (value, bound, short_by)
    ]
    assert found.parts == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cpuAvail > 0.6", "It is 0.286, which is 0.314 too little."),
        ("load1 <= 0.5", "It is 2, which is 1.5 too much."),
        ("cpuSpeed > 2 GHz", "It is 2400 MHz, with 400 MHz to spare."),
        ("freeMemory > 200", "It is 200 MB, and must be more."),
        ("freeMemory < 200", "It is 200 MB, and must be less."),
        ("freeMemory >= 200", "It is 200 MB, which is just enough."),
        ("cpuSpeed = 2000", "It is 2400 MHz, which is 400 MHz off."),
        ("cpuSpeed = 2400", "It is 2400 MHz."),
        ("cpuSpeed != 2400", "It is 2400 MHz, which it must not be."),
        ("osName = linux", "It is Linux."),
        ("osName = AIX", "It is Linux, not AIX."),
        ('osName = ""', "It is Linux, not an empty text."),
        ("osName != linux", "It is Linux, which it must not be."),
        ("osName in (a, b, c, d, e)", "It is Linux, which is none of a, b, c, 2 more."),
        ("osName not in (linux)", "It is Linux, which it must not be."),
        ("osName ~ A*", "It is Linux, which does not match A*."),
        ("osName !~ L*", "It is Linux, which matches L*."),
        ("arch = x86", "It is unknown: no machine has published arch."),
        ("bandWidth > 78", "It is unknown: bandWidth of this machine has not been measured yet."),
        ("shelf = top", "It is unknown: shelf of this machine has not been measured yet."),
        ("rack > 5", "It is unknown: rack is b7, which is no number."),
        ("avg(load1, 5 s) < 1", "It is unknown: there is too little history of load1 for its avg."),
        ("age(osName) < 1", "It is unknown: there is too little history of osName for its age."),
        ("load1 / 0 < 1", "It is unknown: it divides by zero, or comes to too large a number."),
        ("cpuAvail > 0.6 and osName = AIX and load1 = 2", "cpuAvail > 0.6 is false, osName = AIX is false."),
        ("bandWidth > 78 and osName = Linux", "bandWidth > 78 is unknown."),
        ("load1 = 2 and osName = Linux", "Both parts are true."),
        ("load1 = 1 or load1 = 3 or load1 = 4", "All 3 parts are false."),
        ("load1 = 1 or load1 = 2", "load1 = 2 is true."),
        ("load1 = 1 or bandWidth > 1", "bandWidth > 1 is unknown."),
        ("not load1 = 1", "load1 = 1 is false, as it must be."),
        ("not load1 = 2", "load1 = 2 is true, which it must not be."),
        ("not bandWidth > 1", "bandWidth > 1 is unknown."),
    ],
)
def test_it_is_said_in_a_sentence(line: str, words: str) -> None:
    assert answered(line).words == words


def test_large_numbers_are_said_whole_and_texts_of_others_are_short_and_plain() -> None:
    table = Table.of([("n1", {"freeDisk": 12345.6, "osName": "\x1b[2J" + "x" * 500})])
    assert answered("freeDisk > 1", table).words == "It is 12346 MB, with 12345 MB to spare."
    words = answered("osName = Linux", table).words
    assert len(words) < 120
    assert words.isprintable()


def test_a_compound_condition_shows_which_of_its_parts_fails() -> None:
    found = answered("osName = Linux and (cpuAvail>0.6 or not load1 < 3) for 5 s  # busy")
    assert (found.constraint, found.result) == ("osName = Linux and (cpuAvail>0.6 or not load1 < 3) for 5 s", "false")
    assert (found.value, found.bound, found.operator, found.unit, found.short_by) == (None, None, "", "", None)
    first, second = found.parts
    assert (first.constraint, first.result, first.value) == ("osName = Linux", "true", "Linux")
    assert (second.constraint, second.result) == ("cpuAvail>0.6 or not load1 < 3", "false")
    available, negated = second.parts
    assert (available.short_by, negated.parts[0].constraint) == (pytest.approx(0.314), "load1 < 3")


def test_a_value_that_is_too_old_is_told_from_one_that_never_came() -> None:
    store = Measurements()
    rows = {"n1": store.add()}
    store.record(0, {"bandWidth": 90.0, "shelf": "top", "latency": 1.0}, 100.0)
    store.record(0, {"latency": 2.0}, 170.0)
    columns = store.view(rows, 175.0, since=115.0)
    ages = {"bandwidth": 75.0, "shelf": 75.0, "latency": 5.0}
    told = answered("bandWidth > 78", columns, ages=ages, expiry_s=60.0)
    assert told.words == "It is unknown: bandWidth is 75 s old; older than 60 s is unknown."
    assert answered("shelf = top", columns, ages=ages).words == "It is unknown: shelf is 75 s old; which is too old."
    assert answered("age(latency) < 10", columns).value == 5.0
    assert answered("avg(bandWidth, 5 min) < 10", columns, ages=ages, expiry_s=60.0).words.startswith(
        "It is unknown: bandWidth is 75 s old"
    )


def test_every_profile_is_answered_in_a_sentence() -> None:
    both = contract("[fast]\ncpuSpeed > 3 GHz\nbandWidth > 5\nload1 = 2\n[slow]\ncpuSpeed > 1 GHz\n[any]\n")
    fast, slow, everything = answer(both, TABLE, "n1")
    assert (fast.profile, fast.apt) == ("fast", False)
    assert fast.summary == "It is not apt for fast: cpuSpeed > 3 GHz is false, bandWidth > 5 is unknown."
    assert (slow.apt, slow.summary) == (True, "It is apt for slow.")
    assert (everything.apt, everything.constraints) == (True, ())


@pytest.mark.parametrize("name", ["n2", "N1", "\x1b[2J"])
def test_a_host_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        answer(contract("[p]\n"), TABLE, name)
    assert str(caught.value).isprintable()
    assert caught.value.hint


def test_hosts_of_two_tables_and_with_jobs_on_them_are_answered_alike() -> None:
    store = Measurements()
    rows = {"m": store.add()}
    store.record(0, {"load1": 1.0, "rack": "b7"}, 1.0)
    live = adjust(store.view(rows, 2.0, since=0.0), _NoTrails(), (), experiment="e", now=2.0)
    joined = Joined(TABLE, live)
    assert answered("rack > 5", joined, "m").words == "It is unknown: rack is b7, which is no number."
    assert answered("load1 < 1", joined, "m").words == "It is 1, and must be less."


class _NoTrails:
    def trail(self, attempt: str, host: str) -> None:
        return None


@calm
@given(st.lists(trees, max_size=4), hosts)
def test_answers_agree_with_what_matching_explains(constraints: list[Tree], rows: list[Host]) -> None:
    made = contract_of(*constraints)
    table = Table.of([(f"n{number}", row) for number, row in enumerate(rows)])
    explained, apt = explain(made, table), match(made, table).profiles["p"]
    for host, profiles in explained.items():
        (found,) = answer(made, table, host)
        assert [one.result for one in found.constraints] == [each["result"] for each in profiles["p"]]
        assert [one.constraint for one in found.constraints] == [each["constraint"] for each in profiles["p"]]
        assert found.apt is (host in apt)
        for one, each in zip(found.constraints, profiles["p"], strict=True):
            check(one)
            if each["value"] is not None:
                assert one.value == each["value"]


def check(one: ConstraintAnswer) -> None:
    """What holds of every answer."""
    assert one.words.endswith(".")
    assert not one.parts or (one.operator, one.value, one.bound) == ("", None, None)
    if one.short_by is not None and one.operator != "=":
        assert one.short_by >= 0 if one.result == "false" else one.short_by <= 0
    for part in one.parts:
        check(part)


MANY = Table.of(
    [
        ("a", {"osName": "Linux", "bandWidth": 90.0, "load1": 1.0}),
        ("b", {"osName": "Linux", "bandWidth": 50.0, "load1": 1.0}),
        ("c", {"osName": "Linux", "load1": 9.0}),
        ("d", {"osName": "AIX", "bandWidth": 90.0, "load1": 9.0}),
    ]
)


def test_exclusions_count_what_each_constraint_excludes_and_what_it_excludes_alone() -> None:
    (found,) = exclusions(contract("[p]\nosName = Linux\nbandWidth > 78\nload1 < 5\n"), MANY)
    assert (found.profile, found.hosts, found.apt) == ("p", 4, 1)
    assert found.constraints == (
        ConstraintExclusion("osName = Linux", true=3, false=1, unknown=0, alone=0),
        ConstraintExclusion("bandWidth > 78", true=2, false=1, unknown=1, alone=1),
        ConstraintExclusion("load1 < 5", true=2, false=2, unknown=0, alone=0),
    )
    assert found.most is found.constraints[1]
    assert found.summary == "bandWidth > 78 excludes most: 2 of 4 hosts, 1 of them by it alone."


@pytest.mark.parametrize(
    ("lines", "table", "summary"),
    [
        ("", MANY, "There is no constraint: every host is apt."),
        ("load1 < 5\n", Table.of([]), "There is no host yet."),
        ("load1 > 0\n", MANY, "No constraint excludes any of 4 hosts."),
        ("load1 < 5\n", MANY, "load1 < 5 excludes 2 of 4 hosts."),
        ("load1 < 5\nload1 < 6\n", MANY, "load1 < 5 excludes most: 2 of 4 hosts, none of them by it alone."),
        ("load1 > 0\nload1 < 6\n", MANY, "load1 < 6 excludes most: 2 of 4 hosts, all of them by it alone."),
        ("load1 > 0\nosName=linux\n", MANY, "osName=linux excludes most: 1 of 4 hosts, by it alone."),
        (
            "load1 > 2\nload1 < 0\n",
            Table.of([("a", {"load1": 3.0})]),
            "load1 < 0 excludes most: 1 of 1 host, by it alone.",
        ),
    ],
)
def test_exclusions_are_said_in_a_sentence(lines: str, table: Table, summary: str) -> None:
    (found,) = exclusions(contract(f"[p]\n{lines}"), table)
    assert found.summary == summary
    assert (found.most is None) is not ("excludes " in summary and "any" not in summary)


@calm
@given(st.lists(trees, max_size=4), hosts)
def test_exclusions_agree_with_a_slow_count(constraints: list[Tree], rows: list[Host]) -> None:
    table = Table.of([(f"n{number}", row) for number, row in enumerate(rows)])
    (found,) = exclusions(contract_of(*constraints), table)
    judged = [[tree.judge(row) for tree in constraints] for row in rows]
    assert (found.hosts, found.apt) == (len(rows), sum(all(one is True for one in each) for each in judged))
    for place, one in enumerate(found.constraints):
        results = [each[place] for each in judged]
        assert (one.true, one.false, one.unknown) == (results.count(True), results.count(False), results.count(None))
        assert one.alone == sum(
            each[place] is not True and all(other is True for at, other in enumerate(each) if at != place)
            for each in judged
        )
    worst = max((one.excluded for one in found.constraints), default=0)
    assert (found.most.excluded if found.most else 0) == worst


def test_ten_thousand_hosts_take_no_time() -> None:
    size, chance = 10_000, np.random.default_rng(3)
    names = ("bandWidth", "cpuAvail", "cpuSpeed", "freeMemory")
    codes = chance.integers(-1, 2, size).astype(np.int32)
    table = Table(
        [f"n{number}" for number in range(size)],
        {name: chance.random(size) for name in names},
        {"osName": Texts(codes, ("Linux", "AIX"))},
    )
    profile = "osName=Linux\nbandWidth>0.1\ncpuAvail>0.6\ncpuSpeed>0.2\nfreeMemory>0.3\n"
    made = contract(f"[a]\n{profile}[b]\n{profile}")
    assert _quickest(lambda: exclusions(made, table)) < 0.005
    assert _quickest(lambda: answer(made, table, "n9999")) < 0.005


def _quickest(run: object, times: int = 10) -> float:
    """The shortest of several runs: others use the same processors."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()  # type: ignore[operator]
        taken.append(time.perf_counter() - start)
    return min(taken)
