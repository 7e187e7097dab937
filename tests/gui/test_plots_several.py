"""Several hosts over one another: the legend, colours and dashes, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from tests.gui.plotting import Stage, staged
from tests.gui.snapshots import NOW
from zeligui.gui.inks import DASHES, LEAST_CONTRAST, MOST, colours
from zeligui.gui.tones import contrast

NAMES = [f"node{number}" for number in range(1, 13)]


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with staged(qapp) as made:
        for name in NAMES[2:]:
            made.measure(name, "cpuAvail", 0.3)
        yield made


def legend(stage: Stage) -> list[str]:
    return [entry.host for entry in stage.pane.legend.entries if entry.isVisible()]


@pytest.mark.parametrize("ground", ["#efefef", "#2b2b2b"])
def test_lines_are_told_apart_by_colour_and_by_dashes(ground: str) -> None:
    palette = QPalette(QColor(ground))
    found = colours(palette)
    base = palette.color(QPalette.ColorRole.Base)
    assert len(found) == len(set(DASHES)) == MOST == 8
    assert all(contrast(one, base) >= LEAST_CONTRAST for one in found)
    assert all(one != other for one, other in combinations(found, 2))


def test_each_host_has_its_line_and_its_name(stage: Stage) -> None:
    stage.shown(beside=["node2", "node3"])
    assert legend(stage) == ["node1", "node2", "node3"]
    assert [strand.host for strand in stage.plots[0].strands] == ["node1", "node2", "node3"]
    assert [strand.host for strand in stage.plots[1].strands] == ["node1", "node2"]
    assert stage.plots[0].figures.text() == "node1 0.9, node2 0.9, node3 0.3"
    assert "node3: 0.3" in stage.plots[0].words_at(NOW)
    assert stage.pane.where.text() == "node1 and 2 others"
    pens = [drawn.curve.opts["pen"] for drawn in stage.first.drawn]
    assert len({pen.color().name() for pen in pens}) == len({tuple(pen.dashPattern()) for pen in pens}) == 3


def test_one_host_alone_has_no_legend(stage: Stage) -> None:
    stage.shown()
    assert legend(stage) == []
    assert not stage.pane.legend.isVisible()


def test_only_the_first_few_are_plotted_and_how_many_are_not_is_said(stage: Stage) -> None:
    pane = stage.shown(beside=NAMES[1:])
    assert len(stage.plots[0].strands) == MOST
    assert pane.where.text().endswith("8 of 12 that are selected")


def test_a_click_in_the_legend_leaves_a_host_out(stage: Stage) -> None:
    pane = stage.shown(beside=["node2", "node3"])
    pane.legend.entries[0].click()
    assert pane.lead == "node2"
    assert [strand.host for strand in stage.plots[0].strands] == ["node2", "node3"]
    pane.legend.entries[1].click()
    assert legend(stage) == []


def test_who_goes_leaves_nothing_drawn(stage: Stage) -> None:
    pane = stage.shown(beside=["node2", "node3"])
    pane.look_at("node1", "pi")
    pane.refresh()
    assert [drawn.curve.isVisible() for drawn in stage.first.drawn] == [True, False, False]


def test_a_host_that_the_others_are_beside_may_know_nothing(stage: Stage) -> None:
    stage.measure("node2", "bandWidth", 80.0)
    pane = stage.shown("silent", beside=["node2"])
    pane.attributes._choose("bandWidth", wanted=True)
    assert [plot.attribute for plot in stage.plots] == ["cpuAvail", "freeMemory", "bandWidth"]
    assert stage.plots[-1].strands[0].place == 1


def test_the_palette_reaches_every_line(stage: Stage) -> None:
    stage.shown(beside=["node2"])
    before = stage.application.palette()
    try:
        stage.application.setPalette(QPalette(QColor("#2b2b2b")))
        stage.settle()
        sheet, drawn = stage.first.sheet, stage.first.drawn
        assert [one.curve.opts["pen"].color() for one in drawn] == list(sheet.colours.curves[:2])
    finally:
        stage.application.setPalette(before)


def test_a_picture_of_the_legend_fits_whatever_width(stage: Stage) -> None:
    pane = stage.shown(beside=[*NAMES[1:4], "lab" * 40])
    for width in (400, 480, 900):
        pane.resize(width, 420)
        stage.settle()
        inside = pane.legend.rect()
        assert all(inside.contains(one.geometry()) for one in pane.legend.entries if one.isVisible()), width
