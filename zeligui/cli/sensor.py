"""`zeligrid sensor`: what the sensor says of this machine."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_authority_option, add_command, home, say, seconds, tell_of_trouble

EXAMPLES = """\
examples:
  zeligrid sensor                         this machine, every 2 s, until interrupted
  zeligrid sensor --period 0.5 --count 4  four lines, one each half a second
  zeligrid sensor --publish ldap://dir.example.org/Mds-Vo-name=site,o=grid
                                          into a directory, which `zeligrid directory init` has made ready

Each line is a JSON object: "stamp" (seconds since 1970), "identity" of the machine, its "values" in the units of the
contract language, and what the "jobs" on it use. $ZELIGRID_HOSTNAME gives the machine another name; $ZELIGRID_PROC a
folder that is read in place of /proc.

Among the values: cpuAvail and cpuCurrent, the share of a processor that one more process, and one that runs, would get,
corrected by a child that spins for a tenth of a second now and then (never where $ZELIGRID_PROC is set); "probeCost" is
the share of a processor that this has cost since the start; "ownerActive" is 1 where somebody sits at the machine.
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `sensor`."""
    parser = add_command(
        commands,
        "sensor",
        "measure this machine, a line of JSON a period",
        EXAMPLES,
        description="Measure this machine: a line of JSON a period on standard output, until interrupted.",
    )
    parser.add_argument("--period", metavar="S", type=_period, default=2.0, help="seconds between lines (default: 2)")
    parser.add_argument("--count", metavar="N", type=_count, help="end after N lines")
    parser.add_argument("--publish", metavar="URL", help="write into this directory (ldap://, ldaps://), print nothing")
    add_authority_option(parser)
    parser.set_defaults(run=measure)


def measure(options: argparse.Namespace) -> int:
    """Run `zeligrid sensor`."""
    if options.publish is not None:
        import asyncio

        return asyncio.run(_publish(options))
    from zeligui.sensor import sensor

    count = [] if options.count is None else [str(options.count)]
    return sensor.main([str(options.period), *count])


async def _publish(options: argparse.Namespace) -> int:
    """Measure this machine and write it into a directory, until interrupted or as often as asked for."""
    import asyncio

    from zeligui.clock import SystemClock
    from zeligui.grid.machines import Machines
    from zeligui.grid.publishing import Publisher
    from zeligui.grid.sources import open_source
    from zeligui.links import open_links
    from zeligui.links.ldap import parse
    from zeligui.settings import load

    settings = load(home(options)).trusting(options.ca)
    place = parse(options.publish, settings.directories)
    expiry_s = max(settings.reconfiguration.measurement_expiry_s, 3 * options.period)
    links, clock = open_links(directories=settings.directories), SystemClock()
    source = open_source("local://", links, period_s=options.period, expiry_s=expiry_s)
    machines = Machines([source], clock=clock, expiry_s=expiry_s)
    publisher = Publisher(
        place,
        machines,
        clock=clock,
        period_s=options.period,
        expiry_s=expiry_s,
        report=tell_of_trouble,
    )
    say(f"Publishing this machine in {place.url} every {options.period:g} s; Ctrl+C ends it.")
    machines.start()
    task = asyncio.ensure_future(publisher.run())
    try:
        while options.count is None or publisher.published < options.count:
            await asyncio.wait([task], timeout=min(0.1, options.period / 2))
            if task.done():
                task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await machines.close()
        await links.close()
    return 0


def _period(text: str) -> float:
    period = seconds(text)
    if not 0.1 <= period <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0.1 s and an hour")
    return period


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines, 1 or more")
    return int(text)
