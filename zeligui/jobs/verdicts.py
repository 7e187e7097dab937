"""What an attempt's state files and processes add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from zeligui.jobs.job import JobState, JobStatus
from zeligui.jobs.scripts import Machine

FENCED = "ended by its wrapper: no poll came within the fence time"
WRONG_MACHINE = "wrong machine"
REBOOTED = "host rebooted"


@dataclass(frozen=True, slots=True)
class Here:
    """Which machine answered: the key of its job directories, its boot id, its pid namespace."""

    key: str
    boot: str
    namespace: str


@dataclass(slots=True)
class Facts:
    """What is known of one attempt: whose directory, its claim, its state files, the names of those that are cut."""

    owner: str
    claim: list[str]
    files: dict[str, str] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    use: list[str] | None = None
    """The leader's process state and the wrapper's, `-` where gone; ticks and pages of all processes."""


def statuses(output: str, machine: Machine) -> Mapping[str, JobStatus]:
    """Read what `find_all` printed. ValueError where it is not whole."""
    here, facts = read(output.splitlines())
    judged = {attempt: judge(known, here, machine) for attempt, known in facts.items()}
    return {attempt: status for attempt, status in judged.items() if status}


def read(lines: Iterable[str]) -> tuple[Here, dict[str, Facts]]:
    """Which machine spoke, and what it said of each attempt. ValueError where it did not say which it is."""
    here, known, now = None, {}, Facts("", [])
    for line in lines:
        word, *rest = line.split(" ")
        if word == "machine":
            here = Here(*rest)
        elif word == "job":
            known[rest[0]] = now = Facts(rest[1], rest[2:])
        elif word == "file":
            now.files[rest[0]] = " ".join(rest[1:])
        elif word == "cut":
            now.cut.add(rest[0])
        elif word == "use" and rest[0] in known:
            known[rest[0]].use = rest[1:]
    if here is None:
        raise ValueError("the machine did not say which it is")
    return here, known


def judge(facts: Facts, here: Here, machine: Machine) -> JobStatus | None:
    """The state of one attempt; None where it is certainly not known any more."""
    match facts.claim:
        case ["tomb", "canceled", *_]:
            return JobStatus(JobState.CANCELED, "canceled before it was prepared")
        case ["tomb", *_]:
            return None
        case ["claim", _, boot, namespace, *_]:
            return last_word(facts) or _elsewhere(facts, here, boot, namespace) or _alive(facts, machine)
    return JobStatus(None, "its claim cannot be read")


def last_word(facts: Facts) -> JobStatus | None:
    """What the files alone say, where they hold a last word."""
    verdicts = [name for name in (*facts.files, *facts.cut) if name.startswith("exit.") and name != "exit.pending"]
    if verdicts:
        return _ended(facts, verdicts[0])
    if "go.canceled" in facts.files:
        return JobStatus(JobState.CANCELED, "canceled before it was started")
    if "go.late" in facts.files:
        return JobStatus(JobState.FAILED, "certainly not started: its preparation ended without a commit")
    return None


def _ended(facts: Facts, name: str) -> JobStatus:
    if name in facts.cut:
        return JobStatus(None, "its last state cannot be read")
    how = name.removeprefix("exit.")
    code = int(how) if how.isdigit() else None
    signal = f"SIG{how[3:]}" if how.startswith("sig") else None
    state, detail = JobState.DONE if code == 0 else JobState.FAILED, facts.files.get("limits", "")
    if signal:
        detail = f"ended by {signal}" + (f" ({detail})" if detail else "")
    elif how == "error":
        detail = facts.files.get("reason", "") or "it could not be started"
    if "fenced" in facts.files:
        state, detail = JobState.FAILED, FENCED
    if "cancel" in facts.files:
        state, detail = JobState.CANCELED, ""
    ended, cpu_s, memory_mb = numbers(facts.files.get("usage", ""), 3)
    started = numbers(facts.files.get("pid", ""), 3)[2]
    return JobStatus(state, detail, code, signal, started, ended, cpu_s, memory_mb)


def _elsewhere(facts: Facts, here: Here, boot: str, namespace: str) -> JobStatus | None:
    """Processes are judged only on the machine of the claim, since it was booted."""
    if facts.owner != here.key:
        return JobStatus(None, WRONG_MACHINE)
    if boot != here.boot:
        return JobStatus(JobState.CANCELED if "cancel" in facts.files else JobState.FAILED, REBOOTED)
    return JobStatus(None, WRONG_MACHINE) if namespace != here.namespace else None


def _alive(facts: Facts, machine: Machine) -> JobStatus:
    if facts.use is None:
        return JobStatus(None, "it changed while it was looked at")
    leader, wrapper, ticks, pages = facts.use
    if leader != "-":
        return _running(facts, leader, wrapper, float(ticks) / machine.ticks, float(pages) * machine.page / 1e6)
    started = numbers(facts.files.get("pid", ""), 3)[2]
    if wrapper != "-":
        if "pid" in facts.files:
            return JobStatus(JobState.RUNNING, "ending", started=started)
        return JobStatus(JobState.PENDING, "starting") if "go" in facts.files else JobStatus(JobState.NEW)
    return _gone(facts, started)


def _running(facts: Facts, leader: str, wrapper: str, cpu_s: float, memory_mb: float) -> JobStatus:
    stopped = leader == "T"
    state = JobState.SUSPENDED if stopped or "suspended" in facts.files else JobState.RUNNING
    details = [
        "orphaned" if wrapper == "-" else "",
        "stopped by a signal" if stopped and "suspended" not in facts.files else "",
        "being canceled" if "cancel" in facts.files else "",
        facts.files.get("limits", ""),
    ]
    started = numbers(facts.files.get("pid", ""), 3)[2]
    detail = ", ".join(filter(None, details))
    return JobStatus(state, detail, started=started, cpu_s=cpu_s, memory_mb=memory_mb)


def _gone(facts: Facts, started: float | None) -> JobStatus:
    """Neither the job nor its wrapper runs, and nothing was recorded."""
    if "cancel" in facts.files:
        return JobStatus(JobState.CANCELED, started=started)
    if "pid" in facts.files:
        return JobStatus(JobState.FAILED, "exit unknown: the job and its wrapper are gone", started=started)
    if "wrapper" not in facts.files:
        return JobStatus(JobState.NEW, "its wrapper has not been started")
    return JobStatus(JobState.FAILED, "its wrapper was ended before the job was started")


def numbers(text: str, count: int) -> list[float | None]:
    """The numbers of a state file, None for each that is missing."""
    found: list[float | None] = [None] * count
    for place, word in enumerate(text.split()[:count]):
        with suppress(ValueError):
            found[place] = float(word)
    return found
