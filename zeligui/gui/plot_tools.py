"""The tools of the plots pane: which attributes are plotted, and which time."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from zeligui.clock import Clock
from zeligui.gui.icons import icon
from zeligui.gui.plotted import MOST_ASKED_FOR, Choice
from zeligui.gui.pressed import Pressed
from zeligui.gui.time_window import LENGTHS, USUAL_S, TimeWindow
from zeligui.gui.words import duration, visible

ZOOM = 0.5
"""How many times as much a button shows."""


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
        """When the first value was measured that is known."""
        self.reach: float | None = None
        """How far back one may look; None: to the first value."""
        self.length = QComboBox(self)
        self.length.setAccessibleName("Time that is shown")
        self.length.addItems([words for words, _ in LENGTHS])
        self.out = tool("zoom-out", "Show more time", self)
        self.in_ = tool("zoom-in", "Show less time", self)
        self.pause = tool("suspend", "Pause the plots", self)
        self.pause.setCheckable(True)
        self.live = tool("live", "Back to now", self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        Pressed(self.pause)
        self._spacing = self.fontMetrics().averageCharWidth() // 2
        layout.setSpacing(self._spacing)
        for widget in self._all:
            layout.addWidget(widget)
        self.setMinimumWidth(self._width((self.length, self.pause)))
        self.length.activated.connect(lambda place: self.show_last(LENGTHS[place][1]))
        self.out.clicked.connect(lambda: self._zoom_middle(1 / ZOOM))
        self.in_.clicked.connect(lambda: self._zoom_middle(ZOOM))
        self.pause.toggled.connect(self._pause)
        self.live.clicked.connect(self.reset)
        self._say()

    def say_why(self, why: str) -> None:
        """Why no time can be chosen now; "" where it can."""
        paused = "Follow what happens again" if self.window_.paused else "Let the plots stand still; values keep coming"
        for one, words in (
            (self.length, "How much time is shown"),
            (self.out, "Show more time (- in a plot, or the wheel)"),
            (self.in_, "Show less time (+ in a plot, or the wheel)"),
            (self.pause, f"{paused} (Space in a plot)"),
            (self.live, "Back to now, and to the time that was chosen last (0 or Home in a plot)"),
        ):
            one.setEnabled(not why)
            one.setToolTip(why or words)
        usual = not self.window_.paused and self.window_.seconds == self._chosen
        self.live.setEnabled(not why and not usual)

    def show_last(self, seconds: float | None) -> None:
        """Show the last so many seconds (None: all there is), and follow now again."""
        self._chosen = seconds
        self._see(TimeWindow(seconds))

    def reset(self) -> None:
        """As it was chosen last."""
        self.show_last(self._chosen)

    def pan(self, seconds: float) -> None:
        """Look so much later, or earlier."""
        self._see(self.window_.panned(seconds, self._clock.age(), self.first, self.reach))

    def switch(self) -> None:
        """Stand still, or go on."""
        self.pause.toggle()

    def zoom(self, factor: float, at: float) -> None:
        """Look at so many times as much, around a time."""
        self._see(self.window_.zoomed(factor, at, self._clock.age(), self.first, self.reach))

    @property
    def _all(self) -> tuple[QWidget, ...]:
        return self.length, self.out, self.in_, self.pause, self.live

    def _width(self, widgets: Sequence[QWidget]) -> int:
        return sum(one.sizeHint().width() for one in widgets) + (len(widgets) - 1) * self._spacing

    def _zoom_middle(self, factor: float) -> None:
        span = self.window_.span(self._clock.age(), self.first)
        self.zoom(factor, (span.start + span.end) / 2)

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

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(self._width(self._all), super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        room = event.size().width() >= self._width(self._all)
        for widget in (self.out, self.in_, self.live):  # where there is no room for them, keys and the wheel do it
            widget.setVisible(room)


class ExportButton(QToolButton):
    """A menu of what may be saved of the plots."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, "export", "Save what is plotted")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu("Save", self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)

    def offer(self, actions: Sequence[QAction]) -> None:
        """What it offers."""
        self._menu.addActions(list(actions))

    def say_why(self, why: str) -> None:
        """Why nothing can be saved now; "" where it can."""
        self.setEnabled(not why)
        self.setToolTip(why or "Save the plots as a picture, or their values as CSV")


def tool(picture: str, name: str, parent: QWidget) -> QToolButton:
    """A button that is a picture alone."""
    button = QToolButton(parent)
    dress(button, picture, name)
    return button


def dress(button: QToolButton, picture: str, name: str) -> None:
    """Give a button its picture, and a name for who does not see it."""
    button.setIcon(icon(picture))
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(name)
    button.setToolTip(name)
