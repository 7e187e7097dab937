"""The plots pane: what is plotted, what happened, and when it is drawn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.plotting import Stage, staged
from tests.gui.snapshots import NOW, contract
from zeligui.gui.plot import Plot


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with staged(qapp) as made:
        yield made


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
    whole = Plot.show_strands
    monkeypatch.setattr(Plot, "show_strands", lambda plot, *a, **k: (drawn.append(plot), whole(plot, *a, **k))[1])
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
