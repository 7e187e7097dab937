"""The desktop application: one window a home, over a session, on one event loop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from pathlib import Path
from typing import Any

import qasync
from PySide6.QtCore import QCoreApplication, QSettings, QSocketNotifier, Qt
from PySide6.QtWidgets import QApplication

from zeligui import __version__
from zeligui.clock import SystemClock
from zeligui.desk import Desk, address
from zeligui.errors import UsageError
from zeligui.gui.heap import keep_tidy
from zeligui.gui.shell import Shell
from zeligui.gui.sweeping import Sweeper
from zeligui.gui.timers import LaterCall, Timers
from zeligui.settings import Home, Settings, load

WINDOW = "window"
"""The kind of desk at which the window takes files that a second start is to open."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""At these the window is closed in order, and jobs are left: Ctrl+C, the end of a session, a terminal that has gone."""
QUIT_S = 60.0
"""How long jobs may take to be stopped, and all else to be closed."""


def main(home: Home, files: Sequence[Path] = (), *, demo: bool = False, nodes: int = 4) -> int:
    """Open the window and run until it is closed. UsageError where another one took the desk meanwhile."""
    desk = Desk(address(WINDOW, home.folder))
    keep_tidy()
    gc.disable()  # the window's Sweeper does it
    log = _open_log(home)
    application = QApplication.instance() or _application()
    loop = EventLoop(application)
    asyncio.set_event_loop(loop)
    try:
        with loop:
            loop.run_until_complete(run(home, files, desk=desk, demo=demo, nodes=nodes))
    finally:
        asyncio.set_event_loop(None)
        desk.close()
        logging.getLogger().removeHandler(log)
        log.close()
    return 0


class EventLoop(qasync.QEventLoop):  # type: ignore[misc]
    """Qt's event loop, as asyncio's. qasync itself keeps what was cancelled until its time would have come."""

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self.timers = Timers()

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Call it after `delay` seconds, in the order of the calls where that is 0."""
        if delay <= 0:
            at_once: asyncio.Handle = super().call_later(delay, callback, *args, context=context)
            return at_once
        call = LaterCall(self.timers, callback, args, self, context)
        self.timers.wait(call, delay)
        return call

    def close(self) -> None:
        self.timers.stop()
        super().close()


async def run(home: Home, files: Sequence[Path], *, desk: Desk, demo: bool = False, nodes: int = 4) -> None:
    """The life of one window: shown at once, then filled; closed when the user has said what becomes of the jobs."""
    settings, trouble = _settings(home)
    shell = Shell(home, settings, SystemClock(), store_of(home))
    _catch_faults(shell)
    _leave_at_signals(shell)
    bell = QSocketNotifier(desk.fileno(), QSocketNotifier.Type.Read, shell.window)
    bell.activated.connect(lambda: desk.answer(lambda request: _asked(shell, request)))
    try:
        shell.window.show()
        if trouble:
            shell.work.report("Read the settings", trouble)
        await shell.open(files, demo=demo, nodes=nodes)
        Sweeper(shell.window)
        await shell.until_closed()
    finally:
        bell.setEnabled(False)
        sys.excepthook = sys.__excepthook__
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIT_S):
                await shell.close()


def _leave_at_signals(shell: Shell) -> None:
    """What was to be ignored, as nohup and shells in the background arrange, stays so."""
    for each in SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(each, shell.leave)


def _settings(home: Home) -> tuple[Settings, UsageError | None]:
    """The settings; the defaults, and why, where their file is not right: who double-clicks sees no terminal."""
    try:
        return load(home), None
    except UsageError as error:
        error.hint = f"The defaults hold until it is right. {error.hint}".strip()
        return Settings(), error


def _asked(shell: Shell, request: Any) -> dict[str, Any]:
    """A second start wishes the window to come forward and open files."""
    if request.get("do") != "open":
        raise UsageError("The window does not know what is asked of it.")
    if token := str(request.get("token", "")):
        os.environ["XDG_ACTIVATION_TOKEN"] = token  # Wayland lets nobody come forward without one
    shell.window.come_forward()
    for name in request.get("files", []):
        shell.open_later(Path(str(name)))
    if request.get("demo"):
        shell.window.actions_["demo"].trigger()
    return {"done": True}


def _application() -> QApplication:
    QCoreApplication.setOrganizationName("ZeliGrid")
    QCoreApplication.setApplicationName("zeligrid")
    QCoreApplication.setApplicationVersion(__version__)
    QApplication.setDesktopFileName("zeligrid")
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication(["zeligrid"])
    application.setQuitOnLastWindowClosed(False)
    return application


def store_of(home: Home) -> QSettings:
    """Where looks are kept: beside the settings of this home."""
    return QSettings(str(home.settings_file.with_name("window.ini")), QSettings.Format.IniFormat)


def _catch_faults(shell: Shell) -> None:
    """What nobody caught is shown once, and ends nothing."""

    def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        shell.work.fault("the window", "".join(traceback.format_exception(kind, error, trace)))

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        details = "".join(traceback.format_exception(error)) if error else str(context.get("message"))
        shell.work.fault(str(context.get("message", "in the background")), details)

    sys.excepthook = hook
    asyncio.get_running_loop().set_exception_handler(handle)


def _open_log(home: Home) -> logging.Handler:
    home.log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = logging.FileHandler(home.log_file, encoding="utf-8", errors="backslashreplace", delay=True)
    log.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    log.setLevel(logging.WARNING)
    logging.getLogger().addHandler(log)
    return log
