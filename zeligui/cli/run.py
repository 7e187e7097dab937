"""`zeligrid run`: an experiment driven to its end, without a window."""

from __future__ import annotations

import argparse

from zeligui.cli.common import (
    add_command,
    add_source_options,
    home,
    path,
    proved,
    say,
    tell_of_silence,
    tell_of_trouble,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack

    from zeligui.contract.model import Contract
    from zeligui.events import Event
    from zeligui.experiment.controller import Controller
    from zeligui.experiment.core import Core
    from zeligui.experiment.description import Experiment
    from zeligui.settings import Settings

INTERRUPTED = 130

EXAMPLES = """\
examples:
  zeligrid run contracts/two-profiles.toml --source ssh://lab1 --source ssh://lab2
  zeligrid run pi.toml --json > events.jsonl        an event a line
  zeligrid run pi.toml                              with the sources of settings.toml; interrupted and
                                                    started again it goes on where it stands
  zeligrid run pi.toml                              where it says on = ["ssh://lab1", "slurm+ssh://cluster"],
                                                    these are watched for it, and need no source
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = add_command(
        commands,
        "run",
        "run an experiment to its end",
        EXAMPLES,
        description="Start an experiment's jobs on machines that honour its contract, and keep them there until they\n"
        "end. Ctrl+C leaves the jobs running; run again, it takes the experiment up where it stands.",
    )
    parser.add_argument("experiment", metavar="EXPERIMENT.toml", type=path, help="the experiment file")
    parser.add_argument("--stop", action="store_true", help="when interrupted, end the jobs instead of leaving them")
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the experiment of the command line; 0 when every instance is done, 1 when not, 130 when interrupted."""
    import asyncio
    from dataclasses import replace

    from zeligui.errors import UsageError
    from zeligui.experiment.core import read_contract
    from zeligui.experiment.description import read_experiment
    from zeligui.experiment.spanning import to_watch
    from zeligui.settings import load

    settings = proved(load(home(options)).trusting(options.ca), options)
    experiment = read_experiment(options.experiment, settings)
    settings = replace(settings, reconfiguration=experiment.reconfiguration)
    contract = read_contract(experiment.contract_file)
    named = options.source or settings.measured
    sources = (*named, *to_watch(experiment.on, named))
    if not sources:
        raise UsageError(
            "No machines are known: neither --source, nor the settings, nor `on` in the experiment name any.",
            hint=f"Try --source local://, or put sources = [...] into {home(options).settings_file}.",
        )
    return asyncio.run(_run(options, settings, experiment, contract, sources))


async def _run(
    options: argparse.Namespace,
    settings: Settings,
    experiment: Experiment,
    contract: Contract,
    sources: Sequence[str],
) -> int:
    from zeligui.experiment.core import open_core
    from zeligui.experiment.lease import acquire

    places = home(options)
    async with open_core(
        places,
        settings,
        sources=sources,
        known_hosts=options.known_hosts,
        identities=options.identity,
        complain=tell_of_trouble,
    ) as core:
        lease = await acquire(core.journal, places.leases_folder, experiment.name)
        try:
            await core.machines.first_round(options.wait)
            tell_of_silence(core.machines.hosts())
            return await drive(core, core.controller(experiment, contract, lease), experiment, options)
        finally:
            lease.close()


async def drive(core: Core, controller: Controller, experiment: Experiment, options: argparse.Namespace) -> int:
    """Run a controller to its end or until the user interrupts it, showing its events."""
    from contextlib import ExitStack

    with ExitStack() as shown:
        controller.listen(listener(core, controller, options, shown))
        counts = await until_interrupted(controller)
    if counts is None and options.stop:
        say("Interrupted: the jobs are being ended.")
        await controller.stop_all()
        return INTERRUPTED
    if counts is None:
        say(f"Interrupted: the jobs of {experiment.name} go on. The same command takes them up again;")
        say("`zeligrid jobs` shows them, `zeligrid job cancel ID` ends one.")
        return INTERRUPTED
    return 0 if counts["done"] == sum(counts.values()) else 1


async def until_interrupted(controller: Controller) -> Mapping[str, int] | None:
    """The counts of a run that came to its end, None where SIGINT or SIGTERM came before."""
    import asyncio
    import signal

    task = asyncio.ensure_future(controller.run())
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for one in signals:
        loop.add_signal_handler(one, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return None
    finally:
        for one in signals:
            loop.remove_signal_handler(one)


def listener(
    core: Core, controller: Controller, options: argparse.Namespace, shown: ExitStack
) -> Callable[[Event], None]:
    """What shows events: JSON lines, a live table on a terminal, else a line in words each."""
    import sys

    from zeligui.cli.narration import LiveTable, json_line, narrate

    if options.json:
        return json_line
    if sys.stdout.isatty():
        return shown.enter_context(LiveTable(core, controller)).hear
    return narrate
