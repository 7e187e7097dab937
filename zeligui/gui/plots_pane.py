"""The plots pane: how hosts do over time, the bounds they are held to, and what became of jobs there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zeligui.clock import Clock
from zeligui.grid.hosts import natural
from zeligui.gui.elided import ElidedLabel
from zeligui.gui.inks import MOST
from zeligui.gui.legend import Legend
from zeligui.gui.marks import Traces
from zeligui.gui.pane import Pane
from zeligui.gui.plot_tools import AttributesButton, ExportButton, TimeTools
from zeligui.gui.plot_trails import Events, Trails
from zeligui.gui.plotted import Choice, Held, held_against, lines
from zeligui.gui.time_axis import full_time_of
from zeligui.gui.time_window import Span
from zeligui.gui.words import count_of, visible
from zeligui.session.snapshot import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zeligui.gui.expected import Expectations
    from zeligui.gui.plot_past import Archive
    from zeligui.gui.plot_stack import PlotStack
    from zeligui.gui.strands import Bundle, Strands

    History = Callable[[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]
    """Times (age clock) and values of a host's attribute, oldest first, each of shape (n,)."""

BEAT_MS = 500
"""Between two looks at what is new: it is drawn at most twice a second."""
CLOCK_STEP_S = 0.05
"""The calendar's clock may drift so far before marks move."""
AHEAD = 0.2
"""How much is shown of what is to come, of the time that is shown."""
LOOKS = frozenset({QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange})
NOBODY = "Select a host or a job first."


@dataclass(frozen=True, slots=True)
class Shown:
    """What the plots show: times are on the age clock, `epoch` is what leads to seconds since 1970."""

    bundles: tuple[Bundle, ...]
    span: Span
    now: float
    epoch: float


