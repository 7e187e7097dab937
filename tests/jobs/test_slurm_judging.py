"""What Slurm's rows and the files of its jobs add up to, judged without a cluster; and replies that are garbled."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import LinkError, Refused, SubmissionRefused, Unreachable
from zeligui.jobs.job import JobDescription, JobState
from zeligui.jobs.slurm import SlurmService, chores, refusals, rows, scripts, sights
from zeligui.jobs.slurm.judging import judge
from zeligui.jobs.slurm.rows import Row, Sight, noted, row_of
from zeligui.jobs.verdicts import Facts, Here
from zeligui.links import slurm
from zeligui.links.link import Reply

ID = "a" * 32
HERE = Here("slurm-site", "slurm", "site")
CLAIM = ["claim", "nonce", "slurm", "site"]
WAITS = {"go": "go", "exit.pending": "", "native": "7"}
RUNS = WAITS | {"run": "0 n1", "wrapper": "10 100", "pid": "11 101 1700000001.5"}


def sight(files: dict[str, str], row: Row | None, *, now: float = 1000.0, unknown: bool = False) -> Sight:
    facts = Facts("slurm-site", CLAIM, dict(files))
    return Sight(HERE, now, {ID: row} if row else {}, {ID: facts}, {ID} if unknown else set())


@pytest.mark.parametrize(
    ("files", "row", "state", "detail"),
    [
        ({"go.pending": "go", "native": "7"}, Row("7", "PENDING", "BeginTime"), JobState.NEW, ""),
        ({"go.pending": "go"}, None, JobState.NEW, "not handed to Slurm"),
        (WAITS, Row("7", "PENDING", "Resources"), JobState.PENDING, "Pending: Resources"),
        (WAITS, Row("7", "PENDING", "PartitionTimeLimit"), JobState.PENDING, "ask for less"),
        (WAITS, Row("7", "PENDING", "None"), JobState.PENDING, ""),
        (WAITS, Row("7", "CONFIGURING"), JobState.PENDING, "made ready"),
        (WAITS, Row("7", "REQUEUE_HOLD", "JobHeldUser"), JobState.PENDING, "scontrol release"),
        (RUNS, Row("7", "PENDING", "BeginTime", restarts=1), JobState.PENDING, "queued anew"),
        (RUNS | {"exit.sigTERM": ""}, Row("7", "PENDING", "BeginTime", restarts=1), JobState.PENDING, "queued anew"),
        (RUNS | {"exit.sigTERM": ""}, Row("7", "RUNNING", restarts=1), JobState.RUNNING, ""),
        (RUNS, Row("7", "RUNNING", nodes="n1"), JobState.RUNNING, "on n1"),
        (RUNS | {"cancel": ""}, Row("7", "RUNNING"), JobState.RUNNING, "being canceled"),
        (RUNS, Row("7", "COMPLETING"), JobState.RUNNING, "ending"),
        (RUNS | {"exit.sigTERM": ""}, Row("7", "COMPLETING"), JobState.RUNNING, "ending"),
        (RUNS, Row("7", "SUSPENDED"), JobState.SUSPENDED, ""),
        (RUNS, Row("7", "STOPPED"), JobState.SUSPENDED, "keeps its processors"),
        (RUNS | {"suspended": ""}, Row("7", "RUNNING"), JobState.SUSPENDED, "keeps its processors"),
        (RUNS | {"exit.0": ""}, Row("7", "RUNNING"), JobState.DONE, ""),
        (RUNS | {"exit.0": ""}, None, JobState.DONE, ""),
        (RUNS | {"exit.5": ""}, Row("7", "FAILED", status=5 << 8), JobState.FAILED, ""),
        (RUNS | {"exit.sigTERM": ""}, Row("7", "TIMEOUT"), JobState.FAILED, "time limit was reached"),
        (RUNS | {"exit.sigTERM": ""}, Row("7", "CANCELLED"), JobState.CANCELED, "not from here"),
        (RUNS | {"exit.sigTERM": "", "cancel": ""}, Row("7", "CANCELLED"), JobState.CANCELED, ""),
        (RUNS | {"exit.sigKILL": ""}, Row("7", "OUT_OF_MEMORY"), JobState.FAILED, "more memory"),
        (RUNS | {"exit.sigTERM": "", "slurm": "7 TIMEOUT 0 0 1 2"}, None, JobState.FAILED, "time limit was reached"),
        (RUNS, Row("7", "NODE_FAIL"), JobState.FAILED, "node failed"),
        (RUNS, Row("7", "PREEMPTED"), JobState.FAILED, "make room"),
        (RUNS, Row("7", "COMPLETED"), JobState.DONE, ""),
        (RUNS, Row("7", "FAILED", status=3 << 8), JobState.FAILED, ""),
        (RUNS, Row("7", "FAILED", status=9), JobState.FAILED, "SIGKILL"),
        (RUNS, Row("7", "CANCELLED"), JobState.CANCELED, "not from here"),
        (RUNS | {"cancel": ""}, Row("7", "CANCELLED"), JobState.CANCELED, ""),
        (WAITS, Row("7", "FAILED", status=90 << 8, nodes="n1"), JobState.FAILED, "must be shared by all nodes"),
        (WAITS, Row("7", "FAILED", status=91 << 8, nodes="n1"), JobState.FAILED, "neither python3 nor perl"),
        (WAITS, Row("7", "FAILED", "JobLaunchFailure", status=9), JobState.FAILED, "could not start it"),
        (WAITS, None, None, "did not name it"),
        ({"go.late": ""}, Row("7", "COMPLETED"), JobState.FAILED, "certainly not started"),
        ({"go.canceled": ""}, Row("7", "CANCELLED"), JobState.CANCELED, "before it was started"),
    ],
)
def test_files_and_rows_give_the_state(
    files: dict[str, str], row: Row | None, state: JobState | None, detail: str
) -> None:
    status = judge(ID, sight(files, row))
    assert status is not None
    assert status.state is state
    assert detail in status.detail
    assert detail or not status.detail


def test_what_slurm_certainly_forgot_has_failed() -> None:
    gone = judge(ID, sight(RUNS, None, unknown=True))
    assert gone is not None
    assert (gone.state, gone.detail) == (JobState.FAILED, "exit unknown: Slurm does not know it any more")
    never = judge(ID, sight(WAITS, None, unknown=True))
    assert never is not None
    assert "certainly not started" in never.detail
    canceled = judge(ID, sight(RUNS | {"cancel": ""}, None, unknown=True))
    assert canceled is not None
    assert canceled.state is JobState.CANCELED


def test_claims_of_others_are_not_judged() -> None:
    other = Sight(HERE, 0.0, {}, {ID: Facts("slurm-other", ["claim", "n", "slurm", "other"])})
    machine = Sight(HERE, 0.0, {}, {ID: Facts("lab1", ["claim", "n", "boot", "4026531836"])})
    for one in (other, machine):
        status = judge(ID, one)
        assert status is not None
        assert status.state is None
    assert judge(ID, Sight(HERE, 0.0, {}, {ID: Facts("slurm-site", ["tomb", "discarded"])})) is None


@pytest.mark.parametrize(
    ("files", "row", "now", "due"),
    [
        ({"go.pending": "go", "native": "7"}, Row("7", "PENDING", "BeginTime", submitted=900.0), 1000.0, []),
        ({"go.pending": "go", "native": "7"}, Row("7", "PENDING", "BeginTime", submitted=800.0), 1000.0, ["late"]),
        (WAITS, Row("7", "PENDING", "Resources", submitted=1.0), 1000.0, []),
        (WAITS, Row("7", "PENDING", "BeginTime", submitted=990.0), 1000.0, ["begin"]),
        (WAITS, Row("7", "PENDING", "BeginTime", submitted=999.0), 1000.0, []),
        (WAITS, Row("7", "PENDING", "BeginTime", submitted=1.0, restarts=1), 1000.0, []),
        ({"go": "go"}, Row("7", "RUNNING"), 1000.0, ["native"]),
        (RUNS, Row("7", "TIMEOUT"), 1000.0, ["note"]),
        (RUNS | {"exit.5": ""}, Row("7", "FAILED"), 1000.0, []),
        (RUNS | {"exit.sigTERM": ""}, Row("7", "TIMEOUT"), 1000.0, ["note"]),
        (RUNS | {"exit.sigTERM": "", "slurm": "x"}, Row("7", "TIMEOUT"), 1000.0, []),
        (RUNS | {"cancel": "", "grace": "1000 980"}, Row("7", "RUNNING"), 1000.0, []),
        (RUNS | {"cancel": "", "grace": "1000 950"}, Row("7", "RUNNING"), 1000.0, ["kill"]),
    ],
)
def test_what_is_due(files: dict[str, str], row: Row, now: float, due: list[str]) -> None:
    assert [chore[0] for chore in chores.due(sight(files, row, now=now), 120.0)] == due


def test_preparations_that_nobody_asks_for_are_taken_back_but_not_what_waits_otherwise() -> None:
    held = {"1" * 32: Row("1", "PENDING", "BeginTime", submitted=1.0), "2" * 32: Row("2", "PENDING", "Priority")}
    again = {"3" * 32: Row("3", "PENDING", "BeginTime", restarts=1, submitted=1.0)}
    found = chores.due(Sight(HERE, 1000.0, held | again, {}), 120.0)
    assert found == [("late", "1" * 32, "1", "")]


def test_a_row_that_is_written_down_is_read_back() -> None:
    row = Row("7", "TIMEOUT", "", 15, 1, None, 100.0, 200.0)
    assert noted(row.note) == row
    assert noted("") is None


@given(st.text(max_size=400))
def test_no_line_is_taken_for_a_row_that_is_none(line: str) -> None:
    found = row_of(line)
    assert found is None or found[1].job.replace("_", "").isdigit()


@given(st.text(max_size=600))
def test_garbled_answers_are_a_value_error_or_a_sight(output: str) -> None:
    for reader in (rows.read, sights.read):
        with suppress(ValueError, TypeError):
            reader(output)


class Line:
    """A link whose machine says what it likes."""

    url = "local://"

    def __init__(self, *replies: str, errors: str = "") -> None:
        self._replies = [Reply(0, reply.encode(), errors.encode()) for reply in replies]

    async def run(self, script: str, **_: Any) -> Reply:
        del script
        return self._replies.pop(0)


LOOK = """umask 0022
config ClusterName             = site
config SLURM_VERSION           = 22.05.8
nodes batch|up|1-00:00:00|16|24105|0/16/0/16|1|idle
nodes short|up|1:00|16|24105|0/16/0/16|1|idle
tools /home/me/.zeligrid/jobs/slurm-site
"""


def service(*replies: str, errors: str = "", url: str = "slurm:///batch") -> SlurmService:
    link: Any = Line(*replies, errors=errors)
    return SlurmService(url, slurm.parse(url), link)


@pytest.mark.parametrize(
    ("replies", "kind", "words"),
    [
        (["missing /bin"], LinkError, "no sbatch"),
        (["unconfigured "], LinkError, "no slurm.conf"),
        (["unconfigured /x/slurm.conf"], LinkError, "cannot be read"),
        (["nonsense"], Unreachable, "does not answer"),
        (["umask 0022\nconfig slurm_load_ctl_conf error: Zero Bytes were transmitted"], Refused, "Zero Bytes"),
        ([LOOK, "rows\nfiles\n"], Refused, "did not understand"),
        ([LOOK, "machine slurm-site slurm site\nrows\nnow x\nfiles\n"], Refused, "did not understand"),
        (
            [LOOK, "machine a b c\nrows\nnow 1\nslurm_load_jobs error: Unable to contact\naway\n"],
            Unreachable,
            "contact",
        ),
        (
            [LOOK, "machine a b c\nrows\nnow 1\nsqueue: error: Protocol authentication error\naway\n"],
            Refused,
            "Protocol",
        ),
        ([LOOK, ""], Refused, "did not understand"),
    ],
)
async def test_replies_that_cannot_be_are_errors_in_words(replies: list[str], kind: type, words: str) -> None:
    with pytest.raises(kind, match=words):
        await service(*replies).find([ID])


@pytest.mark.parametrize(
    ("said", "words", "hint"),
    [
        (
            "failed sbatch: error: Batch job submission failed: Invalid account or account/partition combination",
            "Invalid",
            "SBATCH_ACCOUNT",
        ),
        ("failed sbatch: error: invalid partition specified: batch", "invalid partition", "batch, short"),
        (
            "failed sbatch: error: Batch job submission failed: Requested time limit is invalid",
            "time limit",
            "less time",
        ),
        ("failed ", "did not say why", ""),
        ("refused it was canceled or ended before", "canceled", ""),
    ],
)
async def test_refusals_say_what_to_do(said: str, words: str, hint: str) -> None:
    with pytest.raises(SubmissionRefused, match=words) as refused:
        await service(LOOK, said).prepare(ID, JobDescription("true"))
    assert hint in refused.value.hint


def test_limits_are_compared_in_their_units() -> None:
    look = sights.read(LOOK)
    assert [one.limit_s for one in look.partitions] == [86400.0, 60.0]
    refusals.check("slurm:///short", "short", JobDescription("true", limit_s=60.0), look)
    with pytest.raises(SubmissionRefused, match="allows 60 s"):
        refusals.check("slurm:///short", "short", JobDescription("true", limit_s=61.0), look)
    refusals.check("slurm:///batch", "batch", JobDescription("true", cpus=16, memory_mb=25000), look)
    with pytest.raises(SubmissionRefused, match="of memory"):
        refusals.check("slurm:///batch", "batch", JobDescription("true", memory_mb=26000), look)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10:00", 600.0),
        ("1:00:00", 3600.0),
        ("2-00:00:00", 172800.0),
        ("infinite", None),
        ("UNLIMITED", None),
        ("", None),
    ],
)
def test_times_of_slurm(text: str, value: float | None) -> None:
    assert sights.seconds(text) == value


def test_what_a_job_needs_is_asked_in_the_units_of_sbatch() -> None:
    job = JobDescription("true", cpus=1.5, memory_mb=1000.0, limit_s=61.2)
    assert scripts.needs(job) == ["--cpus-per-task=2", "--mem=954M", "--time=1:02"]
    assert scripts.needs(JobDescription("true")) == ["--cpus-per-task=1"]
