"""What a poll finds to be due: preparations nobody committed, commits of which Slurm did not hear, and others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zeligui.jobs.slurm.judging import anew
from zeligui.jobs.slurm.rows import Row, Sight
from zeligui.jobs.verdicts import Facts, last_word, numbers

PATIENCE_S = 30.0
"""So long after its grace, a job that is canceled is left to its wrapper; then Slurm ends it."""

HEARD_S = 2.0
"""So long after it was handed over, Slurm has mostly heard that it was committed."""

Chore = tuple[str, str, str, str]
"""What, the attempt, Slurm's id of its job, and a text."""

_OVER = frozenset("COMPLETED CANCELLED FAILED TIMEOUT NODE_FAIL PREEMPTED BOOT_FAIL DEADLINE OUT_OF_MEMORY".split())


def doubtful(sight: Sight) -> Sequence[tuple[str, str]]:
    """Jobs that were handed to Slurm, have not ended as far as is written, and are not among its rows."""
    found = []
    for attempt, facts in sight.facts.items():
        if attempt in sight.rows or "native" not in facts.files or "slurm" in facts.files:
            continue
        if not last_word(facts) and facts.owner == sight.here.key:
            found.append((attempt, facts.files["native"]))
    return found


def due(sight: Sight, prepared_s: float) -> Sequence[Chore]:
    """All that is to be done now. Preparations of other masters count too: who made them may be dead."""
    chores: list[Chore] = []
    for attempt, row in sight.rows.items():
        facts = sight.facts.get(attempt)
        if _too_late(facts, row, sight.now, prepared_s):
            chores.append(("late", attempt, row.job, ""))
        if facts and facts.owner == sight.here.key:
            chores += _due(attempt, facts, row, sight.now)
    return chores


def _too_late(facts: Facts | None, row: Row, now: float, prepared_s: float) -> bool:
    """Whether it still waits for a commit. Of what was not asked for that is told by how Slurm keeps it back."""
    if row.state != "PENDING" or row.submitted is None or now - row.submitted < prepared_s:
        return False
    if facts is None:
        return row.reason == "BeginTime" and row.restarts == 0
    return "go" not in facts.files


def _due(attempt: str, facts: Facts, row: Row, now: float) -> Iterator[Chore]:
    if "native" not in facts.files and "native" not in facts.cut:
        yield "native", attempt, row.job, ""
    if "go" in facts.files and _unheard(row, now):
        yield "begin", attempt, row.job, ""
    written = last_word(facts)
    untold = written is None or written.signal is not None
    if untold and row.state in _OVER and "slurm" not in facts.files and "slurm" not in facts.cut:
        yield "note", attempt, row.job, row.note
    if row.state in {"RUNNING", "SUSPENDED", "STOPPED"} and _outlived(facts, now) and not anew(facts, row):
        yield "kill", attempt, row.job, ""


def _unheard(row: Row, now: float) -> bool:
    """Whether it waits as if nobody had committed it; Slurm is told of that a moment after it."""
    kept_back = row.state == "PENDING" and row.reason == "BeginTime" and row.restarts == 0
    return kept_back and row.submitted is not None and now - row.submitted > HEARD_S


def _outlived(facts: Facts, now: float) -> bool:
    grace, since = numbers(facts.files.get("grace", ""), 2)
    if "cancel" not in facts.files or grace is None or since is None:
        return False
    return now > since + grace / 100 + PATIENCE_S
