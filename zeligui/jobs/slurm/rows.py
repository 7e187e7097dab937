"""What Slurm says of jobs: the rows of its queue, and what a poll or a second look at them printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from zeligui.jobs.verdicts import Facts, Here
from zeligui.jobs.verdicts import read as read_files
from zeligui.links.slurm import moment, whole

MARK = "zeligrid:"
"""Stands in the comment of a job before its attempt's id, in that of an array before the array's own."""

_WIDTHS = {
    "JobArrayID": 24,
    "State": 20,
    "Reason": 80,
    "exit_code": 12,
    "RestartCnt": 8,
    "SubmitTime": 16,
    "StartTime": 16,
    "EndTime": 16,
    "NodeList": 40,
    "Comment": 64,
}
_JOB = re.compile(r"[0-9]+(_[0-9]+)?")
FIELDS = ",".join(f"{name}:{width}" for name, width in _WIDTHS.items())
"""What squeue is asked for: columns of fixed widths."""


@dataclass(frozen=True, slots=True)
class Row:
    """A job as Slurm knows it. `status` is a wait status, times are seconds since 1970, None where there is none."""

    job: str
    state: str
    reason: str = ""
    status: int = 0
    restarts: int = 0
    submitted: float | None = None
    started: float | None = None
    ended: float | None = None
    nodes: str = ""

    @property
    def note(self) -> str:
        """What of it is written down beside the job, for when Slurm has forgotten it."""
        times = (f"{time:.0f}" if time is not None else "-" for time in (self.started, self.ended))
        return " ".join([self.job, self.state, str(self.status), str(self.restarts), *times])


@dataclass(slots=True)
class Sight:
    """What a poll saw: whose jobs, when (seconds since 1970, by the cluster), the rows and files by attempt."""

    here: Here
    now: float
    rows: dict[str, Row]
    facts: dict[str, Facts]
    unknown: set[str] = field(default_factory=set)
    """Attempts whose jobs Slurm certainly does not know."""


def read(output: str) -> Sight | None:
    """Read what `poll` printed; None where Slurm did not answer. ValueError where it is not whole."""
    lines = output.splitlines()
    if lines and lines[-1] == "away":
        return None
    rows, files = lines.index("rows"), lines.index("files")
    word, _, now = lines[rows + 1].partition(" ")
    if word != "now":
        raise ValueError("it does not say when it was")
    here, facts = read_files([*lines[:rows], *lines[files + 1 :]])
    found = filter(None, map(row_of, lines[rows + 2 : files]))
    return Sight(here, float(now), _by_attempt(found, facts), facts)


def _by_attempt(found: Iterable[tuple[str, Row]], facts: Mapping[str, Facts]) -> dict[str, Row]:
    """Tasks of arrays are known by what was written down when they were handed over, else by their own id."""
    tasks = {known.files["sent"]: attempt for attempt, known in facts.items() if " " in known.files.get("sent", "")}
    rows = {}
    for mark, row in found:
        _, in_array, task = row.job.partition("_")
        rows[tasks.get(f"{mark} {task}", row.job) if in_array else mark] = row
    return rows


def read_again(output: str, sight: Sight) -> None:
    """Add what `confirm` printed. ValueError where it is not whole."""
    lines = output.splitlines()
    _, facts = read_files(lines)
    sight.facts.update(facts)
    sight.unknown.update(line.removeprefix("unknown ") for line in lines if line.startswith("unknown "))


def said_instead(output: str) -> str:
    """What squeue said where it had no rows to give."""
    return "\n".join(line for line in output.splitlines()[2:] if line != "away" and not line.startswith("now "))


def row_of(line: str) -> tuple[str, Row] | None:
    """What its comment says after the mark, and the row; None where the job is not one of ours, or it is garbled."""
    columns = _columns(line)
    mark, state, job = columns["Comment"], columns["State"], columns["JobArrayID"]
    if not mark.startswith(MARK) or not _JOB.fullmatch(job) or not state.replace("_", "").isalpha():
        return None
    row = Row(
        job,
        state,
        columns["Reason"],
        whole(columns["exit_code"]) or 0,
        whole(columns["RestartCnt"]) or 0,
        moment(columns["SubmitTime"]),
        moment(columns["StartTime"]),
        moment(columns["EndTime"]),
        columns["NodeList"],
    )
    return mark.removeprefix(MARK), row


def noted(text: str) -> Row | None:
    """The row that was written down beside a job; None where there is none."""
    words: Sequence[str] = text.split(" ")
    if len(words) != len(("job", "state", "status", "restarts", "started", "ended")):
        return None
    job, state, status, restarts, started, ended = words
    return Row(job, state, "", whole(status) or 0, whole(restarts) or 0, None, moment(started), moment(ended))


def _columns(line: str) -> dict[str, str]:
    columns, at = {}, 0
    for name, width in _WIDTHS.items():
        columns[name] = line[at : at + width].strip()
        at += width
    return columns
