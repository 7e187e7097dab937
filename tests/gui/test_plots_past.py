"""The stored history in the plots: read in the background where somebody looks, without a jolt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.plotting import Stage, staged
from tests.gui.snapshots import NOW
from zeligui.errors import ZeliGridError
from zeligui.gui.plot_past import AGAIN_S, KEPT_S

OLDEST = NOW - 598
"""The first value that is known without being read."""


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with staged(qapp) as made:
        yield made


def minutes(first: float, last: float) -> np.ndarray:
    return np.arange(first, last, 60.0)


def test_nothing_is_read_of_what_is_known(stage: Stage) -> None:
    stage.shown()
    assert stage.started == []


def test_who_looks_further_back_sees_what_is_stored(stage: Stage) -> None:
    stage.store("node1", "cpuAvail", 0.4, *minutes(NOW - 7200, NOW))
    pane = stage.shown()
    pane.time.pan(-1000)
    before = stage.first.sheet
    assert before.span.start == NOW - 1300
    assert "reading…" in pane.where.text()
    stage.catch_up()
    after = stage.first.sheet
    assert (after.span, after.low, after.high) == (before.span, before.low, before.high)
    curve = stage.plots[0].strands[0].curve
    assert curve.at(NOW - 1200) == 0.4
    assert curve.at(OLDEST) == 0.9
    assert "reading" not in pane.where.text()


def test_what_was_drawn_stays_until_more_is_there(stage: Stage) -> None:
    stage.store("node1", "cpuAvail", 0.4, *minutes(NOW - 36000, NOW))
    pane = stage.shown()
    pane.time.pan(-1000)
    stage.catch_up()
    drawn = len(stage.plots[0].strands[0].curve.times)
    pane.time.pan(-5000)
    assert len(stage.plots[0].strands[0].curve.times) == drawn
    stage.catch_up()
    assert stage.plots[0].strands[0].curve.at(NOW - 5220) == 0.4


def test_what_is_read_reaches_beyond_what_is_seen(stage: Stage) -> None:
    pane = stage.shown()
    pane.time.pan(-1000)
    stage.catch_up()
    reads = len(stage.reads)
    pane.time.pan(-100)
    stage.catch_up()
    assert len(stage.reads) == reads
    name, attribute, since, until = stage.reads[0]
    assert (name, attribute) == ("node1", "cpuAvail")
    assert (since, until) == (NOW - 1600, NOW - 700)


def test_a_gap_in_what_is_stored_is_one(stage: Stage) -> None:
    stage.store("node1", "cpuAvail", 0.4, *minutes(NOW - 7200, NOW - 3600), *minutes(NOW - 1800, NOW))
    pane = stage.shown()
    pane.time.show_last(7200)
    stage.catch_up()
    curve = stage.plots[0].strands[0].curve
    gaps = curve.x[np.isnan(curve.y)]
    assert len(gaps) == 1
    assert NOW - 3700 < gaps[0] < NOW - 3600
    assert curve.at(NOW - 2700) is None


def test_a_scale_grows_where_need_be_and_stays_otherwise(stage: Stage) -> None:
    stage.store("node1", "freeMemory", 9000.0, *minutes(NOW - 1200, NOW))
    stage.store("node1", "cpuAvail", 0.1, *minutes(NOW - 1200, NOW))
    pane = stage.shown()
    pane.time.pan(-500)
    stage.catch_up()
    canvas = stage.plots[1].canvas
    high = canvas.sheet.high
    assert high > 9000
    pane.time.pan(480)
    assert canvas.sheet.high == high
    pane.time.reset()
    assert canvas.sheet.high < 3000


def test_what_stands_for_many_has_a_band(stage: Stage) -> None:
    stage.store("node1", "cpuAvail", 0.5, *minutes(NOW - 7200, NOW), spread=0.2)
    pane = stage.shown()
    pane.time.show_last(7200)
    stage.catch_up()
    band = stage.first.drawn[0].spread.path().boundingRect()
    assert band.top() == pytest.approx(0.3)
    assert band.bottom() >= 0.7
    assert band.left() == NOW - 7200


def test_all_there_is_begins_with_the_first_stored_value(stage: Stage) -> None:
    stage.store("node1", "cpuAvail", 0.4, *minutes(NOW - 50_000, NOW))
    pane = stage.shown()
    pane.time.show_last(None)
    stage.catch_up()
    assert stage.first.sheet.span.start == NOW - 50_000
    pane.time.pan(-KEPT_S)
    assert stage.first.sheet.span.start == NOW - 50_000


def test_a_history_that_cannot_be_read_is_said_and_the_rest_stays(stage: Stage) -> None:
    async def broken(*_: object) -> None:
        raise ZeliGridError("The disk is gone.")

    pane = stage.shown()
    stage.pane._archive._read = broken
    pane.time.pan(-1000)
    stage.catch_up()
    assert "The disk is gone." in pane.where.text()
    assert len(stage.plots) == 2
    pane.refresh()
    assert stage.started == [], "it is not asked for again at once"
    stage.clock.time += AGAIN_S
    pane.refresh()
    assert len(stage.started) == 1


def test_another_host_has_its_own(stage: Stage) -> None:
    stage.store("node1", "cpuAvail", 0.4, *minutes(NOW - 7200, NOW))
    pane = stage.shown()
    pane.time.pan(-1000)
    stage.catch_up()
    pane.look_at("node2", None)
    pane.refresh()
    stage.catch_up()
    assert stage.plots[0].strands[0].curve.at(NOW - 1200) is None
