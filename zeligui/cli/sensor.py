"""`zeligrid sensor`: what the sensor says of this machine."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_command, seconds

EXAMPLES = """\
examples:
  zeligrid sensor                         this machine, every 2 s, until interrupted
  zeligrid sensor --period 0.5 --count 4  four lines, one each half a second

Each line is a JSON object: "stamp" (seconds since 1970), "identity" of the machine, its "values" in the units of the
contract language, and what the "jobs" on it use. $ZELIGRID_HOSTNAME gives the machine another name; $ZELIGRID_PROC a
folder that is read in place of /proc.
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
    parser.set_defaults(run=measure)


def measure(options: argparse.Namespace) -> int:
    """Run `zeligrid sensor`."""
    from zeligui.sensor import sensor

    count = [] if options.count is None else [str(options.count)]
    return sensor.main([str(options.period), *count])


def _period(text: str) -> float:
    period = seconds(text)
    if not 0.1 <= period <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0.1 s and an hour")
    return period


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines, 1 or more")
    return int(text)
