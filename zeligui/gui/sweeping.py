"""Garbage is collected in the thread of the window alone, and in pieces that nobody notices."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

SWEEP_MS = 5_000
WHOLE_S = 120.0
"""Between two sweeps of everything at least, while the user is elsewhere."""
LATEST_S = 1800.0
"""The same, at most: whatever the user does."""


class Sweeper(QObject):
    """Collects every few seconds what has become garbage of all that is new; what stays is left out from then on.

    With 10,000 hosts and as many jobs, looking through everything takes 0.2 s, through what is new 10 ms. Everything is
    looked through while the user is elsewhere, and once in half an hour. Python must not collect by itself
    (`gc.disable`): it would in whatever thread is at work, and end Qt's objects there.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._whole = time.monotonic()
        gc.collect()
        gc.freeze()
        timer = QTimer(self)
        timer.setInterval(SWEEP_MS)
        timer.timeout.connect(self.sweep)
        timer.start()

    def sweep(self) -> None:
        """Collect now."""
        now = time.monotonic()
        elsewhere = QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive
        if now - self._whole > (WHOLE_S if elsewhere else LATEST_S):
            self._whole = now
            gc.unfreeze()
        gc.collect()
        gc.freeze()
