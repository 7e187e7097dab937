"""Colours that say something can be read, in light and in dark."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtGui import QColor, QPalette

from zeligui.gui.tones import CONTRAST, brush, colour, contrast, is_dark, luminance

LIGHT, DARK = QPalette(QColor("#efefef")), QPalette(QColor("#2b2b2b"))
TONES = ("good", "warn", "bad", "dim")
Role = QPalette.ColorRole


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("on", [Role.Base, Role.AlternateBase, Role.Window])
@pytest.mark.parametrize("tone", TONES)
def test_every_tone_can_be_read_and_is_not_plain_text(tone: str, on: Role, palette: QPalette) -> None:
    found = colour(tone, palette, on=on)
    assert contrast(found, palette.color(on)) >= CONTRAST
    assert found != palette.color(Role.Text)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_tones_can_be_told_apart(palette: QPalette) -> None:
    assert all(colour(one, palette) != colour(other, palette) for one, other in combinations(TONES, 2))


def test_on_a_middling_ground_it_is_plain_text_where_no_shade_can_be_read(qapp: object) -> None:
    palette = QPalette(LIGHT)
    palette.setColor(Role.Base, QColor("#777777"))
    found = contrast(colour("bad", palette), palette.color(Role.Base))
    assert found >= CONTRAST or colour("bad", palette) == palette.color(Role.Text)


def test_plain_text_has_no_brush_of_its_own(qapp: object) -> None:
    assert brush("") is None
    assert brush("bad") is not None


def test_dark_is_light_text() -> None:
    assert is_dark(DARK)
    assert not is_dark(LIGHT)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)
    assert luminance(QColor("white")) == pytest.approx(1)
