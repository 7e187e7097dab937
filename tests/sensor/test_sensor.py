"""The sensor against real processes, and against figures of its own."""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import zeligui.sensor
from zeligui.cli.sensor import add_parsers
from zeligui.grid.sources.sending import PARTS, PROGRAM
from zeligui.grid.sources.sending import sensor as as_sent

FOLDER = Path(zeligui.sensor.__file__).parent

SPIN = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
ESCAPE = """
import os, subprocess, sys
env = {{"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}}
child = subprocess.Popen([sys.executable, "-c", {code!r}], start_new_session=True, env=env)
print(child.pid, flush=True)
sys.stdin.read()
"""


class Running:
    """A sensor that runs, and what it says."""

    def __init__(self, command: list[str], environment: dict[str, str], program: str = "") -> None:
        with tempfile.TemporaryFile("w+") as file:
            file.write(program)
            file.seek(0)
            self.process = subprocess.Popen(
                command, stdin=file, stdout=subprocess.PIPE, env=os.environ | environment, start_new_session=True
            )

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        assert isinstance(said, dict)
        return said

    def until(self, holds: Callable[[dict[str, Any]], bool], *, lines: int = 60) -> dict[str, Any]:
        """The first line of which something holds."""
        for _ in range(lines):
            if holds(said := self.line()):
                return said
        pytest.fail(f"not seen in {lines} lines, the last is {said}")

    def end(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait(10)


@pytest.fixture(params=["python", "shell"])
def sensor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts the sensor, or the plain-shell one."""
    started: list[Running] = []

    def start(period: float = 0.5, **environment: str) -> Running:
        if request.param == "python":
            started.append(Running(python(period), environment, as_sent()))
        else:
            started.append(Running(["/bin/sh", str(FOLDER / "sensor.sh")], {"PERIOD": str(period)} | environment))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def spin() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process of a job, in a session of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(job: str, code: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment | {"ZELIGRID_JOB": job},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def test_the_first_line_tells_the_machine(sensor: Callable[..., Running]) -> None:
    begun = time.time()
    said = sensor().line()
    values = said["values"]
    assert begun - 1 <= said["stamp"] <= time.time()
    assert said["identity"].startswith(Path("/proc/sys/kernel/random/boot_id").read_text().strip() + ":")
    assert said["identity"].endswith(str(Path("/proc/self/ns/pid").readlink())[5:-1])
    assert values["osName"] == os.uname().sysname
    assert values["arch"] == os.uname().machine
    assert values["cpuCount"] == os.sysconf("SC_NPROCESSORS_ONLN")
    assert values["totalMemory"] == pytest.approx(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6, 0.02)
    assert 0 < values["freeMemory"] < values["totalMemory"]
    assert values["machines"] == 1
    assert {"hostName", "load1", "load5", "load15", "freeSwap", "freeDisk", "runnable", "cpuFree"} <= values.keys()
    processors = values.get("cpuLimit", values["cpuCount"])
    expected = min(1, processors / (values["runnable"] + 1))
    assert values["cpuAvail"] <= values["cpuCurrent"] <= 1
    assert values["freeDisk"] <= values["totalDisk"]
    assert values["freeSwap"] <= values["totalSwap"]
    assert values["cpuAvail"] == pytest.approx(expected, abs=0.001)
    assert said["named"] is False


def test_figures_are_read_where_the_environment_says(sensor: Callable[..., Running], tmp_path: Path) -> None:
    write_figures(tmp_path)
    said = sensor(ZELIGRID_PROC=str(tmp_path), ZELIGRID_HOSTNAME="node1.grid").line()
    values = said["values"]
    assert said["named"] is True
    assert said["identity"].startswith("0c0ffee0-0000-4000-8000-000000000001:")
    expected = {
        "hostName": "node1.grid",
        "cpuModel": "Made up",
        "cpuSpeed": 2600.0,
        "cpuCount": 2,
        "load1": 1.5,
        "load5": 0.75,
        "load15": 0.25,
        "totalMemory": 2048.0,
        "freeMemory": 1024.0,
        "totalSwap": 512.0,
        "freeSwap": 0.0,
        "runnable": 3.0,
        "cpuFree": 0.0,
        "cpuAvail": 0.5,
        "cpuCurrent": 0.6667,
    }
    assert {name: values[name] for name in expected} == expected
    assert not {"users", "ownerActive", "gpuCount", "cpuLimit"} & values.keys(), "they would be the real machine's"


def test_a_file_that_is_absent_there_is_read_in_the_real_proc(sensor: Callable[..., Running], tmp_path: Path) -> None:
    (tmp_path / "loadavg").write_text("7.50 0.00 0.00 1/1 1\n")
    said = sensor(ZELIGRID_PROC=str(tmp_path)).line()
    assert said["values"]["load1"] == 7.5
    assert said["values"]["cpuCount"] == os.sysconf("SC_NPROCESSORS_ONLN")
    assert said["identity"].startswith(Path("/proc/sys/kernel/random/boot_id").read_text().strip())


def test_a_job_counts_with_its_escaped_children(sensor: Callable[..., Running], spin: Callable[..., Any]) -> None:
    escaped = ESCAPE.format(code=SPIN.format(seconds=60))
    job = spin("a" * 32, escaped)
    child = int(job.stdout.readline())
    measured = sensor()
    said = measured.until(lambda line: line["jobs"].get("a" * 32, {}).get("runnable", 0) > 0.9)
    use = said["jobs"]["a" * 32]
    assert use["memory_mb"] > 5
    later = measured.until(lambda line: line["jobs"]["a" * 32]["cpu_s"] > use["cpu_s"])
    assert later["values"]["runnable"] > 0.5
    os.kill(child, 9)


def test_a_scrubbed_orphan_is_still_the_jobs(sensor: Callable[..., Running], spin: Callable[..., Any]) -> None:
    measured = sensor()
    job = spin("b" * 32, ESCAPE.format(code=SPIN.format(seconds=60)))
    child = int(job.stdout.readline())
    measured.until(lambda line: line["jobs"].get("b" * 32, {}).get("runnable", 0) > 0)
    job.stdin.close()
    job.wait(10)
    for _ in range(2):
        measured.line()
    assert "b" * 32 in measured.line()["jobs"]
    os.kill(child, 9)
    measured.until(lambda line: "b" * 32 not in line["jobs"])


def test_a_job_that_ended_is_no_longer_told(sensor: Callable[..., Running], spin: Callable[..., Any]) -> None:
    measured = sensor()
    job = spin("c" * 32, "import sys; sys.stdin.read()")
    measured.until(lambda line: "c" * 32 in line["jobs"])
    job.stdin.close()
    job.wait(10)
    measured.until(lambda line: "c" * 32 not in line["jobs"])


def test_nodes_of_an_embedded_grid_are_told_apart(
    sensor: Callable[..., Running], spin: Callable[..., Any], tmp_path: Path
) -> None:
    write_figures(tmp_path)
    ours, theirs = sensor(ZELIGRID_PROC=str(tmp_path)), sensor()
    spin("d" * 32, "import sys; sys.stdin.read()", ZELIGRID_PROC=str(tmp_path))
    spin("e" * 32, "import sys; sys.stdin.read()")
    assert "e" * 32 not in ours.until(lambda line: "d" * 32 in line["jobs"])["jobs"]
    assert "d" * 32 not in theirs.until(lambda line: "e" * 32 in line["jobs"])["jobs"]


def test_the_sensor_itself_is_nobodys_job(sensor: Callable[..., Running]) -> None:
    measured = sensor(ZELIGRID_JOB="f" * 32)
    for _ in range(3):
        assert "f" * 32 not in measured.line()["jobs"]


def test_it_ends_when_nobody_listens(sensor: Callable[..., Running]) -> None:
    measured = sensor(1.0)
    measured.line()
    measured.process.stdout.close()  # type: ignore[union-attr]
    measured.process.wait(10)


@pytest.mark.parametrize("sensor", ["python"], indirect=True)
def test_it_ends_at_once_however_long_its_period(sensor: Callable[..., Running]) -> None:
    measured = sensor(600.0)
    measured.line()
    measured.process.stdout.close()  # type: ignore[union-attr]
    measured.process.wait(5)


@pytest.mark.parametrize("sensor", ["python"], indirect=True)
def test_threads_count_one_by_one(sensor: Callable[..., Running], spin: Callable[..., Any]) -> None:
    turns = "import hashlib, threading\ndef turn():\n    while True: hashlib.sha256(bytes(1000000))\n"
    spin("9" * 32, turns + "for _ in range(3): threading.Thread(target=turn).start()")
    sensor().until(lambda line: line["jobs"].get("9" * 32, {}).get("runnable", 0) > 1.5)


def test_the_time_of_the_dead_is_not_lost(spin: Callable[..., Any]) -> None:
    measured = Running(python(0.5), {}, as_sent())
    try:
        turn = SPIN.format(seconds=0.7)
        job = spin(
            "8" * 32,
            f"import subprocess, sys\nfor _ in 'ab': subprocess.run([sys.executable, '-c', {turn!r}])\n"
            "print('done', flush=True)\nsys.stdin.read()",
        )
        job.stdout.readline()
        used = [
            measured.until(lambda line: line["jobs"].get("8" * 32, {}).get("cpu_s", 0) > 0.1)["jobs"]["8" * 32]["cpu_s"]
            for _ in range(3)
        ]
        assert used == sorted(used)
    finally:
        measured.end()


@pytest.mark.parametrize("sensor", ["python"], indirect=True)
def test_it_takes_little(sensor: Callable[..., Running]) -> None:
    measured = sensor(1.0)
    measured.line()
    before = processor_s(measured.process.pid)
    for _ in range(4):
        measured.line()
    assert processor_s(measured.process.pid) - before <= 0.12, "3 % of a processor at a fifth of the usual period"
    status = Path(f"/proc/{measured.process.pid}/status").read_text()
    kib = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    assert kib * 1024 < 12e6


def test_it_is_python_36() -> None:
    for name in (*PARTS, "probe"):
        text = (FOLDER / f"{name}.py").read_text("ascii")
        tree = ast.parse(text, feature_version=(3, 6))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert imported <= {"os", "select", "sys", "time", *(["socket"] if name == "probe" else [])}
        ours = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert all(node.module in {f"zeligui.sensor.{part}" for part in PARTS[: PARTS.index(name)]} for node in ours)
        assert all(node.lineno == node.end_lineno for node in ours), "only whole lines are left out when it is sent"
        assert "ZELIGRID-SENSOR-ENDS-HERE" not in text
        assert "\f" not in text
        newer = {"removeprefix", "removesuffix", "zip_strict", "pidfd_open", "cached_property", "posix_spawn"}
        assert not newer & {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        annotations = [node.annotation for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation]
        assert all(isinstance(one, ast.Constant | ast.Name | ast.Attribute) for one in annotations), (
            "3.6 evaluates them"
        )


def test_no_name_is_given_twice_in_what_is_sent() -> None:
    given: list[str] = []
    for name in PARTS:
        for node in ast.parse((FOLDER / f"{name}.py").read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                given.append(node.name)
            if isinstance(node, ast.Assign):
                given += [one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    assert sorted(given) == sorted(set(given))


def test_the_command_prints_lines(capfd: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_parsers(parser.add_subparsers())
    options = parser.parse_args(["sensor", "--period", "0.2", "--count", "2"])
    assert options.run(options) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [sorted(json.loads(line)) for line in lines] == [["identity", "jobs", "named", "stamp", "values"]] * 2


def python(period: float) -> list[str]:
    return [sys.executable, "-I", "-S", "-OO", "-u", "-c", PROGRAM, str(period)]


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_figures(folder: Path) -> None:
    """A machine with two processors, four runnable processes (the reader is one) and half of 2,048 MB free."""
    files = {
        "stat": "cpu  0 0 0 0\ncpu0 0 0 0 0\ncpu1 0 0 0 0\nintr 0\nprocs_running 4\nprocs_blocked 0\n",
        "loadavg": "1.50 0.75 0.25 4/9 77\n",
        "meminfo": "MemTotal: 2000000 kB\nMemFree: 10 kB\nMemAvailable: 1000000 kB\n"
        "SwapTotal: 500000 kB\nSwapFree: 0 kB\n",
        "cpuinfo": "processor\t: 0\nmodel name\t: Made up\ncpu MHz\t\t: 2600.000\n\nprocessor\t: 1\n",
        "sys/kernel/random/boot_id": "0c0ffee0-0000-4000-8000-000000000001\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
