"""The legend of plots of several hosts: each host's name beside a piece of its line; a click leaves it out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from zeligui.gui.flow import Flow
from zeligui.gui.inks import DASHES, MOST, colours, pen
from zeligui.gui.words import tip, visible

SAMPLE_SIGNS = 5
"""How long the piece of a line is."""
LONGEST = 40
LEADS = "Bounds, violations and marks are this host's."


class Legend(QWidget):
    """Shown where there is more than one host. `left_out` tells the host that the user does not want to see."""

    left_out = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Hosts that are plotted")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._hosts: tuple[str, ...] = ()
        layout = Flow(self)
        self.entries = [Entry(place, self) for place in range(MOST)]
        for entry in self.entries:
            layout.addWidget(entry)
            entry.clicked.connect(lambda _checked=False, entry=entry: self.left_out.emit(entry.host))
            entry.hide()
        self.hide()

    def show_hosts(self, hosts: Sequence[str]) -> None:
        """The hosts that are plotted, in their order."""
        if tuple(hosts) == self._hosts:
            return
        self._hosts = tuple(hosts)
        several = len(hosts) > 1
        for entry in self.entries:
            entry.setVisible(several and entry.place < len(hosts))
            if entry.place < len(hosts):
                entry.name(hosts[entry.place])
        self.setVisible(several)


class Entry(QToolButton):
    """One host of the legend."""

    def __init__(self, place: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.place = place
        self.host = ""
        self.setAccessibleName("No host")
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def name(self, host: str) -> None:
        """Be of this host."""
        self.host = host
        shown, leads = visible(host, LONGEST), "" if self.place else f" {LEADS}"
        self.setAccessibleName(f"{shown}, plotted; press to leave it out")
        self.setToolTip(tip(f"{visible(host)}.{leads} Click to leave it out."))
        self.updateGeometry()
        self.update()

    @property
    def _sample(self) -> int:
        return self.fontMetrics().averageCharWidth() * SAMPLE_SIGNS

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = self.fontMetrics()
        words = metrics.horizontalAdvance(visible(self.host, LONGEST))
        return QSize(self._sample + words + metrics.averageCharWidth() * 3, round(metrics.height() * 1.3))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(self._sample * 2, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)  # the button, without a text of its own
        painter = QPainter(self)
        sign, middle = self.fontMetrics().averageCharWidth(), self.height() // 2
        painter.setPen(pen(colours(self.palette())[self.place], 2, DASHES[self.place]))
        painter.drawLine(sign, middle, sign + self._sample, middle)
        painter.setPen(self.palette().color(self.foregroundRole()))
        words = self.rect().adjusted(self._sample + 2 * sign, 0, -sign // 2, 0)
        cut = self.fontMetrics().elidedText(visible(self.host, LONGEST), Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, cut)
        painter.end()
