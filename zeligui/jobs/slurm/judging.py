"""The state of a job of Slurm, from its row in the queue and the files that its wrapper writes."""

from __future__ import annotations

from dataclasses import replace

from zeligui.jobs.job import JobState, JobStatus
from zeligui.jobs.slurm.rows import Row, Sight, noted
from zeligui.jobs.verdicts import Facts, last_word, numbers

ELSEWHERE = "it belongs to another cluster, or to a machine"
CANCELED_THERE = "canceled at the cluster, not from here"

_WAITING = {
    "PENDING": "",
    "CONFIGURING": "its node is being made ready",
    "REQUEUED": "queued anew",
    "REQUEUE_HOLD": "queued anew, and held: `scontrol release` lets it go",
    "REQUEUE_FED": "queued anew",
    "SPECIAL_EXIT": "queued anew, and held: `scontrol release` lets it go",
    "RESV_DEL_HOLD": "held: its reservation is gone",
}
_RUNNING = {"RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT", "RESIZING"}
_STOPPED = {"SUSPENDED", "STOPPED"}
_LOST = {
    "TIMEOUT": "its time limit was reached: ask for more, or take a partition that allows more",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it took more memory than it had asked for",
    "PREEMPTED": "it had to make room for another job",
    "DEADLINE": "its deadline had passed",
    "BOOT_FAIL": "its node did not start",
    "REVOKED": "another cluster took it",
}
_NO_FAULT = {"NODE_FAIL", "PREEMPTED", "BOOT_FAIL"}
_HOPELESS = {
    "PartitionConfig": "the partition does not have what it asks for: ask for less, or take another partition",
    "BadConstraints": "no node has what it asks for: ask for fewer processors or less memory",
    "PartitionTimeLimit": "it asks for more time than the partition allows: ask for less, or take another partition",
    "PartitionNodeLimit": "it asks for more nodes than the partition allows",
    "PartitionDown": "the partition is down",
    "PartitionInactive": "the partition is inactive",
    "InvalidAccount": "its account is not known there: set SBATCH_ACCOUNT in the login's environment",
    "InvalidQOS": "its quality of service is not known there",
    "JobHeldUser": "held by a user: `scontrol release` lets it go",
    "JobHeldAdmin": "held by an administrator",
    "launch failed requeued held": "it could not be launched: `scontrol release` lets it go again",
}
_NOT_THERE, _NO_WRAPPER = 90, 91
"""With these the batch script ends before the job begins."""


def judge(attempt: str, sight: Sight) -> JobStatus | None:
    """The state of one attempt; None where it is certainly not known any more."""
    facts, row = sight.facts[attempt], sight.rows.get(attempt)
    match facts.claim:
        case ["tomb", "canceled", *_]:
            return JobStatus(JobState.CANCELED, "canceled before it was prepared")
        case ["tomb", *_]:
            return None
        case ["claim", _, boot, cluster, *_]:
            if (boot, cluster, facts.owner) != (sight.here.boot, sight.here.namespace, sight.here.key):
                return JobStatus(None, ELSEWHERE)
            return _judged(facts, row, unknown=attempt in sight.unknown)
    return JobStatus(None, "its claim cannot be read")


def _judged(facts: Facts, row: Row | None, *, unknown: bool) -> JobStatus:
    """What is written down counts, but where Slurm has begun the job anew since."""
    row = row or noted(facts.files.get("slurm", ""))
    written = last_word(facts)
    if written and not (row and anew(facts, row)):
        return _completed(written, facts, row)
    if row:
        return _queued(facts, row)
    if "native" not in facts.files:
        return JobStatus(JobState.NEW, "it was not handed to Slurm")
    return _forgotten(facts) if unknown else JobStatus(None, "Slurm did not name it")


def anew(facts: Facts, row: Row) -> bool:
    """Whether what is written down is of an earlier run, before Slurm queued the job again."""
    run = numbers(facts.files.get("run", ""), 1)[0]
    return run is not None and row.restarts > run


