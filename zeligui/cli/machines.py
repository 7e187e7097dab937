"""`zeligrid hosts` and `zeligrid match`: the machines, and which of them a contract accepts."""

from __future__ import annotations

import argparse
import sys

from zeligui.cli.common import (
    add_command,
    add_source_options,
    clean,
    contract_source,
    path,
    print_json,
    say,
    tell_of_silence,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from zeligui.cli.gathering import Gathered
    from zeligui.contract.language import Contract, Reading
    from zeligui.grid.hosts import Host
    from zeligui.grid.matching import Match

UNREACHED = 3
TOLD_WARNINGS = 20
TOLD_HOSTS = 10

HOSTS_EXAMPLES = """\
examples:
  zeligrid hosts --source local://                 this machine
  zeligrid hosts --source ssh://lab1 --json        a machine reached by ssh, as JSON
  zeligrid hosts --hosts grid.ldif                 what a directory published
  zeligrid hosts --history lab1 cpuAvail --since "2 h"
                                                   what the window and `zeligrid run` measured of it
  zeligrid hosts --history lab1 cpuAvail load1 --since 2026-05-01 --until 2026-06-01 --csv > trace.csv
"""
MATCH_EXAMPLES = """\
examples:
  zeligrid match contracts/two-profiles.contract --source ssh://lab1 --source ssh://lab2
  zeligrid match contracts/two-profiles.contract --hosts hosts.json -n 4
  zeligrid match contracts/two-profiles.contract --hosts hosts.csv --explain    why each host is apt or is not
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `hosts` and `match`."""
    hosts = _add(commands, "hosts", "list machines and what is measured of them", HOSTS_EXAMPLES)
    add_history_options(hosts)
    hosts.set_defaults(run=list_hosts)
    match = _add(commands, "match", "find the machines that a contract accepts", MATCH_EXAMPLES)
    match.add_argument("contract", metavar="CONTRACT", type=path, help="the file with the contract")
    match.add_argument("-n", metavar="N", type=_count, help="how many apt machines a profile must have (default: 1)")
    match.add_argument("--explain", action="store_true", help="show each constraint on each machine")
    match.set_defaults(run=match_contract)


def list_hosts(options: argparse.Namespace) -> int:
    """Run `zeligrid hosts`."""
    if options.history:
        from zeligui.cli.history import print_history

        return print_history(options)
    from zeligui.grid import garbage

    gathered = _gather(options)
    if options.json:
        with garbage.kept():
            print_json([_as_json(host) for host in gathered.hosts])
        tell_of_silence(gathered.hosts)
    else:
        from zeligui.cli.machine_tables import host_table

        print(host_table(gathered.hosts))
    return 0 if gathered.answered else UNREACHED


def match_contract(options: argparse.Namespace) -> int:
    """Run `zeligrid match`."""
    source = contract_source(options.contract)
    contract = _read_contract(options, source, published=())
    if contract is None:
        return 1
    gathered = _gather(options)
    _warn_of_contract(options, source, gathered)
    from zeligui.grid.matching import match

    matched = match(contract, gathered.columns, n=options.n)
    if options.json:
        print_json(_match_as_json(options, contract, matched, gathered))
    else:
        _print_match(options, contract, matched, gathered)
    tell_of_silence(gathered.hosts)
    if not gathered.answered:
        return UNREACHED
    return 0 if matched.profile else 1


def add_history_options(parser: argparse.ArgumentParser) -> None:
    """Add `history` (a host and attributes, None without), `since`, `until` (texts) and `csv` to a command."""
    group = parser.add_argument_group("history")
    group.add_argument(
        "--history",
        metavar=("HOST", "ATTRIBUTE"),
        nargs="+",
        help="show what was measured of a host: every value of the last day, means of minutes of the last month, "
        "means of hours of the last year",
    )
    group.add_argument(
        "--since", metavar="TIME", default="1 h", help='how long ago ("2 h"), or an ISO 8601 time (default: 1 h)'
    )
    group.add_argument("--until", metavar="TIME", default="0 s", help="the end, in the same way (default: now)")
    group.add_argument("--csv", action="store_true", help="print CSV, as `zeligrid forecast` and `replay` read it")


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, examples: str
) -> argparse.ArgumentParser:
    parser = add_command(commands, name, words, examples)
    add_source_options(parser)
    parser.add_argument("--hosts", metavar="FILE", type=path, help="read machines from a JSON, CSV or LDIF file")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:19]) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of machines, from 1 up")
    return int(text[:19])


def _gather(options: argparse.Namespace) -> Gathered:
    from zeligui.cli.gathering import gather

    gathered = gather(options)
    for warning in gathered.warnings[:TOLD_WARNINGS]:
        say(f"zeligrid: warning: {clean(warning)}")
    if len(gathered.warnings) > TOLD_WARNINGS:
        say(f"zeligrid: {len(gathered.warnings) - TOLD_WARNINGS} more warnings like these")
    return gathered


def _as_json(host: Host) -> dict[str, Any]:
    rounded = {time: round(max(0.0, host.taken - time), 3) for time in {*host.times.values()}}
    ages = {name: rounded[time] for name, time in host.times.items()}
    fixed = {"age_s": ages, "source": host.source, "status": host.status, "detail": host.detail}
    own = {
        name: int(value) if type(value) is float and value.is_integer() else value
        for name, value in host.values.items()
    }
    return {"hostName": host.name} | own | fixed


def _read_contract(options: argparse.Namespace, source: bytes, *, published: Sequence[str]) -> Contract | None:
    from zeligui.contract.language import read

    reading = read(source, published=published)
    if reading.contract is None:
        if options.json:
            errors = [{"line": one.line, "column": one.column, "message": one.message} for one in reading.errors]
            print_json({"profile": None, "apt": [], "profiles": {}, "errors": errors})
        for problem in reading.errors:
            say(f"{options.contract}:{problem.line}:{problem.column}: {problem.message}")
        say(f"Nothing was matched. `zeligrid contract check {options.contract}` shows each place.")
    return reading.contract


def _warn_of_contract(options: argparse.Namespace, source: bytes, gathered: Gathered) -> None:
    """An attribute that some host publishes is no reason for a warning, so they come after the hosts."""
    from zeligui.contract.language import read

    reading: Reading = read(source, published=gathered.attributes)
    for problem in reading.warnings:
        say(f"{options.contract}:{problem.line}:{problem.column}: warning: {problem.message}")


def _match_as_json(
    options: argparse.Namespace, contract: Contract, matched: Match, gathered: Gathered
) -> Mapping[str, Any]:
    from zeligui.grid.matching import explain

    found: dict[str, Any] = {
        "profile": matched.profile,
        "apt": list(matched.apt),
        "profiles": {name: {"apt": list(apt)} for name, apt in matched.profiles.items()},
        "nearest": [
            {"hostName": miss.host, "profile": miss.profile, "fails": list(miss.fails)} for miss in matched.nearest
        ],
    }
    if options.explain:
        found["explain"] = explain(contract, gathered.columns)
    return found


def _print_match(options: argparse.Namespace, contract: Contract, matched: Match, gathered: Gathered) -> None:
    from zeligui.cli.machine_tables import explanation, summary
    from zeligui.grid.matching import explain

    misses = [miss.host for miss in matched.nearest[:TOLD_HOSTS]]
    found = explain(contract, gathered.columns, hosts=None if options.explain else misses)
    if options.explain:
        print(explanation(contract, found, unicode=_speaks_unicode()), end="\n\n")
    print(summary(matched, found, contract, wanted=options.n or 1, known=len(gathered.hosts), most=TOLD_HOSTS))


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
