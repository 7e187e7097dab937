"""The embedded grid of a home, run as a process of its own and commanded through `zeligrid testbed`."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zeligui
from zeligui.errors import Unreachable, UsageError, ZeliGridError
from zeligui.links.calls import call
from zeligui.settings import Home

START_S = 40.0
COMMAND_S = 40.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid that runs: its sources, the keys that fit, and the names of its nodes."""

    sources: tuple[str, ...]
    known_hosts: Path
    identity: Path
    nodes: tuple[str, ...]


class EmbeddedGrid:
    """The grid of one home. It goes on when this process ends, and is found again by `find`."""

    def __init__(self, home: Home) -> None:
        self._home = home

    async def find(self) -> Grid | None:
        """The grid that runs, None where none does."""
        try:
            return _grid(await self._asked("show"))
        except Unreachable:
            return None

    async def start(self, nodes: int = 4) -> Grid:
        """Power a grid on; it has a session of its own. UsageError where this machine cannot make one."""
        await call(self._start, nodes, limit=START_S)
        return _grid(await self._asked("show"))

    async def command(self, deed: str, node: str = "", **details: float) -> None:
        """`load`, `stop`, `start`, `cut` or `heal` a node, or take the grid `down`; returns when that is done."""
        words = [node] if node else []
        for name, value in details.items():
            words += [f"--{name}", f"{value:g}"]
        await self._asked(deed, *words)

    def _start(self, nodes: int) -> None:
        with subprocess.Popen(
            self._words("up", "--nodes", str(nodes)),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            if process.stdout is None or process.stderr is None:
                raise UsageError("The embedded grid did not start.")
            ready, _, _ = select.select([process.stdout], [], [], START_S - 5)
            if ready and process.stdout.readline().startswith(b"{"):
                process.returncode = 0  # it goes on by itself: nobody waits for it here
                return
            process.kill()
            raise _refusal(process.stderr.read().decode("utf-8", "replace"))

    async def _asked(self, *words: str) -> dict[str, Any]:
        return await call(self._ask, words, limit=COMMAND_S + 5)

    def _ask(self, words: tuple[str, ...]) -> dict[str, Any]:
        try:
            ended = subprocess.run(
                self._words(*words),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=COMMAND_S,
            )
        except subprocess.TimeoutExpired as error:
            raise Unreachable("The embedded grid does not answer.", hint="Take it down and start it anew.") from error
        said = ended.stderr.decode("utf-8", "replace")
        if ended.returncode == Unreachable.exit_status:
            raise Unreachable(_first(said) or "No embedded grid runs.")
        if ended.returncode:
            raise _refusal(said)
        answer: dict[str, Any] = json.loads(ended.stdout)
        return answer

    def _words(self, deed: str, *words: str) -> list[str]:
        # The grid's folder alone tells homes apart: a home of the user's own has two folders, and no --home names it.
        own = ["--home", str(self._home.folder)] if self._home.folder == self._home.settings_file.parent else []
        return [sys.executable, "-m", "zeligui.cli", "testbed", deed, *words, "--json", *own]


def _environment() -> dict[str, str]:
    paths = [str(Path(zeligui.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _grid(answer: dict[str, Any]) -> Grid:
    nodes = tuple(str(node["node"]) for node in answer["nodes"])
    return Grid(tuple(answer["sources"]), Path(answer["known_hosts"]), Path(answer["identity"]), nodes)


def _refusal(said: str) -> ZeliGridError:
    first, _, rest = said.strip().partition("\n")
    return UsageError(_first(first) or "The embedded grid did not start.", hint=rest)


def _first(said: str) -> str:
    return said.strip().partition("\n")[0].removeprefix("zeligrid: ")
