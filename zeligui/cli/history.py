"""`zeligrid hosts --history`: what was measured of a host, as a table, as CSV or as JSON."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

from sqlalchemy import Table

from zeligui.cli.common import clean, home, print_json, say
from zeligui.cli.machine_tables import aligned
from zeligui.contract.attributes import kind
from zeligui.contract.columns import Numbers
from zeligui.errors import UsageError
from zeligui.grid.history.reading import Archive, Past, reading
from zeligui.grid.history.tables import ATTRIBUTES, HOSTS
from zeligui.units import Dimension, quantity

MOST_LINES = 60
"""Of the table: people see the shape of a time, programs read all of it."""


def print_history(options: argparse.Namespace) -> int:
    """Run `zeligrid hosts --history`."""
    host, attributes = _asked(options)
    now = datetime.now(UTC)
    since, until = _time(options.since, now, "--since"), _time(options.until, now, "--until")
    if since > until:
        raise UsageError(f"--since {options.since} is later than --until {options.until}.")
    file = home(options).history_file
    if not file.exists():
        raise UsageError(
            f"There is no history in {file} yet.",
            hint="The window and `zeligrid run` record what they measure, unless history = false in the settings.",
        )
    with reading(file) as archive:
        host = _known(archive, HOSTS, host, "host")
        names = [_known(archive, ATTRIBUTES, one, "attribute") for one in dict.fromkeys(attributes)]
        most = None if options.csv or options.json else MOST_LINES
        times, columns = archive.sheet(host, names, since.timestamp(), until.timestamp(), most=most)
    if options.json:
        documents = [_document(host, name, columns[name]) for name in names]
        print_json(documents[0] if len(documents) == 1 else documents)
    elif options.csv:
        _print_csv(host, times, columns)
    elif len(times):
        print(f"{clean(host)} from {_local(times[0])} to {_local(times[-1])}")
        print("\n".join(aligned([["TIME", *map(_headed, names)], *_lines(times, columns)])))
    if not len(times):
        say(f"zeligrid: Nothing was recorded of {clean(host)} in that time.")
    return 0


def _asked(options: argparse.Namespace) -> tuple[str, Sequence[str]]:
    host, *attributes = options.history
    if not attributes:
        raise UsageError(
            "--history needs a host and an attribute.", hint="For example: zeligrid hosts --history lab1 cpuAvail"
        )
    if options.source or options.hosts:
        raise UsageError("--history shows what was recorded before: it goes without --source and --hosts.")
    if options.csv and options.json:
        raise UsageError("--csv and --json cannot both be printed.")
    return host, attributes


def _time(text: str, now: datetime, name: str) -> datetime:
    """A time, or a duration before now."""
    try:
        return now - timedelta(seconds=quantity(text, Dimension.TIME))
    except OverflowError:
        return datetime.fromtimestamp(0, UTC)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{name} {text!r} is neither a duration nor a time.",
            hint='Write "2 h", "30 d", or ISO 8601: 2026-05-01, 2026-05-01T14:30, 2026-05-01T14:30Z.',
        ) from error


def _known(archive: Archive, table: Table, name: str, what: str) -> str:
    """The name as it is spelt in the history. UsageError names the nearest that is there."""
    found = archive.name(table, name)
    if found is not None:
        return found
    nearest = archive.nearest(table, name)
    raise UsageError(
        f"Nothing was ever recorded of {'a' if what == 'host' else 'an'} {what} {clean(name)}"
        + (f"; the nearest known is {clean(nearest)}." if nearest else "."),
        hint="Texts are not recorded." if what == "attribute" and not nearest else "",
    )


def _document(host: str, attribute: str, past: Past) -> Mapping[str, Any]:
    values = [
        {"time": _iso(time), "value": value, "low": low, "high": high}
        for time, value, low, high in zip(*(each.tolist() for each in _columns(past)), strict=True)
        if not isnan(value)  # another attribute was measured then
    ]
    return {"hostName": host, "attribute": attribute, "unit": _unit(attribute) or None, "values": values}


def _print_csv(host: str, times: Numbers, columns: Mapping[str, Past]) -> None:
    """A line a time; a mean stands at the beginning of its minute or hour."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["time", "hostName", *columns])
    for time, *values in zip(times.tolist(), *(past.values.tolist() for past in columns.values()), strict=True):
        writer.writerow([_iso(time), host, *("" if isnan(value) else repr(value) for value in values)])


def _lines(times: Numbers, columns: Mapping[str, Past]) -> Iterator[list[str]]:
    for place, time in enumerate(times.tolist()):
        yield [_local(time), *(_cell(past, place) for past in columns.values())]


def _cell(past: Past, place: int) -> str:
    value, low, high = (float(each[place]) for each in (past.values, past.low, past.high))
    if isnan(value):
        return "-"
    return f"{value:.6g}" if low == high else f"{value:.6g} ({low:.6g} to {high:.6g})"


def _columns(past: Past) -> tuple[Numbers, ...]:
    return past.times, past.values, past.low, past.high


def _headed(attribute: str) -> str:
    return f"{attribute} {_unit(attribute)}".rstrip()


def _unit(attribute: str) -> str:
    of = kind(attribute)
    if of is None or of.dimension is None or of.dimension is Dimension.PLAIN:
        return ""
    return of.unit or of.dimension.value


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")


def _local(time: float) -> str:
    return f"{datetime.fromtimestamp(time).astimezone():%Y-%m-%d %H:%M:%S}"
