"""The choice of a profile, its hosts best first, and the nearest misses."""

from __future__ import annotations

import pytest

from zeligui.contract.language import Contract, read
from zeligui.grid.hosts import Value
from zeligui.grid.matching import Miss, explain, match
from zeligui.grid.table import Table


def contract(text: str) -> Contract:
    reading = read(text)
    assert reading.contract is not None, reading.errors
    return reading.contract


def hosts(**each: dict[str, Value]) -> Table:
    return Table.of(list(each.items()))


TWO = contract("[fast]\ncpuSpeed>2000\nosName=Linux\n[slow]\ncpuSpeed>1000\n")
FOUR = hosts(
    d={"cpuSpeed": 1500.0, "osName": "Linux"},
    c={"cpuSpeed": 3000.0, "osName": "linux"},
    b={"cpuSpeed": 2500.0, "osName": "LINUX"},
    a={"osName": "Linux"},
)


def test_the_first_profile_with_an_apt_host_is_chosen() -> None:
    found = match(TWO, FOUR)
    assert found.profile == "fast"
    assert found.apt == ("c", "b")
    assert found.profiles == {"fast": ("c", "b"), "slow": ("c", "b", "d")}
    assert found.nearest == ()


@pytest.mark.parametrize(("n", "profile", "count"), [(1, "fast", 2), (2, "fast", 2), (3, "slow", 3), (4, None, 0)])
def test_a_profile_needs_n_apt_hosts_and_its_apt_set_is_never_cut(n: int, profile: str | None, count: int) -> None:
    found = match(TWO, FOUR, n=n)
    assert (found.profile, len(found.apt)) == (profile, count)
    assert found.profiles == {"fast": ("c", "b"), "slow": ("c", "b", "d")}


def test_the_nearest_fail_fewest_and_unknown_fails() -> None:
    assert match(TWO, FOUR, n=4).nearest == (
        Miss("b", "fast", ()),
        Miss("c", "fast", ()),
        Miss("d", "slow", ()),
        Miss("a", "fast", ("cpuSpeed>2000",)),
    )


def test_of_two_profiles_of_which_as_many_fail_the_earlier_is_nearest() -> None:
    both = contract("[x]\ncpuSpeed>9000\n[y]\ncpuSpeed>8000\n")
    assert match(both, hosts(a={"cpuSpeed": 1.0})).nearest == (Miss("a", "x", ("cpuSpeed>9000",)),)


def test_no_hosts_are_no_match_and_no_misses() -> None:
    found = match(TWO, Table.of([]))
    assert (found.profile, found.apt, found.nearest) == (None, (), ())
    assert found.profiles == {"fast": (), "slow": ()}


def test_a_profile_without_constraints_accepts_every_host_by_name() -> None:
    assert match(contract("[any]\n"), FOUR).apt == ("a", "b", "c", "d")


def test_an_explanation_gives_every_constraint_on_every_host() -> None:
    found = explain(TWO, FOUR)
    assert list(found) == ["d", "c", "b", "a"]
    assert found["d"]["fast"] == [
        {"constraint": "cpuSpeed>2000", "value": 1500.0, "result": "false"},
        {"constraint": "osName=Linux", "value": "Linux", "result": "true"},
    ]
    assert found["a"]["slow"] == [{"constraint": "cpuSpeed>1000", "value": None, "result": "unknown"}]


def test_an_explanation_may_be_of_some_hosts_only() -> None:
    assert list(explain(TWO, FOUR, hosts=["a"])) == ["a"]


def test_a_file_of_hosts_has_no_history() -> None:
    (finding,) = explain(contract("[p]\navg(cpuSpeed, 1 min) > 5\n"), FOUR)["c"]["p"]
    assert finding["result"] == "unknown"
