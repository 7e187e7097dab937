"""`zeligrid contract check FILE`: every error of a contract, each with its place and its line."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_command, contract_source, path, print_json, say

TYPE_CHECKING = False  # typing itself costs 4 ms, a quarter of a bare Python's start
if TYPE_CHECKING:
    from pathlib import Path

    from zeligui.contract.language import Problem, Reading

EXAMPLES = """\
examples:
  zeligrid contract check contracts/two-profiles.contract
  zeligrid contract check --json my.contract
"""
_WIDTH = 100
"""Signs of a source line that are shown around a problem."""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `contract` with its one action, `check`."""
    contract = add_command(commands, "contract", "check a contract", EXAMPLES)
    actions = contract.add_subparsers(metavar="ACTION", required=True)
    check = add_command(
        actions,
        "check",
        "report every error of a contract",
        EXAMPLES,
        description="Parse a contract and report every error, each with its line, column and what was expected.",
    )
    check.add_argument("file", metavar="FILE", type=path, help="the contract, a UTF-8 text file")
    check.set_defaults(run=run_check)


def run_check(options: argparse.Namespace) -> int:
    """Exit status 0: the contract is valid; 1: it is not. UsageError: the file cannot be opened."""
    from zeligui.contract.language import read

    source = contract_source(options.file)
    reading = read(source)
    if options.json:
        print_json(_as_json(reading))
    else:
        _tell(options.file, source, reading)
    return 1 if reading.errors else 0


def _as_json(reading: Reading) -> dict[str, object]:
    return {
        "ok": not reading.errors,
        "profiles": [
            {
                "name": profile.name,
                "constraints": [constraint.text for constraint in profile.constraints],
                "preferences": [preference.text for preference in profile.preferences],
            }
            for profile in reading.profiles
        ],
        "negotiation": [{"from": edge.source, "to": edge.target, "after_s": edge.after_s} for edge in reading.edges],
        "errors": [_problem_as_json(problem) for problem in reading.errors],
        "warnings": [_problem_as_json(problem) for problem in reading.warnings],
    }


def _problem_as_json(problem: Problem) -> dict[str, object]:
    return {"line": problem.line, "column": problem.column, "message": problem.message}


def _tell(file: Path, source: bytes, reading: Reading) -> None:
    lines = source.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    problems = [(problem, "") for problem in reading.errors] + [(problem, "warning: ") for problem in reading.warnings]
    for problem, word in sorted(problems):
        say(f"{file}:{problem.line}:{problem.column}: {word}{problem.message}")
        say(_pointed(lines[problem.line - 1].removesuffix("\r"), problem.column))
    if reading.errors:
        say(f"{file}: {_counted(len(reading.errors), 'error')}")
        return
    constraints = sum(len(profile.constraints) for profile in reading.profiles)
    edges = ", ".join(f"{edge.source} -> {edge.target}" for edge in reading.edges)
    names = ", ".join(profile.name for profile in reading.profiles)
    count = _counted(len(reading.profiles), "profile")
    print(
        f"{file} is a valid contract: {count} ({names}), {_counted(constraints, 'constraint')}, {edges or 'no edges'}"
    )


def _pointed(line: str, column: int) -> str:
    """The source line with a caret below the column; a long line is shown around it."""
    start = max(0, column - 1 - _WIDTH // 2)
    shown = "".join(sign if sign.isprintable() or sign == "\t" else "\ufffd" for sign in line[start : start + _WIDTH])
    before = shown[: column - 1 - start]
    return f"    {shown}\n    {''.join(sign if sign == chr(9) else ' ' for sign in before)}^"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
