"""`zeligrid doctor`: what would work from here and what is missing, with the line that mends it."""

from __future__ import annotations

import argparse

from zeligui.cli.common import (
    add_authority_option,
    add_command,
    add_key_options,
    clean,
    home,
    links_for,
    print_json,
    proved,
    told,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zeligui.errors import ZeliGridError
    from zeligui.jobs.checkups import Checkup
    from zeligui.links.checkup import Step
    from zeligui.settings import Settings

EXAMPLES = """\
examples:
  zeligrid doctor                            this machine, and every source of the settings
  zeligrid doctor ssh://lab1                 step by step up to a job on it
  zeligrid doctor any://lab1                 by which adaptors a job could start there
  zeligrid doctor gram://site.example.org/jobmanager-slurm
                                             proxy, authorities, package, route and what the site says
  zeligrid doctor slurm+ssh://login/short    the way to a cluster, and its partition
  zeligrid doctor sftp://lab1                or gsiftp://site.example.org: the way to files
  zeligrid doctor ldap://mds.example.org/o=grid --json

exit status: 0 all right; 1 something is missing; 3 it could not be reached
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor`."""
    parser = add_command(
        commands,
        "doctor",
        "say what would work and what is missing",
        EXAMPLES,
        description="Look at everything between this machine and another one, step by step: what is missing, with\n"
        "the line that mends it. Nothing is started or changed anywhere.",
    )
    parser.add_argument(
        "url", metavar="URL", nargs="?", help="a source or job service; without it, this machine and the settings"
    )
    keys = parser.add_argument_group("keys")
    add_key_options(keys)
    add_authority_option(keys)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run `zeligrid doctor`; 0 all right, 1 something is missing, 3 it could not be reached."""
    import asyncio

    from zeligui.errors import UsageError
    from zeligui.settings import Settings, load

    trouble: ZeliGridError | None = None
    try:
        settings = proved(load(home(options)).trusting(options.ca), options)
    except UsageError as error:
        if options.url:
            raise
        settings, trouble = Settings(), error
    checkups = asyncio.run(_look(options, settings, trouble))
    status = _status(checkups)
    if options.json:
        print_json({"ok": status == 0, "checks": [check for one in checkups for check in _as_json(one)]})
    else:
        print("\n".join(line for one in checkups for line in _lines(one)))
    return status


async def _look(options: argparse.Namespace, settings: Settings, trouble: ZeliGridError | None) -> list[Checkup]:
    from zeligui.jobs import checkups
    from zeligui.links.calls import call

    links = links_for(options, settings)
    try:
        if options.url:
            return [await checkups.of_url(options.url, links)]
        here = await call(checkups.of_this_machine, home(options), settings, trouble)
        return [here, *await checkups.of_urls(settings.measured, links)]
    finally:
        await links.close()


def _status(checkups: Sequence[Checkup]) -> int:
    """3 only where nothing that was to be reached could be: of several sources, one may be away."""
    here, *others = [one.exit_status for one in checkups]
    if not others or here:
        return here
    if all(status == 3 for status in others):
        return 3
    return 1 if any(others) else 0


def _as_json(checkup: Checkup) -> Iterator[dict[str, str]]:
    for step in checkup.steps:
        yield {
            "of": checkup.of,
            "step": step.name,
            "status": step.status.value,
            "says": step.says,
            "mend": step.mend,
        }
    for way in checkup.ways:
        yield from _as_json(way)


def _lines(checkup: Checkup) -> Iterator[str]:
    yield clean(checkup.of)
    width = max((len(step.name) for step in checkup.steps), default=0)
    for step in checkup.steps:
        yield from _step_lines(step, width)
    for way in checkup.ways:
        yield from _lines(way)


def _step_lines(step: Step, width: int) -> Iterator[str]:
    yield f"  {step.status.value:11}  {step.name:{width}}  {told(step.says)}"
    if step.mend and step.stops:
        for line in step.mend.split("\n"):
            yield f"  {'':11}  {'':{width}}    {clean(line)}"
