"""Events for people: a line in words each, or a live table on a terminal."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zeligui.cli.common import clean
from zeligui.experiment.run import tally
from zeligui.experiment.state import ExperimentState, InstanceState, Phase

if TYPE_CHECKING:
    from zeligui.events import Event
    from zeligui.experiment.controller import Controller
    from zeligui.experiment.core import Core

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
    "checkpointed": ("o", "cyan"),
    "reported": (":", "cyan"),
    "suspended": ("|", "yellow"),
    "continued": (">", "green"),
    "done": ("*", "green"),
    "failed": ("x", "red"),
    "canceled": ("x", "yellow"),
    "finished": ("*", "bold"),
}
"""A sign and a colour for each kind of event; neither is needed to understand the line."""
FRAME = 8
"""Lines of a terminal that the live table takes besides its rows."""
PHASES = {Phase.INTENT: "starting", Phase.PREPARED: "starting", Phase.PLACED: "starting", Phase.ENDED: "stopped"}
COLUMNS = ("Instance", "State", "Host", "Profile", "cpuAvail", "Free memory")


def json_line(event: Event) -> None:
    """Print an event as one line of JSON, if it is meant for others."""
    if event.public:
        print(json.dumps(event.as_json(), allow_nan=False), flush=True)


def narrate(event: Event) -> None:
    """Print an event as a line in words; the output of jobs as it came, with who said it."""
    if not event.public:
        return
    if sys.stdout.isatty():
        Console(soft_wrap=True, highlight=False).print(line(event))
    else:
        print(line(event).plain, flush=True)


def line(event: Event) -> Text:
    """The time, a sign, the kind, who and where, and the reason."""
    stamp = event.time.astimezone().strftime("%H:%M:%S")
    if event.event == "output":
        who = f"{event.instance} {event.data['stream']} | "
        text = "\n".join(who + _plain(one) for one in event.data["text"].rstrip("\n").split("\n"))
        return Text(text, style="dim")
    sign, style = SIGNS.get(event.event, (" ", ""))
    said = Text(f"{stamp} {sign} ")
    said.append(f"{event.event:<13}", style=style)
    about = [
        f"#{event.instance}" if event.instance else "",
        clean(event.host or ""),
        f"[{event.profile}]" if event.profile else "",
    ]
    said.append(" ".join(filter(None, about)), style="bold")
    said.append(f"  {clean(event.reason)}")
    return said


def _plain(text: str) -> str:
    """A line of a job's output, its tabs kept, without signs that a terminal would obey."""
    return "\t".join(map(clean, text.removesuffix("\r").split("\t")))


class LiveTable(AbstractContextManager["LiveTable"]):
    """A table of the experiment's instances at the foot of the terminal; its events go by above it."""

    def __init__(self, core: Core, controller: Controller) -> None:
        self._core = core
        self._controller = controller
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, refresh_per_second=4, get_renderable=self._drawn)

    def __enter__(self) -> LiveTable:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def hear(self, event: Event) -> None:
        """Take in one more event."""
        if event.public:
            self._console.print(line(event))

    def _drawn(self) -> Table:
        state = self._controller.state
        shown = _most_telling(state, self._console.height - FRAME)
        hidden = len(state.instances) - len(shown)
        notes = [clean(state.held), f"and {hidden} more instances" if hidden else ""]
        title = Text(f"{state.name}: {_standing(state)}")
        table = Table(title=title, caption=Text("; ".join(filter(None, notes))))
        for column in COLUMNS:
            table.add_column(column, no_wrap=True)
        for instance in shown:
            table.add_row(*(Text(cell) for cell in self._row(state, instance)))
        return table

    def _row(self, state: ExperimentState, instance: InstanceState) -> list[str]:
        attempt = state.latest(instance.number)
        if attempt is None:
            return [str(instance.number), "held" if instance.held else instance.outcome or "waiting"]
        standing = instance.outcome or ("held" if instance.held else PHASES.get(attempt.phase, attempt.phase.value))
        if (progress := self._core.staging.of(attempt.id)) is not None:
            standing = f"files {int(progress.share * 100)}%"  # all of them only at the end
        host = self._core.machines.host(attempt.host)
        values = host.values if host else {}
        cpu, memory = values.get("cpuAvail"), values.get("freeMemory")
        figures = [
            f"{cpu:.2f}" if isinstance(cpu, float) else "?",
            f"{memory:.0f} MB" if isinstance(memory, float) else "?",
        ]
        return [str(instance.number), standing, clean(attempt.host), attempt.profile or "", *figures]


def _most_telling(state: ExperimentState, room: int) -> list[InstanceState]:
    """As many instances as there is room for, by number; those that have ended give way first."""
    chosen = sorted(state.instances.values(), key=lambda instance: (bool(instance.outcome), instance.number))
    return sorted(chosen[: max(1, room)], key=lambda instance: instance.number)


def _standing(state: ExperimentState) -> str:
    if state.finished is not None:
        return f"finished, {tally(state.finished)}"
    return state.profile or "no profile in force"
