"""A cell a host, coloured by an attribute, painted as one picture; and what the colours mean."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QToolTip, QWidget

from zeligui.gui.heat import Heat, bound_words, cells, painted
from zeligui.gui.tones import colour
from zeligui.gui.words import tip, unit_of, value_text

LEAST_SIDE = 3
"""Pixels: below that, the strip scrolls."""
MOST_LINES = 1.5
"""The side of the largest cells, in lines of text."""
SAMPLE_SIGNS = 12
LOOKS = frozenset({QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.DevicePixelRatioChange})


class HeatStrip(QAbstractScrollArea):
    """`chosen` tells the host of a cell that was pressed, and whether it is to come beside those that are selected;
    `looked_at` says in words what the mouse, or else the cursor, is on."""

    chosen = Signal(str, bool)
    looked_at = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.heat = Heat()
        self.current = ""
        """The host that is selected."""
        self._cursor = 0
        self._image: QImage | None = None
        self._side, self._across = 1, 1

    def show_heat(self, heat: Heat) -> None:
        """Show this; the cursor stays with its host."""
        at = self.heat.names[self._cursor] if self._cursor < len(self.heat.names) else ""
        same_order = heat.names is self.heat.names
        self.heat = heat
        if not same_order:
            self._cursor = next((place for place, name in enumerate(heat.names) if name == at), 0)
        self.setAccessibleName(f"All hosts by {heat.attribute}")
        self._lay_out()
        self._tell()

    def select(self, host: str) -> None:
        """This host is selected."""
        if host != self.current:
            self.current = host
            self.viewport().update()

    def place_at(self, position: QPointF) -> int | None:
        """Which host's cell is there."""
        side = self._side / self.devicePixelRatioF()
        column = int(position.x() / side)
        place = int((position.y() + self.verticalScrollBar().value()) / side) * self._across + column
        return place if 0 <= column < self._across and 0 <= place < len(self.heat.names) else None

    def rect_of(self, place: int) -> QRectF:
        """Where a host's cell is."""
        side = self._side / self.devicePixelRatioF()
        line, column = divmod(place, self._across)
        return QRectF(column * side, line * side - self.verticalScrollBar().value(), side, side)

    def _lay_out(self) -> None:
        self._image = None
        ratio, room = self.devicePixelRatioF(), self.viewport().size()
        least, most = round(LEAST_SIDE * ratio), round(self.fontMetrics().height() * MOST_LINES * ratio)
        width, height = round(room.width() * ratio), round(room.height() * ratio)
        self._side, self._across = cells(max(1, len(self.heat.names)), width, height, least, most)
        lines = -(-len(self.heat.names) // self._across)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, round(lines * self._side / ratio) - room.height()))
        bar.setPageStep(room.height())
        bar.setSingleStep(round(self._side / ratio) + 1)
        self.viewport().update()

    def _tell(self, place: int | None = None) -> None:
        """Say what the mouse is on, else the cursor, else all."""
        place = self._cursor if place is None and self.hasFocus() else place
        known = place is not None and place < len(self.heat.names)
        words = self.heat.words(place or 0) if known else ""
        self.setAccessibleDescription("; ".join(filter(None, (words, self.heat.summary))))
        self.looked_at.emit(words)

    def _go_to(self, place: int) -> None:
        self._cursor = min(max(0, place), max(0, len(self.heat.names) - 1))
        seen, bar = self.rect_of(self._cursor), self.verticalScrollBar()
        if seen.top() < 0:
            bar.setValue(bar.value() + int(seen.top()))
        elif seen.bottom() > self.viewport().height():
            bar.setValue(bar.value() + int(seen.bottom() - self.viewport().height()) + 1)
        self.viewport().update()
        self._tell()

    def _picture(self) -> QImage:
        if self._image is None:
            palette = self.palette()
            base, dim = palette.color(QPalette.ColorRole.Base).rgb(), colour("dim", palette).rgb()
            pixels = np.ascontiguousarray(painted(self.heat, self._side, self._across, base, dim))
            height, width = pixels.shape
            self._image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
            self._image.setDevicePixelRatio(self.devicePixelRatioF())
        return self._image

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.palette().color(QPalette.ColorRole.Base))
        if self.heat.names:
            painter.drawImage(QPointF(0, -self.verticalScrollBar().value()), self._picture())
            text, base = (self.palette().color(role) for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Base))
            if self.current in self.heat.names:
                self._frame(painter, self.heat.names.index(self.current), text, base)
            if self.hasFocus():
                self._frame(painter, self._cursor, self.palette().color(QPalette.ColorRole.Highlight), base)
        painter.end()

    def _frame(self, painter: QPainter, place: int, outer: QColor, inner: QColor) -> None:
        """Two lines, so that one is seen on whatever colour."""
        around = self.rect_of(place).adjusted(-1, -1, 0, 0)
        painter.setPen(QPen(inner, 1))
        painter.drawRect(around.adjusted(1, 1, -1, -1))
        painter.setPen(QPen(outer, 2))
        painter.drawRect(around)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._lay_out()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._tell(self.place_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        place = self.place_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self._go_to(place)
            self.chosen.emit(self.heat.names[place], bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key, last = event.key(), len(self.heat.names) - 1
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self._across, Qt.Key.Key_Down: self._across,
            Qt.Key.Key_Home: -last, Qt.Key.Key_End: last,
        }  # fmt: skip
        if key in steps and last >= 0:
            self._go_to(self._cursor + steps[Qt.Key(key)])
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and last >= 0:
            beside = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.chosen.emit(self.heat.names[self._cursor], beside)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        self._tell()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self._tell()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.place_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if place is None else tip(self.heat.words(place)), self)
            return True
        if event.type() == QEvent.Type.Leave:
            self._tell()
        return bool(super().viewportEvent(event))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() in LOOKS:
            self._lay_out()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        height = self.fontMetrics().height()
        return QSize(height * 6, round(height * 1.6))

    def sizeHint(self) -> QSize:  # noqa: N802
        height = self.fontMetrics().height()
        return QSize(height * 12, height * 3)