def _completed(written: JobStatus, facts: Facts, row: Row | None) -> JobStatus:
    """What the wrapper wrote, with what only Slurm knows: why there was a signal."""
    if row is None or written.state is not JobState.FAILED or written.signal is None:
        return written
    if row.state in _RUNNING and written.signal in {"SIGTERM", "SIGKILL"}:
        return JobStatus(JobState.RUNNING, "ending", started=written.started)
    if row.state == "CANCELLED" and "cancel" not in facts.files:
        return replace(written, state=JobState.CANCELED, detail=CANCELED_THERE)
    return replace(written, detail=_LOST.get(row.state, written.detail), lost=row.state in _NO_FAULT)


def _queued(facts: Facts, row: Row) -> JobStatus:
    started = numbers(facts.files.get("pid", ""), 3)[2] or row.started
    if row.state in _WAITING:
        return _waiting(facts, row)
    if row.state in _STOPPED or (row.state in _RUNNING and "suspended" in facts.files):
        words = "stopped; it keeps its processors" if row.state != "SUSPENDED" else ""
        return JobStatus(JobState.SUSPENDED, words, started=started)
    if row.state in _RUNNING:
        detail = "ending" if row.state == "COMPLETING" else "being canceled" if "cancel" in facts.files else ""
        return JobStatus(JobState.RUNNING, detail or (f"on {row.nodes}" if row.nodes else ""), started=started)
    return _over(facts, row, started)


def _waiting(facts: Facts, row: Row) -> JobStatus:
    if "go.pending" in facts.files:
        return JobStatus(JobState.NEW)
    words = _WAITING[row.state] or _HOPELESS.get(row.reason) or ""
    if row.restarts and row.state == "PENDING" and not words:
        words = "queued anew by Slurm"
    reason = "" if row.reason in {"None", ""} else row.reason
    return JobStatus(JobState.PENDING, f"Pending: {reason}" + (f" ({words})" if words else "") if reason else words)


def _over(facts: Facts, row: Row, started: float | None) -> JobStatus:
    """It is over for Slurm, and its wrapper wrote nothing: it was ended together with the job, or never began."""
    code, number = (row.status >> 8) & 0xFF, row.status & 0x7F
    over = JobStatus(JobState.FAILED, started=started, ended=row.ended)
    if "cancel" in facts.files or row.state == "CANCELLED":
        return replace(over, state=JobState.CANCELED, detail="" if "cancel" in facts.files else CANCELED_THERE)
    if row.state in _LOST:
        return replace(over, detail=_LOST[row.state], lost=row.state in _NO_FAULT)
    if "wrapper" not in facts.files and (number or code in {_NOT_THERE, _NO_WRAPPER}):
        return replace(over, detail=_never_began(row, code), started=None)
    if number:
        name = signal_name(number)
        return replace(over, signal=name, detail=f"ended by {name}")
    return replace(over, state=JobState.DONE if code == 0 else JobState.FAILED, exit_code=code)


def _never_began(row: Row, code: int) -> str:
    where = row.nodes or "its node"
    if code == _NOT_THERE:
        return f"its directory is not seen on {where}: the home folder must be shared by all nodes"
    if code == _NO_WRAPPER:
        return f"{where} has neither python3 nor perl"
    return f"{where} could not start it ({row.reason})"


def _forgotten(facts: Facts) -> JobStatus:
    started = numbers(facts.files.get("pid", ""), 3)[2]
    if "cancel" in facts.files:
        return JobStatus(JobState.CANCELED, started=started)
    if "pid" in facts.files:
        return JobStatus(JobState.FAILED, "exit unknown: Slurm does not know it any more", started=started)
    return JobStatus(JobState.FAILED, "certainly not started: Slurm does not know it any more")


def signal_name(number: int) -> str:
    """A signal by its name on Linux, where the nodes are."""
    from signal import Signals

    try:
        return Signals(number).name
    except ValueError:
        return f"SIG{number}"
