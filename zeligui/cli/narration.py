"""Events for people: a line in words each, or a live table on a terminal."""

from __future__ import annotations

import json
from collections import deque
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zeligui.experiment.run import words
from zeligui.experiment.state import ExperimentState, InstanceState

if TYPE_CHECKING:
    from zeligui.events import Event
    from zeligui.experiment.core import Core
    from zeligui.experiment.description import Experiment

SIGNS = {
    "matched": ("=", "cyan"),
    "placed": ("+", "cyan"),
    "running": (">", "green"),
    "violated": ("!", "yellow"),
    "recovered": ("~", "green"),
    "relocating": ("-", "yellow"),
    "relocated": (">", "green"),
    "degraded": ("v", "yellow"),
    "promoted": ("^", "green"),
    "held": ("#", "yellow"),
    "resumed": (">", "green"),
    "unverified": ("?", "yellow"),
    "verified": ("~", "green"),
    "lost": ("x", "red"),
    "restarted": ("<", "yellow"),
    "set_aside": ("x", "yellow"),
    "refused": ("x", "yellow"),
    "done": ("*", "green"),
    "failed": ("x", "red"),
    "canceled": ("x", "yellow"),
    "finished": ("*", "bold"),
}
"""A sign and a colour for each kind of event; neither is needed to understand the line."""
LINES = 12
"""How many of the last events stand below the live table."""


def json_line(event: Event) -> None:
    """Print an event as one line of JSON, if it is meant for others."""
    if event.public:
        print(json.dumps(event.as_json(), allow_nan=False), flush=True)


def narrate(event: Event) -> None:
    """Print an event as a line in words; the output of jobs as it came, with who said it."""
    if event.public:
        # No width: a line that goes into a file or a pipe is never wrapped.
        Console(soft_wrap=True, highlight=False).print(line(event))


def line(event: Event) -> Text:
    """The time, a sign, the kind, who and where, and the reason."""
    stamp = event.time.astimezone().strftime("%H:%M:%S")
    if event.event == "output":
        who = f"{event.instance} {event.data['stream']} | "
        text = "\n".join(who + one for one in event.data["text"].rstrip("\n").split("\n"))
        return Text(text, style="dim")
    sign, style = SIGNS.get(event.event, (" ", ""))
    said = Text(f"{stamp} {sign} ")
    said.append(f"{event.event:<13}", style=style)
    about = [
        f"#{event.instance}" if event.instance else "",
        event.host or "",
        f"[{event.profile}]" if event.profile else "",
    ]
    said.append(" ".join(filter(None, about)), style="bold")
    said.append(f"  {event.reason}")
    return said


class LiveTable(AbstractContextManager["LiveTable"]):
    """A table of the experiment's instances that follows its events, with the last of them below."""

    def __init__(self, core: Core, experiment: Experiment) -> None:
        self._core = core
        self._experiment = experiment
        self._state = ExperimentState(experiment.name)
        self._lines: deque[Text] = deque(maxlen=LINES)
        self._live = Live(self._drawn(), refresh_per_second=4, get_renderable=self._drawn)

    def __enter__(self) -> LiveTable:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def hear(self, event: Event) -> None:
        """Take in one more event."""
        from zeligui.experiment.state import apply

        self._state = apply(self._state, event)
        if event.public:
            self._lines.append(line(event))

    def _drawn(self) -> Group:
        table = Table(title=f"{self._experiment.name}: {self._standing()}")
        for column in ("Instance", "State", "Host", "Profile", "cpuAvail", "Free memory"):
            table.add_column(column)
        for instance in self._state.instances.values():
            table.add_row(*self._row(instance))
        return Group(table, *self._lines)

    def _standing(self) -> str:
        if self._state.finished is not None:
            return f"finished, {words(self._state.finished)}"
        return self._state.profile or "no profile in force"

    def _row(self, instance: InstanceState) -> list[str]:
        attempt = self._state.latest(instance.number)
        state = instance.outcome or ("held" if instance.held else attempt.phase.value if attempt else "waiting")
        if attempt is None:
            return [str(instance.number), state, "", "", "", ""]
        host = self._core.machines.host(attempt.host)
        values = host.values if host else {}
        cpu, memory = values.get("cpuAvail"), values.get("freeMemory")
        figures = [
            f"{cpu:.2f}" if isinstance(cpu, float) else "?",
            f"{memory:.0f} MB" if isinstance(memory, float) else "?",
        ]
        return [str(instance.number), state, attempt.host, attempt.profile or "", *figures]
