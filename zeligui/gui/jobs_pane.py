"""The table of remote jobs: where each is, how it and its host do, what it uses, and what it said last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from zeligui.grid.hosts import natural
from zeligui.gui.filter_line import FilterLine
from zeligui.gui.icons import icon
from zeligui.gui.pane import Pane
from zeligui.gui.rows import Column, RowModel
from zeligui.gui.service_words import percent, service_words, staging_words
from zeligui.gui.views import Bars, Table, select
from zeligui.gui.words import count_of, full_time, local_time, memory, visible
from zeligui.session.snapshot import RemoteJob, Snapshot, Standing

STANDINGS = {
    Standing.WAITING: ("job-pending", "dim"),
    Standing.STARTING: ("job-pending", ""),
    Standing.RUNNING: ("job-running", "good"),
    Standing.VIOLATED: ("warning", "warn"),
    Standing.UNVERIFIED: ("question", "warn"),
    Standing.SUSPENDED: ("job-suspended", "warn"),
    Standing.MOVING: ("job-moving", "warn"),
    Standing.STOPPING: ("job-moving", "warn"),
    Standing.HELD: ("job-held", "warn"),
    Standing.DONE: ("job-done", "good"),
    Standing.FAILED: ("job-failed", "bad"),
    Standing.CANCELED: ("job-canceled", "dim"),
}
"""Icon and tone of each standing."""
SHOWN: Mapping[str, Callable[[RemoteJob], bool]] = {
    "All jobs": lambda job: True,
    "Not ended": lambda job: not job.standing.ended,
    "Ended": lambda job: job.standing.ended,
}
HOST_TONES = {"up": "", "stale": "warn", "unreachable": "bad", "refused": "bad", "not watched": "dim"}


class JobsPane(Pane):
    """Remote jobs; `selected` tells the key (experiment, instance) of the current one, None where none is."""

    selected = Signal(object)
    menu_asked = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Remote jobs", parent)
        self.model = RowModel(columns(), lambda job: job.key, self)
        self.view = Table("Remote jobs", self.model, (14, 19, 16, 13, 13, 11, 11, 9, 12, 26), self)
        self.view.setItemDelegateForColumn(1, Bars(lambda job: job.staging.share if job.staging else None, self.view))
        self.filter = FilterLine("jobs", "Job, state, host, service, profile or last line (Ctrl+F)", self)
        self.filter.line.setMinimumWidth(self.fontMetrics().averageCharWidth() * 46)
        self.which = QComboBox(self)
        self.which.addItems(list(SHOWN))
        self.which.setAccessibleName("Which jobs are shown")
        self.tools.addWidget(self.filter, 1)
        self.tools.addWidget(self.which)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.filter.changed.connect(lambda _: self._filter())
        self.filter.left.connect(self.view.setFocus)
        self.which.currentTextChanged.connect(lambda _: self._filter())
        self.model.counted.connect(self._count)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self.selected.emit(self.current))
        self.view.menu_asked.connect(self.menu_asked)

    @property
    def current(self) -> tuple[str, int] | None:
        """The key of the current job."""
        index = self.view.currentIndex()
        return self.model.key_at(index.row()) if index.isValid() else None

    @property
    def chosen(self) -> list[tuple[str, int]]:
        """The keys of all selected jobs, in the order shown."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [self.model.key_at(row) for row in rows]

    def select_job(self, key: tuple[str, int]) -> None:
        """Make this job the current one, where it is shown."""
        row = self.model.row_of(key)
        if row is not None:
            select(self.view, self.model.index(row, 0))

    def update_from(self, snapshot: Snapshot) -> None:
        self.model.show_rows(snapshot.jobs)
        self._count()
        if self.current is None and self.model.rowCount():
            self.select_job(self.model.key_at(0))

    def _filter(self) -> None:
        words = self.filter.text.casefold().split()
        fits = SHOWN[self.which.currentText()]
        if not words and self.which.currentIndex() == 0:
            self.model.filter(None)
        else:
            self.model.filter(lambda job: _holds(job, words) and fits(job))
        self._count()  # also where all fit

    def _count(self) -> None:
        shown, total = self.model.shown, self.model.total
        self.filter.say(shown, total)
        if shown:
            self.show_body()
        elif total:
            offers = [("Show &all jobs", self.show_all)]
            self.show_empty(f"None of {count_of(total, 'job')} is shown.", "The filter hides them.", offers)
        else:
            self.show_empty(
                "No job has been started yet.", "Open a contract or an experiment, then press Start.", picture="job"
            )

    def show_all(self) -> None:
        """Let no filter hide anything."""
        self.filter.line.clear()
        self.which.setCurrentIndex(0)
        self._filter()


def columns() -> Sequence[Column]:
    """What the table says of a job."""
    return (
        Column("Job", lambda job: visible(job.name), sort=lambda job: (natural(job.experiment), job.instance)),
        Column("State", _state, sort=lambda job: job.standing.value, tooltip=_state_words, icon=_icon, tone=_tone),
        Column("Host", lambda job: visible(job.host), sort=lambda job: natural(job.host), tooltip=_host_words),
        Column(
            "Service",
            lambda job: service_words(job.service),
            sort=lambda job: natural(job.service) if job.service else None,
            tooltip=lambda job: visible(job.service, 1000),
            accessible=lambda job: visible(job.service),
        ),
        Column("Host status", lambda job: job.host_status, tone=lambda job: HOST_TONES.get(job.host_status, "warn")),
        Column("Profile", lambda job: visible(job.profile)),
        Column(
            "Started",
            lambda job: local_time(job.started),
            sort=lambda job: job.started.timestamp() if job.started else None,
            tooltip=lambda job: full_time(job.started),
        ),
        Column("CPU", _cpu, sort=lambda job: job.cpu, tooltip=_cpu_words, numeric=True),
        Column("Memory", lambda job: memory(job.memory_mb), sort=lambda job: job.memory_mb, numeric=True),
        Column(
            "Last line of output", lambda job: visible(job.last_line), tooltip=lambda job: visible(job.last_line, 500)
        ),
    )


def _state(job: RemoteJob) -> str:
    if job.staging:
        return f"{job.standing.value} {percent(job.staging)}"
    return job.standing.value if job.driven else f"{job.standing.value}, left"


def _state_words(job: RemoteJob) -> str:
    left = "" if job.driven else "Nobody keeps it in its contract now: press Start to take it up."
    return "\n".join(filter(None, (job.standing.value, visible(job.detail, 1000), staging_words(job), left)))


def _icon(job: RemoteJob) -> QIcon:
    return icon(STANDINGS[job.standing][0])


def _tone(job: RemoteJob) -> str:
    return STANDINGS[job.standing][1]


def _host_words(job: RemoteJob) -> str:
    return "\n".join(filter(None, (visible(job.host), visible(job.service))))


def _cpu(job: RemoteJob) -> str:
    return "" if job.cpu is None else f"{job.cpu:.0%}".replace("%", " %")


def _cpu_words(job: RemoteJob) -> str:
    return "" if job.cpu_s is None else f"{job.cpu_s:.1f} s of processor time so far; 100 % is one processor."


def _holds(job: RemoteJob, words: Sequence[str]) -> bool:
    """Whether all words are in what the table says of a job."""
    text = (
        f"{job.experiment}/{job.instance}\0{job.standing.word}\0{job.host}\0{job.host_status}\0{job.profile}\0"
        f"{job.service}\0{job.last_line}"
    ).casefold()
    return all(word in text for word in words)
