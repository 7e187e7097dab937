"""Measures the machine it runs on: one JSON line a period on standard output, until that is gone.

    sensor.py [PERIOD [COUNT]]

A line is {"stamp": unix time, "identity": "boot id:pid namespace", "named": whether $ZELIGRID_HOSTNAME gave the name,
"values": {attribute: value}, "jobs": {id: {"cpu_s", "memory_mb", "runnable"}}}, in the contract language's own units.
Machine-wide figures are read in $ZELIGRID_PROC (/proc, also for files that are absent there), processes in /proc.
Python 3.6 and its standard library are all it needs. To a watched machine it is sent as one file: all modules of this
folder one after another, without the lines that import one from another.
"""

# time, not a Clock: this runs where nothing of ours is.

import os
import select
import sys
import time

from zeligui.sensor.cards import Cards
from zeligui.sensor.jobs import Jobs
from zeligui.sensor.machine import constant_values, disk, identity, loads, memory
from zeligui.sensor.people import People
from zeligui.sensor.processors import Processors
from zeligui.sensor.reading import json_text

STEP_S = 0.31  # between samples; no divisor of a second, so that work done every second is not always met or missed
FIRST_S = 0.5
ACCOUNT_S = 60.0  # what probing costs is told as if it had run for so long at least

NAMED = bool(os.environ.get("ZELIGRID_HOSTNAME"))


def main(arguments: "list[str]") -> int:
    """Measure until nobody listens, or COUNT times."""
    period = float(arguments[0]) if arguments else 2.0
    left = int(arguments[1]) if len(arguments) > 1 else -1
    listener = Listener(1)
    sensor = Sensor()
    end = time.monotonic() + min(FIRST_S, period)
    while left:
        sensor.sample()
        now = time.monotonic()
        if now + STEP_S / 2 < end:
            if listener.gone(min(STEP_S, end - now)):
                break
            continue
        if listener.gone(max(0.0, end - now)) or not listener.tell(sensor.measurement()):
            break
        left -= 1
        end = max(end, time.monotonic() - period) + period
    sensor.end()
    return 0


class Listener:
    """Who reads the lines."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, 0)  # errors and hang-ups alone, which are always told

    def gone(self, seconds: float) -> bool:
        """Wait; True at once when nobody can read any more."""
        return bool(self._poll.poll(seconds * 1000))

    def tell(self, measurement: "dict[str, object]") -> bool:
        """Write one line whole; False when nobody can read it."""
        data = (json_text(measurement) + "\n").encode("ascii")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except BrokenPipeError:
            return False
        return True


class Sensor:
    """Samples of the current period, and what does not change."""

    def __init__(self) -> None:
        self.jobs = Jobs(os.environ.get("ZELIGRID_PROC", ""))
        self._processors = Processors()
        self._people = People()
        self._cards = Cards()
        self._constant = constant_values()
        self._identity = identity()
        self._begun = time.monotonic()
        self._samples = 0

    def sample(self) -> None:
        """Count what wants a processor now."""
        self._samples += 1
        self._processors.sample()
        self.jobs.sample()

    def measurement(self) -> "dict[str, object]":
        """What the samples since the last measurement say."""
        samples = max(1, self._samples)
        self._samples = 0
        values = dict(self._constant)
        processors, people, cards = self._processors.values(), self._people.values(), self._cards.values()
        for figures_of in (loads(), memory(), disk(), processors, people, cards):
            values.update(figures_of)
        values["probeCost"] = self.cost()
        measurement = {"stamp": round(time.time(), 3), "identity": self._identity, "named": NAMED, "values": values}
        measurement["jobs"] = self.jobs.report(samples)
        return measurement

    def cost(self) -> float:
        """The share of one processor that spinning and nvidia-smi have used since the start."""
        used_s = self._processors.spin.cost_s + self._cards.cost_s
        return round(used_s / max(ACCOUNT_S, time.monotonic() - self._begun), 5)

    def end(self) -> None:
        """Leave no child behind."""
        self._cards.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
