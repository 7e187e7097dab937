"""Drives `zeligrid run` as a user does, in a process of its own, and follows its events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zeligui.testbed.grid import Grid

Said = dict[str, Any]

LIMIT_S = 60.0

WITNESS = '''
"""Works for some seconds and writes down its start and end; two of one instance at a time are a double start."""
import fcntl, json, os, pathlib, signal, sys, time
log, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
instance, restart = os.environ["ZELIGRID_INSTANCE"], os.environ["ZELIGRID_RESTART"]
state = pathlib.Path("state.json")
done = json.loads(state.read_text()) if state.exists() else 0.0
def tell(what):
    with open(log, "a") as out:
        out.write(f"{what} {instance} {restart} {done:.1f}\\n")
lock = open(f"{log}.{instance}", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    tell("double")
    sys.exit(9)
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
tell("start")
print("at", round(done, 1), flush=True)
while done < seconds and not ended:
    time.sleep(0.05)
    done += 0.05
state.write_text(json.dumps(done))
tell("stop" if ended else "end")
pathlib.Path("result.txt").write_text(f"instance {instance}\\n")
'''
"""A job that leaves a trace of every start; its checkpoint is how long it has worked."""


class Driven:
    """One `zeligrid run` process and the events it has printed so far."""

    def __init__(self, arguments: list[str]) -> None:
        self.events: list[Said] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zeligui.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.events.append(json.loads(line))

    def wait_for(self, kind: str, *, count: int = 1, limit_s: float = LIMIT_S, **wanted: Any) -> Said:
        """The event of this kind (the count-th) whose keys are as wanted; AssertionError where none comes in time."""

        def found() -> list[Said]:
            return [e for e in list(self.events) if e["event"] == kind and wanted.items() <= e.items()]

        until(lambda: len(found()) >= count or self._process.poll() is not None, limit_s)
        if len(found()) < count and self._process.poll() is not None:
            self._reader.join(5)
        assert len(found()) >= count, f"no {kind} {wanted} came: {self.told()}"
        return found()[count - 1]

    def told(self) -> str:
        """All events in short, for a failed test; the error output where it has ended."""
        lines = [f"{e['time'][14:23]} {e['event']} {e['instance']} {e['host']} {e['reason']}" for e in self.events]
        if self._process.poll() is not None and self._process.stderr:
            lines.append(self._process.stderr.read())
        return "\n".join(["", *lines])

    def kinds(self) -> list[str]:
        return [event["event"] for event in self.events]

    def running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9: nothing can be tidied up."""
        self._process.kill()
        self.end()

    def end(self, limit_s: float = LIMIT_S) -> int:
        """Wait for its end; the exit status."""
        try:
            status = self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"it did not end: {self.told()}") from None
        self._reader.join(5)
        return status

    def close(self) -> str:
        """End it if need be; its error output."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        with self._process.stdout as out, self._process.stderr as errors:  # type: ignore[union-attr]
            out.read()
            return errors.read()


class Bench:
    """A folder with a contract and an experiment, and the grid it runs on."""

    def __init__(self, folder: Path, grid: Grid) -> None:
        self.folder = folder
        self.grid = grid
        self.home = folder / "home"
        self.log = folder / "witness.log"
        self.home.mkdir()
        (self.home / "settings.toml").write_text('period = "0.5 s"\n')
        (folder / "witness.py").write_text(WITNESS)

    def write(
        self,
        contract: str,
        *,
        seconds: float = 2.0,
        job: Mapping[str, Any] | None = None,
        reconfiguration: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write contract and experiment; the job is the witness unless `job` says else."""
        (self.folder / "trial.contract").write_text(contract)
        witness = {
            "executable": "/usr/bin/python3",
            "arguments": ["witness.py", str(self.log), str(seconds)],
            "input": ["witness.py"],
            "output": ["result.txt"],
            "checkpoint": ["state.json"],
        }
        rules = {"interval": "1 s", "grace": "3 s", **(reconfiguration or {})}
        file = self.folder / "trial.toml"
        file.write_text(
            'name = "trial"\ncontract = "trial.contract"\n'
            f"[job]\n{toml({**witness, **(job or {})})}\n[reconfiguration]\n{toml(rules)}\n"
        )
        return file

    @contextmanager
    def run(self, *nodes: str, arguments: tuple[str, ...] = ()) -> Iterator[Driven]:
        """`zeligrid run` on some nodes of the grid (all where none is named)."""
        driven = Driven([*self.arguments(*nodes), *arguments])
        try:
            yield driven
        finally:
            driven.close()

    def arguments(self, *nodes: str) -> list[str]:
        wanted = nodes or self.grid.names
        sources = [url for name, url in zip(self.grid.names, self.grid.sources, strict=True) if name in wanted]
        given = [part for url in sources for part in ("--source", url)]
        return ["run", str(self.folder / "trial.toml"), "--json", *given, *self.keys()]

    def keys(self) -> list[str]:
        known, identity = str(self.grid.known_hosts), str(self.grid.identity)
        return ["--home", str(self.home), "--known-hosts", known, "--identity", identity]

    def zeligrid(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command with the same home."""
        return subprocess.run(
            [sys.executable, "-m", "zeligui.cli", *arguments, *self.keys()],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def witnessed(self) -> list[list[str]]:
        """What the jobs wrote down: [start|stop|end|double, instance, restart, seconds worked]."""
        return [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def results(self, instance: int = 1) -> Path:
        return self.folder / "results" / "trial" / str(instance)


def toml(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {_toml(value)}" for key, value in values.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {json.dumps(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


def until(true: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Wait until something holds, or as long as the limit."""
    end = time.monotonic() + limit_s
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
