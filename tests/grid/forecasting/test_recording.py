"""Recorded series in CSV, as they come."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from zeligui.errors import UsageError
from zeligui.grid.forecasting.recording import Recording, read_recording

TRACE = "time,hostName,cpuAvail,load1\n0,lab1,0.5,1\n0,lab2,0.7,2\n60,lab1,,3\n60,lab2,0.8,4\n120,LAB1,0.6,5\n"


def recorded(folder: Path, content: str | bytes, **chosen: str) -> Recording:
    file = folder / "series.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_recording(file, **chosen)


@pytest.mark.parametrize(
    "content",
    [
        "timestamp,value\n2014-02-14 14:27:00,1.5\n2014-02-14 14:32:00,2\n",
        "timestamp,value\r\n2014-02-14 14:27:00,1.5\r\n2014-02-14 14:32:00,2\r\n",
        "\ufefftimestamp,value\n2014-02-14T14:27:00Z,1.5\n2014-02-14T14:32:00Z,2",
        "\n\nTime , Value\n\n1392388020,1.5\n\n1392388320, 2\n",
        "2014-02-14 14:27:00,1.5\n2014-02-14 14:32:00,2\n",
        "timestamp;value\n2014-02-14 14:27:00;1,5\n2014-02-14 14:32:00;2,0\n",
        "time\tcpu\n0\t1.5\n300\t2\n",
        '"timestamp","value"\n"2014-02-14 14:27:00","1.5"\n"2014-02-14 14:32:00","2"\n',
    ],
)
def test_a_series_is_read_however_it_is_written(tmp_path: Path, content: str) -> None:
    found = recorded(tmp_path, content)
    assert found.values.tolist() == [1.5, 2.0]
    assert found.period_s == 300
    assert found.host == ""


def test_a_file_of_values_alone_has_no_times(tmp_path: Path) -> None:
    found = recorded(tmp_path, "1\n2\n\n3\n")
    assert found.values.tolist() == [1, 2, 3]
    assert math.isnan(found.period_s)
    assert recorded(tmp_path, "load\n1\n2\n").column == "load"


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "NA", "null", "-", " "])
def test_missing_values_stay_in_their_place(tmp_path: Path, missing: str) -> None:
    values = recorded(tmp_path, f"time,value\n1,5\n2,{missing}\n3,6\n").values
    assert values[[0, 2]].tolist() == [5, 6]
    assert math.isnan(values[1])


def test_of_a_trace_one_column_of_one_host_is_read(tmp_path: Path) -> None:
    first = recorded(tmp_path, TRACE, column="CPUAVAIL")
    assert (first.host, first.column, first.period_s) == ("lab1", "cpuAvail", 60)
    assert str(first.values.tolist()) == "[0.5, nan, 0.6]"
    assert recorded(tmp_path, TRACE, column="load1", host="LAB2").values.tolist() == [2, 4]
    assert recorded(tmp_path, TRACE, column="4").values.tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("content", "chosen", "words"),
    [
        ("", {}, "is empty"),
        ("\n \n", {}, "is empty"),
        ("timestamp,value\n", {}, "has no values"),
        ("time,value\n1,2\n2,many\n", {}, "line 3 has 'many'"),
        ("time,value\n1,2\n\n2,inf\n", {}, "line 4 has 'inf'"),
        ("time,value\n1,1_000\n", {}, "line 2 has '1_000'"),
        ("time,value\n1,2\nyesterday,3\n", {}, "line 3 has 'yesterday'"),
        ("time,value\n1,2\n2\n", {}, "line 3 has 1 cell"),
        ("time,value\n1,2\n2,3,4\n", {}, "line 3 has 3 cells"),
        ('time,value\n1,2\n2,"3\n', {}, "is no CSV"),
        (b"time,value\n1,\xff\n", {}, "not UTF-8"),
        (b"time,value\n1,\x002\n", {}, "line 2"),
        (TRACE, {}, "none is said to be the series"),
        (TRACE, {"column": "memory"}, "no column 'memory'"),
        (TRACE, {"column": "5"}, "no column '5'"),
        (TRACE, {"column": "load1", "host": "lab9"}, "no values of the host 'lab9'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: str | bytes, chosen: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError) as raised:
        recorded(tmp_path, content, **chosen)
    assert words in str(raised.value)
    assert "series.csv" in str(raised.value)


def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(UsageError, match="cannot be read"):
            read_recording(path)
