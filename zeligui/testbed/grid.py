"""An embedded grid for a program: started with it, commanded by it, and gone with it."""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import zeligui
from zeligui.errors import UsageError
from zeligui.testbed.control import ask

START_S = 30.0
END_S = 10.0


class Grid:
    """A grid of nodes in a process of its own, from `open` to `close` or for a `with` or `async with` block.

    It belongs to no event loop: its coroutines may be awaited in any, and `command` is the same, blocking.
    """

    def __init__(self, folder: Path, *, nodes: int = 4, isolation: str = "auto") -> None:
        """`isolation` is auto, namespace or subreaper."""
        self.folder = folder
        self.names = tuple(f"node{number}.grid" for number in range(1, nodes + 1))
        self.sources: tuple[str, ...] = ()
        self.known_hosts = folder / "known_hosts"
        self.identity = folder / "identity"
        self._isolation = isolation
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Power all nodes on. UsageError: a grid runs in this folder already, or this machine cannot make this one."""
        paths = [str(Path(zeligui.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zeligui.testbed", str(self.folder), str(len(self.names)), self._isolation],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl+C is for the program, which then closes its grid
        )
        answer = _first_line(self._process)
        if "sources" not in answer:
            self.close()
            raise UsageError(answer.get("error", "The embedded grid did not start."), hint=answer.get("hint", ""))
        self.sources = tuple(answer["sources"])

    def close(self) -> None:
        """End all nodes and every process on them; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=END_S)  # closes its standard input, which ends it
        except subprocess.TimeoutExpired:
            process.kill()  # its nodes end with it
            process.communicate()

    def command(self, deed: str, node: str, **details: Any) -> None:
        """Have `load`, `stop`, `start`, `cut`, `heal` or `reset` done; returns when it is. UsageError: refused."""
        ask(self.folder, {"do": deed, "node": node, **details})

    async def load(self, node: str, *, cpu: int | None = None, memory: int = 0, seconds: float = 60.0) -> None:
        """Replace the node's load by `cpu` spinning processes (all its processors) and `memory` MB, for a time."""
        await self._command("load", node, cpu=cpu, memory=memory, seconds=seconds)

    async def stop(self, node: str) -> None:
        """Power off: every process there ends, the port refuses."""
        await self._command("stop", node)

    async def start(self, node: str) -> None:
        """Power on: another boot id, the same folder, host key and port."""
        await self._command("start", node)

    async def cut(self, node: str) -> None:
        """Let the link go dead in silence."""
        await self._command("cut", node)

    async def heal(self, node: str) -> None:
        """Mend the link: what was under way goes on."""
        await self._command("heal", node)

    async def reset(self) -> None:
        """Every node powered on, reached and without load."""
        await asyncio.to_thread(self.reset_now)

    def reset_now(self) -> None:
        """`reset`, blocking."""
        for node in self.names:
            self.command("reset", node)

    async def _command(self, deed: str, node: str, **details: Any) -> None:
        await asyncio.to_thread(self.command, deed, node, **details)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.open)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)


def _first_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What the grid says when it stands, or why it does not; empty where it says nothing in time."""
    if process.stdout is None or not select.select([process.stdout], [], [], START_S)[0]:
        return {}
    answer: dict[str, Any] = json.loads(process.stdout.readline() or b"{}")
    return answer
