"""What the plots show, to be saved: as a picture, and as values in CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPalette

from zeligui.errors import ZeliGridError
from zeligui.gui.plots_pane import PlotsPane, Shown
from zeligui.gui.strands import Strand
from zeligui.gui.time_axis import here
from zeligui.gui.words import unit_of, visible

HEAD = ("time", "host", "attribute", "unit", "kind", "value", "low", "high")
OBEYED = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula where a text begins with it."""
LONGEST = 120


def picture_of(pane: PlotsPane) -> QImage | None:
    """All plots, those too that are scrolled out of sight, as fine as the screen; None where there are none."""
    stack, shown = pane.picture, pane.shown
    if stack is None or shown is None:
        return None
    parts = [*([pane.legend] if pane.legend.isVisible() else []), *stack.parts]
    metrics, ratio = pane.fontMetrics(), pane.devicePixelRatioF()
    margin, line = metrics.height() // 2, round(metrics.height() * 1.4)
    width = max(part.width() for part in parts) + 2 * margin
    height = line + sum(part.height() for part in parts) + 2 * margin
    image = QImage(QSize(width, height) * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(pane.palette().color(QPalette.ColorRole.Window))
    painter = QPainter(image)
    painter.setFont(pane.font())
    painter.setPen(pane.palette().color(QPalette.ColorRole.WindowText))
    words = metrics.elidedText(title(shown), Qt.TextElideMode.ElideRight, width - 2 * margin)
    painter.drawText(margin, margin + metrics.ascent(), words)
    top = margin + line
    for part in parts:
        part.render(painter, QPoint(margin, top))
        top += part.height()
    painter.end()
    return image


def title(shown: Shown) -> str:
    """Whose plots these are, and of which time."""
    hosts = dict.fromkeys(visible(strand.host) for bundle in shown.bundles for strand in bundle.strands)
    start, end = (here(time + shown.epoch) for time in (shown.span.start, shown.span.end))
    return f"{', '.join(hosts)}, {start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S %Z}"[: LONGEST * 4]


def png(image: QImage) -> bytes:
    """The picture as a file has it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise ZeliGridError("The picture cannot be made.")
    return bytes(buffer.data().data())


def csv_of(shown: Shown) -> bytes:
    """A line a value that is seen, in UTF-8: `measured`, `stored` (with the least and largest of what it stands for),
    or `expected` (with its error to both sides). Times are ISO 8601, in UTC."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(HEAD)
    for bundle in shown.bundles:
        for strand in bundle.strands:
            about = _text(strand.host), _text(bundle.attribute), unit_of(bundle.attribute)
            lines.writerows((_stamp(time + shown.epoch), *about, *rest) for time, *rest in _values(strand, shown))
    return text.getvalue().encode("utf-8", "replace")


def _values(strand: Strand, shown: Shown) -> Iterator[tuple[float, str, str, str, str]]:
    curve, expected = strand.curve, strand.expected
    inside = (curve.times >= shown.span.start) & (curve.times <= shown.span.end)
    # between the values stand gaps: where one stands for others is looked up by its time
    low = high = curve.values
    if curve.low is not None and curve.high is not None:
        at = np.searchsorted(curve.x, curve.times)
        low, high = curve.low[at], curve.high[at]
    for place in np.flatnonzero(inside).tolist():
        value, least, most = float(curve.values[place]), float(low[place]), float(high[place])
        if least < most:
            yield float(curve.times[place]), "stored", repr(value), repr(least), repr(most)
        else:
            yield float(curve.times[place]), "measured", repr(value), "", ""
    if expected is not None:
        seen = expected.times <= shown.span.end
        for one in np.stack([expected.times, expected.values, expected.errors], axis=1)[seen].tolist():
            time, value, error = one
            yield time, "expected", repr(value), repr(value - error), repr(value + error)


def _stamp(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds")


def _text(of_others: str) -> str:
    """A text that no spreadsheet obeys."""
    return f"'{of_others}" if of_others.startswith(OBEYED) else of_others