class HeatLegend(QWidget):
    """From which colour to which the cells go, and how the unknown look."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What the colours mean")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._heat = Heat()

    def show_heat(self, heat: Heat) -> None:
        """Tell of this one."""
        self._heat = heat
        self.setAccessibleDescription(heat.summary)
        self.setToolTip(tip(heat.summary))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(self.fontMetrics().averageCharWidth() * 40, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if not self._heat.names:
            return
        painter, metrics, heat = QPainter(self), self.fontMetrics(), self._heat
        sign = metrics.averageCharWidth()
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        x = self._write(painter, 0, value_text(heat.low)) + sign
        width = sign * SAMPLE_SIGNS
        self._gradient(painter, QRect(x, metrics.height() // 4, width, metrics.height() * 5 // 8))
        x = self._write(painter, x + width + sign, f"{value_text(heat.high)} {unit_of(heat.attribute)}".rstrip())
        if heat.bound is not None:
            x = self._write(painter, x + 2 * sign, bound_words(heat.bound))
        self._unknown(painter, x + 3 * sign)
        painter.end()

    def _write(self, painter: QPainter, x: int, words: str) -> int:
        width = self.fontMetrics().horizontalAdvance(words)
        painter.drawText(x, self.fontMetrics().ascent() + 1, words)
        return x + width

    def _gradient(self, painter: QPainter, place: QRect) -> None:
        values = np.linspace(self._heat.low, self._heat.high, max(2, place.width()))
        pixels = np.ascontiguousarray((self._heat.shades(values) | np.uint32(0xFF000000))[np.newaxis])
        image = QImage(pixels.data, pixels.shape[1], 1, 4 * pixels.shape[1], QImage.Format.Format_RGB32).copy()
        painter.drawImage(place, image)

    def _unknown(self, painter: QPainter, x: int) -> None:
        side = self.fontMetrics().height() * 5 // 8
        place = QRect(x, self.fontMetrics().height() // 4, 2 * side, side)
        painter.fillRect(place, self.palette().color(QPalette.ColorRole.Base))
        painter.fillRect(place, QBrush(colour("dim", self.palette()), Qt.BrushStyle.BDiagPattern))
        self._write(painter, x + 2 * side + self.fontMetrics().averageCharWidth(), "unknown")
