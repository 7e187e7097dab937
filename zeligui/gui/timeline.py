"""What happened to a job, and why: the events of one instance, with those of its whole experiment."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from zeligui.events import Event
from zeligui.gui.event_words import of_kind, reason, said
from zeligui.gui.icons import icon
from zeligui.gui.newest_last import newest_in_sight
from zeligui.gui.rows import Column, RowModel
from zeligui.gui.views import Table
from zeligui.gui.words import full_time, local_time, visible

COLUMNS = (
    Column(
        "Time",
        lambda event: local_time(event.time),
        sort=lambda event: event.sequence,
        tooltip=lambda event: full_time(event.time),
    ),
    Column(
        "What",
        said,
        tooltip=lambda event: f"{said(event)}\n{full_time(event.time)}",
        icon=lambda event: icon(of_kind(event.event).picture),
        tone=lambda event: of_kind(event.event).tone,
    ),
    Column("Why", reason, tooltip=lambda event: reason(event, 2000)),
    Column("Host", lambda event: visible(event.host or "")),
    Column("Profile", lambda event: visible(event.profile or "")),
)


class Timeline(QWidget):
    """A table of events, the newest last and in sight, until the user looks further up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RowModel(COLUMNS, lambda event: event.sequence, self)
        self.view = Table("Timeline", self.model, (11, 28, 40, 16, 12), self)
        self._shown: tuple[int | None, int, int] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def show_events(self, events: Sequence[Event], instance: int | None) -> None:
        """Show those of this instance and those of all; None shows nothing."""
        shown = instance, len(events), events[-1].sequence if events else 0
        if shown == self._shown:
            return
        if self._shown is None or self._shown[0] != instance:
            self.model.show_rows(())
        self._shown = shown
        with newest_in_sight(self.view, self.model):
            self.model.show_rows([event for event in events if _concerns(event, instance)])


def _concerns(event: Event, instance: int | None) -> bool:
    return instance is not None and event.event != "output" and event.instance in {None, instance}
