"""`python painted.py zeligrid|bare`: opens a window, tells the time once it is painted, and ends at once."""

from __future__ import annotations

import os
import sys
import time
from typing import Any


def main() -> None:
    """ZeliGrid as its command starts it, or the least window that PySide6 can show."""
    if sys.argv[1] == "zeligrid":
        zeligrid()
    else:
        bare()


def zeligrid() -> None:
    import zeligui.app
    from zeligui.cli import main as command

    application: Any = zeligui.app
    made = application.Shell

    def shell(*given: Any) -> Any:
        one = made(*given)
        ends_when_painted(one.window)
        return one

    application.Shell = shell
    sys.exit(command([]))


def bare() -> None:
    from PySide6.QtWidgets import QApplication, QMainWindow

    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    ends_when_painted(window)
    window.show()
    application.exec()


def ends_when_painted(window: Any) -> None:
    """Once all that one painting paints is there, the machine's time is told and all is over."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint:
                QTimer.singleShot(0, tell)
            return False

    def tell() -> None:
        sys.stdout.write(f"{time.monotonic()}\n")
        sys.stdout.flush()
        os._exit(0)

    window.watch = Watch()
    window.installEventFilter(window.watch)


if __name__ == "__main__":
    main()
