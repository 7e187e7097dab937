"""`zeligrid forecast`: the errors of all methods over a recorded series."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from zeligui import cli

NAB = Path(__file__).resolve().parent.parent / "data" / "nab"


@pytest.fixture
def series(tmp_path: Path) -> Path:
    file = tmp_path / "load.csv"
    values = np.random.default_rng(1).normal(20, 3, 60).round(3)
    lines = [f"{300 * place},{value}" for place, value in enumerate(values)]
    lines[30] = "9000,"
    file.write_text("\n".join(["timestamp,value", *lines]))
    return file


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert cli.main(["forecast", "--json", *words]) == 0
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    return json.loads(output)


def test_json_has_the_errors_of_each_method_and_of_the_choice(capsys, series: Path) -> None:
    found = printed(capsys, str(series))
    assert list(found) == ["n", "mae", "mse", "methods"]
    assert found["n"] == 59 - 59 // 4
    assert {"nws", "zeligrid", "last value", "median 31"} < found["methods"].keys()
    assert found["methods"]["zeligrid"] == {"mae": found["mae"], "mse": found["mse"]}
    assert all(set(one) == {"mae", "mse"} for one in found["methods"].values())


def test_series_is_what_was_foretold_for_each_value(capsys, series: Path) -> None:
    found = printed(capsys, str(series), "--series", "--warmup", "10")
    foretold = found["series"]
    assert len(foretold) == 60
    assert [place for place, value in enumerate(foretold) if value is None] == [0, 30]
    values = [float(line.split(",")[1] or "nan") for line in series.read_text().splitlines()[1:]]
    known = [(one, value) for one, value in zip(foretold, values, strict=True) if one is not None]
    off = [abs(one - value) for one, value in known[9:]]
    assert found["mae"] == pytest.approx(np.mean(off))
    assert found["n"] == len(off) == 49


def test_a_horizon_foretells_values_further_ahead(capsys, series: Path) -> None:
    found = printed(capsys, str(series), "--series", "--horizon", "5", "--warmup", "0")
    assert found["n"] == 54
    assert found["series"][:5] == [None] * 5
    assert None not in found["series"][5:30]


def test_the_figures_of_a_recorded_host_are_those_after_1008_values(capsys) -> None:
    found = printed(capsys, str(NAB / "rds_cpu_utilization_cc0c53.csv"))
    assert found["n"] == 4032 - 1008
    assert found["methods"]["zeligrid"]["mae"] < 0.9 * found["methods"]["nws"]["mae"]
    assert found["methods"]["nws"]["mae"] < found["methods"]["last value"]["mae"]


def test_people_see_a_table_with_the_best_first(capsys, series: Path) -> None:
    assert cli.main(["forecast", str(series)]) == 0
    output, said = capsys.readouterr()
    header, *lines = output.splitlines()
    assert header.split() == ["METHOD", "MAE", "MSE", "OF", "NWS"]
    errors = [float(line[header.index("MAE") - 9 :].split()[0]) for line in lines]  # as wide as figures are
    assert errors == sorted(errors)
    assert sum("<- the choice" in line for line in lines) == 1
    assert "45 values scored, 300 s apart, 1 ahead, after the first 14" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--column", "load9"], "no column 'load9'"),
        (["--warmup", "59"], "leaves none to score"),
        (["--horizon", "0"], "is not a number of values"),
        (["--horizon", "1001"], "is not a number of values"),
        (["--warmup", "few"], "is not a whole number"),
        (["--series"], "--series is for --json"),
    ],
)
def test_wrong_usage_is_said(capsys, series: Path, words: list[str], message: str) -> None:
    assert cli.main(["forecast", str(series), *words]) == 2
    output, said = capsys.readouterr()
    assert output == ""
    assert message in said


def test_a_wrong_line_is_said_with_its_number(capsys, series: Path) -> None:
    series.write_text("timestamp,value\n0,1\n300,lots\n")
    assert cli.main(["forecast", "--json", str(series)]) == 2
    output, said = capsys.readouterr()
    assert output == ""
    assert "line 3 has 'lots'" in said
    assert "Traceback" not in said
