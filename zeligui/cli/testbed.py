"""`zeligrid testbed`: the embedded grid, its load and its faults."""

from __future__ import annotations

import argparse
import json

from zeligui.cli.common import add_command, discard_output, home, print_json, seconds, writable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zeligui.testbed.supervisor import Summary

GOING_S = 0.05
"""Between two looks at whether a grid that was asked to end has gone."""

DEEDS = {
    "stop": ("power a node off: every process there ends, its port refuses", "is powered off"),
    "start": ("power a node on again: another boot id, the same folder, key and port", "is powered on"),
    "cut": ("cut the link to a node in silence: what is under way stalls", "is cut off"),
    "heal": ("mend the link to a node: what stalled goes on", "is reached again"),
}

EXAMPLES = """\
examples:
  zeligrid testbed up                   start the grid; then, in another terminal:
  zeligrid testbed load node1.grid      put load on a node
  zeligrid testbed cut node1.grid       cut its link
  zeligrid testbed stop node1.grid      power it off
  zeligrid testbed down                 end the grid
"""
UP_EXAMPLES = """\
examples:
  zeligrid testbed up                    four nodes, until Ctrl+C
  zeligrid testbed up --nodes 8 --json   the first line is {"sources", "known_hosts", "identity"}
"""
LOAD_EXAMPLES = """\
examples:
  zeligrid testbed load node1.grid                         one spinning process a processor, for a minute
  zeligrid testbed load node1.grid --cpu 1 --memory 500    one, and 500 MB held
  zeligrid testbed load node1.grid --cpu 0                 the end of the load
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `testbed up`, `load`, `stop`, `start`, `cut`, `heal`, `show` and `down`."""
    testbed = add_command(
        commands,
        "testbed",
        "run an embedded grid of several nodes on this machine",
        EXAMPLES,
        description="Run an embedded grid: several nodes on this machine, with nothing to install, as root or not.",
    )
    deeds = testbed.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_up(deeds)
    _add_load(deeds)
    for deed, (words, done) in DEEDS.items():
        parser = add_command(deeds, deed, words, f"example:\n  zeligrid testbed {deed} node1.grid\n")
        parser.add_argument("node", metavar="NODE", help="the node's hostName")
        parser.set_defaults(run=_deed(deed, done))
    showing = add_command(deeds, "show", "say which nodes the running grid has", "example:\n  zeligrid testbed show\n")
    showing.set_defaults(run=show)
    ending = add_command(deeds, "down", "end the running grid, and all on it", "example:\n  zeligrid testbed down\n")
    ending.set_defaults(run=down)


def _add_up(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = add_command(deeds, "up", "start the grid and keep it until interrupted", UP_EXAMPLES)
    parser.add_argument("--nodes", metavar="N", type=int, default=4, help="how many nodes (default: 4)")
    parser.add_argument(
        "--isolation",
        choices=("auto", "namespace", "subreaper"),
        default="auto",
        help="how nodes are kept apart: pid namespaces, or subreaper processes (default: the best that works here)",
    )
    parser.set_defaults(run=up)


def _add_load(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = add_command(deeds, "load", "put real load on a node, in place of what load it has", LOAD_EXAMPLES)
    parser.add_argument("node", metavar="NODE", help="the node's hostName")
    parser.add_argument(
        "--cpu", metavar="N", type=int, help="spinning processes (default: the node's processors; 0 ends the load)"
    )
    parser.add_argument("--memory", metavar="MB", type=int, default=0, help="memory to hold (default: 0)")
    parser.add_argument("--seconds", metavar="S", type=seconds, default=60.0, help="how long (default: 60)")
    parser.set_defaults(run=load)


def up(options: argparse.Namespace) -> int:
    """Run the grid in the foreground; 130 after Ctrl+C, 0 when asked to end otherwise."""
    import signal

    from zeligui.testbed.supervisor import run

    folder = writable(home(options).testbed_folder)
    words = _as_json if options.json else _words
    ended_by = run(folder, options.nodes, wanted=options.isolation, announce=lambda summary: _announce(words(summary)))
    return 128 + ended_by if ended_by == signal.SIGINT else 0


def load(options: argparse.Namespace) -> int:
    """Put load on a node, or end it."""
    details = {name: getattr(options, name) for name in ("cpu", "memory", "seconds")}
    ended = options.cpu == 0 and not options.memory
    return _command(options, "load", "has no load" if ended else "has its load", details)


def show(options: argparse.Namespace) -> int:
    """Say what the running grid has; 3 where none runs."""
    from zeligui.testbed.control import ask

    answer = ask(home(options).testbed_folder, {"do": "show"})
    if options.json:
        print_json(answer)
        return 0
    for node in answer["nodes"]:
        state = "powered off" if not node["on"] else "cut off" if node["cut"] else "up"
        print(f"{node['node']:12} {node['source']}   {state}{_load_words(**node['load'])}")
    print(f"\n  known hosts  {answer['known_hosts']}\n  identity     {answer['identity']}")
    return 0


def down(options: argparse.Namespace) -> int:
    """End the running grid; returns when it has gone."""
    import time

    from zeligui.errors import Unreachable
    from zeligui.testbed.control import ask

    folder = home(options).testbed_folder
    answer = ask(folder, {"do": "down"})
    try:
        while True:  # it has its desk until all its processes have ended
            ask(folder, {"do": "show"})
            time.sleep(GOING_S)
    except Unreachable:
        pass
    if options.json:
        print_json(answer)
    else:
        print("The embedded grid has ended.")
    return 0


def _deed(deed: str, words: str) -> Callable[[argparse.Namespace], int]:
    return lambda options: _command(options, deed, words, {})


def _command(options: argparse.Namespace, deed: str, words: str, details: Mapping[str, object]) -> int:
    """Have the running grid do `deed` to a node."""
    from zeligui.testbed.control import ask

    answer = ask(home(options).testbed_folder, {"do": deed, "node": options.node, **details})
    if options.json:
        print_json(answer)
    else:
        print(f"{answer['node']} {words}.")
    return 0


def _load_words(cpu: int, memory: int, seconds: float) -> str:
    has = [f"{cpu} spinning"] * bool(cpu) + [f"{memory} MB held"] * bool(memory)
    return f", {' and '.join(has)} for {seconds:.0f} s more" if has else ""


def _announce(words: str) -> None:
    """Say what runs. A program that started the grid and has gone is no reason to end it: `show` finds it."""
    try:
        print(words, flush=True)
    except BrokenPipeError:
        discard_output()


def _as_json(summary: Summary) -> str:
    return json.dumps(summary.as_json())  # one line at a terminal too: programs read just that


def _words(summary: Summary) -> str:
    lines = [
        " ".join(plan.url for plan in summary.nodes),
        "",
        f"An embedded grid of {len(summary.nodes)} nodes runs on this machine (isolation: {summary.isolation}).",
        "",
    ]
    for plan in summary.nodes:
        has = plan.hardware
        lines.append(f"  {plan.name:12} {plan.url}   {has.processors} x {has.mhz} MHz, {has.memory_mb} MB")
    keys = f"--known-hosts {summary.known_hosts} --identity {summary.identity}"
    lines += [
        "",
        f"  known hosts  {summary.known_hosts}",
        f"  identity     {summary.identity}",
        "",
        "Try in another terminal, with the same home:",
        f"  zeligrid hosts {' '.join(f'--source {plan.url}' for plan in summary.nodes)} {keys}",
        f"  zeligrid testbed load {summary.nodes[0].name}",
        "Ctrl+C ends the grid.",
    ]
    return "\n".join(lines)
