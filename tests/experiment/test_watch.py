"""How long a constraint must be false before that is a violation (rule 6 of the contract language)."""

from collections.abc import Collection

import pytest

from zeligui.contract.language import read
from zeligui.contract.model import Contract
from zeligui.experiment.watch import AptSince, Watch
from zeligui.grid.table import Table

HOST = "one.grid"


class Stamps:
    """Measurements of one host, each with its own stamp."""

    def __init__(self) -> None:
        self.now = 0.0

    def stamp(self, host: str, attributes: Collection[str]) -> float:
        return self.now


def contract(text: str) -> Contract:
    reading = read(text)
    assert reading.contract, reading.errors
    return reading.contract


class Trial:
    """A watch that is shown one value of cpuAvail after another; None is a missing one."""

    def __init__(self, constraint: str, tolerance_s: float = 0.0) -> None:
        self.profile = contract(f"[only]\n{constraint}\n").profiles[0]
        self.watch = Watch(tolerance_s)
        self.stamps = Stamps()

    def show(self, time: float, value: float | None) -> bool:
        """Whether there is a violation after a value that came at a time."""
        self.stamps.now = time
        table = Table.of([(HOST, {} if value is None else {"cpuAvail": value})])
        self.watch.judge(self.profile, table, self.stamps, [HOST])
        return bool(self.watch.violations())


def test_without_tolerance_the_first_false_measurement_is_a_violation() -> None:
    assert Trial("cpuAvail > 0.6").show(0, 0.5)


@pytest.mark.parametrize(("constraint", "tolerance_s"), [("cpuAvail > 0.6 for 4 s", 0), ("cpuAvail > 0.6", 4)])
def test_a_stretch_runs_from_its_first_to_its_last_false_measurement(constraint: str, tolerance_s: float) -> None:
    trial = Trial(constraint, tolerance_s)
    assert not trial.show(0, 0.5)
    assert not trial.show(2, 0.5)
    assert not trial.show(2, 0.5)  # the same measurement, looked at again later
    assert trial.show(4, 0.5)


def test_a_for_of_its_own_goes_before_the_tolerance() -> None:
    assert Trial("cpuAvail > 0.6 for 0 s", tolerance_s=100).show(0, 0.1)


def test_a_true_measurement_ends_the_stretch_and_an_unknown_one_pauses_it() -> None:
    trial = Trial("cpuAvail > 0.6 for 4 s")
    trial.show(0, 0.5)
    trial.show(2, 0.5)
    trial.show(3, None)
    assert not trial.show(60, 0.5), "what nobody knew is not counted"
    assert trial.show(62, 0.5)
    trial.show(64, 0.9)
    assert not trial.show(66, 0.5)


def test_a_short_for_needs_two_distinct_measurements() -> None:
    trial = Trial("cpuAvail > 0.6 for 1 ms")
    assert not trial.show(5, 0.5)
    assert not trial.show(5, 0.5)
    assert trial.show(6, 0.5)


def test_unknown_is_told_apart_from_false() -> None:
    trial = Trial("cpuAvail > 0.6")
    assert not trial.show(0, None)
    assert [constraint.text for constraint in trial.watch.unknown[HOST]] == ["cpuAvail > 0.6"]


def test_another_profile_begins_anew() -> None:
    trial = Trial("cpuAvail > 0.6 for 1 s")
    trial.show(0, 0.5)
    trial.profile = contract("[other]\ncpuAvail > 0.6 for 1 s\n").profiles[0]
    assert not trial.show(2, 0.5)


def test_a_host_is_steadily_apt_since_its_last_failure() -> None:
    since = AptSince(contract("[only]\ncpuAvail > 0.6\n"))
    for time, value in [(0, 0.9), (5, 0.1), (6, 0.9), (9, 0.9)]:
        since.look(Table.of([(HOST, {"cpuAvail": value})]), time)
    assert since.steady("only", 3, 9) == {HOST}
    assert since.steady("only", 4, 9) == set()
