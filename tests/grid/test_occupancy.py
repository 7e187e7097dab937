"""Rules 4 and 5 of the contract language, by their arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from zeligui.contract.columns import Columns
from zeligui.grid.hosts import Usage, Value
from zeligui.grid.measurements import Measurements, View
from zeligui.grid.occupancy import Placement, adjust
from zeligui.grid.trail import Trail

JOB, OTHER = "a" * 32, "b" * 32
IDLE: Mapping[str, Value] = {
    "cpuCount": 2.0,
    "runnable": 0.0,
    "cpuFree": 2.0,
    "cpuAvail": 1.0,
    "load1": 0.0,
    "load5": 0.0,
    "load15": 0.0,
    "totalMemory": 1000.0,
    "freeMemory": 800.0,
}


class Reports:
    """What sensors said of jobs, in place of the live machines."""

    def __init__(self) -> None:
        self.trails: dict[tuple[str, str], Trail] = {}

    def trail(self, attempt: str, host: str) -> Trail | None:
        return self.trails.get((attempt, host))

    def report(self, attempt: str, host: str, *times: float, runnable: float = 1.0, memory: float = 50.0) -> None:
        usage = Usage(1.0, memory, runnable)
        trail = self.trails[attempt, host] = Trail(times[0], usage)
        for time in times[1:]:
            trail.add(time, usage)


def busy(runnable: float, **more: float) -> dict[str, Value]:
    """The figures of a machine of two processors with so many runnable processes."""
    figures = {"runnable": runnable, "cpuFree": max(0, 2 - runnable), "cpuAvail": min(1, 2 / (runnable + 1))}
    return {**IDLE, **figures, **more}


def view(at: float, *hosts: Mapping[str, Value]) -> View:
    """Hosts h0, h1, … as measured at that time."""
    store = Measurements()
    for values in hosts:
        store.record(store.add(), values, at)
    return store.view({f"h{row}": row for row in range(len(hosts))}, at, since=at - 60)


def placed(attempt: str, experiment: str = "mine", *, at: float = 0.0, cpus: float = 1.0, **more: float) -> Placement:
    return Placement(attempt, "h0", experiment, cpus, more.get("memory", 0.0), at, more.get("ended"))


def number(columns: Columns, attribute: str, row: int = 0) -> float:
    return float(columns.numbers(attribute)[row])


def judged(columns: View, reports: Reports, *placements: Placement, experiment: str = "mine") -> Columns:
    return adjust(columns, reports, placements, experiment=experiment, now=columns.now)


def test_without_jobs_the_figures_are_those_published() -> None:
    columns = view(100, busy(1))
    assert judged(columns, Reports()) is columns
    elsewhere = Placement(JOB, "elsewhere", "mine", 1, 0, 0)
    assert judged(columns, Reports(), elsewhere) is columns


def test_the_own_jobs_use_is_free_in_figures_of_the_last_period() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 98.0, 100.0, runnable=2.0, memory=300.0)
    columns = judged(view(100, busy(3, freeMemory=500.0)), reports, placed(JOB))
    assert number(columns, "runnable") == 1
    assert number(columns, "cpuFree") == 1
    assert number(columns, "cpuAvail") == 1
    assert number(columns, "freeMemory") == 800


def test_what_others_run_stays() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 100.0)
    columns = judged(view(100, busy(4)), reports, placed(JOB))
    assert number(columns, "cpuAvail") == pytest.approx(2 / 4)


def test_a_figure_without_the_report_of_its_own_measurement_is_not_credited() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 96.0, 98.0)
    assert number(judged(view(100, busy(1)), reports, placed(JOB)), "runnable") == 1


@pytest.mark.parametrize(("seconds", "shown"), [(5, 0.32), (15, 0.88)])
def test_a_load_shows_four_busy_processes_after_a_while(seconds: float, shown: float) -> None:
    reports = Reports()
    reports.report(JOB, "h0", *np.arange(1.0, seconds + 1), runnable=4.0)
    load = 4 * (1 - math.exp(-seconds / 60))
    assert load == pytest.approx(shown, abs=0.01)
    columns = judged(view(seconds, busy(4, load1=load + 0.5)), reports, placed(JOB))
    assert number(columns, "load1") == pytest.approx(0.5)


def test_each_load_has_its_own_window() -> None:
    reports = Reports()
    reports.report(JOB, "h0", *np.arange(2.0, 61.0, 2))
    loads = {name: 1 - math.exp(-60 / window) for name, window in (("load1", 60), ("load5", 300), ("load15", 900))}
    columns = judged(view(60, busy(1, **loads)), reports, placed(JOB))
    assert [number(columns, name) for name in loads] == pytest.approx([0, 0, 0], abs=1e-9)


def test_what_a_departed_job_leaves_in_an_average_is_credited() -> None:
    reports = Reports()
    reports.report(JOB, "h0", *np.arange(2.0, 61.0, 2))
    left = (1 - math.exp(-1)) * math.exp(-30 / 60)
    columns = judged(view(90, busy(0, load1=left + 0.25)), reports, placed(JOB, ended=60))
    assert number(columns, "load1") == pytest.approx(0.25)
    assert number(columns, "cpuAvail") == 1


def test_a_job_found_again_by_a_new_master_shows_since_it_was_placed() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 1000.0)
    columns = judged(view(1000, busy(1, load1=1.0, load15=1 - math.exp(-1000 / 900))), reports, placed(JOB))
    assert number(columns, "load1") == pytest.approx(0, abs=1e-6)
    assert number(columns, "load15") == pytest.approx(0, abs=1e-6)


def test_a_change_of_use_is_followed() -> None:
    trail = Trail(0.0, Usage(0, 0, 0.0))
    trail.add(100.0, Usage(0, 0, 0.0))
    trail.add(110.0, Usage(0, 0, 4.0))
    shown = trail.in_average(np.array([110.0, 170.0]), 60.0, placed_at=-2.0)
    assert shown == pytest.approx([4 * (1 - math.exp(-10 / 60)), 4 * (1 - math.exp(-10 / 60)) * math.exp(-1)])


def test_a_job_just_placed_lowers_the_host_for_the_others() -> None:
    just = placed(JOB, "theirs", at=99.0, cpus=2, memory=300.0)
    columns = judged(view(100, IDLE), Reports(), just)
    assert number(columns, "runnable") == 2
    assert number(columns, "cpuFree") == 0
    assert number(columns, "cpuAvail") == pytest.approx(2 / 3)
    assert number(columns, "freeMemory") == 500
    assert number(columns, "load1") == pytest.approx(2 * math.exp(-1 / 60))


def test_several_just_placed_add_up() -> None:
    both = (placed(JOB, "theirs"), placed(OTHER, "others"))
    assert number(judged(view(1, IDLE), Reports(), *both), "cpuAvail") == pytest.approx(2 / 3)


def test_once_reported_the_figures_show_it_themselves() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 100.0)
    columns = judged(view(100, busy(1)), reports, placed(JOB, "theirs", at=98, cpus=2, memory=300.0))
    assert number(columns, "runnable") == 1
    assert number(columns, "freeMemory") == 800
    assert number(columns, "load1") == pytest.approx(math.exp(-2 / 60)), "what the average does not show yet"


def test_an_own_placement_is_never_held_against_it() -> None:
    columns = judged(view(1, IDLE), Reports(), placed(JOB, cpus=2, memory=300.0))
    assert {name: number(columns, name) for name in IDLE} == IDLE


def test_one_that_ended_counts_no_more_for_the_others() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 50.0)
    ended = (placed(JOB, "theirs", ended=60), placed(OTHER, "theirs", ended=60))
    columns = judged(view(100, IDLE), reports, *ended)
    assert {name: number(columns, name) for name in IDLE} == IDLE


def test_only_the_jobs_host_is_touched() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 100.0)
    columns = judged(view(100, busy(1), busy(1)), reports, placed(JOB))
    assert columns.numbers("runnable").tolist() == [0, 1]
    assert columns.texts("runnable").vocabulary == ("0", "1")


def test_unknown_stays_unknown() -> None:
    columns = judged(view(100, {"runnable": 0.0}), Reports(), placed(JOB, "theirs"))
    assert math.isnan(number(columns, "cpuAvail"))
    assert not columns.knows("freeMemory")


def test_memory_never_exceeds_the_machines_nor_falls_below_nothing() -> None:
    reports = Reports()
    reports.report(JOB, "h0", 100.0, memory=900.0)
    assert number(judged(view(100, busy(1)), reports, placed(JOB)), "freeMemory") == 1000
    assert number(judged(view(100, IDLE), Reports(), placed(OTHER, "theirs", memory=2000.0)), "freeMemory") == 0


@pytest.mark.parametrize(
    ("published", "own"),
    [
        ({"cpuCount": 4.0, "load1": 2.0, "cpuAvail": 1.0, "cpuFree": 2.0}, 2.0),
        ({"cpuCount": 4.0, "cpuFree": 2.0}, None),
        ({"cpuCount": 4.0, "cpuAvail": 0.5}, None),
    ],
)
def test_figures_of_a_directory_follow_as_a_one_minute_load(published: dict[str, Value], own: float | None) -> None:
    runnable = own or {"cpuFree": 2.0, "cpuAvail": 7.0}[list(published)[1]]
    shown = 1 - math.exp(-30 / 60)
    mine = judged(view(30, published), Reports(), placed(JOB))
    theirs = judged(view(30, published), Reports(), placed(JOB, "theirs"))
    for columns, expected in ((mine, runnable - shown), (theirs, runnable + 1 - shown)):
        if "cpuAvail" in published:
            assert number(columns, "cpuAvail") == pytest.approx(min(1, 4 / (expected + 1)))
        if "cpuFree" in published:
            assert number(columns, "cpuFree") == pytest.approx(4 - expected)
        if "load1" in published:
            assert number(columns, "load1") == pytest.approx(expected)


def test_a_job_on_a_machine_of_which_only_free_processors_are_known() -> None:
    """As MDS publishes it, where cpuAvail = min(1, cpuFree)."""
    at = 600.0  # a minute's load shows the job almost wholly
    alone = view(at, {"cpuCount": 1.0, "cpuFree": 0.0, "cpuAvail": 0.0})
    assert number(judged(alone, Reports(), placed(JOB)), "cpuAvail") == pytest.approx(1, abs=1e-4)
    new = [placed(OTHER, "theirs", at=at)]
    assert number(judged(view(at, {"cpuFree": 3.5, "cpuAvail": 1.0}), Reports(), *new), "cpuFree") == 2.5
    assert number(judged(view(at, {"cpuFree": 3.5, "cpuAvail": 1.0}), Reports(), *new), "cpuAvail") == 1
    assert number(judged(view(at, {"cpuFree": 1.5, "cpuAvail": 1.0}), Reports(), *new), "cpuAvail") == 0.5


def test_statistics_are_those_of_the_judged_values() -> None:
    store, reports = Measurements(), Reports()
    row = store.add()
    for time in range(10):
        store.record(row, busy(1 if time >= 5 else 0), float(time))
    reports.report(JOB, "h0", *np.arange(5.0, 10.0))
    columns = store.view({"h0": row}, 9.0, since=-1)
    mine = judged(columns, reports, placed(JOB, at=4))
    theirs = judged(columns, reports, placed(JOB, "theirs", at=4))
    assert mine.statistic("max", "runnable", None)[0] == 0
    assert theirs.statistic("avg", "runnable", None)[0] == 1
    assert mine.statistic("avg", "cpuFree", None)[0] == 2
    assert theirs.statistic("min", "cpuFree", None)[0] == 1
    assert mine.statistic("forecast", "cpuAvail", 10)[0] == 1
    assert mine.statistic("age", "runnable", None)[0] == 0
    assert mine.statistic("avg", "cpuCount", None)[0] == 2
