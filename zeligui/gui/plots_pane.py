"""The plots pane: how a host does over time, the bounds it is held to, and what became of jobs there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zeligui.clock import Clock
from zeligui.grid.hosts import natural
from zeligui.gui.elided import ElidedLabel
from zeligui.gui.marks import Traces
from zeligui.gui.pane import Pane
from zeligui.gui.plot_tools import AttributesButton, TimeTools
from zeligui.gui.plot_trails import Events, Trails
from zeligui.gui.plotted import Held, held_against, lines
from zeligui.gui.time_axis import time_of_day
from zeligui.gui.words import visible
from zeligui.session.snapshot import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zeligui.gui.plot_stack import PlotStack
    from zeligui.gui.series import Curve

    History = Callable[[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]
    """Times (age clock) and values of a host's attribute, oldest first, each of shape (n,)."""

BEAT_MS = 500
"""Between two looks at what is new: it is drawn at most twice a second."""
CLOCK_STEP_S = 0.05
"""The calendar's clock may drift so far before marks move."""
LOOKS = frozenset({QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange})


class PlotsPane(Pane):
    """Plots of one host. `warm_up` loads what draws them, half a second: let the window be seen before."""

    _plots: PlotStack | None = None

    def __init__(self, history: History, events: Events, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__("Plots", parent)
        self._history = history
        self._trails = Trails(events)
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._host = ""
        self._experiment: str | None = None
        self._instance: int | None = None
        self._curves: dict[str, Curve] = {}
        self._drawn: object = None
        self._drawn_at = self._now = self._epoch = float("-inf")
        self._shifted: tuple[Traces, float, Traces] | None = None
        self.where = ElidedLabel("", self)
        self.attributes = AttributesButton(self)
        self.time = TimeTools(clock, self)
        self.tools.insertWidget(1, self.where, 100)
        self.tools.addWidget(self.attributes)
        self.tools.addWidget(self.time)
        QVBoxLayout(self.body).setContentsMargins(0, 0, 0, 0)
        self._beat = QTimer(self)
        self._beat.setInterval(BEAT_MS)
        self._beat.timeout.connect(self.refresh)
        self.attributes.changed.connect(self.refresh)
        self.time.changed.connect(self.refresh)
        self._say_where()

    def look_at(self, host: str, experiment: str | None, instance: int | None = None) -> None:
        """Show this host, held against an experiment's contract; with an instance, go along when that job moves."""
        self._instance = instance
        if (host, experiment) != (self._host, self._experiment):
            self._turn_to(host, experiment)
            self._soon()

    def update_from(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        followed = self._experiment is not None and self._instance is not None
        job = snapshot.job(self._experiment or "", self._instance or 0) if followed else None
        if job and job.host and job.host != self._host:
            self._turn_to(job.host, self._experiment)
        self._soon()

    def warm_up(self) -> None:
        """Load what draws, and make the plots: once the window was seen."""
        if self._plots is None:
            from zeligui.gui.plot_stack import PlotStack

            self._plots = stack = PlotStack(self.body)
            stack.panned.connect(self.time.pan)
            stack.zoomed.connect(self.time.zoom)
            stack.reset.connect(self.time.reset)
            layout = self.body.layout()
            if layout:
                layout.addWidget(stack)
            self.refresh()

    def refresh(self) -> None:
        """Draw what is new; nothing while nobody can see it."""
        if not self.isVisible() or self.window().isMinimized() or self._fault:
            return
        try:
            self._show()
        except Exception as error:  # noqa: BLE001 - the edge of a pane: a timer has nobody else to tell
            self._fail(error)

    def _turn_to(self, host: str, experiment: str | None) -> None:
        if host != self._host:
            self._curves = {}
        self._host, self._experiment = host, experiment

    def _soon(self) -> None:
        """At once, unless that was done just now: then with the next beat."""
        if self._clock.patience() - self._drawn_at >= BEAT_MS / 1000:
            self.refresh()

    def _show(self) -> None:
        self._tell_epoch()
        self._say_where()
        if not self._host or self._snapshot is None:
            self.show_empty("Select a host or a job to see how it does.", picture="plot")
        elif self._plots is None:
            self.show_empty("Plots are being prepared…")
        else:
            against = held_against(self._snapshot, self._experiment)
            curves = self._renewed(against)
            self._offer(self._snapshot, curves)
            if curves:
                self._draw(self._plots, self._snapshot, curves, against)
            elif self.attributes.choice.removed:
                self.show_empty("Nothing is plotted.", "The button Attributes says what may be.")
            else:
                self.show_empty(f"Nothing was measured of {visible(self._host, 60)} yet.")

    def _draw(self, stack: PlotStack, snapshot: Snapshot, curves: list[Curve], against: Sequence[Held]) -> None:
        from zeligui.gui.plot import Scene

        self._tell_time(stack, curves)
        window, bounds = self.time.window_, [lines(against, curve.attribute) for curve in curves]
        span, until = window.span(self._now, self.time.first), window.until(self._now)
        drawn = curves, bounds, Scene(span, until, self._epoch, traces=self._traces(snapshot))
        self.show_body()
        if drawn != self._drawn:
            self._drawn, self._drawn_at = drawn, self._clock.patience()
            stack.show_curves(*drawn)

    def _renewed(self, against: Sequence[Held]) -> list[Curve]:
        """A curve of each attribute that is plotted and has values; the same object where nothing came."""
        choice = self.attributes.choice
        usual = [curve for name in choice.usual(against) if (curve := self._curve(name))]
        asked_for = [curve for name in choice.added if (curve := self._curve(name))]
        return choice.chosen(usual, asked_for)

    def _curve(self, attribute: str) -> Curve | None:
        from zeligui.gui.series import Curve

        before, held = self._curves.get(attribute), self.time.window_.held
        if before and held is not None:
            return before
        times, values = self._history(self._host, attribute)
        if held is not None:
            times, values = times[times <= held], values[times <= held]
        if not len(times):
            return None
        if before is None or not before.same(times):
            self._curves[attribute] = before = Curve.of(attribute, times, values)
        return before

    def _tell_time(self, stack: PlotStack, curves: list[Curve]) -> None:
        """Let now go on where that can be seen: with a new value, or by a pixel."""
        age = self._clock.age()
        self.time.first = min(float(curve.times[0]) for curve in curves)
        seconds = self.time.window_.span(age, self.time.first).seconds
        fresh = not isinstance(self._drawn, tuple) or self._drawn[0] != curves
        if fresh or abs(age - self._now) * max(1.0, stack.width_px) >= seconds:
            self._now = age

    def _tell_epoch(self) -> None:
        epoch = self._clock.now().timestamp() - self._clock.age()
        if abs(epoch - self._epoch) > CLOCK_STEP_S:
            self._epoch = epoch

    def _traces(self, snapshot: Snapshot) -> Traces:
        told = self._trails.of(self._host, snapshot)
        if self._shifted is None or self._shifted[0] is not told or self._shifted[1] != self._epoch:
            self._shifted = told, self._epoch, told.shifted(-self._epoch)
        return self._shifted[2]

    def _offer(self, snapshot: Snapshot, curves: Sequence[Curve]) -> None:
        """All numbers that are measured of the host."""
        plotted = {curve.attribute.casefold() for curve in curves}
        host = snapshot.hosts.get(self._host)
        names = {name for name in host.times if not isinstance(host.values.get(name), str)} if host else set()
        every = {name.casefold(): name for name in (*names, *(curve.attribute for curve in curves))}
        offered = [(every[name], name in plotted) for name in sorted(every, key=natural)]
        self.attributes.offer(offered)

    def _say_where(self) -> None:
        held = self.time.window_.held
        paused = "" if held is None else f", paused at {time_of_day(held + self._epoch)}"
        self.where.say(f"{visible(self._host)}{paused}" if self._host else "")
        why = "" if self._host else "Select a host or a job first."
        self.attributes.say_why(why)
        self.time.say_why(why)

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._beat.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self._beat.stop()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() in LOOKS and self._plots is not None:
            self._plots.take_looks(self.palette())
