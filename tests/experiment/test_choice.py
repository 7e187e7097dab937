"""The negotiation's edges, and the choice of hosts."""

import pytest

from zeligui.contract.language import read
from zeligui.contract.model import Contract
from zeligui.experiment.choice import choose, edges_up, fallbacks

THREE = """
[a]
cpuAvail > 0.9
[b]
cpuAvail > 0.5
[c]
cpuAvail > 0.1
"""


def contract(negotiation: str = "") -> Contract:
    reading = read(THREE + (f"[negotiation]\n{negotiation}" if negotiation else ""))
    assert reading.contract, reading.errors
    return reading.contract


@pytest.mark.parametrize(
    ("negotiation", "profile", "expected"),
    [
        ("", "a", ["b", "c"]),
        ("", "b", ["c"]),
        ("", "c", []),
        ("a -> c\nc -> hold", "a", ["c"]),
        ("a -> hold", "a", []),
        ("a -> b\na -> hold\na -> c", "a", ["b"]),
        ("a -> b\nb -> hold\na -> c", "a", ["b", "c"]),
        ("a -> c\na -> b", "a", ["c", "b"]),
        ("b -> a\nb -> c", "b", ["c"]),
    ],
)
def test_fallbacks_follow_the_edges_down(negotiation: str, profile: str, expected: list[str]) -> None:
    assert list(fallbacks(contract(negotiation), profile)) == expected


def test_an_edge_down_with_after_waits_for_the_violation_to_last() -> None:
    written = contract("a -> b after 30 s\na -> c")
    assert list(fallbacks(written, "a", 10)) == ["c"]
    assert list(fallbacks(written, "a", 30)) == ["b", "c"]


def test_edges_up_lead_to_the_best_first() -> None:
    assert [edge.target for edge in edges_up(contract("c -> b\nc -> a\nc -> hold"), "c")] == ["a", "b"]
    assert edges_up(contract(), "c") == []


def test_hosts_in_use_come_first_and_too_few_are_none() -> None:
    assert choose(["best", "good", "used"], {"used"}, 2) == ["used", "best"]
    assert choose(["best"], set(), 2) is None
    assert choose([], set(), 0) == []
