"""What sources say is taken over: which machine it is of, what of it is new, and what of it counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from zeligui.clock import Clock
from zeligui.contract.columns import Numbers
from zeligui.grid.arrival import Arrival
from zeligui.grid.hosts import Measurement, Value
from zeligui.grid.measurements import Measurements
from zeligui.grid.roster import WAY, Feed, Machine, Roster, folded
from zeligui.grid.series import NOBODY
from zeligui.grid.survey import Survey, picked
from zeligui.grid.trail import Trails


class Intake:
    """`labels` are what the user says of hosts, by their names in small letters."""

    def __init__(
        self,
        clock: Clock,
        roster: Roster,
        measurements: Measurements,
        trails: Trails[Machine],
        labels: Mapping[str, Mapping[str, Value]],
    ) -> None:
        self.labels = labels
        self._clock = clock
        self._roster = roster
        self._measurements = measurements
        self._trails = trails

    def machine_of(self, feed: Feed, measurement: Measurement) -> Machine:
        """The machine that a measurement speaks of, with what the user says of it."""
        machine = self._roster.machine_of(
            feed, measurement.host, identity=measurement.identity, addresses=measurement.addresses
        )
        self.label(machine)
        return machine

    def label(self, machine: Machine) -> None:
        """Take over what the user says of it."""
        self._measurements.reach(self._roster.rows)
        if given := self.labels.get(machine.name.casefold()):
            self._measurements.label(machine.row, given)

    def one(self, machine: Machine, feed: Feed, measurement: Measurement) -> Arrival | None:
        """Take over what is new; of a source that does not lead, what the leading one does not give."""
        now, told = self._clock.age(), machine.told[feed]
        measured = told.freshness.measured(measurement.stamp, now)
        until = float("inf") if measurement.valid_s is None else now + measurement.valid_s
        if not measurement.values.keys() <= WAY:
            told.until, told.missing = until, False
        if measured is None:
            return None
        names, values = machine.gets(feed, measurement.values), measurement.values
        if machine.leader is feed:
            self._trails.add(machine, measurement.jobs, measured)
            if not names <= WAY:
                machine.measured(measured)
        else:
            taken = machine.told[machine.leader].given
            values = {name: value for name, value in values.items() if name.casefold() not in taken}
        keeper = feed.order if measurement.stands else NOBODY
        if measurement.stands and told.standing is not None and told.standing is not measurement:
            self._measurements.release(machine.row, keeper, told.standing.values.keys() - measurement.values.keys())
        told.standing = measurement if measurement.stands else told.standing
        attributes = self._measurements.record(machine.row, values, measured, until=until, keeper=keeper)
        if not attributes:
            return None
        return Arrival(machine.name, True, attributes, values, measured, feed.url, machine.addresses)

    def many(self, feed: Feed, survey: Survey) -> tuple[Taken, list[int]]:
        """Take over a survey as far as no other source, nor the user, speaks of the hosts.

        What is new comes back, and the places of the other hosts, which are to be taken one by one.
        """
        machines = self._roster.machines_of(feed, survey.hosts, survey.addresses)
        self._measurements.reach(self._roster.rows)
        alone = [len(one.feeds) == 1 and one.name.casefold() not in self.labels for one in machines]
        now, given = self._clock.age(), folded(tuple(survey.values))
        until = now + survey.valid_s
        came: list[_Came] = []
        stamps, ends = survey.stamps.tolist(), until.tolist()
        for place, (machine, stamp, end) in enumerate(zip(machines, stamps, ends, strict=True)):
            if not alone[place]:
                continue
            told = machine.told[feed]
            told.until, told.missing = end, False
            measured = told.freshness.measured(stamp, now)
            if measured is not None:
                told.gets(given)
                machine.measured(measured)
                came.append(_Came(place, machine, measured))
        return self._recorded(survey, came, until), [place for place, is_alone in enumerate(alone) if not is_alone]

    def _recorded(self, survey: Survey, came: Sequence[_Came], until: Numbers) -> Taken:
        """Where something newer is known of a host, it is entered by itself: each attribute has its own time."""
        rows = np.array([machine.row for _, machine, _ in came], np.intp)
        places = np.array([place for place, _, _ in came], np.intp)
        measured = np.array([time for _, _, time in came])
        newer = self._measurements.are_newer(rows, measured)
        attributes: dict[int, frozenset[str]] = {}
        for at in np.flatnonzero(~newer).tolist():
            place, machine, time = came[at]
            values, end = survey.measurement(place).values, float(until[place])
            attributes[place] = self._measurements.record(machine.row, values, time, until=end)
        if newer.any():
            kept = places[newer]
            columns = {name: picked(column, kept) for name, column in survey.values.items()}
            names = self._measurements.record_many(rows[newer], columns, measured[newer], until[kept])
            attributes |= dict.fromkeys(kept.tolist(), names)
        return Taken(survey, came, attributes)


class _Came(NamedTuple):
    """What a survey says anew of a machine: its place there, and when it was measured (age clock)."""

    place: int
    machine: Machine
    measured: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over of a survey."""

    _survey: Survey
    _came: Sequence[_Came]
    _attributes: Mapping[int, frozenset[str]]

    @property
    def machines(self) -> list[tuple[Machine, bool]]:
        """The machines that it speaks of anew, and whether any of it is newer than what was known."""
        return [(machine, bool(self._attributes[place])) for place, machine, _ in self._came]

    def arrivals(self) -> Iterator[Arrival]:
        """What there is to tell of it."""
        rows, source = tuple(self._survey.rows()), self._survey.source
        for place, machine, measured in self._came:
            if names := self._attributes[place]:
                yield Arrival(machine.name, True, names, rows[place], measured, source, machine.addresses)
