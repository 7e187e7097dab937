"""The tools of the plots pane: which attributes are plotted, and which time."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QWidget

from zeligui.clock import Clock
from zeligui.gui.icons import icon
from zeligui.gui.plotted import MOST_ASKED_FOR, Choice
from zeligui.gui.time_window import LENGTHS, USUAL_S, TimeWindow
from zeligui.gui.words import duration, visible


class AttributesButton(QPushButton):
    """A menu of the attributes that there are; those that are plotted are checked."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Attri&butes", parent)
        self.setAccessibleName("Attributes that are plotted")
        self.choice = Choice()
        self._offered: Sequence[tuple[str, bool]] = ()
        self.menu_ = QMenu(self)
        self.menu_.setToolTipsVisible(True)
        self.clicked.connect(self._open)

    def say_why(self, why: str) -> None:
        """Why nothing can be chosen now; "" where it can."""
        self.setEnabled(not why)
        self.setToolTip(why or "Choose what is plotted")

    def offer(self, attributes: Sequence[tuple[str, bool]]) -> None:
        """The attributes that a host has, and whether each is plotted."""
        self._offered = attributes

    def _open(self) -> None:
        self._fill()
        self.menu_.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _fill(self) -> None:
        self.menu_.clear()
        full = sum(plotted for _, plotted in self._offered) >= MOST_ASKED_FOR
        for name, plotted in self._offered:
            action = self.menu_.addAction(visible(name, 60).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(plotted)
            action.setEnabled(plotted or not full)
            if full and not plotted:
                action.setToolTip(f"At most {MOST_ASKED_FOR} attributes are plotted at once.")
            action.toggled.connect(lambda wanted, name=name: self._choose(name, wanted=wanted))

    def _choose(self, name: str, *, wanted: bool) -> None:
        self.choice = self.choice.including(name) if wanted else self.choice.without(name)
        self.changed.emit()


class TimeTools(QWidget):
    """Which time is shown: the last minutes, or a time that stands still. `changed` tells that it is another."""

    changed = Signal()

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._chosen: float | None = USUAL_S
        self.window_ = TimeWindow()
        self.first = 0.0
        """When the first value was measured: nobody looks back further."""
        self.length = QComboBox(self)
        self.length.setAccessibleName("Time that is shown")
        self.length.addItems([words for words, _ in LENGTHS])
        self.pause = QPushButton(icon("suspend"), "&Pause", self)
        self.pause.setAccessibleName("Pause the plots")
        self.pause.setCheckable(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.length)
        layout.addWidget(self.pause)
        self.length.activated.connect(lambda place: self.show_last(LENGTHS[place][1]))
        self.pause.toggled.connect(self._pause)
        self._say()

    def say_why(self, why: str) -> None:
        """Why no time can be chosen now; "" where it can."""
        paused = "Follow what happens again" if self.window_.paused else "Let the plots stand still"
        for tool, words in ((self.length, "How much time is shown; + and - in a plot zoom"), (self.pause, paused)):
            tool.setEnabled(not why)
            tool.setToolTip(why or words)

    def show_last(self, seconds: float | None) -> None:
        """Show the last so many seconds (None: all there is), and follow now again."""
        self._chosen = seconds
        self._see(TimeWindow(seconds))

    def reset(self) -> None:
        """As it was chosen last."""
        self.show_last(self._chosen)

    def pan(self, seconds: float) -> None:
        """Look so much later, or earlier."""
        self._see(self.window_.panned(seconds, self._clock.age(), self.first))

    def zoom(self, factor: float, at: float) -> None:
        """Look at so many times as much, around a time."""
        self._see(self.window_.zoomed(factor, at, self._clock.age(), self.first))

    def _pause(self, paused: bool) -> None:
        if paused != self.window_.paused:
            self._see(self.window_.pause(self._clock.age()) if paused else self.window_.follow())

    def _see(self, window: TimeWindow) -> None:
        if window != self.window_:
            self.window_ = window
            self._say()
            self.changed.emit()

    def _say(self) -> None:
        lengths, seconds = [one for _, one in LENGTHS], self.window_.seconds
        if seconds is not None and seconds not in lengths:
            self.length.setPlaceholderText(duration(float(round(seconds))))
        self.length.setCurrentIndex(lengths.index(seconds) if seconds in lengths else -1)
        self.pause.setChecked(self.window_.paused)
