"""The lines of the log: events of experiments and ZeliGrid's own messages, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from zeligui.events import Event
from zeligui.gui.event_words import MESSAGES, EventWords, of_kind, reason, said
from zeligui.gui.icons import icon
from zeligui.gui.rows import Column
from zeligui.gui.words import full_time, local_time, visible

OWN = {
    "message": EventWords("information", "message", "", MESSAGES),
    "information": EventWords("information", "message", "", MESSAGES),
    "question": EventWords("question", "question", "", MESSAGES),
    "warning": EventWords("warning", "warning", "warn", MESSAGES),
    "error": EventWords("error", "error", "bad", MESSAGES),
}
"""The kinds of ZeliGrid's own messages."""


class Message(NamedTuple):
    """Something ZeliGrid itself says."""

    kind: str
    text: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log; `number` rises from one to the next."""

    number: int
    told: Event | Message

    @property
    def about(self) -> EventWords:
        return of_kind(self.told.event) if isinstance(self.told, Event) else OWN.get(self.told.kind, OWN["message"])

    @property
    def who(self) -> str:
        """The job, or the experiment where it concerns all of its jobs."""
        if not isinstance(self.told, Event):
            return "ZeliGrid"
        job = f"/{self.told.instance}" if self.told.instance else ""
        return visible(self.told.experiment) + job

    @property
    def what(self) -> str:
        return said(self.told) if isinstance(self.told, Event) else self.about.words

    def why(self, longest: int = 300) -> str:
        """The reason, or the message."""
        return reason(self.told, longest) if isinstance(self.told, Event) else visible(self.told.text, longest)

    @property
    def searched(self) -> str:
        """All that a filter looks at."""
        host = self.told.host or "" if isinstance(self.told, Event) else ""
        kind = self.told.event if isinstance(self.told, Event) else self.told.kind
        return "\0".join((self.who, host, kind, self.what, self.why(2000))).casefold()


COLUMNS = (
    Column(
        "Time",
        lambda line: local_time(line.told.time),
        sort=lambda line: line.number,
        tooltip=lambda line: full_time(line.told.time),
    ),
    Column("Job", lambda line: line.who, tooltip=lambda line: line.who),
    Column(
        "What",
        lambda line: line.what,
        tooltip=lambda line: f"{line.what}\n{full_time(line.told.time)}",
        icon=lambda line: icon(line.about.picture),
        tone=lambda line: line.about.tone,
    ),
    Column("Why", lambda line: line.why(), tooltip=lambda line: line.why(2000)),
)
