"""The plots pane over histories and events made by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPalette, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.snapshots import NOW, StillClock, contract, host, job, snapshot
from zeligui.events import Event
from zeligui.experiment.state import ExperimentState
from zeligui.gui.canvas import Canvas
from zeligui.gui.plot import Plot
from zeligui.gui.plots_pane import PlotsPane
from zeligui.session.snapshot import Snapshot

HOSTILE = "<b>bold</b><img src=x>" + "x" * 300
Numbers = np.ndarray


class Stage:
    """A pane, and all that it asks."""

    def __init__(self, application: QApplication) -> None:
        self.application = application
        self.clock = StillClock()
        self.values: dict[tuple[str, str], tuple[Numbers, Numbers]] = {}
        self.told: list[Event] = []
        self.asked = 0
        for name in ("node1", "node2"):
            self.measure(name, "cpuAvail", 0.9)
            self.measure(name, "freeMemory", 2000.0)
        self.pane = PlotsPane(self.history, lambda experiment: tuple(self.told), self.clock)
        self.pane.resize(480, 420)

    def measure(self, name: str, attribute: str, value: float, count: int = 300) -> None:
        times = NOW - np.arange(count)[::-1] * 2.0
        self.values[name, attribute.casefold()] = times, np.full(count, value)

    def history(self, name: str, attribute: str) -> tuple[Numbers, Numbers]:
        self.asked += 1
        return self.values.get((name, attribute.casefold()), (np.empty(0), np.empty(0)))

    def tell(self, kind: str, seconds_ago: float, name: str = "node1", attempt: str = "a" * 32) -> None:
        time = self.clock.now() - timedelta(seconds=seconds_ago)
        self.told.append(Event(kind, "pi", f"because of {kind}", attempt, 1, name, "profile1", time=time))

    def snapshot(self, on: str = "node1", profile: str = "profile1", **more: object) -> Snapshot:
        hosts = [host("node1"), host("node2")]
        placed = job(host=on)
        attempts = {letter * 32: replace(placed.attempt, id=letter * 32, host=name) for letter, name in ON.items()}
        state = ExperimentState("pi", run=1, profile=profile, attempts=attempts)
        opened = [contract(hosts, experiments=["pi"])]
        return replace(snapshot(hosts, [placed], opened, experiments={"pi": state}), **more)

    def shown(self, name: str = "node1", experiment: str | None = "pi", instance: int | None = None) -> PlotsPane:
        self.pane.look_at(name, experiment, instance)
        self.pane.update_from(self.snapshot())
        self.pane.warm_up()
        self.pane.show()
        self.settle()
        return self.pane

    def later(self, seconds: float = 2.0) -> None:
        """Time goes on, and a value of each attribute comes."""
        self.clock.time += seconds
        for key, (times, values) in self.values.items():
            self.values[key] = np.append(times[1:], self.clock.time), np.roll(values, -1)
        self.pane.refresh()

    def settle(self) -> None:
        for _ in range(4):
            self.application.sendPostedEvents()
            self.application.processEvents()

    @property
    def plots(self) -> list[Plot]:
        return [plot for plot in self.pane.findChildren(Plot) if plot.isVisibleTo(self.pane)]

    @property
    def first(self) -> Canvas:
        return self.plots[0].canvas

    @property
    def words(self) -> str:
        """What the empty state says."""
        return self.pane.empty._words.text() if self.pane.empty.isVisible() else ""


ON = {"a": "node1", "b": "node2"}


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    made = Stage(qapp)
    yield made
    made.pane.close()
    made.pane.deleteLater()
    made.settle()


def test_the_drawing_library_is_not_loaded_before_it_is_wanted() -> None:
    code = "import sys; import zeligui.gui.plots_pane; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- what is plotted --------------------------------------------------------------------------------------------------


def test_empty_states_say_what_to_do(stage: Stage) -> None:
    stage.pane.show()
    assert stage.words == "Select a host or a job to see how it does."
    assert not stage.pane.attributes.isEnabled()
    assert stage.pane.attributes.toolTip() == "Select a host or a job first."
    stage.pane.look_at("node1", None)
    stage.pane.update_from(stage.snapshot())
    assert stage.words == "Plots are being prepared…"
    stage.pane.warm_up()
    assert stage.words == ""
    stage.pane.look_at("silent", None)
    stage.pane.refresh()
    assert stage.words == "Nothing was measured of silent yet."


def test_always_two_then_what_the_contract_constrains_if_it_is_measured(stage: Stage) -> None:
    stage.measure("node1", "bandWidth", 90.0)
    text = "[a]\nbandWidth > 50\ncpuSpeed > 1000\nosName = Linux\n"
    stage.shown()
    stage.pane.update_from(replace(stage.snapshot(), contracts=(contract((), text, experiments=["pi"]),)))
    stage.pane.refresh()
    assert [plot.name.text() for plot in stage.plots] == ["cpuAvail", "freeMemory", "bandWidth"]
    assert [plot.unit.text() for plot in stage.plots] == ["", "MB", "Mbit/s"]


def test_another_experiment_s_contract_is_not_this_job_s(stage: Stage) -> None:
    stage.measure("node1", "bandWidth", 90.0)
    opened = contract((), "[a]\nbandWidth > 50\n", experiments=["other"])
    stage.shown()
    stage.pane.update_from(replace(stage.snapshot(), contracts=(opened,)))
    stage.pane.refresh()
    assert len(stage.plots) == 2
    stage.pane.look_at("node1", None)
    stage.pane.refresh()
    assert len(stage.plots) == 3


def test_at_most_six_unless_more_are_asked_for(stage: Stage) -> None:
    names = [f"x{number}" for number in range(9)]
    for name in names:
        stage.measure("node1", name, 1.0)
    text = "[a]\n" + "".join(f"{name} > 0\n" for name in names)
    stage.shown()
    stage.pane.update_from(replace(stage.snapshot(), contracts=(contract((), text, experiments=["pi"]),)))
    stage.pane.refresh()
    assert len(stage.plots) == 6
    stage.pane.attributes._choose("x8", wanted=True)
    assert [plot.name.text() for plot in stage.plots][-1] == "x8"
    stage.pane.attributes._choose("cpuAvail", wanted=False)
    assert stage.plots[0].name.text() == "freeMemory"


def test_the_menu_offers_all_numbers_of_the_host(stage: Stage) -> None:
    pane = stage.shown()
    pane.attributes._fill()
    offered = {action.text(): action.isChecked() for action in pane.attributes.menu_.actions()}
    assert offered == {"cpuAvail": True, "cpuCount": False, "freeMemory": True}


def test_the_bound_lies_at_its_value_and_names_its_profile(stage: Stage) -> None:
    stage.shown()
    sheet = stage.first.sheet
    assert [(line.label, line.in_force) for line in sheet.lines] == [
        ("profile1: > 0.6", True),
        ("profile2: > 0.3", False),
    ]
    for line in sheet.lines:
        mapped = stage.first.view.mapFromView(QPointF(sheet.span.start, line.value))
        assert sheet.y(line.value) == pytest.approx(mapped.y(), abs=0.01)
        assert sheet.x(sheet.span.start) == pytest.approx(mapped.x(), abs=0.01)


def test_another_profile_comes_into_force(stage: Stage) -> None:
    stage.shown()
    stage.pane.update_from(stage.snapshot(profile="profile2"))
    stage.pane.refresh()
    assert [line.in_force for line in stage.first.sheet.lines] == [False, True]


def test_figures_are_there_as_text_too(stage: Stage) -> None:
    stage.shown()
    assert stage.plots[0].figures.text() == "last 0.9, min 0.9, max 0.9"
    assert stage.first.accessibleName() == "Plot of cpuAvail"
    assert stage.first.accessibleDescription() == (
        "last 0.9, min 0.9, max 0.9; profile1: > 0.6, in force; profile2: > 0.3"
    )
    assert stage.plots[1].canvas.accessibleDescription().startswith("last 2,000, min 2,000, max 2,000 in MB")


# --- what happened ----------------------------------------------------------------------------------------------------


def test_a_violation_is_shaded_up_to_now_while_it_lasts(stage: Stage) -> None:
    stage.tell("violated", 60)
    stage.shown()
    sheet = stage.first.sheet
    (shade,) = sheet.shades()
    assert sheet.time(shade.left()) == pytest.approx(NOW - 60, abs=0.5)
    assert shade.right() == pytest.approx(sheet.area.right())
    assert "pi/1 violated: because of violated, still" in stage.first.accessibleDescription()
    stage.tell("recovered", 20)
    stage.pane.update_from(stage.snapshot())
    stage.pane.refresh()
    (shade,) = stage.first.sheet.shades()
    assert stage.first.sheet.time(shade.right()) == pytest.approx(NOW - 20, abs=0.5)


def test_marks_are_where_jobs_came_and_went(stage: Stage) -> None:
    stage.tell("running", 120)
    stage.tell("relocating", 60)
    stage.tell("running", 50, "node2", "b" * 32)
    stage.tell("running", 5000)
    stage.shown()
    sheet = stage.first.sheet
    assert [sheet.time(x) for x, _ in sheet.marks()] == pytest.approx([NOW - 120, NOW - 60], abs=2)
    assert stage.plots[0].words_at(NOW - 60).splitlines()[0] == "pi/1 relocating: because of relocating"
    assert [plot.canvas.sheet.named for plot in stage.plots] == [True, False]


def test_a_job_is_followed_when_it_moves_and_a_host_is_not_left(stage: Stage) -> None:
    pane = stage.shown(instance=1)
    pane.update_from(stage.snapshot(on="node2"))
    pane.refresh()
    assert pane.where.text() == "node2"
    pane.look_at("node1", "pi")
    pane.update_from(stage.snapshot(on="node2"))
    pane.refresh()
    assert pane.where.text() == "node1"


# --- when it is drawn -------------------------------------------------------------------------------------------------


def counted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    drawn: list[object] = []
    whole = Plot.show_curve
    monkeypatch.setattr(Plot, "show_curve", lambda plot, *a, **k: (drawn.append(plot), whole(plot, *a, **k))[1])
    return drawn


def test_nothing_is_done_while_nobody_can_see_it(stage: Stage) -> None:
    pane = stage.shown()
    pane.hide()
    asked = stage.asked
    stage.clock.time += 10
    pane.update_from(stage.snapshot())
    pane.look_at("node2", None)
    pane.refresh()
    assert stage.asked == asked
    assert not pane._beat.isActive()
    pane.show()
    assert pane.where.text() == "node2"


def test_nothing_is_drawn_when_nothing_is_new(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = stage.shown()
    drawn = counted(stage, monkeypatch)
    stage.clock.time += 0.01
    pane.update_from(stage.snapshot())
    pane.refresh()
    assert drawn == []
    stage.later()
    assert len(drawn) == 2


def test_snapshots_are_drawn_at_most_twice_a_second(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = stage.shown()
    pane._beat.stop()
    drawn = counted(stage, monkeypatch)
    for _ in range(40):  # four seconds
        stage.clock.time += 0.1
        stage.values["node1", "cpuavail"] = NOW + np.arange(10) * 0.1 + stage.clock.time, np.ones(10)
        pane.update_from(stage.snapshot())
    assert 6 * 2 <= len(drawn) <= 8 * 2


def test_time_goes_on_where_no_value_comes(stage: Stage) -> None:
    pane = stage.shown()
    stage.clock.time += 60
    pane.refresh()
    assert stage.first.sheet.span.end == NOW + 60
    assert stage.plots[0].figures.text().startswith("last 0.9 (60 s ago)")


def test_five_hundred_updates_leave_nothing_behind(stage: Stage) -> None:
    stage.tell("running", 120)
    pane = stage.shown()

    def things() -> tuple[int, int]:
        return len(pane.findChildren(QWidget)), sum(
            len(plot.canvas.scene().items()) for plot in pane.findChildren(Plot)
        )

    before = things()
    for turn in range(500):
        if turn % 100 == 0:
            pane.look_at(f"node{1 + turn // 100 % 2}", "pi")
        stage.later()
    stage.settle()
    assert things() == before


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


@pytest.mark.parametrize(("place", "seconds"), [(0, 60), (2, 900), (3, 3600), (4, 598)])
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
        assert dark.curve == stage.first.curve.opts["pen"].color()
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

    monkeypatch.setattr(pane, "_history", broken)
    pane.refresh()
    pane.refresh()
    assert faults == ["Plots"]
    assert pane.fault.isVisible()
