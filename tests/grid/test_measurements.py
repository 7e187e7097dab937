"""The live store, the age of what is in it, and forecasts."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeligui.grid import measurements
from zeligui.grid.freshness import Freshness
from zeligui.grid.measurements import Measurements, View
from zeligui.grid.rings import MOST_KEPT


def stored(*values: float, name: str = "load1") -> View:
    """One host that measured these values, one a second from 0 on, as of the last."""
    store = Measurements()
    row = store.add()
    for time, value in enumerate(values):
        store.record(row, {name: value}, float(time))
    return store.view({"h": row}, float(len(values) - 1), since=-math.inf)


def test_names_are_matched_without_case_and_kept_as_first_spelt() -> None:
    store = Measurements()
    row = store.add()
    assert store.record(row, {"cpuAvail": 1.0}, 1.0) == {"cpuAvail"}
    assert store.record(row, {"CPUAVAIL": 0.5}, 2.0) == {"cpuAvail"}
    assert store.values(row) == {"cpuAvail": (0.5, 2.0)}
    assert store.view({"h": row}, 2.0, since=0).numbers("cpuavail").tolist() == [0.5]


def test_an_older_value_does_not_replace_a_newer_one() -> None:
    store = Measurements()
    row = store.add()
    store.record(row, {"load1": 1.0}, 5.0)
    assert store.record(row, {"load1": 2.0}, 5.0) == frozenset()
    assert store.values(row)["load1"] == (1.0, 5.0)


def test_a_value_expires() -> None:
    store = Measurements()
    row = store.add()
    store.record(row, {"load1": 1.0, "osName": "Linux"}, 10.0)
    fresh, old = store.view({"h": row}, 60.0, since=10.0), store.view({"h": row}, 80.0, since=20.0)
    assert fresh.numbers("load1").tolist() == [1.0]
    assert fresh.texts("osName").codes.tolist() == [0]
    assert fresh.statistic("age", "osName", None).tolist() == [50.0]
    assert np.isnan(old.numbers("load1")).all()
    assert old.texts("osName").codes.tolist() == [-1]
    assert np.isnan(old.statistic("avg", "load1", None)).all()
    assert np.isnan(old.statistic("age", "osName", None)).all()
    assert old.knows("load1")


def test_hosts_that_come_later_find_room() -> None:
    store = Measurements()
    for row in range(100):
        store.record(store.add(), {"load1": float(row)}, 1.0)
    late = store.add()
    columns = store.view({f"h{row}": row for row in (99, late, 0)}, 1.0, since=0)
    assert columns.numbers("load1")[[0, 2]].tolist() == [99, 0]
    assert math.isnan(columns.numbers("load1")[1])
    assert math.isnan(columns.statistic("avg", "load1", None)[1])
    assert store.values(late) == {}


def test_an_attribute_may_be_a_number_here_and_a_text_there() -> None:
    store = Measurements()
    store.record(store.add(), {"osRelease": 12.0}, 1.0)
    store.record(store.add(), {"osRelease": "22.04"}, 1.0)
    store.record(store.add(), {"osRelease": "rolling"}, 1.0)
    columns = store.view({"a": 0, "b": 1, "c": 2}, 1.0, since=0)
    assert columns.numbers("osRelease")[:2].tolist() == [12, 22.04]
    assert math.isnan(columns.numbers("osRelease")[2])
    texts = columns.texts("osRelease")
    assert [texts.vocabulary[code] for code in texts.codes] == ["12", "22.04", "rolling"]


def test_texts_that_always_differ_do_not_pile_up() -> None:
    store = Measurements()
    quiet, chatty = store.add(), store.add()
    store.record(quiet, {"motto": "always the same"}, 0.0)
    for time in range(1000):
        store.record(chatty, {"motto": f"text {time}"}, float(time))
    texts = store.view({"quiet": quiet, "chatty": chatty}, 999.0, since=-1).texts("motto")
    assert len(texts.vocabulary) < 50
    assert [texts.vocabulary[code] for code in texts.codes] == ["always the same", "text 999"]


def test_what_the_user_says_of_a_host_stays() -> None:
    store = Measurements()
    row = store.add()
    store.label(row, {"site": "lab"})
    assert store.record(row, {"site": "elsewhere"}, 1.0) == frozenset()
    columns = store.view({"h": row}, 1e6, since=1e6 - 60)
    assert columns.texts("site").vocabulary == ("lab",)
    assert columns.statistic("age", "site", None).tolist() == [0.0]
    assert store.newest(row, {"site"}) == -math.inf


def test_statistics_are_over_the_last_seconds() -> None:
    columns = stored(9, 1, 2, 3, 6)
    assert columns.statistic("avg", "load1", 3).tolist() == [3.0]
    assert columns.statistic("avg", "load1", None).tolist() == [4.2]
    assert columns.statistic("max", "load1", 2).tolist() == [6.0]
    assert columns.statistic("min", "load1", None).tolist() == [1.0]
    assert columns.statistic("median", "load1", None).tolist() == [3.0]
    assert columns.statistic("stddev", "load1", 1).tolist() == [1.5]


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100))
def test_statistics_agree_with_the_standard_librarys(values: list[float]) -> None:
    columns = stored(*values)
    for name, function in {"avg": statistics.fmean, "median": statistics.median, "stddev": statistics.pstdev}.items():
        found = columns.statistic(name, "load1", None)[0]
        assert found == pytest.approx(function(values), rel=1e-6, abs=1e-4)


def test_history_is_bounded_and_goes_round() -> None:
    values = range(MOST_KEPT + 100)
    times, kept = stored(*values).history("load1")
    assert kept.shape == (1, MOST_KEPT)
    assert kept[0].tolist() == list(values)[-MOST_KEPT:]
    assert times[0].tolist() == kept[0].tolist()


def test_an_attribute_nobody_publishes_has_no_statistics() -> None:
    columns = stored(1)
    assert not columns.knows("beauty")
    for function in ("avg", "age", "forecast"):
        assert np.isnan(columns.statistic(function, "beauty", 10)).all()


def test_a_forecast_needs_ten_values() -> None:
    assert math.isnan(stored(*[1] * 9).statistic("forecast", "load1", 60)[0])
    assert stored(*[1] * 10).statistic("forecast", "load1", 60)[0] == 1


def test_each_host_has_a_forecast_of_its_own() -> None:
    store = Measurements()
    rows = {name: store.add() for name in ("climbs", "stands", "is new")}
    for time in range(30):
        store.record(rows["climbs"], {"load1": float(time)}, float(time))
        store.record(rows["stands"], {"load1": 5.0}, float(time))
    store.record(rows["is new"], {"load1": 1.0}, 29.0)
    climbs, stands, new = store.view(rows, 29.0, since=0.0).statistic("forecast", "load1", None)
    assert climbs == pytest.approx(29.0, abs=1.5)
    assert stands == 5.0
    assert math.isnan(new)


def test_a_constant_error_of_a_clock_does_not_matter() -> None:
    freshness = Freshness()
    assert freshness.measured(1e9, 50.0) == 50.0
    assert freshness.measured(1e9 + 2, 52.0) == pytest.approx(52.0)


def test_a_stamp_that_does_not_advance_is_nothing_new() -> None:
    freshness = Freshness()
    freshness.measured(100.0, 50.0)
    assert freshness.measured(100.0, 60.0) is None
    assert freshness.measured(99.0, 60.0) is None
    assert freshness.measured(100.5, 61.0) is not None


def test_what_was_held_up_on_its_way_is_as_old_as_it_is() -> None:
    freshness = Freshness()
    freshness.measured(100.0, 50.0)
    assert freshness.measured(102.0, 3652.0) == pytest.approx(52.0, abs=4), "an hour in a pipe that nobody read"


def test_a_publishers_clock_may_be_set() -> None:
    freshness = Freshness()
    freshness.measured(10_000.0, 50.0)
    assert freshness.measured(13_602.0, 52.0) == 52.0, "forward"
    assert freshness.measured(5_000.0, 54.0) is None, "perhaps an old copy"
    assert freshness.measured(5_002.0, 56.0) == 56.0, "it advances: the clock was set back"


def test_without_stamps_all_is_new() -> None:
    freshness = Freshness()
    assert [freshness.measured(None, time) for time in (1.0, 2.0)] == [1.0, 2.0]


def test_what_is_missing_in_a_measurement_leaves_no_gap_in_a_history() -> None:
    store = Measurements()
    row, other = store.add(), store.add()
    store.record(row, {"load1": 0.0, "load5": 0.0}, 0.0)
    for time in range(1, 12):
        store.record(row, {"load1": float(time)} | ({"load5": float(time)} if time % 3 == 0 else {}), float(time))
    store.record(other, {"load5": 7.0}, 3.0)
    times, values = store.view({"h": row, "o": other}, 11.0, since=-math.inf).history("load5")
    assert values[0][~np.isnan(values[0])].tolist() == times[0][~np.isnan(times[0])].tolist() == [0, 3, 6, 9]
    assert values[0][-4:].tolist() == [0, 3, 6, 9], "what is missing stands first"
    assert values[1][-1] == 7.0
    assert times[1][-1] == 3.0
    times, values = store.history(row, "load5")
    assert times.tolist() == values.tolist() == [0, 3, 6, 9]


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from("abc"), min_size=1), max_size=60))
def test_attributes_that_come_together_or_apart_keep_their_own_history(came_together: list[set[str]]) -> None:
    store = Measurements()
    row = store.add()
    came: dict[str, list[float]] = {}
    for time, names in enumerate(came_together):
        store.record(row, {name: float(time) for name in sorted(names)}, float(time))
        for name in names:
            came.setdefault(name, []).append(float(time))
    for name, expected in came.items():
        times, values = store.history(row, name)
        assert times.tolist() == values.tolist() == expected


def test_what_stands_is_renewed_by_its_keeper_alone() -> None:
    store = Measurements()
    for row in range(40):
        store.add()
        store.record(row, {"load1": float(row), "osName": "Linux"}, 1.0, keeper=row % 2)
        store.record(row, {"cpuAvail": 0.5}, 1.0)
    store.record(3, {"load1": 9.0}, 2.0)
    for time in range(3, 40):
        store.renew(1, float(time))
    assert store.values(5) == {"load1": (5.0, 39.0), "osName": ("Linux", 39.0), "cpuAvail": (0.5, 1.0)}
    assert store.values(4)["load1"] == (4.0, 1.0)
    assert store.values(3)["load1"] == (9.0, 2.0), "another said it since"
    times, values = store.history(5, "load1")
    assert times.tolist() == [1.0, *range(3, 40)]
    assert set(values.tolist()) == {5.0}
    store.release(5, 1)
    store.renew(1, 50.0)
    assert store.values(5)["load1"] == (5.0, 39.0)
    assert store.values(7)["load1"] == (7.0, 50.0)


def test_a_value_is_known_as_long_as_its_publisher_answers_for_it() -> None:
    store = Measurements()
    rows = {"a": store.add(), "b": store.add()}
    store.record(0, {"load1": 1.0}, 10.0, until=15.0)
    store.record(1, {"load1": 2.0}, 10.0)
    assert store.view(rows, 14.0, since=0.0).numbers("load1").tolist() == [1.0, 2.0]
    assert np.isnan(store.view(rows, 15.0, since=0.0).numbers("load1")[0])
    assert store.values(0) == {"load1": (1.0, 10.0)}, "to be shown with its age"
    store.record(0, {"load1": 3.0}, 16.0)
    assert store.view(rows, 99.0, since=0.0).numbers("load1").tolist() == [3.0, 2.0]


def test_values_move_to_another_row_and_a_row_is_cleared() -> None:
    store = Measurements()
    store.add(), store.add()
    store.record(0, {"load1": 1.0, "site": "there"}, 10.0, keeper=4)
    store.record(1, {"load1": 2.0}, 9.0)
    store.move(0, 1, but={"load1"})
    assert store.values(1) == {"load1": (2.0, 9.0), "site": ("there", 10.0)}
    assert store.values(0) == {}
    assert len(store.history(0, "load1")[0]) == 0
    store.renew(4, 11.0)
    assert store.values(1)["site"] == ("there", 11.0)


LAYOUTS = (("load1", "osName"), ("osName", "load1"), ("LOAD1", "load1"), ("latency",), ("site", "mixed", "load1"))
STEPS = st.tuples(st.integers(0, 11), st.sampled_from(LAYOUTS), st.integers(0, 30), st.sampled_from([-1, 0, 7]))


@settings(deadline=None)
@given(st.lists(STEPS, max_size=80), st.lists(st.integers(0, 79), max_size=4))
def test_what_is_entered_together_is_as_if_it_were_entered_one_by_one(
    steps: list[tuple[int, tuple[str, ...], int, int]], labelled: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measurements, "FEW", 2)
        _compare(steps, labelled)


def _compare(steps: list[tuple[int, tuple[str, ...], int, int]], labelled: list[int]) -> None:
    together, apart = Measurements(), Measurements()
    rows = {f"h{together.add()}": apart.add() for _ in range(12)}
    for number, (row, names, time, keeper) in enumerate(steps):
        values = {name: _value(name, row, number) for name in names}
        until = 50.0 if keeper == 7 else math.inf
        newer = [store.record(row, values, float(time), until=until, keeper=keeper) for store in (together, apart)]
        apart.values(0)
        assert newer[0] == newer[1]
        for store in (together, apart) if number in labelled else ():
            store.label(row, {"site": "home"})
            store.renew(7, 20.0)
    assert [together.values(row) for row in range(12)] == [apart.values(row) for row in range(12)]
    views = [store.view(rows, 60.0, since=3.0) for store in (together, apart)]
    for name in ("load1", "latency", "mixed"):
        assert np.array_equal(views[0].numbers(name), views[1].numbers(name), equal_nan=True)
        assert [together.history(row, name)[1].tolist() for row in range(12)] == [
            apart.history(row, name)[1].tolist() for row in range(12)
        ]


def _value(name: str, row: int, number: int) -> float | str:
    text = name in {"osName", "site"} or (name == "mixed" and number % 2)
    return f"{name}{row % 3 + number % 2}" if text else float(number)


def test_thousands_of_texts_that_come_at_once_are_all_kept() -> None:
    store = Measurements()
    for turn in range(3):
        for row in range(2500):
            if turn == 0:
                store.add()
            store.record(row, {"cpuModel": f"model {turn} of {row}"}, float(turn))
    assert store.values(2499) == {"cpuModel": ("model 2 of 2499", 2.0)}
    assert store.values(7) == {"cpuModel": ("model 2 of 7", 2.0)}
