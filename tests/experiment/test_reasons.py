"""Reasons in words."""

import pytest

from zeligui.errors import Unreachable
from zeligui.experiment.reasons import apt_words, because


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 machines are"), (1, "1 machine is"), (2, "2 machines are"), (11, "11 machines are")]
)
def test_one_machine_is_and_several_are(count: int, expected: str) -> None:
    assert apt_words("fast", [f"n{number}" for number in range(count)]).startswith(f"{expected} apt for fast: ")


def test_of_many_machines_the_first_are_named() -> None:
    assert apt_words("fast", [f"n{number}" for number in range(20)]).endswith("n6, n7")


def test_an_error_reads_on_as_a_part_of_a_sentence() -> None:
    assert f"{because(Unreachable('It is away.'))}; so be it" == "It is away; so be it"
