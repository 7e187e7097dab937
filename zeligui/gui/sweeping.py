"""Garbage is collected in the thread of the window alone, and in pieces that nobody notices."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from zeligui.gui.heap import give_back, make_room_for_names

SWEEP_MS = 5_000
YOUNG = 4
"""Every so many sweeps what survived the last ones is looked at again: what lives as long as a dialog is open, or a job
runs, would else be taken for old, and stay until everything is swept."""
WHOLE_S = 20.0
"""Between two sweeps of everything at least. What waits for one meanwhile makes the process larger for good."""
BRIEF_S = 0.05
"""What takes no longer is not noticed, and may be done as often as that: some hosts and jobs take 0.02 s."""
SHARE = 5000.0
"""What is beyond that takes this part of the time at most: with 10,000 hosts and jobs, that take 0.2 s, one is due in
twelve minutes; one that took a little long for once, for this machine had much to do, puts the next off by little."""
ELSEWHERE_S = 120.0
"""Between two of them while the user is elsewhere, however long they take."""


class Sweeper(QObject):
    """Collects every few seconds what has become garbage of all that is new, now and then of everything.

    What is there at the beginning, modules above all, stays for good and is left out. Python must not collect by itself
    (`gc.disable`): it would in whatever thread is at work, and end Qt's objects there.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._whole = self._took = 0.0
        self._sweeps = 0
        make_room_for_names()
        self.sweep_all()
        gc.freeze()
        self._took = 0.0  # from now on it goes through less
        timer = QTimer(self)
        timer.setInterval(SWEEP_MS)
        timer.timeout.connect(self.sweep)
        timer.start()

    def sweep(self) -> None:
        """Collect what is new, or all where that is due."""
        passed = time.monotonic() - self._whole
        elsewhere = QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive
        pause = max(WHOLE_S, SHARE * (self._took - BRIEF_S))
        if passed >= pause or (elsewhere and passed >= ELSEWHERE_S):
            self.sweep_all()
            give_back()
        else:
            self._sweeps += 1
            gc.collect(0 if self._sweeps % YOUNG else 1)

    def sweep_all(self) -> None:
        """Collect all that is garbage."""
        begun = time.thread_time()
        gc.collect()
        self._took = time.thread_time() - begun
        self._whole = time.monotonic()
