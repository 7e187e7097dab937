"""What is done with plots: save them as a picture, and their values as CSV."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from zeligui.clock import Clock
from zeligui.gui.dialogs import answer, confirm
from zeligui.gui.plots_pane import NOBODY
from zeligui.gui.window import MainWindow
from zeligui.gui.words import visible
from zeligui.gui.work import Work
from zeligui.links.calls import call
from zeligui.writing import write_whole

PICTURES, VALUES = "Pictures (*.png)", "Values (*.csv)"


class PlotDeeds:
    """The actions about plots, and why they cannot be done now."""

    def __init__(self, window: MainWindow, work: Work, clock: Clock) -> None:
        self._window = window
        self._work = work
        self._clock = clock
        self._folder = Path.home()
        window.actions_.connect(
            {
                "save_picture": lambda: work.do("Save the plots", self.save_picture),
                "save_values": lambda: work.do("Save plotted values", self.save_values),
            }
        )
        window.plots.export.offer([window.actions_["save_picture"], window.actions_["save_values"]])

    def why_not(self) -> str:
        """Why nothing can be saved now."""
        return "" if self._window.plots.shown else NOBODY

    async def save_picture(self) -> None:
        """Save what is seen now; what comes while the file is chosen is not in it."""
        from zeligui.gui.plot_picture import picture_of, png

        image = picture_of(self._window.plots)
        if image is not None:
            await self._save("Save plots as picture", PICTURES, ".png", lambda: png(image))

    async def save_values(self) -> None:
        """Save the values of all hosts and attributes that are seen now."""
        from zeligui.gui.plot_picture import csv_of

        shown = self._window.plots.shown
        if shown is not None:
            await self._save("Save plotted values", VALUES, ".csv", lambda: csv_of(shown))

    async def _save(self, title: str, kind: str, ending: str, content: Callable[[], bytes]) -> None:
        name = f"{_fit(self._window.plots.lead)}-{self._clock.now().astimezone():%Y%m%d-%H%M%S}{ending}"
        dialog = QFileDialog(self._window, title, str(self._folder / name), kind)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # asked below, without a loop of its own
        dialog.setDefaultSuffix(ending)
        if not await answer(dialog) or not (chosen := dialog.selectedFiles()):
            return
        file = Path(chosen[0])
        if await call(file.exists):
            words = "What is in it is lost."
            if not await confirm(self._window, "Replace the file?", "Replace", [str(file)], words=words):
                return
        self._folder = file.parent
        await call(lambda: write_whole(file, content()))
        self._window.say(f"Saved {visible(str(file), 100)}.")


def _fit(host: str) -> str:
    """A host's name as a part of a file's."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", host)[:60].lstrip(".") or "plots"
