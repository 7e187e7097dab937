"""The program as a user has it: a process of its own on a real display with a window manager, keyboard and mouse."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gui.desktop import ROOT, Desktop, Program, desktop, started, told
from tests.servers import wait_until
from zeligui.experiment.lease import holder
from zeligui.settings import Home

pytestmark = pytest.mark.alone

READY_S = 60.0
ANOTHER = """
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication([])
window = QLabel("another program")
window.setWindowTitle("Another")
window.showMaximized()
application.exec()
"""


@pytest.fixture
def screen() -> Iterator[Desktop]:
    with desktop() as made:
        yield made


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "contracts" / "demo.contract", tmp_path / "mine.contract"))


@pytest.fixture
def grid_ends() -> Iterator[None]:
    """A grid that a test left goes with it."""
    yield
    if told("testbed", "show"):
        told("testbed", "down")


@pytest.mark.usefixtures("grid_ends")
def test_a_user_at_keyboard_and_mouse(screen: Desktop, contract: Path) -> None:
    """The demo, Start, a second start, leave, come back, stop."""
    with started("demo", desktop=screen) as program:
        window = screen.sees_window()
        assert screen.does("search", "--onlyvisible", "--class", "^zeligrid$").split() == [window], "StartupWMClass"
        start_job(screen, window)
        second_starts_come_forward(screen, window, contract)
        screen.presses("alt+F4")
        screen.sees_question(window)
        screen.presses("alt+l")  # Leave them running
        assert program.ended() == (0, "")
    assert str(contract) in Home.find().settings_file.with_name("window.ini").read_text(), "it was opened there"
    assert states() == {"Running"}
    assert len(told("testbed", "show")["nodes"]) == 4
    with started(desktop=screen) as program:
        window = screen.sees_window()
        wait_until(lambda: drives(program), "the job that was left is not taken up", limit_s=READY_S)
        screen.presses("ctrl+q")
        screen.sees_question(window)
        screen.presses("alt+s")  # Stop 1 job
        assert program.ended() == (0, "")
    assert states("--all") == {"Canceled"}
    assert told("testbed", "show") is None, "the grid goes with the last window that needs it"


def start_job(screen: Desktop, window: str) -> None:
    """By the menu, as soon as it can be: a click that opens it, the letter of Start."""

    def runs() -> bool:
        screen.clicks(window, 30, 12)
        screen.presses("s", "Escape")
        return states() == {"Running"}

    wait_until(runs, "the demo's job does not start", limit_s=READY_S)


def tries_the_demo(screen: Desktop) -> bool:
    """By the letter of what the empty window offers."""
    screen.presses("alt+d")
    return told("testbed", "show") is not None


def second_starts_come_forward(screen: Desktop, window: str, contract: Path) -> None:
    """Once where another program lies before the window, once where the window is minimised."""
    with another(screen):
        second_start(screen, contract)
        wait_until(lambda: screen.active == window, "the window has not come forward")
        screen.does("windowminimize", window)
        wait_until(lambda: window not in screen.windows(), "the window is not minimised")
        second_start(screen)
        wait_until(lambda: screen.active == window, "the window has not come back")


def second_start(screen: Desktop, *files: Path) -> None:
    with started(*map(str, files), desktop=screen) as program:
        assert program.ended() == (0, "ZeliGrid is open already; it has come forward.\n")


@contextmanager
def another(screen: Desktop) -> Iterator[None]:
    """Another program's window, before all others, and just used."""
    with subprocess.Popen([sys.executable, "-c", ANOTHER], env=screen.environment) as process:
        try:
            screen.clicks(screen.sees_window("^Another$"), 100, 100)
            yield
        finally:
            process.kill()


@pytest.mark.usefixtures("grid_ends")
def test_signals_close_it_in_order_and_leave_the_jobs(screen: Desktop) -> None:
    """Ctrl+C in its terminal; SIGTERM while it asks what becomes of the jobs."""
    with started(desktop=screen) as program:
        window = screen.sees_window()
        wait_until(lambda: tries_the_demo(screen), "the letter of what is offered does nothing", limit_s=READY_S)
        start_job(screen, window)
        program.interrupt()
        assert program.ended() == (0, "")
    assert states() == {"Running"}
    with started(desktop=screen) as program:
        window = screen.sees_window()
        wait_until(lambda: drives(program), "the job that was left is not taken up", limit_s=READY_S)
        screen.presses("alt+F4")
        screen.sees_question(window)
        program.process.terminate()
        assert program.ended() == (0, "")
    assert states() == {"Running"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_opens_closes_it_too(number: signal.Signals, screen: Desktop) -> None:
    with started(desktop=screen, command=(sys.executable, str(ROOT / "main.py"))) as program:
        screen.sees_window()
        program.process.send_signal(number)
        assert program.ended() == (0, "")


def test_a_display_that_does_not_answer_is_said_to() -> None:
    with started(more={"DISPLAY": ":59999"}) as program:
        status, said = program.ended()
    assert status == 2
    assert said.startswith("zeligrid: The window cannot be opened: the display :59999 does not answer.\n")


def test_without_a_display_it_says_so_and_what_can_be_done() -> None:
    with started() as program:
        status, said = program.ended()
    assert status == 2
    assert "there is no display" in said
    assert "`zeligrid --help`" in said


@pytest.mark.parametrize("display", ["", ":59999"])
def test_without_a_display_the_demo_is_played_on_the_terminal(display: str) -> None:
    with started("demo", more={"DISPLAY": display} if display else {}) as program:
        assert program.says().startswith("There is no window here, so the demo is played on the terminal: the")
        assert program.says().startswith("Starting 4 machines")
        program.interrupt()
        assert program.ended()[0] == 130


def drives(program: Program) -> bool:
    """Whether this process keeps the demo's job in its contract."""
    return f"process {program.process.pid} " in str(holder(Home.find().leases_folder, "demo"))


def states(*words: str) -> set[str]:
    """Of the jobs, as another process sees them; one that a busy machine made move is among `--all` more than once."""
    return {job["state"] for job in told("jobs", *words) or []}
