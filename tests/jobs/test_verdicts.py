"""What state files and processes add up to, judged without a machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.jobs.job import JobState
from zeligui.jobs.scripts import Machine
from zeligui.jobs.verdicts import Facts, Here, judge, statuses

HERE = Here("key", "boot", "4026531836")
MACHINE = Machine("python3", "perl", "setsid", "no", 100.0, 4096.0)
CLAIM = ["claim", "nonce", "boot", "4026531836", "1700000000"]
BEGUN = {"go": "", "exit.pending": "", "wrapper": "10 100", "pid": "11 101 1700000001.5"}


@pytest.mark.parametrize(
    ("files", "use", "state", "detail"),
    [
        ({"go.pending": "", "exit.pending": "", "wrapper": "10 100"}, "- + 0 0", JobState.NEW, ""),
        ({"go.pending": "", "exit.pending": "", "wrapper": "10 100"}, "- - 0 0", JobState.FAILED, "before the job"),
        ({"go.pending": "", "exit.pending": ""}, "- - 0 0", JobState.NEW, "not been started"),
        ({"go": "", "exit.pending": "", "wrapper": "10 100"}, "- + 0 0", JobState.PENDING, "starting"),
        (BEGUN, "S + 250 1000", JobState.RUNNING, ""),
        (BEGUN, "S - 250 1000", JobState.RUNNING, "orphaned"),
        (BEGUN, "T + 250 1000", JobState.SUSPENDED, "stopped by a signal"),
        (BEGUN | {"suspended": ""}, "T + 250 1000", JobState.SUSPENDED, ""),
        (BEGUN, "- + 0 0", JobState.RUNNING, "ending"),
        (BEGUN, "- - 0 0", JobState.FAILED, "exit unknown"),
        (BEGUN | {"cancel": ""}, "S + 1 1", JobState.RUNNING, "being canceled"),
        (BEGUN | {"cancel": ""}, "- - 0 0", JobState.CANCELED, ""),
        (BEGUN, None, None, "changed"),
        ({"go.late": "", "exit.pending": ""}, None, JobState.FAILED, "certainly not started"),
        ({"go.canceled": "", "exit.pending": ""}, None, JobState.CANCELED, "before it was started"),
        ({"exit.error": "", "reason": "no such thing"}, None, JobState.FAILED, "no such thing"),
        ({"exit.error": ""}, None, JobState.FAILED, "could not be started"),
        ({"exit.0": "", "cancel": ""}, None, JobState.CANCELED, ""),
        ({"exit.sigTERM": "", "fenced": ""}, None, JobState.FAILED, "fence"),
        ({"exit.killed": "", "cancel": ""}, None, JobState.CANCELED, ""),
    ],
)
def test_files_and_processes_give_the_state(
    files: dict[str, str], use: str | None, state: JobState | None, detail: str
) -> None:
    status = judge(Facts("key", CLAIM, dict(files), use=use.split() if use else None), HERE, MACHINE)
    assert status is not None
    assert status.state is state
    assert detail in status.detail
    assert detail or not status.detail


def test_use_comes_in_seconds_and_megabytes() -> None:
    status = judge(Facts("key", CLAIM, dict(BEGUN), use=["R", "+", "250", "1000"]), HERE, MACHINE)
    assert status is not None
    assert (status.cpu_s, status.memory_mb, status.started) == (2.5, 4.096, 1700000001.5)


def test_a_last_word_has_its_times_and_use() -> None:
    facts = Facts("key", CLAIM, {"exit.sigKILL": "", "usage": "1700000009.0 1.25 -", "pid": "11 101 1700000001.0"})
    status = judge(facts, HERE, MACHINE)
    assert status is not None
    assert (status.state, status.signal, status.exit_code) == (JobState.FAILED, "SIGKILL", None)
    assert (status.started, status.ended, status.cpu_s, status.memory_mb) == (1700000001.0, 1700000009.0, 1.25, None)


names = st.sampled_from(
    [
        "go",
        "go.pending",
        "go.late",
        "go.canceled",
        "exit.pending",
        "exit.0",
        "exit.3",
        "exit.sigTERM",
        "cancel",
        "suspended",
        "fenced",
        "wrapper",
        "pid",
        "usage",
    ]
)


@given(
    owner=st.sampled_from(["key", "other"]),
    claim=st.sampled_from(
        [CLAIM, ["cut"], [*CLAIM[:2], "boot2", *CLAIM[3:]], [*CLAIM[:3], "1", *CLAIM[4:]], ["claim"]]
    ),
    files=st.dictionaries(names, st.sampled_from(["", "1 2 3", "x"])),
    cut=st.sets(names),
    use=st.none() | st.sampled_from(["S + 1 1", "- + 0 0", "- - 0 0", "T - 1 1"]).map(str.split),
)
def test_done_is_said_only_on_a_whole_exit_0(
    owner: str, claim: list[str], files: dict[str, str], cut: set[str], use: list[str] | None
) -> None:
    kept = {name: text for name, text in files.items() if name not in cut}
    status = judge(Facts(owner, claim, kept, cut, use), HERE, MACHINE)
    assert status is not None
    if status.state is JobState.DONE:
        assert "exit.0" in kept
        assert claim != ["cut"]
    if status.state in {JobState.RUNNING, JobState.SUSPENDED, JobState.NEW}:
        assert (owner, claim, use is None) == ("key", CLAIM, False)


def test_an_answer_that_is_not_whole_is_no_answer() -> None:
    with pytest.raises(ValueError, match="which it is"):
        statuses("", MACHINE)
