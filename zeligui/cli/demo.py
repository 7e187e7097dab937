"""`zeligrid demo`: the whole story on an embedded grid: place, load, relocate, degrade, promote, end."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_command, home, say, tell_of_trouble, writable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zeligui.events import Event
    from zeligui.experiment.controller import Controller
    from zeligui.grid.hosts import Host
    from zeligui.testbed.grid import Grid

PERIOD_S = 1.0
BUSY = 6
"""Spinning processes that leave a machine of two processors less than half of one for a new job."""
LAST_RESORT = "node4.grid"
"""The only machine that honours profile2 when the others are busy, and never profile1: its clock is too slow."""
SHOWN = ("cpuAvail", "cpuSpeed", "cpuCount", "freeMemory", "bandWidth", "latency")
PAUSE_S = 2.0
"""Between two acts, so that they can be read."""

EXAMPLES = """\
examples:
  zeligrid demo                         four machines, and the window on them with a job ready to Start
  zeligrid demo --headless              the whole story on the terminal: place, load, move, degrade, promote, end
  zeligrid demo --headless --json       the same as events, one a line
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = add_command(
        commands,
        "demo",
        "try ZeliGrid on an embedded grid",
        EXAMPLES,
        description="Start an embedded grid on this machine and open the window on it, with a contract and a job\n"
        "ready to Start; or play on the terminal how the job is placed by its contract, moved when its machine\n"
        "is loaded, degraded when all are, and promoted when they are free again.",
    )
    parser.add_argument("--nodes", metavar="N", type=int, default=4, help="how many machines (4 or more; default: 4)")
    parser.add_argument("--headless", action="store_true", help="on the terminal, without a window")
    parser.set_defaults(run=demo)


def demo(options: argparse.Namespace) -> int:
    """Open the window on the demo, or play it; 0 when its job was done, 130 when it was interrupted."""
    import asyncio

    from zeligui.display import why_no_display
    from zeligui.errors import UsageError
    from zeligui.testbed.supervisor import MOST_NODES

    if not 4 <= options.nodes <= MOST_NODES:
        words = f"The demo's story needs 4 to {MOST_NODES} nodes, not {options.nodes}."
        raise UsageError(words, hint="Try: zeligrid demo --headless")
    if not options.headless and not options.json:
        if not (why := why_no_display()):
            from zeligui.cli.window import open_window

            return open_window(options, demo=True, nodes=options.nodes)
        say(f"There is no window here, so the demo is played on the terminal: {why}")
    return asyncio.run(_demo(options))


async def _demo(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from zeligui.experiment.core import open_core, read_contract
    from zeligui.experiment.description import read_experiment
    from zeligui.experiment.lease import acquire
    from zeligui.settings import load
    from zeligui.shipped import copy_of_demo
    from zeligui.testbed.grid import Grid

    places = home(options)
    settings = replace(load(places), period_s=PERIOD_S)
    experiment = read_experiment(copy_of_demo(writable(places.folder / "demo")), settings)
    contract = read_contract(experiment.contract_file)
    tell = _silent if options.json else _tell
    tell(f"Starting {options.nodes} machines on this one, each with an SSH server of its own.")
    async with Grid(places.testbed_folder, nodes=options.nodes) as grid:
        keys = {"known_hosts": [grid.known_hosts], "identities": [grid.identity]}
        async with open_core(places, settings, sources=grid.sources, complain=tell_of_trouble, **keys) as core:
            lease = await acquire(core.journal, places.leases_folder, experiment.name)
            tell(f"The contract {experiment.contract_file} accepts, best first:")
            for profile in contract.profiles:
                tell(f"  {profile.name}: {', '.join(constraint.text for constraint in profile.constraints)}")
            tell("The machines, as they are measured:")
            await core.machines.first_round()
            for host in core.machines.hosts():
                tell(f"  {host_words(host)}")
            counts = await _play(core.controller(experiment, contract, lease), grid, options, tell)
            lease.close()
    if counts is None:
        say("Interrupted: the demo's jobs and machines are gone.")
        return 130
    tell(f"What the job wrote is in {experiment.folder / 'results' / experiment.name}.")
    return 0 if counts["done"] == sum(counts.values()) else 1


async def _play(
    controller: Controller, grid: Grid, options: argparse.Namespace, tell: Callable[[str], None]
) -> Mapping[str, int] | None:
    import asyncio

    from zeligui.cli.narration import json_line, narrate
    from zeligui.cli.run import until_interrupted

    story = Story(grid, tell)
    controller.listen(story.hear)
    controller.listen(json_line if options.json else narrate)
    telling = asyncio.create_task(story.play())
    counts = await until_interrupted(controller)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    if counts is None:
        await controller.stop_all()
    return counts


class Story:
    """What is done to the grid, each act after what must have followed from the one before."""

    def __init__(self, grid: Grid, tell: Callable[[str], None]) -> None:
        import asyncio

        self._grid = grid
        self._tell = tell
        self._heard: asyncio.Queue[Event] = asyncio.Queue()

    def hear(self, event: Event) -> None:
        """Take in an event of the experiment."""
        self._heard.put_nowait(event)

    async def play(self) -> None:
        """Load the job's machine; when it has moved, all but one; when it has settled there, none."""
        host = await self._until("running")
        await self._act(f"Now other people's work arrives on {host}.", {host: BUSY})
        await self._until("relocating")
        host = await self._until("relocated")
        others = {name: BUSY for name in self._grid.names if name not in {host, LAST_RESORT}}
        await self._act(f"Now all other machines get busy, but {LAST_RESORT}, which is too slow for profile1.", others)
        await self._act(f"Now {host} gets busy too.", {host: BUSY})
        await self._until("degraded")
        await self._until("relocated")
        await self._act("Now they fall idle again.", dict.fromkeys((*others, host), 0))
        await self._until("promoted")
        await self._until("relocated")
        self._tell("--- The job is back on a machine of its best profile, and ends in its own time.")

    async def _until(self, kind: str) -> str:
        while (event := await self._heard.get()).event != kind:
            pass
        return event.host or ""

    async def _act(self, words: str, loads: dict[str, int]) -> None:
        import asyncio

        await asyncio.sleep(PAUSE_S)
        self._tell(f"--- {words}")
        for name, processes in loads.items():
            await self._grid.load(name, cpu=processes)


def host_words(host: Host) -> str:
    """A host's main figures in a line."""
    shown = [f"{name} {host.values[name]:.4g}" for name in SHOWN if isinstance(host.values.get(name), float)]
    return f"{host.name:<12} {host.status:<12} {', '.join(shown) or host.detail}"


def _tell(text: str) -> None:
    print(text, flush=True)


def _silent(_text: str) -> None:
    """Say nothing: standard output is for JSON alone."""
