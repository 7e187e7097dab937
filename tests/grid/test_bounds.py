"""The bounds that a contract puts on attributes, and the attributes that it speaks of."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.contract.test_properties import calm, contract_of, profile_of
from tests.contract.trees import Tree, trees
from zeligui.grid.bounds import Bound, bounds, constrained


@pytest.mark.parametrize(
    ("line", "attribute", "operator", "value"),
    [
        ("cpuAvail > 0.6", "cpuAvail", ">", 0.6),
        ("0.6 < CPUAVAIL", "cpuAvail", ">", 0.6),
        ("10 >= load1", "load1", "<=", 10.0),
        ("cpuCount = 4", "cpuCount", "=", 4.0),
        ("4 = `cpuCount`", "cpuCount", "=", 4.0),
        ("cpuSpeed > 2 GHz", "cpuSpeed", ">", 2000.0),
        ("latency < 1 s", "latency", "<", 1000.0),
        ("cpuAvail > 60 %", "cpuAvail", ">", 0.6),
        ("cpuAvail * 1 + 0 > 0.6", "cpuAvail", ">", 0.6),
        ("cpuSpeed > 2 * 1000", "cpuSpeed", ">", 2000.0),
        ("cpuSpeed * 2 / 4 > 1000", "cpuSpeed", ">", 2000.0),
        ("-load1 > -3", "load1", "<", 3.0),
        ("load1 + 1 < 2 * load1 - 2", "load1", ">", 3.0),
        ("load1 > 0", "load1", ">", 0.0),
        ("slot = 7", "slot", "=", 7.0),
        ("not load1 > 3", "load1", "<=", 3.0),
        ("not (load1 > 3 or osName = AIX)", "load1", "<=", 3.0),
    ],
)
def test_a_constant_beside_one_attribute_is_its_bound(line: str, attribute: str, operator: str, value: float) -> None:
    (found,) = bounds(contract_of(line)).items()
    (bound,) = found[1]
    assert (found[0], bound.operator, str(bound.value)) == (attribute, operator, str(value))


@pytest.mark.parametrize(
    "line",
    [
        "osName = Linux", "cpuAvail > load1", "freeMemory / totalMemory > 0.5", "avg(load1, 5 s) < 3", "age(load1) < 3",
        "load1 != 3", "not load1 = 3", "load1 < 3 or load5 < 3", "not (load1 < 3 and load5 < 3)", "load1 * load1 > 4",
        "1 / load1 > 4", "load1 - load1 < 3", "load1 * 0 < 3", "load1 / 0 < 3", "1 < 2", "load1 * 1e-300 > 1e300",
    ],
)  # fmt: skip
def test_all_else_is_no_bound(line: str) -> None:
    assert bounds(contract_of(line)) == {}


def test_each_bound_has_its_profile_and_the_text_that_says_it() -> None:
    fast = profile_of("cpuSpeed > 2 GHz for 5 s  # fast", "1<load1 and (load1<3 and cpuspeed<9999)")
    assert bounds(fast) == {
        "cpuSpeed": (Bound("p", ">", 2000.0, "cpuSpeed > 2 GHz for 5 s"), Bound("p", "<", 9999.0, "cpuspeed<9999")),
        "load1": (Bound("p", ">", 1.0, "1<load1"), Bound("p", "<", 3.0, "load1<3")),
    }


def test_bounds_of_a_contract_are_those_of_its_profiles_in_order() -> None:
    both = contract_of("Rack > 3", "[q]", "rack > 2")
    assert bounds(both) == {"Rack": (Bound("p", ">", 3.0, "Rack > 3"), Bound("q", ">", 2.0, "rack > 2"))}
    assert bounds(both.profiles[1]) == {"rack": (Bound("q", ">", 2.0, "rack > 2"),)}


def test_a_contract_speaks_of_the_numbers_in_constraints_and_preferences() -> None:
    spoken = contract_of(
        "osName = Linux",
        "CPUSPEED > 2000 and avg(load1, 5 s) < cpucount",
        "maximize freeMemory / totalMemory",
        "[q]",
        "cpuSpeed > 1 or rack in (a)",
        "age(osName) < 5 and age(site2) < 5",
        "age(latency) < 5",
        "slot = 3",
    )
    assert constrained(spoken) == (
        "cpuSpeed", "load1", "cpuCount", "freeMemory", "totalMemory", "latency", "slot",
    )  # fmt: skip
    assert constrained(spoken.profiles[1]) == ("cpuSpeed", "latency", "slot")


@calm
@given(trees)
def test_where_a_contract_is_true_its_bounds_hold(tree: Tree) -> None:
    operators = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "=": float.__eq__}
    found = bounds(contract_of(tree))
    assert set(found) <= set(constrained(contract_of(tree)))
    for number in range(10):
        host = dict.fromkeys(("cpuAvail", "cpuSpeed", "freeMemory", "latency"), float(number))
        if tree.judge({**host, "osName": "Linux"}):
            for attribute, each in found.items():
                # A bound may be rounded where it is divided: 2 * x + 1 > 2 is x > 0.5 exactly, a third is not.
                assert all(
                    operators[bound.operator](host[attribute], bound.value) or abs(host[attribute] - bound.value) < 1e-9
                    for bound in each
                )
