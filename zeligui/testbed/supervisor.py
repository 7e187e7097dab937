"""The process that an embedded grid is: it makes the nodes, keeps their figures, and obeys commands."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zeligui.errors import UsageError
from zeligui.testbed import isolation, keys
from zeligui.testbed.control import Desk, Message, open_desk
from zeligui.testbed.figures import Hardware
from zeligui.testbed.isolation import Isolation
from zeligui.testbed.node import Load, Plan
from zeligui.testbed.powered import Node, place
from zeligui.testbed.processes import Census, kill_marked

PERIOD_S = 0.25
MOST_NODES = 64
MOST_SPINNING = 64
LONGEST_S = 1e6
MODELS = (Hardware(2, 3000, 2048), Hardware(1, 2800, 1024), Hardware(2, 2200, 1024), Hardware(1, 1900, 512))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a user of the grid needs: its nodes, where they are, and the files with the keys that fit."""

    nodes: tuple[Plan, ...]
    known_hosts: Path
    identity: Path
    isolation: str

    def as_json(self) -> dict[str, Any]:
        """The object that `zeligrid testbed up --json` prints."""
        sources = [plan.url for plan in self.nodes]
        return {"sources": sources, "known_hosts": str(self.known_hosts), "identity": str(self.identity)}


def run(folder: Path, count: int, *, wanted: str, announce: Callable[[Summary], None], until: int | None = None) -> int:
    """Run a grid of `count` nodes in `folder`; the number of the signal that ended it comes back.

    `wanted` is the isolation: auto, namespace or subreaper. With `until`, the end of that open file ends the grid too
    (0). UsageError: a grid runs there already, or this machine cannot make this one.
    """
    if not 1 <= count <= MOST_NODES:
        raise UsageError(f"An embedded grid has 1 to {MOST_NODES} nodes, not {count}.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = folder.resolve()
    with closing(open_desk(folder)) as desk, _interruptions() as interruptions:
        mark = f"ZELIGRID_PROC={folder}/".encode()
        kill_marked(mark)  # what a grid that was killed left behind
        isolation.adopt_orphans()
        try:
            with closing(Supervisor(folder, count, isolation=isolation.choose(wanted))) as grid:
                announce(grid.start())
                return _keep(grid, desk, interruptions, until)
        finally:
            kill_marked(mark)  # what outlived a node whose first process was killed


def hardware(number: int) -> Hardware:
    """What the node of this number declares: four models, then the same a little faster and bigger."""
    round_, model = divmod(number - 1, len(MODELS))
    first = MODELS[model]
    return replace(first, mhz=first.mhz + 10 * round_, memory_mb=first.memory_mb + 64 * round_)


class Supervisor:
    """All nodes of a grid, by name."""

    def __init__(self, folder: Path, count: int, *, isolation: Isolation) -> None:
        self._folder = folder
        self._isolation = isolation
        self.ended = False
        """Whether it was asked to end."""
        self._census = Census()
        ports = self._earlier_ports()
        self._nodes: dict[str, Node] = {}
        for number in range(1, count + 1):
            name = f"node{number}.grid"
            self._nodes[name] = self._node(name, ports.get(name, 0), hardware(number))

    def start(self) -> Summary:
        """Power all nodes on; returns when they answer."""
        plans = tuple(node.plan for node in self._nodes.values())
        for plan in plans:
            plan.folder.mkdir(parents=True, exist_ok=True)
        lines = [keys.known_hosts_line(plan.port, keys.kept(plan.host_key)) for plan in plans]
        self._known_hosts.write_text("".join(lines))
        keys.kept(self._identity)
        self._ports_file.write_text(json.dumps({plan.name: plan.port for plan in plans}))
        for node in self._nodes.values():
            node.power_on()
        for node in self._nodes.values():
            node.wait()
        return self.summary

    @property
    def summary(self) -> Summary:
        """What its user needs."""
        plans = tuple(node.plan for node in self._nodes.values())
        return Summary(plans, self._known_hosts, self._identity, self._isolation.value)

    def measure(self) -> None:
        """Write the figures of every node that runs; a node whose first process ended is powered off."""
        _reap(self._nodes)
        running = {node.first: node for node in self._nodes.values() if node.first}
        for first, processes in self._census.below(running).items():
            running[first].measure(processes)

    def obey(self, request: Message) -> Message:
        """Do what `request["do"]` says to `request["node"]`. UsageError: it cannot be done, and why.

        `show` and `down` are about the whole grid.
        """
        if request["do"] == "show":
            nodes = [_described(node) for node in self._nodes.values()]
            return self.summary.as_json() | {"nodes": nodes}
        if request["do"] == "down":
            self.ended = True
            return {"done": True}
        deeds: dict[str, Callable[[Node], None]] = {
            "load": lambda node: node.load(_load(node.plan, request)),
            "stop": Node.power_off,
            "start": _start,
            "cut": lambda node: node.cut(dead=True),
            "heal": lambda node: node.cut(dead=False),
            "reset": _reset,
        }
        node = self._named(str(request.get("node")))
        deeds[str(request["do"])](node)
        return {"node": node.plan.name, "done": True}

    def close(self) -> None:
        """End every process of every node."""
        for node in self._nodes.values():
            node.close()
        _reap(self._nodes)

    def _named(self, name: str) -> Node:
        try:
            return self._nodes[name]
        except KeyError:
            known = ", ".join(self._nodes)
            raise UsageError(f"The embedded grid has no node {name}.", hint=f"Its nodes are {known}.") from None

    def _node(self, name: str, port: int, hardware: Hardware) -> Node:
        held = place(port)
        plan = Plan(name, held.getsockname()[1], hardware, self._folder / "nodes" / name.partition(".")[0])
        return Node(plan, held, isolation=self._isolation, identity=self._identity)

    @property
    def _identity(self) -> Path:
        return self._folder / "identity"

    @property
    def _known_hosts(self) -> Path:
        return self._folder / "known_hosts"

    @property
    def _ports_file(self) -> Path:
        return self._folder / "ports.json"

    def _earlier_ports(self) -> dict[str, int]:
        """The ports of the last grid in this folder: its URLs stay true where nobody took them."""
        try:
            ports: dict[str, int] = json.loads(self._ports_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return ports


def _described(node: Node) -> dict[str, Any]:
    """What `zeligrid testbed show` says of a node."""
    load = node.load_now
    return {
        "node": node.plan.name,
        "source": node.plan.url,
        "on": bool(node.first),
        "cut": node.is_cut,
        "load": {"cpu": load.processors, "memory": load.memory_mb, "seconds": round(load.seconds, 1)},
    }


def _load(plan: Plan, request: Message) -> Load:
    """What a command asks for. UsageError: it is more or less than a load can be."""
    processors = plan.hardware.processors if request["cpu"] is None else int(request["cpu"])
    load = Load(processors, int(request["memory"]), float(request["seconds"]))
    if not 0 <= load.processors <= MOST_SPINNING:
        raise UsageError(f"A load has 0 to {MOST_SPINNING} spinning processes, not {load.processors}.")
    if not 0 <= load.memory_mb <= plan.hardware.memory_mb:
        raise UsageError(f"{plan.name} can hold 0 to {plan.hardware.memory_mb} MB, not {load.memory_mb}.")
    if not 0 < load.seconds <= LONGEST_S:
        raise UsageError(f"A load lasts up to {LONGEST_S:.0f} s, not {load.seconds:g}.")
    return load


def _start(node: Node) -> None:
    node.power_on()
    node.wait()


def _reset(node: Node) -> None:
    _start(node)
    node.cut(dead=False)
    node.load(Load(0, 0, 1.0))


def _reap(nodes: dict[str, Node]) -> None:
    """Wait for what ended: first processes, and what a node that was powered off left to be waited for."""
    firsts = {node.first: node for node in nodes.values()}
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        if pid in firsts:
            firsts[pid].went()


def _keep(grid: Supervisor, desk: Desk, interruptions: list[int], until: int | None) -> int:
    watched = [desk.fileno()] + ([] if until is None else [until])
    due = time.monotonic()
    while not interruptions:
        ready, _, _ = select.select(watched, [], [], max(0.0, due - time.monotonic()))
        if desk.fileno() in ready:
            desk.answer(grid.obey)
        if grid.ended:
            return 0
        if until in ready:
            return 0
        if time.monotonic() >= due:
            grid.measure()
            due = time.monotonic() + PERIOD_S
    return interruptions[0]


@contextmanager
def _interruptions() -> Iterator[list[int]]:
    """The signals that ask for an end, as they come; they interrupt nothing, so that clean-up is always whole."""
    come: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda received, _: come.append(received)) for number in numbers}
    try:
        yield come
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
