"""What each kind of event is called, how it is pictured, and whether it is good news: the one place that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zeligui.events import Event
from zeligui.gui.words import visible

VIOLATIONS = "Violations"
MOVES = "Starts and moves"
ENDS = "Job ends"
OUTPUT = "Output"
MESSAGES = "Messages"
GROUPS = (VIOLATIONS, MOVES, ENDS, OUTPUT, MESSAGES)
"""What can be shown or hidden together."""


@dataclass(frozen=True, slots=True)
class EventWords:
    """`place` is how the words read on to the event's host: "moved to"; empty where the host adds nothing."""

    picture: str
    words: str
    tone: str = ""
    group: str = MOVES
    place: str = ""


KINDS: Mapping[str, EventWords] = {
    "matched": EventWords("search-hosts", "hosts found"),
    "placed": EventWords("job-pending", "started", place="started on"),
    "running": EventWords("job-running", "running", "good", place="running on"),
    "violated": EventWords("warning", "contract violated", "warn", VIOLATIONS, "violated on"),
    "recovered": EventWords("job-running", "contract holds again", "good", VIOLATIONS, "holds again on"),
    "unverified": EventWords("host-stale", "host not verified", "warn", VIOLATIONS, "cannot verify"),
    "verified": EventWords("host-up", "host verified again", "good", VIOLATIONS, "verified again:"),
    "lost": EventWords("host-down", "host lost", "bad", VIOLATIONS, "lost"),
    "relocating": EventWords("job-moving", "leaving its host", "warn", place="leaving"),
    "relocated": EventWords("job-moving", "moved", "good", place="moved to"),
    "degraded": EventWords("profile", "lesser profile", "warn"),
    "promoted": EventWords("profile", "better profile", "good"),
    "held": EventWords("job-held", "held", "warn"),
    "resumed": EventWords("resume", "goes on", "good", place="goes on, on"),
    "suspended": EventWords("job-suspended", "suspended", "warn", place="suspended on"),
    "continued": EventWords("resume", "continued", "good", place="continued on"),
    "refused": EventWords("job-failed", "refused", "warn", place="refused by"),
    "checkpointed": EventWords("copy", "checkpoint fetched", place="checkpoint from"),
    "set_aside": EventWords("host-locked", "host set aside", "warn", place="set aside:"),
    "restarted": EventWords("refresh", "begins anew", "warn"),
    "done": EventWords("job-done", "done", "good", ENDS, "done on"),
    "failed": EventWords("job-failed", "failed", "bad", ENDS, "failed on"),
    "canceled": EventWords("job-canceled", "canceled", "dim", ENDS, "canceled on"),
    "finished": EventWords("experiment", "experiment finished", "", ENDS),
    "output": EventWords("output", "printed", "dim", OUTPUT),
    "reported": EventWords("information", "reported", "", OUTPUT, "reported from"),
}
"""Every public kind of event."""


def of_kind(kind: str) -> EventWords:
    """The words of a kind; of one that a newer release made, its own name."""
    return KINDS.get(kind) or EventWords("information", visible(kind.replace("_", " ")))


def said(event: Event) -> str:
    """The kind in words, with the host where it belongs: "moved to node2.grid"."""
    about = of_kind(event.event)
    return f"{about.place} {visible(event.host)}" if about.place and event.host else about.words


def reason(event: Event, longest: int = 300) -> str:
    """Why, on one line; of output, the end of what was printed."""
    if event.event == "output":
        return visible(str(event.data.get("text", "")).strip()[-longest:], longest)
    return visible(event.reason, longest)
