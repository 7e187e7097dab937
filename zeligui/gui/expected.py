"""What attributes are expected to be: asked for piece by piece, at most once a second, kept until then."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from zeligui.clock import Clock
from zeligui.gui.words import error_text, value_text

Numbers = NDArray[np.float64]

AT_ONCE_S = 0.002
"""How long the event loop is kept at a time."""
PAUSE = 10
"""A pause is so many times as long as what was asked before it took."""
LEAST_PAUSE_MS, LONGEST_PAUSE_MS = 10, 100
AGAIN_S = 1.0
"""Between two forecasts of the same."""
STEP = 1.25
"""How far forecasts reach, each so many times the one before."""
POINTS = 16
"""Of a forecast that is drawn."""
MOST = 1000
"""Forecasts that are kept."""


class Forecast(Protocol):
    """Values and expected absolute errors, one for each horizon, and which method gave them."""

    @property
    def values(self) -> Numbers: ...

    @property
    def errors(self) -> Numbers: ...

    @property
    def method(self) -> str: ...


Ask = Callable[[str, str, Sequence[float]], Forecast | None]
"""The forecast of a host's attribute, so many seconds ahead; None where too little is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What is expected from `made` (age clock) on: values with their expected errors at these times, each (n,)."""

    made: float
    times: Numbers
    values: Numbers
    errors: Numbers
    method: str

    @property
    def constant(self) -> bool:
        """Whether nothing else is expected than always the same."""
        return not self.errors.any() and bool((self.values == self.values[0]).all())

    def at(self, when: float) -> str:
        """What is expected then, in words; "" where that is not known."""
        if not len(self.times) or not self.made <= when <= self.times[-1] + 1e-6:
            return ""
        value, error = np.interp(when, self.times, self.values), np.interp(when, self.times, self.errors)
        return f"{value_text(float(value))} ± {error_text(float(error))}"


@dataclass(slots=True)
class _Kept:
    stamp: float
    asked: float
    found: Expected | None


_Key = tuple[str, str, tuple[float, ...]]


class Expectations(QObject):
    """Forecasts for all who show them. What is not known yet is asked for when there is time: then `came` tells."""

    came = Signal()
    failed = Signal(str, str)
    """What was done, and the details of the fault."""

    def __init__(self, ask: Ask, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ask = ask
        self._clock = clock
        self._kept: dict[_Key, _Kept] = {}
        self._drawn: dict[tuple[str, str], Expected] = {}
        """The last of each, for as long as another reach is asked for."""
        self._wanted: dict[_Key, float] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.catch_up)

    def until(self, host: str, attribute: str, stamp: float, seconds: float) -> Expected | None:
        """What is expected within so many seconds, as far as it is known; `stamp` is when the newest value was
        measured."""
        # in steps: a window that grows all the time must not ask for another forecast each time
        reach = STEP ** math.ceil(math.log(seconds) / math.log(STEP) - 1e-9)
        found = self._of((host, attribute, tuple((reach * np.arange(1, POINTS + 1) / POINTS).tolist())), stamp)
        if found is not None:
            self._drawn[host, attribute] = found
        return found or self._drawn.get((host, attribute))

    def then(self, host: str, attribute: str, stamp: float, seconds: float) -> Expected | None:
        """What is expected in so many seconds."""
        return self._of((host, attribute, (seconds,)), stamp)

    def catch_up(self) -> None:
        """Ask for what is wanted, for two milliseconds; the rest after a pause."""
        begun, new = time.perf_counter(), False
        while self._wanted and time.perf_counter() - begun < AT_ONCE_S:
            key = next(iter(self._wanted))
            stamp = self._wanted.pop(key)
            before = self._kept.pop(key, None)
            self._drawn.pop(key[:2], None)
            kept = self._kept[key] = _Kept(stamp, self._clock.patience(), self._asked(key))
            new = new or kept.found is not None or (before is not None and before.found is not None)
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        if self._wanted:
            took_ms = 1000 * (time.perf_counter() - begun)
            self._timer.start(min(LONGEST_PAUSE_MS, max(LEAST_PAUSE_MS, round(PAUSE * took_ms))))
        if new:
            self.came.emit()

    def _of(self, key: _Key, stamp: float) -> Expected | None:
        kept = self._kept.get(key)
        newer = kept is None or stamp > kept.stamp
        if newer and (kept is None or self._clock.patience() - kept.asked >= AGAIN_S):
            self._wanted[key] = stamp
            if not self._timer.isActive():
                self._timer.start(0)
        return kept.found if kept else None

    def _asked(self, key: _Key) -> Expected | None:
        host, attribute, horizons = key
        try:
            found = self._ask(host, attribute, horizons)
        except Exception:  # noqa: BLE001 - the edge of a timer: nobody else hears of a fault
            self.failed.emit("Forecast", traceback.format_exc())
            return None
        if found is None or not np.isfinite(found.values).all():
            return None
        made = self._clock.age()
        return Expected(made, made + np.array(horizons), found.values, np.nan_to_num(found.errors), found.method)
