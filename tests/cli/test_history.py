"""`zeligrid hosts --history`, as people and scripts call it, while others write."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from zeligui.cli import main
from zeligui.grid.history.store import Store
from zeligui.settings import Home

NOW = int(time.time()) * 1000
S, DAY = 1000, 86_400_000


@pytest.fixture
def store() -> Iterator[Store]:
    """Ten minutes of two attributes, of which one is measured more rarely; and a day of three days ago."""
    with closing(Store(Home.find().history_file)) as one:
        one.write([(NOW - 3 * DAY - step * S, "lab1", {"cpuAvail": 0.25}) for step in range(0, 7200, 30)])
        rows = [(NOW - step * S, "lab1", {"cpuAvail": step / 1000, "osName": "Linux"}) for step in range(0, 600, 5)]
        rows += [(NOW - step * S, "lab1", {"freeMemory": 100.0 + step}) for step in range(0, 600, 50)]
        one.write([*rows, (NOW, "\x1b[2Jevil", {"=x\x1b[31m": 1.0})])
        for _ in range(5):
            list(one.upkeep.steps(NOW, 500e6))
        yield one


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["hosts", "--history", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def documents(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    status, out, _ = run(capsys, *arguments, "--json")
    assert status == 0
    return json.loads(out)


def test_json_has_every_value_with_its_time(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    found = documents(capsys, "LAB1", "cpuavail", "--since", "1 h")
    assert (found["hostName"], found["attribute"], found["unit"]) == ("lab1", "cpuAvail", None)
    assert len(found["values"]) == 120
    first = found["values"][0]
    assert datetime.fromisoformat(first["time"]).timestamp() == NOW / S - 595
    assert first["value"] == first["low"] == first["high"] == 0.595


def test_several_attributes_are_several_documents(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    both = documents(capsys, "lab1", "cpuAvail", "freeMemory")
    assert [(one["attribute"], one["unit"], len(one["values"])) for one in both] == [
        ("cpuAvail", None, 120),
        ("freeMemory", "MB", 12),
    ]


def test_times_are_durations_or_iso(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    since = datetime.fromtimestamp(NOW / S - 100).astimezone().isoformat()
    until = datetime.fromtimestamp(NOW / S - 50).astimezone().replace(tzinfo=None).isoformat()
    assert len(documents(capsys, "lab1", "cpuAvail", "--since", since, "--until", until)["values"]) == 11
    old = documents(capsys, "lab1", "cpuAvail", "--since", "100 d", "--until", "2 d")["values"]
    assert 119 <= len(old) <= 122
    assert {one["value"] for one in old} == {0.25}


def test_csv_is_a_trace_that_forecast_reads(store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = run(capsys, "lab1", "cpuAvail", "freeMemory", "--csv")
    assert status == 0
    rows = list(csv.DictReader(out.splitlines()))
    assert list(rows[0]) == ["time", "hostName", "cpuAvail", "freeMemory"]
    assert {row["hostName"] for row in rows} == {"lab1"}
    assert len(rows) == 120
    assert [row["freeMemory"] for row in rows if row["freeMemory"]][-1] == "100.0"
    trace = tmp_path / "trace.csv"
    trace.write_text(out)
    assert main(["forecast", str(trace), "--column", "cpuAvail", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 90


def test_people_see_the_shape_of_it(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "lab1", "cpuAvail", "freeMemory")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("lab1 from 20")
    assert lines[1].split() == ["TIME", "cpuAvail", "freeMemory", "MB"]
    assert 30 < len(lines) <= 62


def test_it_works_while_another_process_writes(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with store._engine.connect().execution_options(writes=True) as connection, connection.begin():
        assert len(documents(capsys, "lab1", "cpuAvail")["values"]) == 120


def test_hostile_names_are_shown_harmlessly(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "\x1b[2Jevil", "=x\x1b[31m")
    assert status == 0
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lab2", "cpuAvail"], "a host lab2; the nearest known is lab1."),
        (["lab1", "cpuAvial"], "an attribute cpuAvial; the nearest known is cpuAvail."),
        (["lab1"], "needs a host and an attribute"),
        (["lab1", "cpuAvail", "--since", "yesterday"], "neither a duration nor a time"),
        (["lab1", "cpuAvail", "--since", "1 h", "--until", "2 h"], "is later than"),
        (["lab1", "cpuAvail", "--source", "local://"], "goes without --source"),
        (["lab1", "cpuAvail", "--csv", "--json"], "cannot both"),
    ],
)
def test_wrong_usage_is_said_in_words(
    store: Store, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert words in err


def test_nothing_in_that_time_is_said(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "lab1", "cpuAvail", "--since", "2 d", "--until", "1 d")
    assert (status, out) == (0, "")
    assert "Nothing was recorded of lab1" in err
    assert documents(capsys, "lab1", "cpuAvail", "--since", "2 d", "--until", "1 d")["values"] == []


def test_without_a_history_it_says_what_makes_one(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "lab1", "cpuAvail")
    assert status == 2
    assert "no history" in err
    assert "zeligrid run" in err
