"""`zeligrid home`: which jobs may call home, and that a stranger gets no answer."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from zeligui.cli import main
from zeligui.experiment.calling.grants import Grant, Grants
from zeligui.settings import Home

Capture = pytest.CaptureFixture[str]
ID = "0123456789abcdef" * 2


def grant(folder: Path) -> Grant:
    keys = str(folder / "authorized_keys")
    return Grant(ID, "pi", 2, "lab1", None, str(folder / "results"), keys, time.time() + 60, 1000, {}, ["*.txt"])


def test_who_may_call_is_listed_and_swept(tmp_path: Path, capsys: Capture) -> None:
    assert main(["home", "list"]) == 0
    assert capsys.readouterr().err == "No job may call home.\n"
    Grants(Home.find().folder).write(grant(tmp_path))
    assert main(["home", "list"]) == 0
    assert f"{ID}  pi #2 on lab1, until " in capsys.readouterr().out
    assert main(["home", "list", "--json"]) == 0
    assert [one["outputs"] for one in json.loads(capsys.readouterr().out)] == [["*.txt"]]
    assert main(["home", "sweep", "--json"]) == 0, "the journal knows of no such job"
    assert Grants(Home.find().folder).attempts() == []


def test_a_job_that_may_not_call_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> None:
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "list")
    assert main(["home", "answer", ID]) == 1
    assert "may call home no more" in capsys.readouterr().err
    assert main(["home", "answer", "../../etc"]) == 2
    Grants(Home.find().folder).write(grant(tmp_path))
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "rm -rf /")
    assert main(["home", "answer", ID]) == 1
    assert "It may say: list, fetch NAME" in capsys.readouterr().err


def test_a_report_is_in_the_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> None:
    from zeligui.experiment.journal import Journal

    Grants(Home.find().folder).write(grant(tmp_path))
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "progress 0.25")
    assert main(["home", "answer", ID]) == 0
    journal = Journal.open(Home.find().journal_file)
    (event,) = journal.events(kinds={"reported"})
    journal.close()
    assert (event.experiment, event.instance, event.host, event.job) == ("pi", 2, "lab1", ID)
    assert (event.reason, dict(event.data)) == ("25% done", {"progress": 0.25})
