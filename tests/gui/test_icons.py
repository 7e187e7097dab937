"""Icons are drawn in the palette's colours as they are at that time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from zeligui.gui.icons import emblem, icon
from zeligui.gui.tones import contrast

Mode = QIcon.Mode


@pytest.fixture
def dark(qapp: QApplication) -> Iterator[QPalette]:
    before = qapp.palette()
    qapp.setPalette(QPalette(QColor("#2b2b2b")))
    yield qapp.palette()
    qapp.setPalette(before)


def inks(image: QImage) -> set[str]:
    """The colours of what is drawn there in full."""
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


def drawn(name: str, mode: Mode = Mode.Normal, side: int = 48) -> QImage:
    return icon(name).pixmap(QSize(side, side), 1.0, mode).toImage()


def test_it_is_drawn_in_the_colour_of_text(qapp: QApplication) -> None:
    assert qapp.palette().color(QPalette.ColorRole.ButtonText).name() in inks(drawn("start"))


def test_a_change_of_theme_needs_nothing(qapp: QApplication, request: pytest.FixtureRequest) -> None:
    before = inks(drawn("stop"))
    dark: QPalette = request.getfixturevalue("dark")
    after = inks(drawn("stop"))
    assert dark.color(QPalette.ColorRole.ButtonText).name() in after
    assert before & after == set()


@pytest.mark.parametrize("mode", [Mode.Disabled, Mode.Selected])
def test_disabled_and_selected_are_drawn_as_such(mode: Mode, qapp: QApplication) -> None:
    assert inks(drawn("host", mode)) != inks(drawn("host"))


def test_it_is_sharp_at_any_scale(qapp: QApplication) -> None:
    pixmap = icon("host").pixmap(QSize(16, 16), 3.0)
    assert (pixmap.size(), pixmap.devicePixelRatio()) == (QSize(48, 48), 3.0)
    assert pixmap.toImage().convertToFormat(QImage.Format.Format_ARGB32) != drawn("host", side=16).scaled(48, 48)


def test_it_keeps_its_shape_in_a_place_that_is_no_square(qapp: QApplication) -> None:
    image = QImage(96, 32, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    icon("host").paint(painter, QRect(0, 0, 96, 32))
    painter.end()
    assert {x for x in range(96) for y in range(32) if image.pixelColor(x, y).alpha()} <= set(range(32, 65))


def test_one_that_is_missing_is_empty_and_no_fault(qapp: QApplication) -> None:
    assert icon("no such icon").isNull()
    assert not emblem().isNull()


@pytest.mark.usefixtures("dark")
def test_it_can_be_seen_in_the_dark(qapp: QApplication) -> None:
    ground = qapp.palette().color(QPalette.ColorRole.Window)
    assert max(contrast(QColor(ink), ground) for ink in inks(drawn("job"))) > 4.5
