"""A plots pane, and histories and events made by hand for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import numpy as np
from PySide6.QtWidgets import QApplication

from tests.gui.snapshots import NOW, StillClock, contract, host, job, snapshot
from zeligui.events import Event
from zeligui.experiment.state import ExperimentState
from zeligui.gui.canvas import Canvas
from zeligui.gui.plot import Plot
from zeligui.gui.plots_pane import PlotsPane
from zeligui.session.snapshot import Snapshot

Numbers = np.ndarray
ON = {"a": "node1", "b": "node2"}
"""Where the attempts of the experiment are, by the letter of their ids."""


@contextmanager
def staged(application: QApplication) -> Iterator[Stage]:
    """A stage that leaves no widget behind."""
    made = Stage(application)
    yield made
    made.pane.close()
    made.pane.deleteLater()
    made.settle()


class Stage:
    """A pane, and all that it asks."""

    def __init__(self, application: QApplication) -> None:
        self.application = application
        self.clock = StillClock()
        self.values: dict[tuple[str, str], tuple[Numbers, Numbers]] = {}
        self.told: list[Event] = []
        self.asked = 0
        for name in ("node1", "node2"):
            self.measure(name, "cpuAvail", 0.9)
            self.measure(name, "freeMemory", 2000.0)
        self.pane = PlotsPane(self.history, lambda experiment: tuple(self.told), self.clock)
        self.pane.resize(480, 420)

    def measure(self, name: str, attribute: str, value: float, count: int = 300) -> None:
        times = NOW - np.arange(count)[::-1] * 2.0
        self.values[name, attribute.casefold()] = times, np.full(count, value)

    def history(self, name: str, attribute: str) -> tuple[Numbers, Numbers]:
        self.asked += 1
        return self.values.get((name, attribute.casefold()), (np.empty(0), np.empty(0)))

    def tell(self, kind: str, seconds_ago: float, name: str = "node1", attempt: str = "a" * 32) -> None:
        time = self.clock.now() - timedelta(seconds=seconds_ago)
        self.told.append(Event(kind, "pi", f"because of {kind}", attempt, 1, name, "profile1", time=time))

    def snapshot(self, on: str = "node1", profile: str = "profile1", **more: object) -> Snapshot:
        hosts = [host("node1"), host("node2")]
        placed = job(host=on)
        attempts = {letter * 32: replace(placed.attempt, id=letter * 32, host=name) for letter, name in ON.items()}
        state = ExperimentState("pi", run=1, profile=profile, attempts=attempts)
        opened = [contract(hosts, experiments=["pi"])]
        return replace(snapshot(hosts, [placed], opened, experiments={"pi": state}), **more)

    def shown(self, name: str = "node1", experiment: str | None = "pi", instance: int | None = None) -> PlotsPane:
        self.pane.look_at(name, experiment, instance)
        self.pane.update_from(self.snapshot())
        self.pane.warm_up()
        self.pane.show()
        self.settle()
        return self.pane

    def later(self, seconds: float = 2.0) -> None:
        """Time goes on, and a value of each attribute comes."""
        self.clock.time += seconds
        for key, (times, values) in self.values.items():
            self.values[key] = np.append(times[1:], self.clock.time), np.roll(values, -1)
        self.pane.refresh()

    def settle(self) -> None:
        for _ in range(4):
            self.application.sendPostedEvents()
            self.application.processEvents()

    @property
    def plots(self) -> list[Plot]:
        return [plot for plot in self.pane.findChildren(Plot) if plot.isVisibleTo(self.pane)]

    @property
    def first(self) -> Canvas:
        return self.plots[0].canvas

    @property
    def words(self) -> str:
        """What the empty state says."""
        return self.pane.empty._words.text() if self.pane.empty.isVisible() else ""