class PlotsPane(Pane):
    """Plots of one host, and of some beside it. `warm_up` loads what draws them, half a second: let the window be
    seen before. `expectations` say what is expected, and `archive` reads what is stored; without them, none is shown.
    """

    _plots: PlotStack | None = None
    _strands: Strands | None = None

    def __init__(
        self,
        history: History,
        events: Events,
        clock: Clock,
        parent: QWidget | None = None,
        *,
        expectations: Expectations | None = None,
        archive: Archive | None = None,
    ) -> None:
        super().__init__("Plots", parent)
        self._history = history
        self._trails = Trails(events)
        self._clock = clock
        self._expectations = expectations
        self._archive = archive
        self._snapshot: Snapshot | None = None
        self._hosts: tuple[str, ...] = ()
        self._selected = 0
        self._experiment: str | None = None
        self._instance: int | None = None
        self._looks_ahead = False
        self._drawn: object = None
        self._drawn_at = self._now = self._epoch = float("-inf")
        self._shifted: tuple[Traces, float, Traces] | None = None
        self.shown: Shown | None = None
        """What is drawn; None where nothing is."""
        self.where = ElidedLabel("", self)
        self.attributes = AttributesButton(self)
        self.time = TimeTools(clock, self)
        self.export = ExportButton(self)
        self.tools.insertWidget(1, self.where, 100)
        for widget in (self.attributes, self.time, self.export):
            self.tools.addWidget(widget)
        self.legend = Legend(self)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.legend)
        self._beat = QTimer(self)
        self._beat.setInterval(BEAT_MS)
        self._beat.timeout.connect(self.refresh)
        self.attributes.changed.connect(self.refresh)
        self.time.changed.connect(self.refresh)
        self.legend.left_out.connect(self._leave_out)
        if archive:
            archive.came.connect(self.refresh)
        self._say_where()

    def look_at(
        self, host: str, experiment: str | None, instance: int | None = None, *, beside: Sequence[str] = (), of: int = 0
    ) -> None:
        """Show this host, held against an experiment's contract, and the first few of `of` others over it.

        With an instance, go along when that job moves.
        """
        self._instance = instance
        hosts = tuple(dict.fromkeys((host, *beside))) if host else ()
        self._selected = max(of, len(hosts))
        if (hosts[:MOST], experiment) != (self._hosts, self._experiment):
            self._turn_to(hosts[:MOST], experiment)
            self._soon()

    def update_from(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        followed = self._experiment is not None and self._instance is not None
        job = snapshot.job(self._experiment or "", self._instance or 0) if followed else None
        if job and job.host and (job.host,) != self._hosts[:1]:
            self._turn_to((job.host, *(one for one in self._hosts[1:] if one != job.host)), self._experiment)
        self._soon()

    def warm_up(self) -> None:
        """Load what draws, and make the plots: once the window was seen."""
        if self._plots is None:
            from zeligui.gui.plot_stack import PlotStack
            from zeligui.gui.strands import Strands

            self._strands = Strands(self._history, self._archive, self._expectations)
            self._plots = stack = PlotStack(self.body)
            stack.panned.connect(self.time.pan)
            stack.zoomed.connect(self.time.zoom)
            stack.reset.connect(self.time.reset)
            stack.switched.connect(self.time.switch)
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

    @property
    def lead(self) -> str:
        """The host whose bounds, violations and marks are shown."""
        return self._hosts[0] if self._hosts else ""

    @property
    def picture(self) -> PlotStack | None:
        """What a picture of the plots is taken of, beside the legend."""
        return self._plots

    @property
    def choice(self) -> Choice:
        """What is plotted beyond the usual, and what not."""
        return self.attributes.choice

    def take_choice(self, choice: Choice) -> None:
        """Plot this from now on."""
        self.attributes.choice = choice
        self.refresh()

    def _turn_to(self, hosts: tuple[str, ...], experiment: str | None) -> None:
        if hosts[:1] != self._hosts[:1]:
            self._looks_ahead = False
        self._hosts, self._experiment = hosts, experiment
        for keeper in (self._strands, self._archive):
            if keeper:
                keeper.forget_but(hosts)

    def _leave_out(self, host: str) -> None:
        rest = tuple(one for one in self._hosts if one != host)
        if rest:
            self._selected = len(rest)
            self._turn_to(rest, self._experiment)
            self.refresh()

    def _soon(self) -> None:
        """At once, unless that was done just now: then with the next beat."""
        if self._clock.patience() - self._drawn_at >= BEAT_MS / 1000:
            self.refresh()

    def _show(self) -> None:
        self._tell_epoch()
        self.shown = None if not self._hosts or self._snapshot is None or self._plots is None else self.shown
        if not self._hosts or self._snapshot is None:
            self.show_empty("Select a host or a job to see how it does.", picture="plot")
        elif self._plots is None or self._strands is None:
            self.show_empty("Plots are being prepared…")
        else:
            self._show_hosts(self._plots, self._strands, self._snapshot)
        self.export.say_why("" if self.shown else "There is nothing to be saved.")
        self._say_where()

    def _show_hosts(self, stack: PlotStack, strands: Strands, snapshot: Snapshot) -> None:
        against = held_against(snapshot, self._experiment)
        bundles = self._renewed(strands, against)
        self._offer(snapshot, [bundle.attribute for bundle in bundles])
        if bundles:
            self._draw(stack, strands, snapshot, bundles, against)
            return
        self.shown = None
        if self.attributes.choice.removed:
            self.show_empty("Nothing is plotted.", "The button Attributes says what may be.")
        else:
            self.show_empty(f"Nothing was measured of {visible(self.lead, 60)} yet.")

    def _draw(
        self, stack: PlotStack, strands: Strands, snapshot: Snapshot, bundles: list[Bundle], against: Sequence[Held]
    ) -> None:
        from zeligui.gui.plot import Scene

        self._tell_time(stack, bundles)
        window, bounds = self.time.window_, [lines(against, bundle.attribute) for bundle in bundles]
        span, until = window.span(self._now, self.time.first), window.until(self._now)
        self._read_past(strands, bundles, span)
        bundles, span = self._looked_ahead(strands, bundles, span)
        still = f"paused at {self._when(window.held)}" if window.held is not None else ""
        drawn = bundles, bounds, Scene(span, until, self._epoch, traces=self._traces(snapshot), still=still)
        self.legend.show_hosts(self._hosts)
        self.show_body()
        self.shown = Shown(tuple(bundles), span, until, self._epoch)
        if drawn != self._drawn:
            self._drawn, self._drawn_at = drawn, self._clock.patience()
            stack.show_strands([bundle.strands for bundle in bundles], bounds, drawn[2])

    def _renewed(self, strands: Strands, against: Sequence[Held]) -> list[Bundle]:
        """What is plotted and has values, on any of the hosts; the same curves where nothing came."""
        choice = self.attributes.choice
        usual = [bundle for name in choice.usual(against) if (bundle := self._bundle(strands, name))]
        asked_for = [bundle for name in choice.added if (bundle := self._bundle(strands, name))]
        return choice.chosen(usual, asked_for)

    def _bundle(self, strands: Strands, attribute: str) -> Bundle | None:
        from zeligui.gui.strands import Bundle

        held = self.time.window_.held
        found = [strands.of(host, place, attribute, held) for place, host in enumerate(self._hosts)]
        known = tuple(strand for strand in found if strand)
        return Bundle(attribute, known) if known else None

    def _looked_ahead(self, strands: Strands, bundles: list[Bundle], span: Span) -> tuple[list[Bundle], Span]:
        """With what is expected, and the time of it; no room is left for it before anything is."""
        from zeligui.gui.strands import Bundle

        if self._expectations is None:
            return bundles, span
        seconds, held = AHEAD * span.seconds, self.time.window_.held
        found = [
            Bundle(each.attribute, tuple(strands.look_ahead(strand, seconds, held) for strand in each.strands))
            for each in bundles
        ]
        expected = any(strand.expected for bundle in found for strand in bundle.strands)
        self._looks_ahead = self._looks_ahead or expected
        return found, Span(span.start, span.end + seconds) if self._looks_ahead else span

    def _read_past(self, strands: Strands, bundles: Sequence[Bundle], span: Span) -> None:
        """Have that read of what is looked at which is not known any more, or never was here."""
        if self._archive is None:
            return
        from zeligui.gui.plot_past import KEPT_S

        age, attributes = self._clock.age(), [bundle.attribute for bundle in bundles]
        begins = self._archive.begins(self.lead, attributes)
        self.time.reach = age - KEPT_S if begins is None else begins
        if self.time.window_.seconds is None:
            span = Span(age - KEPT_S, span.end)
        for bundle in bundles:
            for strand in bundle.strands:
                self._archive.look(strand.host, strand.attribute, span, strands.known_from(strand), age)

    def _tell_time(self, stack: PlotStack, bundles: list[Bundle]) -> None:
        """Let now go on where that can be seen: with a new value, or by a pixel."""
        age = self._clock.age()
        self.time.first = min(float(one.curve.times[0]) for bundle in bundles for one in bundle.strands)
        seconds = self.time.window_.span(age, self.time.first).seconds
        fresh = not isinstance(self._drawn, tuple) or _curves(self._drawn[0]) != _curves(bundles)
        if fresh or abs(age - self._now) * max(1.0, stack.width_px) >= seconds:
            self._now = age

    def _tell_epoch(self) -> None:
        epoch = self._clock.now().timestamp() - self._clock.age()
        if abs(epoch - self._epoch) > CLOCK_STEP_S:
            self._epoch = epoch

    def _traces(self, snapshot: Snapshot) -> Traces:
        told = self._trails.of(self.lead, snapshot)
        if self._shifted is None or self._shifted[0] is not told or self._shifted[1] != self._epoch:
            self._shifted = told, self._epoch, told.shifted(-self._epoch)
        return self._shifted[2]

    def _offer(self, snapshot: Snapshot, plotted: Collection[str]) -> None:
        """All numbers that are measured of the hosts."""
        folded = {name.casefold() for name in plotted}
        hosts = [host for name in self._hosts if (host := snapshot.hosts.get(name))]
        names = {name for host in hosts for name in host.times if not isinstance(host.values.get(name), str)}
        every = {name.casefold(): name for name in (*names, *plotted)}
        self.attributes.offer([(every[name], name in folded) for name in sorted(every, key=natural)])

    def _when(self, time: float) -> str:
        return full_time_of(time + self._epoch, self._clock.age() - time)

    def _say_where(self) -> None:
        held, more = self.time.window_.held, len(self._hosts) - 1
        said = [visible(self.lead)]
        if more > 0:
            said[0] += f" and {count_of(more, 'other')}"
        if self._selected > len(self._hosts):
            said.append(f"{len(self._hosts)} of {self._selected:,} that are selected")
        if held is not None:
            said.append(f"paused at {self._when(held)}")
        if self._archive and (self._archive.trouble or self._archive.reading):
            said.append(self._archive.trouble or "reading…")
        self.where.say(", ".join(said) if self._hosts else "")
        why = "" if self._hosts else NOBODY
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


def _curves(bundles: Sequence[Bundle]) -> list[object]:
    """The curves alone: what is expected comes and goes without a new value."""
    return [strand.curve for bundle in bundles for strand in bundle.strands]
