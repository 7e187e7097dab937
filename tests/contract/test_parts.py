"""Constraints taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.contract.test_properties import calm, profile_of
from tests.contract.trees import Joined, Tree, trees
from zeligui.contract.conditions import Attribute, Constant
from zeligui.contract.language import Constraint, read
from zeligui.contract.parts import Part, operands, taken_apart


def part_of(line: str) -> Part:
    reading = read(f"[p]\n{line}\n")
    assert reading.errors == ()
    (constraint,) = reading.profiles[0].constraints
    return taken_apart(constraint)


def outline(part: Part) -> object:
    return (part.operator, [outline(each) for each in part.parts]) if part.parts else part.text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cpuAvail>0.6 and osName = Linux", ("and", ["cpuAvail>0.6", "osName = Linux"])),
        ("load1<1 or load1>2 and load5<3", ("or", ["load1<1", ("and", ["load1>2", "load5<3"])])),
        ("((load1<1 or load1>2) and load5<3)", ("and", [("or", ["load1<1", "load1>2"]), "load5<3"])),
        ("not not (load1<1)", ("not", [("not", ["load1<1"])])),
        ("osName in (a, b) or not osName not in (c)", ("or", ["osName in (a, b)", ("not", ["osName not in (c)"])])),
        ("(load1 + 1) * 2 > (3) and avg(load1, 5 s) < 2", ("and", ["(load1 + 1) * 2 > (3)", "avg(load1, 5 s) < 2"])),
        ('osName = "a ) or (" or osName ~ "[)]"', ("or", ['osName = "a ) or ("', 'osName ~ "[)]"'])),
        ("load1 < 1 or load1 > 2 for 5 s  # so", ("or", ["load1 < 1", "load1 > 2"])),
    ],
)
def test_the_parts_are_as_written(line: str, expected: object) -> None:
    assert outline(part_of(line)) == expected


def test_the_whole_is_the_constraint_with_its_for_and_without_its_comment() -> None:
    assert part_of("(load1 < 1) for 5 s  # so").text == "(load1 < 1) for 5 s"


@pytest.mark.parametrize(
    ("line", "operator"),
    [
        ("load1 == 1", "="), ("load1 != 1", "!="), ("load1 <= 1", "<="), ("osName = Linux", "="), ("osName != x", "!="),
        ("osName ~ L*", "~"), ("osName !~ L*", "!~"), ("osName in (x)", "in"), ("osName not in (x)", "not in"),
        ("rack = 5", "="), ("rack != 5", "!="),
    ],
)  # fmt: skip
def test_operators_are_those_of_the_language(line: str, operator: str) -> None:
    assert part_of(line).operator == operator


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("cpuSpeed > 2 GHz", "MHz"), ("freeMemory > 1 GiB", "MB"), ("bandWidth>78", "Mbit/s"), ("latency < 1 s", "ms"),
        ("queueWait < 1 h", "s"), ("cpuAvail > 60 %", ""), ("load1 / cpuCount < 1", ""), ("osName = Linux", ""),
        ("freeMemory / totalMemory > 50 %", ""), ("freeMemory / cpuCount > 100", "MB"), ("age(bandWidth) < 1 min", "s"),
        ("avg(latency, 5 s) < 3", "ms"), ("queueWait + latency < 3", "s"), ("latency + queueWait < 3", "ms"),
        ("rack > 5 s", "s"), ("rack > 5", ""), ("bandWidth * 10 s > 3", ""), ("`Mds-Cpu-Cache-l1kB` > 4", "kB"),
        ("1 s > latency", "ms"), ("osRelease = 22.04", ""),
    ],
)  # fmt: skip
def test_numbers_are_in_the_own_unit_of_their_attribute(line: str, unit: str) -> None:
    assert part_of(line).unit == unit


def test_operands_come_in_the_order_written() -> None:
    condition = part_of("max(load1, 5 s) > load5 or not osName ~ x and arch in (y) and rack = `site`").condition
    names = [getattr(each, "name", None) or each.attribute for each in operands(condition)]
    assert names == ["load1", "load5", "osName", "arch", "rack", "site"]


def test_what_was_not_read_as_a_constraint_cannot_be_taken_apart() -> None:
    condition = part_of("load1 > 1").condition
    with pytest.raises(ValueError, match="maximize load1"):
        taken_apart(Constraint("maximize load1", None, frozenset(), condition))
    assert list(operands(Constant(1.0))) == []
    assert list(operands(Attribute("load1"))) == [Attribute("load1")]


@calm
@given(trees)
def test_every_part_reads_as_its_own_condition(tree: Tree) -> None:
    (constraint,) = profile_of(tree).constraints
    stack = [taken_apart(constraint)]
    while stack:
        part = stack.pop()
        assert profile_of(part.text).constraints[0].condition == part.condition
        stack += part.parts
    assert bool(taken_apart(constraint).parts) is isinstance(tree, Joined)
