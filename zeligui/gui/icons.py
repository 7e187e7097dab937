"""Icons of resources/icons, drawn in the palette's colours as they are: a change of theme needs nothing else."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from zeligui.shipped import shipped

MOST_PIXMAPS = 16


@cache
def icon(name: str) -> QIcon:
    """The icon of that name; an empty one where there is none."""
    file = shipped("resources") / "icons" / f"{name}.svg"
    return QIcon(_Drawn(file.read_text("utf-8"))) if file.is_file() else QIcon()


@cache
def emblem() -> QIcon:
    """ZeliGrid's own picture, in its own colours."""
    return QIcon(str(shipped("resources") / "zeligrid.svg"))


class _Drawn(QIconEngine):
    """Draws an SVG whose colour is `currentColor`."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self._svg = svg
        self._renderers: dict[str, QSvgRenderer] = {}
        self._pixmaps: dict[tuple[str, int, int, float], QPixmap] = {}

    def paint(self, painter: QPainter, rect: object, mode: QIcon.Mode, state: QIcon.State) -> None:
        self._renderer(_colour(mode)).render(painter, QRectF(rect))  # type: ignore[call-overload]

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self._pixmap(size, mode, 1.0)

    def scaledPixmap(  # noqa: N802
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        return self._pixmap((size.toSizeF() * scale).toSize(), mode, scale)  # `size` is without the scale since Qt 6.8

    def _pixmap(self, size: QSize, mode: QIcon.Mode, scale: float) -> QPixmap:
        """The same one for the same wish: of each other one, Qt would keep what it makes of it for long."""
        key = _colour(mode).name(), size.width(), size.height(), scale
        if key not in self._pixmaps:
            if len(self._pixmaps) >= MOST_PIXMAPS:
                self._pixmaps.clear()
            found = self._pixmaps[key] = QPixmap(size)
            found.fill(QColor(Qt.GlobalColor.transparent))
            painter = QPainter(found)
            self.paint(painter, found.rect(), mode, QIcon.State.Off)
            painter.end()
            found.setDevicePixelRatio(scale)
        return self._pixmaps[key]

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
