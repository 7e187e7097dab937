"""Forecasts: what a value costs, how far off they are, their live cost, beside the last value and NWS's rule."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from zeligui.contract.columns import Numbers
from zeligui.grid.forecasting.evaluation import OURS, PEER, evaluate
from zeligui.grid.forecasting.forecaster import Forecaster
from zeligui.grid.forecasting.nws import NwsRule
from zeligui.grid.forecasting.recording import read_recording
from zeligui.grid.forecasting.rows import EVERY
from zeligui.grid.measurements import Measurements

NAB = Path(__file__).resolve().parent.parent / "tests" / "data" / "nab"
SERIES = 1000
BEGUN = 600
TIMED = 100
HOSTS = 10_000
PERIOD_S = 5.0


def main() -> None:
    """Print the cost of a value over 1,000 series, the errors over recorded host load, and the cost of live use."""
    _cost()
    _accuracy()
    _live()
    _one_host()


def _cost() -> None:
    """All series take a value at once, as all hosts of a grid do; the first 600 columns fill every memory."""
    series = _loads(SERIES, BEGUN + TIMED)
    forecaster, rule, last = Forecaster(SERIES), NwsRule(SERIES), _Last(SERIES)
    for column in series[:BEGUN]:
        forecaster.learn(column)
    ours = theirs = simplest = 0.0
    for column in series[BEGUN:]:
        theirs += _seconds(partial(rule.learn, EVERY, forecaster.said, column))
        ours += _seconds(partial(forecaster.learn, column))
        simplest += _seconds(partial(last.learn, column))
    value = 1e6 / (SERIES * TIMED)
    print(
        f"forecast  1,000 series, all methods and the choice: {ours * value:.1f} us a value, with NWS's rule beside it "
        f"{(ours + theirs) * value:.1f} us (wanted: at most 60); the last value and its error "
        f"{simplest * value:.3f} us; {ours / simplest:.0f} times that"
    )


def _accuracy() -> None:
    found = {file.stem: evaluate(read_recording(file).values).methods for file in sorted(NAB.glob("*.csv"))}
    for name, methods in found.items():
        ours, theirs, last = (methods[one].mae for one in (OURS, PEER, "last value"))
        print(
            f"forecast  {name}: {ours:.4f}; NWS's rule {theirs:.4f}, ratio {ours / theirs:.3f} (wanted: at most 1.02); "
            f"last value {last:.4f}, ratio {ours / last:.3f}"
        )
    total = sum(one[OURS].mae for one in found.values()) / sum(one[PEER].mae for one in found.values())
    print(f"forecast  summed error over {len(found)} series: ratio {total:.3f} to NWS's rule (wanted: at most 0.90)")


def _live() -> None:
    """10,000 hosts tell a value each five seconds, and a contract asks for the forecast of all."""
    store, rows = Measurements(), {f"node{number:05}": number for number in range(HOSTS)}
    values = _loads(HOSTS, 80)
    for _ in rows:
        store.add()

    def tell(place: int) -> None:
        for row, value in enumerate(values[place]):
            store.record(row, {"load1": float(value)}, place * PERIOD_S)

    def ask(function: str, place: int) -> float:
        view = store.view(rows, place * PERIOD_S, since=0.0)
        return _seconds(lambda: view.statistic(function, "load1", 30.0))

    for place in range(30):
        tell(place)
    tracemalloc.start()
    first = ask("forecast", 30)
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    forecasts, means = [], []
    for place in range(31, 80):
        tell(place)
        forecasts.append(ask("forecast", place))
        means.append(ask("avg", place))
    each, mean = float(np.median(forecasts)), float(np.median(means))
    print(
        f"forecast  10,000 hosts, a value each in 5 s, 30 s ahead: {each * 1e3:.0f} ms for all, "
        f"{each / PERIOD_S:.1%} of a core, {each / mean:.1f} times avg(); the first time {first:.2f} s; "
        f"{memory / HOSTS / 1024:.1f} KiB a host"
    )


def _one_host() -> None:
    """What a plot asks: sixty horizons of one host, after each value."""
    store = Measurements()
    row = store.add()
    horizons = [PERIOD_S * step for step in range(1, 61)]
    spent = []
    for place, value in enumerate(_loads(1, 400)[:, 0]):
        store.record(row, {"load1": float(value)}, place * PERIOD_S)
        spent.append(_seconds(lambda: store.forecast(row, "load1", horizons)))
    print(
        f"forecast  60 horizons of one host with a new value: {np.median(spent[200:]) * 1e3:.2f} ms (wanted: under 2)"
    )


class _Last:
    """The simplest forecaster: the last value, and its mean absolute error."""

    def __init__(self, rows: int) -> None:
        self.said, self.error = np.zeros(rows), np.zeros(rows)

    def learn(self, values: Numbers) -> None:
        self.error += 0.02 * (np.abs(values - self.said) - self.error)
        self.said = values


def _loads(rows: int, count: int) -> Numbers:
    """Columns of host load: walks that come back to a mean, with spikes. Shape (count, rows), the same at each call."""
    random = np.random.default_rng(1)
    level, columns = np.zeros(rows), np.empty((count, rows))
    for place in range(count):
        level = 0.9 * level + random.normal(0, 1, rows)
        columns[place] = np.abs(level) + 20 * (random.random(rows) < 0.02)
    return columns


def _seconds(work: Callable[[], object]) -> float:
    """Processor seconds: other things run on this machine too."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
