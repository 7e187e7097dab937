"""How curves of several hosts are told apart: colours that also the colour-blind tell apart, and patterns of dashes."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette, QPen

from zeligui.gui.tones import contrast, is_dark

LEAST_CONTRAST = 3.0
"""Of lines, WCAG 2.1, success criterion 1.4.11."""
HUES = ("#d55e00", "#009e73", "#cc79a7", "#e69f00", "", "#f0e442", "#9467bd")
"""After the accent: vermilion, bluish green, reddish purple, orange and yellow of Okabe and Ito (Color Universal
Design, 2008), the colour of text, and violet."""
NO_ACCENT = "#56b4e9"
"""In place of an accent that is not seen: their sky blue."""
DASHES: tuple[tuple[float, ...], ...] = (
    (), (6, 3), (1.5, 2.5), (7, 2.5, 1.5, 2.5), (12, 3), (6, 2.5, 1.5, 2.5, 1.5, 2.5), (3, 3), (12, 3, 3, 3),
)  # fmt: skip
"""Lengths of dashes and gaps, in widths of the line; none: a solid line."""
MOST = len(DASHES)
"""Hosts over one another."""
EXPECTED = (2.0, 2.0)
"""The dashes of what is expected."""


def colours(palette: QPalette) -> tuple[QColor, ...]:
    """As many colours as there are dashes, each to be seen on the base; the accent of the palette comes first."""
    base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
    accents = (palette.color(role) for role in (QPalette.ColorRole.Highlight, QPalette.ColorRole.Link))
    dark = is_dark(palette)
    accent = next((one for one in accents if contrast(one, base) >= LEAST_CONTRAST), None)
    first = accent or _seen(QColor(NO_ACCENT), base, dark=dark)
    return first, *(_seen(QColor(hue), base, dark=dark) if hue else text for hue in HUES)


def pen(colour: QColor, width: int, dashes: tuple[float, ...] = ()) -> QPen:
    """A pen whose width does not grow with what it draws in."""
    made = QPen(colour, width)
    made.setCosmetic(True)
    if dashes:
        made.setDashPattern(list(dashes))
    return made


def _seen(colour: QColor, base: QColor, *, dark: bool) -> QColor:
    """The colour, so much lighter or darker that it is seen."""
    for _ in range(20):
        if contrast(colour, base) >= LEAST_CONTRAST:
            break
        colour = colour.lighter(110) if dark else colour.darker(110)
    return colour
