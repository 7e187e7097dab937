"""The plots pane: which time it shows, by mouse and keys, and how it looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPalette, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.plotting import Numbers, Stage, staged
from tests.gui.snapshots import NOW
from zeligui.gui.canvas import Canvas

HOSTILE = "<b>bold</b><img src=x>" + "x" * 300


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with staged(qapp) as made:
        yield made


# --- which time -------------------------------------------------------------------------------------------------------


def test_a_pause_freezes_the_view_and_says_so(stage: Stage) -> None:
    pane = stage.shown()
    pane.time.pause.click()
    span, shown = stage.first.sheet.span, stage.plots[0].figures.text()
    stage.measure("node1", "cpuAvail", 0.1)
    stage.later(10)
    assert stage.first.sheet.span == span
    assert stage.plots[0].figures.text() == shown
    assert "paused at" in pane.where.text()
    pane.time.pause.click()
    assert stage.first.sheet.span.end == NOW + 10
    assert "paused" not in pane.where.text()


def test_it_can_be_paused_before_there_is_anything(stage: Stage) -> None:
    stage.pane.show()
    stage.pane.look_at("node1", None)
    stage.pane.time.pause.click()
    stage.shown()
    assert stage.words == ""
    assert stage.first.sheet.span.end == NOW


def press(canvas: Canvas, key: Qt.Key) -> None:
    QTest.keyClick(canvas, key)


def test_by_keys_one_looks_back_zooms_and_comes_home(stage: Stage) -> None:
    pane = stage.shown()
    press(stage.first, Qt.Key.Key_Left)
    assert stage.first.sheet.span.end == pytest.approx(NOW - 60)
    assert pane.time.pause.isChecked()
    press(stage.first, Qt.Key.Key_Plus)
    assert stage.first.sheet.span.seconds == pytest.approx(240)
    assert pane.time.length.placeholderText() == "4 min"
    press(stage.first, Qt.Key.Key_Right)
    press(stage.first, Qt.Key.Key_Right)
    press(stage.first, Qt.Key.Key_Minus)
    press(stage.first, Qt.Key.Key_Home)
    assert stage.first.sheet.span.end == NOW
    assert stage.first.sheet.span.seconds == 300
    assert pane.time.length.currentText() == "5 min"
    assert not pane.time.pause.isChecked()


def test_the_wheel_zooms_time_and_a_double_click_resets(stage: Stage) -> None:
    stage.shown()
    middle, scale = QPointF(stage.first.rect().center()), (stage.first.sheet.low, stage.first.sheet.high)
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    wheel = QWheelEvent(middle, middle, QPoint(), QPoint(0, 240), buttons, keys, Qt.ScrollPhase.NoScrollPhase, False)
    stage.application.sendEvent(stage.first.viewport(), wheel)
    assert stage.first.sheet.span.seconds == pytest.approx(300 * 0.64)
    assert (stage.first.sheet.low, stage.first.sheet.high) == scale
    QTest.mouseDClick(stage.first.viewport(), Qt.MouseButton.LeftButton)
    assert stage.first.sheet.span.seconds == 300


def test_dragging_moves_the_time_with_the_mouse(stage: Stage) -> None:
    stage.shown()
    viewport, y = stage.first.viewport(), stage.first.height() // 2
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(200, y))
    grabbed = stage.first._time(QPointF(200, y))
    QTest.mouseMove(viewport, QPoint(260, y))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(260, y))
    assert stage.first._time(QPointF(260, y)) == pytest.approx(grabbed)


@pytest.mark.parametrize(("place", "seconds"), [(0, 60), (2, 900), (3, 3600), (5, 86400), (8, 598)])
def test_the_chooser_sets_how_much_is_shown(place: int, seconds: float, stage: Stage) -> None:
    pane = stage.shown()
    pane.time.length.activated.emit(place)
    assert stage.first.sheet.span.seconds == seconds


# --- how it looks -----------------------------------------------------------------------------------------------------


def test_all_curves_and_the_time_axis_begin_at_one_edge(stage: Stage) -> None:
    stage.measure("node1", "freeMemory", 1234567.0)
    pane = stage.shown()
    edges = {plot.canvas.edges for plot in stage.plots}
    assert len(edges) == 1
    left, right = edges.pop()
    axis = pane._plots.axis
    span = stage.first.sheet.span
    epoch = stage.clock.now().timestamp() - stage.clock.age()
    at = stage.first.mapTo(pane._plots, QPoint(0, 0)).x()
    assert axis.at(span.start + epoch) == pytest.approx(left + at, abs=0.01)
    assert axis.at(span.end + epoch) == pytest.approx(right + at, abs=0.01)
    assert [time - epoch for time, _ in axis.ticks] == pytest.approx(stage.first.sheet.times)


def test_colours_follow_the_palette(stage: Stage) -> None:
    stage.shown()
    light = stage.first.sheet.colours
    before = stage.application.palette()
    try:
        stage.application.setPalette(QPalette(QColor("#2b2b2b")))
        stage.settle()
        dark = stage.first.sheet.colours
        assert dark.base == stage.first.backgroundBrush().color() == QColor("#000000")
        assert dark.text != light.text
        assert dark.curve == stage.first.drawn[0].curve.opts["pen"].color()
    finally:
        stage.application.setPalette(before)


def test_whatever_a_host_is_called_is_plain_text_in_its_place(stage: Stage) -> None:
    stage.measure(HOSTILE, "cpuAvail", 0.5)
    stage.measure(HOSTILE, HOSTILE, 0.5)
    pane = stage.shown(HOSTILE)
    pane.attributes._choose(HOSTILE, wanted=True)
    stage.settle()
    assert pane.width() == 480
    assert pane.where.width() < 480
    assert pane.where.textFormat() == stage.plots[-1].name.textFormat() == Qt.TextFormat.PlainText
    assert "<img" not in pane.where.toolTip()


def test_everything_that_takes_the_focus_has_a_name(stage: Stage) -> None:
    pane = stage.shown()
    focusable = [one for one in pane.findChildren(QWidget) if one.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert {plot.canvas for plot in stage.plots} < set(focusable)
    assert [one for one in focusable if one.isVisible() and not one.accessibleName()] == []


def test_a_click_gives_a_plot_the_focus_and_shows_it(stage: Stage) -> None:
    stage.shown().activateWindow()
    stage.settle()
    QTest.mouseClick(stage.first.viewport(), Qt.MouseButton.LeftButton)
    assert stage.first.hasFocus()
    assert stage.first.sheet.focused
    assert not stage.plots[1].canvas.sheet.focused


def test_a_fault_stays_in_the_pane(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = stage.shown()
    faults: list[str] = []
    pane.failed.connect(lambda title, details: faults.append(title))

    def broken(*_: object) -> tuple[Numbers, Numbers]:
        raise ValueError("no history")

    monkeypatch.setattr(pane._strands, "_history", broken)
    pane.refresh()
    pane.refresh()
    assert faults == ["Plots"]
    assert pane.fault.isVisible()
