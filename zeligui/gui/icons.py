"""Icons of resources/icons, drawn in the palette's own colours each time: a change of theme needs nothing else."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from zeligui.shipped import shipped


@cache
def icon(name: str) -> QIcon:
    """The icon of that name; an empty one where there is none."""
    file = shipped("resources") / "icons" / f"{name}.svg"
    return QIcon(_Drawn(file.read_text("utf-8"))) if file.is_file() else QIcon()


def emblem() -> QIcon:
    """ZeliGrid's own picture, in its own colours."""
    return QIcon(str(shipped("resources") / "zeligrid.svg"))


class _Drawn(QIconEngine):
    """Draws an SVG whose colour is `currentColor`."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self._svg = svg
        self._renderers: dict[str, QSvgRenderer] = {}

    def paint(self, painter: QPainter, rect: object, mode: QIcon.Mode, state: QIcon.State) -> None:
        self._renderer(_colour(mode)).render(painter, QRectF(rect))  # type: ignore[call-overload]

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        found = QPixmap(size)
        found.fill(QColor(Qt.GlobalColor.transparent))
        painter = QPainter(found)
        self.paint(painter, found.rect(), mode, state)
        painter.end()
        return found

    def scaledPixmap(  # noqa: N802
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        found = self.pixmap((size.toSizeF() * scale).toSize(), mode, state)  # `size` is without the scale since Qt 6.8
        found.setDevicePixelRatio(scale)
        return found

    def clone(self) -> QIconEngine:
        return _Drawn(self._svg)

    def _renderer(self, colour: QColor) -> QSvgRenderer:
        name = colour.name()
        if name not in self._renderers:
            drawn = self._svg.replace("currentColor", name)
            self._renderers[name] = QSvgRenderer(QByteArray(drawn.encode()))
            self._renderers[name].setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
        return self._renderers[name]


def _colour(mode: QIcon.Mode) -> QColor:
    palette = QGuiApplication.palette()
    if mode == QIcon.Mode.Disabled:
        return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    if mode == QIcon.Mode.Selected:
        return palette.color(QPalette.ColorRole.HighlightedText)
    return palette.color(QPalette.ColorRole.ButtonText)
