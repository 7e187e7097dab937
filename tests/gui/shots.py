"""Plays the demo in a window that is drawn in memory, and takes its pictures.

`python -m tests.gui.shots FOLDER [dark] [WIDTHxHEIGHT] [NAME…]` keeps them in a folder: those of these names, or all.
With QT_SCALE_FACTOR=2 in the environment they are as of a fine screen.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.driving import User, run
from zeligui.gui.checkup_dialog import CheckupDialog
from zeligui.gui.configuration import ConfigurationDialog
from zeligui.gui.credentials_dialog import CredentialsDialog
from zeligui.gui.experiment_form import ExperimentDialog
from zeligui.gui.services_dialog import ServicesDialog

SIZE = QSize(1280, 800)
COLOURS = 256
"""As many fit into a palette, which makes a third of the file."""
SHADE = 0xF8F8F8
"""The parts of a colour that make it another shade."""
SMALLEST = 0  # of Qt's qualities of a PNG: as small as can be, and no worse
QUIET_S = 15.0
"""So long the machines are watched before anything happens: plots want a past."""
SETTLED_S = 12.0
SHOWN_S = 60.0
"""How much time the plots show."""
JOB = "demo/1"


class Camera:
    """Keeps pictures in a folder, `suffix` after their names; only those of `names`, where some are given."""

    def __init__(self, folder: Path, suffix: str, names: Collection[str]) -> None:
        self._folder = folder
        self._suffix = suffix
        self._names = names

    async def keep(self, widget: QWidget, name: str) -> None:
        """Take a picture of a widget, once it has been laid out."""
        if self._names and name not in self._names:
            return
        await asyncio.sleep(0.3)
        picture = with_palette(widget.grab().toImage())
        picture.save(str(self._folder / f"{name}-{self._suffix}.png"), quality=SMALLEST)


async def play(camera: Camera, size: QSize) -> None:
    """The first minute, with a picture of each thing worth one."""
    async with User.sits_down() as user:
        user.window.resize(size)
        await user.sees(user.window.jobs.empty.isVisible)
        await user.sees(lambda: "no machines" in user.why("Start"))
        await camera.keep(user.window, "first-start")
        await loads_the_jobs_machine(user)
        await camera.keep(user.window, "window")
        user.does("Why not this machine?")
        await camera.keep(await user.sees(lambda: user.shell.machines.explained), "why-not")
        user.does("Job services")
        services = await user.sees(lambda: user.dialog(ServicesDialog))
        await user.sees(lambda: all(line[0] == "answers" for line in user.rows(services.view)))
        await camera.keep(services, "services")
        services.ways.trigger()
        ways = await user.sees(lambda: user.dialog(CheckupDialog))
        await user.sees(lambda: user.rows(ways.view))
        await camera.keep(ways, "what-would-work")
        ways.close()
        services.close()
        user.does("Credentials")
        credentials = await user.sees(lambda: user.dialog(CredentialsDialog))
        await user.sees(credentials.fields["Stands for"].value.text)
        await camera.keep(credentials, "credentials")
        credentials.close()
        user.does("Configuration")
        configuration = await user.sees(lambda: user.dialog(ConfigurationDialog))
        configuration.pages.setCurrentIndex(2)
        await camera.keep(configuration, "configuration")
        configuration.reject()
        user.does("New experiment")
        form = await user.sees(lambda: user.dialog(ExperimentDialog))
        await camera.keep(form, "new-experiment")
        form.reject()
        runs = user.cell(user.window.jobs.view, JOB, 1) not in {"Done", "Failed", "Canceled"}
        await user.leaves("Stop 1 job" if runs else "")


async def loads_the_jobs_machine(user: User) -> None:
    """Start the demo's job, put load on its machine, and see it go; the machine is looked at, another one opened."""
    hosts, jobs = user.window.hosts, user.window.jobs
    user.window.plots.time.show_last(SHOWN_S)
    user.does("Try the demo grid")
    await user.sees(lambda: user.action("Start").isEnabled())
    user.does("Start")
    await user.sees(lambda: user.cell(jobs.view, JOB, 1) == "Running")
    await asyncio.sleep(QUIET_S)
    host = str(user.cell(jobs.view, JOB, 2))
    hosts.select_host(host)
    hosts.view.expand(hosts.model.index(hosts.model.rowCount() - 1, 0))
    hosts.view.setFocus()
    await user.sees(lambda: user.action("Put load on this machine").isEnabled())
    user.does("Put load on this machine")
    await user.sees(lambda: user.cell(jobs.view, JOB, 2) not in {host, "", None})
    await asyncio.sleep(SETTLED_S)


def with_palette(image: QImage) -> QImage:
    """The same picture in few colours: the most frequent of each shade, any other one as the nearest of them."""
    width, height = image.width(), image.height()
    bits = image.convertToFormat(QImage.Format.Format_RGB32).constBits()
    pixels = np.frombuffer(bits, np.uint32).reshape(height, width) & 0xFFFFFF
    colours, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    often = colours[np.argsort(-counts, kind="stable")]
    _, firsts = np.unique(often & SHADE, return_index=True)
    kept = often[np.sort(firsts)[:COLOURS]]
    distances = np.abs(parts(colours)[:, np.newaxis] - parts(kept)[np.newaxis]).sum(axis=-1)
    indexes = np.ascontiguousarray(distances.argmin(axis=1).astype(np.uint8)[places.reshape(height, width)])
    few = QImage(indexes.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    few.setColorTable([0xFF000000 | int(colour) for colour in kept])
    return few


def parts(colours: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Red, green and blue, of shape (n, 3)."""
    return np.stack([colours >> shift & 0xFF for shift in (16, 8, 0)], axis=-1).astype(np.int64)


def dark() -> QPalette:
    """Fusion's own colours in the dark; the platform that draws in memory has no dark theme."""
    ground, text, off = QColor(50, 50, 50), QColor(240, 240, 240), QColor(130, 130, 130)
    palette = QPalette(
        text, ground, ground.lighter(150), ground.darker(150), ground.darker(130), text, ground.darker(140)
    )
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette.setColor(role.Highlight, QColor(48, 140, 198))
    palette.setColor(role.HighlightedText, text)
    palette.setColor(role.PlaceholderText, QColor(240, 240, 240, 128))
    for one in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group.Disabled, one, off)
    return palette


def main() -> None:
    """Take all pictures in one palette."""
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    sized = [word for word in words if re.fullmatch("[0-9]+x[0-9]+", word)]
    size = QSize(*map(int, sized[0].split("x"))) if sized else SIZE
    names = {*words} - {*sized, "dark"}
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication(["zeligrid"])
    application.setStyle("Fusion")
    if "dark" in words:
        application.setPalette(dark())
    camera = Camera(folder, "dark" if "dark" in words else "light", names)
    with tempfile.TemporaryDirectory(prefix="zeligrid-shots-") as home:
        os.environ |= {"ZELIGRID_HOME": home, "HOME": home}
        run(application, play(camera, size))


if __name__ == "__main__":
    main()
