"""What a test of the window leaves behind is found; and timers are safe with the Qt that is installed."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from tests.gui.conftest import let_keys_go, remains, windows
from tests.gui.driving import run

TICKS = """
import sys
from PySide6.QtCore import QCoreApplication, QObject, QTimer

class Clock(QObject):
    left = 20_000
    def timerEvent(self, event):
        self.left -= 1
        if not self.left:
            app.quit()

app, clock = QCoreApplication(sys.argv), Clock()
clock.startTimer(0)
app.exec()
print(clock.left)
"""


def test_a_window_a_timer_and_a_task_that_are_left_are_named(qapp: QApplication) -> None:
    before = set(windows())

    async def leave() -> set[str]:
        dialog, timer = QDialog(windowTitle="About"), QTimer(interval=70)
        timer.start()
        asleep = asyncio.create_task(asyncio.sleep(60), name="Sleep")
        await asyncio.sleep(0)
        found = set(remains(before))
        timer.stop()
        asleep.cancel()
        dialog.deleteLater()
        return found

    found = run(qapp, leave())
    assert {"window QDialog About", "timer of 70 ms, of None", "task Sleep"} <= found
    assert set(remains(before)) == set()


def test_no_key_stays_held(qapp: QApplication) -> None:
    held = Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(QWidget(), Qt.Key.Key_A, held)
    assert QApplication.keyboardModifiers() == held, "else nothing has to be let go"
    let_keys_go()
    assert QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier


def test_twenty_thousand_ticks_of_a_timer_do_no_harm() -> None:
    """PySide6 6.12 loses references to None at each, which ends Python 3.11 after some hundreds."""
    done = subprocess.run([sys.executable, "-c", TICKS], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr
