"""`zeligrid adaptors`: what is installed to measure machines, to run jobs and to copy files, and what each can do."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_command, print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zeligui.jobs.adaptors import Adaptor

EXAMPLES = """\
examples:
  zeligrid adaptors
  zeligrid adaptors --json

Job services stand in the order in which any://HOST tries them. `zeligrid doctor any://HOST` says which would work.
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `adaptors`."""
    parser = add_command(commands, "adaptors", "list the adaptors and what each can do", EXAMPLES)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run `zeligrid adaptors`; 1 where one that is installed cannot be loaded."""
    from zeligui.jobs.adaptors import adaptors
    from zeligui.schemes import FILES, SOURCES

    services, sources, files = adaptors(), _installed(SOURCES), _installed(FILES)
    if options.json:
        print_json({"jobs": [_job_service(one) for one in services], "sources": sources, "files": files})
    else:
        print("\n".join(_lines(services, sources, files)))
    return 1 if any(one.trouble for one in services) or any(one["trouble"] for one in (*sources, *files)) else 0


def _job_service(adaptor: Adaptor) -> dict[str, object]:
    from zeligui.jobs.adaptors import Ability

    can = {ability.value: ability in adaptor.declared.can for ability in Ability}
    return {"scheme": adaptor.scheme, "for": adaptor.declared.words, "can": can, "trouble": str(adaptor.trouble or "")}


def _installed(group: str) -> list[Mapping[str, str]]:
    from importlib import import_module

    from zeligui.jobs.adaptors import Unfit, opener
    from zeligui.schemes import installed

    found: list[Mapping[str, str]] = []
    for entry in installed(group):
        words = trouble = ""
        try:
            opener(entry)
            words = getattr(import_module(entry.module), "WORDS", "")
        except Unfit as error:
            trouble = str(error)
        found.append({"scheme": entry.name, "for": words, "trouble": trouble})
    return found


def _lines(
    services: Sequence[Adaptor], sources: Sequence[Mapping[str, str]], files: Sequence[Mapping[str, str]]
) -> list[str]:
    from zeligui.cli.machine_tables import aligned
    from zeligui.jobs.adaptors import Ability

    header = ["JOBS", *(ability.value for ability in Ability), "for"]
    rows = [
        [
            f"{one.scheme}://",
            *("yes" if ability in one.declared.can else "-" for ability in Ability),
            str(one.trouble or one.declared.words),
        ]
        for one in services
    ]
    measured = [[f"{one['scheme']}://", one["trouble"] or one["for"]] for one in sources]
    copied = [[f"{one['scheme']}://", one["trouble"] or one["for"]] for one in files]
    tables = [header, *rows], [["SOURCES", ""], *measured], [["FILES", ""], *copied]
    return [line for table in tables for line in ("", *aligned(table))][1:]
