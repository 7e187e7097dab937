"""The facts of a job: what is known of it, as text to be read and copied."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QScrollArea, QWidget

from zeligui.experiment.description import Experiment
from zeligui.gui.service_words import staging_words
from zeligui.gui.words import full_time, memory, visible
from zeligui.session.snapshot import RemoteJob, Snapshot

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Known:
    """A job, with what a snapshot knows around it; `experiment` where its file is open."""

    job: RemoteJob
    identity: str = ""
    file: str = ""
    experiment: Experiment | None = None

    @classmethod
    def of(cls, job: RemoteJob, snapshot: Snapshot | None) -> Known:
        """What this snapshot knows."""
        if snapshot is None:
            return cls(job)
        host, state = snapshot.hosts.get(job.host), snapshot.experiments.get(job.experiment)
        opened = (one for contract in snapshot.contracts for one in contract.experiments)
        found = next((one.experiment for one in opened if one.name == job.experiment and one.experiment), None)
        return cls(job, host.identity if host else "", state.file if state else "", found)


def _of_attempt(name: str) -> Callable[[Known], str]:
    """What the job's latest start has under this name."""

    def read(known: Known) -> str:
        value = getattr(known.job.attempt, name, None)
        return "" if value is None else visible(str(value), LONGEST)

    return read


def _state(known: Known) -> str:
    return ": ".join(filter(None, (known.job.standing.value, visible(known.job.detail, LONGEST))))


def _command(known: Known) -> str:
    if known.experiment is None:
        return ""
    return visible(shlex.join((known.experiment.job.executable, *known.experiment.job.arguments)), LONGEST)


def _results(known: Known) -> str:
    """As the experiment puts them (ARCHITECTURE.md): beside its file, by its name and the instance."""
    if known.experiment is None:
        return ""
    return visible(str(known.experiment.folder / "results" / known.job.experiment / str(known.job.instance)), LONGEST)


FACTS: Mapping[str, Callable[[Known], str]] = {
    "Job": lambda known: visible(known.job.name),
    "State": _state,
    "Host": lambda known: visible(known.job.host),
    "Job service": _of_attempt("service"),
    "Files": lambda known: staging_words(known.job),
    "Boot": lambda known: visible(known.identity),
    "Profile": lambda known: visible(known.job.profile),
    "Id": _of_attempt("id"),
    "Starts before": lambda known: str(known.job.attempt.restart or "") if known.job.attempt else "",
    "Started": lambda known: full_time(known.job.started),
    "Ended": lambda known: full_time(known.job.ended),
    "Exit code": _of_attempt("exit_code"),
    "Signal": _of_attempt("signal"),
    "Command line": _command,
    "Processors asked": lambda known: f"{known.job.attempt.cpus:g}" if known.job.attempt else "",
    "Memory asked": lambda known: memory(known.job.attempt.memory_mb or None) if known.job.attempt else "",
    "Experiment file": lambda known: visible(known.file, LONGEST),
    "Results": _results,
}


class Facts(QScrollArea):
    """A form of facts; those that are not known have no row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Facts")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        inside = QWidget(self)
        self._form = QFormLayout(inside)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self._texts = {name: self._row(name) for name in FACTS}
        self.setWidget(inside)

    def show_known(self, known: Known | None) -> None:
        """Show what is known; a text that stays the same stays selected."""
        for name, read in FACTS.items():
            text, label = read(known) if known else "", self._texts[name]
            if text != label.text():
                label.setText(text)
            self._form.setRowVisible(label, bool(text))

    def text(self, name: str) -> str:
        """What stands beside a name; empty where it is not known."""
        return self._texts[name].text()

    def _row(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        label.setAccessibleName(name)
        self._form.addRow(f"{name}:", label)
        return label
