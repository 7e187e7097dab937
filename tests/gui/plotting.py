"""A plots pane, and histories and events made by hand for it."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from PySide6.QtWidgets import QApplication

from tests.gui.snapshots import NOW, StillClock, contract, host, job, snapshot
from zeligui.events import Event
from zeligui.experiment.state import ExperimentState
from zeligui.gui.canvas import Canvas
from zeligui.gui.expected import Expectations
from zeligui.gui.plot import Plot
from zeligui.gui.plot_past import Archive
from zeligui.gui.plots_pane import PlotsPane
from zeligui.session.snapshot import Snapshot

Numbers = np.ndarray
ON = {"a": "node1", "b": "node2"}
"""Where the attempts of the experiment are, by the letter of their ids."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """A forecast: always the same."""

    value: float
    error: float
    method: str = "sw_avg"
    count: int = 1

    def over(self, count: int) -> Foretold:
        return replace(self, count=count)

    @property
    def values(self) -> Numbers:
        return np.full(self.count, self.value)

    @property
    def errors(self) -> Numbers:
        return np.full(self.count, self.error)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the history has of an attribute."""

    times: Numbers
    values: Numbers
    low: Numbers
    high: Numbers

    def between(self, since: float, until: float) -> Stored:
        inside = (self.times >= since) & (self.times <= until)
        return Stored(*(one[inside] for one in (self.times, self.values, self.low, self.high)))


NOTHING = Stored(*(np.empty(0) for _ in range(4)))


@contextmanager
def staged(application: QApplication) -> Iterator[Stage]:
    """A stage that leaves no widget behind."""
    made = Stage(application)
    yield made
    for work in made.started:
        work.close()
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
        self.foretold: dict[tuple[str, str], Foretold] = {}
        self.foretelling = 0
        self.stored: dict[tuple[str, str], Stored] = {}
        self.reads: list[tuple[str, str, float, float]] = []
        self.started: list[Coroutine[Any, Any, object]] = []
        """What is to be done in the background, until `catch_up` does it."""
        expectations = Expectations(self.foretell, self.clock)
        archive = Archive(self.read, lambda doing, work: self.started.append(work))
        self.pane = PlotsPane(
            self.history, lambda _: tuple(self.told), self.clock, expectations=expectations, archive=archive
        )
        for owned in (expectations, archive):
            owned.setParent(self.pane)
        self.expectations = expectations
        self.pane.resize(480, 420)

    def measure(self, name: str, attribute: str, value: float, count: int = 300) -> None:
        times = NOW - np.arange(count)[::-1] * 2.0
        self.values[name, attribute.casefold()] = times, np.full(count, value)

    def history(self, name: str, attribute: str) -> tuple[Numbers, Numbers]:
        self.asked += 1
        return self.values.get((name, attribute.casefold()), (np.empty(0), np.empty(0)))

    def foretell(self, name: str, attribute: str, horizons_s: Sequence[float]) -> Foretold | None:
        self.foretelling += 1
        found = self.foretold.get((name, attribute.casefold()))
        return found and found.over(len(horizons_s))

    async def read(self, name: str, attribute: str, since: float, until: float) -> Stored:
        self.reads.append((name, attribute, since, until))
        return self.stored.get((name, attribute.casefold()), NOTHING).between(since, until)

    def store(self, name: str, attribute: str, value: float, *times: float, spread: float = 0.0) -> None:
        """Have values stored at these times, each of which stands for some around it."""
        values = np.full(len(times), value)
        self.stored[name, attribute.casefold()] = Stored(np.array(times), values, values - spread, values + spread)

    def catch_up(self) -> None:
        """Do what waits in the background, and ask for the forecasts that are wanted."""
        while self.started:
            with suppress(StopIteration):
                self.started.pop(0).send(None)
        while self.expectations._wanted:
            self.expectations.catch_up()
        self.pane.refresh()

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

    def shown(
        self,
        name: str = "node1",
        experiment: str | None = "pi",
        instance: int | None = None,
        beside: Sequence[str] = (),
    ) -> PlotsPane:
        self.pane.look_at(name, experiment, instance, beside=beside)
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
