"""What colours say, taken from the palette: readable on its base in light and in dark."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QBrush, QColor, QGuiApplication, QPalette

HUES = {"good": 140, "warn": 38, "bad": 2}
"""Degrees on the colour circle."""
CONTRAST = 4.5
"""The least contrast of text, WCAG 2.1, success criterion 1.4.3."""
CONTRAST_IN_DARK = 7.0
"""Saturated colours on black look darker than they are."""


def is_dark(palette: QPalette) -> bool:
    """Whether text is light on dark."""
    return luminance(palette.color(QPalette.ColorRole.Base)) < luminance(palette.color(QPalette.ColorRole.Text))


def colour(tone: str, palette: QPalette | None = None, *, on: QPalette.ColorRole = QPalette.ColorRole.Base) -> QColor:
    """The colour of a tone (good, warn, bad, dim), or of plain text, on the palette's base, or window."""
    palette = palette or QGuiApplication.palette()
    base, text = palette.color(on), palette.color(QPalette.ColorRole.Text)
    return QColor(_colour(tone, base.name(), text.name()))


def brush(tone: str) -> QBrush | None:
    """What a view paints text with; None for plain text."""
    return QBrush(colour(tone)) if tone else None


@lru_cache
def _colour(tone: str, base_name: str, text_name: str) -> str:
    base, text = QColor(base_name), QColor(text_name)
    if tone == "dim":
        return _mixed(text, base).name()
    if tone not in HUES:
        return text_name
    shades = [QColor.fromHslF(HUES[tone] / 360, 0.75, step / 100) for step in range(25, 81)]
    dark = luminance(base) < luminance(text)
    for least in (CONTRAST_IN_DARK, CONTRAST) if dark else (CONTRAST + 0.3, CONTRAST):
        for shade in shades if dark else reversed(shades):
            if contrast(shade, base) >= least:
                return shade.name()
    return text_name


def _mixed(text: QColor, base: QColor) -> QColor:
    """As near to the base as text may come."""
    for share in (0.5, 0.6, 0.7, 0.8, 0.9):
        red, green, blue = (share * a + (1 - share) * b for a, b in zip(_parts(text), _parts(base), strict=True))
        mixed = QColor.fromRgbF(red, green, blue)
        if contrast(mixed, base) >= CONTRAST:
            return mixed
    return text


def contrast(one: QColor, other: QColor) -> float:
    """From 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(of: QColor) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2.1)."""
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(of))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def _parts(of: QColor) -> tuple[float, float, float]:
    return of.redF(), of.greenF(), of.blueF()
