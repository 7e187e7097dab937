"""Garbage is collected in the thread of the window alone, and in pieces that nobody notices."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from zeligui.gui.heap import give_back, make_room_for_names

SWEEP_S = 5.0
"""Between two sweeps of what is new, where that is little."""
SOON_S = 1.0
"""Between two of them at least, where it is much."""
YOUNG_S = 0.01
"""What such a sweep shall take: after one that took longer, the next comes sooner, and finds less."""
SURVIVED_S = 0.03
"""After so much of it, what survived is looked at again, which takes as long once more: what lives as long as a dialog
is open, or a job runs, would else be taken for old, and stay until everything is swept."""
WHOLE_S = 20.0
"""Between two sweeps of everything at least. What waits for one meanwhile makes the process larger for good."""
BRIEF_S = 0.05
"""What takes no longer is not noticed, and may be done as often as that: some hosts and jobs take 0.02 s."""
SHARE = 5000.0
"""What is beyond that takes this part of the time at most: with 10,000 hosts and jobs, that take 0.15 s, one is due in
eight minutes; one that takes a little longer than usual is put off by little."""
ELSEWHERE_S = 120.0
"""Between two of them while the user is elsewhere, however long they take."""


class Sweeper(QObject):
    """Collects every few seconds what has become garbage of all that is new, now and then of everything.

    What is there at the beginning, modules above all, stays for good and is left out. Python must not collect by itself
    (`gc.disable`): it would in whatever thread is at work, and end Qt's objects there.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._whole = self._took = self._survived = 0.0
        self._pause = SWEEP_S
        make_room_for_names()
        objects = len(gc.get_objects())
        self.sweep_all()
        self._each = self._took / objects
        gc.freeze()
        self._took = 0.0  # from now on it goes through less
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.sweep)
        self._timer.start(round(1e3 * SWEEP_S))

    def sweep(self) -> None:
        """Collect what is new, what has survived that, or all, as it is due."""
        if self._is_whole_due():
            self.sweep_all()
            give_back()
        elif self._survived >= SURVIVED_S:
            _seconds_of_collecting(1)
            self._survived = 0.0
        else:
            young = _seconds_of_collecting(0)
            self._survived += young
            self._pause = min(SWEEP_S, max(SOON_S, self._pause * YOUNG_S / max(young, 1e-6)))
            self._timer.setInterval(round(1e3 * self._pause))

    def sweep_all(self) -> None:
        """Collect all that is garbage."""
        self._took = _seconds_of_collecting(2)
        self._whole = time.monotonic()
        self._survived = 0.0

    def _is_whole_due(self) -> bool:
        passed = time.monotonic() - self._whole
        if QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive and passed >= ELSEWHERE_S:
            return True
        if passed < _whole_pause(self._took):
            return False
        self._took = self._each * len(gc.get_objects())  # as it would now: much may have come since the last
        return passed >= _whole_pause(self._took)


def _whole_pause(took: float) -> float:
    return max(WHOLE_S, SHARE * (took - BRIEF_S))


def _seconds_of_collecting(generation: int) -> float:
    """Collect it, and those that are younger."""
    begun = time.thread_time()
    gc.collect(generation)
    return time.thread_time() - begun
