"""`zeligrid home`: which jobs may call home, taking that back, and what sshd runs when one calls."""

from __future__ import annotations

import argparse

from zeligui.cli.common import add_command, home, print_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zeligui.experiment.calling.grants import Grant

EXAMPLES = """\
examples:
  zeligrid home list                    which jobs may call home, and until when
  zeligrid home sweep                   take it back from those that have ended
  zeligrid home sweep --all             from all, whether they run or not

Jobs may call home where an experiment, or the settings, say so:

  [home_calling]
  enabled = true
  address = "me@home.example.org"

A job then finds $ZELIGRID_CALL_HOME: a script that takes `list`, `fetch NAME`, `put NAME`, `report TEXT` and
`progress FRACTION [TEXT]`. Its key is good for these alone, and is taken out of authorized_keys when it has ended.
"""


LIST_EXAMPLES = """\
examples:
  zeligrid home list
  zeligrid home list --json
"""
SWEEP_EXAMPLES = """\
examples:
  zeligrid home sweep                   after a master died: jobs that have ended since
  zeligrid home sweep --all             all, at once; no job may call home afterwards
"""
ANSWER_EXAMPLES = """\
examples:
  zeligrid home answer ID               as the job's line in authorized_keys has it: $SSH_ORIGINAL_COMMAND is done
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `home` with `list`, `sweep` and `answer`."""
    whole = add_command(commands, "home", "say which jobs may call home, and take it back", EXAMPLES)
    below = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = add_command(below, "list", "list the jobs that may call home", LIST_EXAMPLES)
    listing.set_defaults(run=list_calls)
    sweeping = add_command(below, "sweep", "take it back from jobs that have ended", SWEEP_EXAMPLES)
    sweeping.add_argument("--all", action="store_true", help="from jobs that run, too")
    sweeping.set_defaults(run=sweep)
    answering = add_command(below, "answer", "answer a job that calls; sshd runs it, nobody else", ANSWER_EXAMPLES)
    answering.add_argument("attempt", metavar="ID", help="the id of the job")
    answering.set_defaults(run=answer)


def list_calls(options: argparse.Namespace) -> int:
    """Run `zeligrid home list`."""
    from zeligui.experiment.calling.grants import Grants

    grants = Grants(home(options).folder)
    known = [grant for attempt in grants.attempts() if (grant := grants.read(attempt))]
    if options.json:
        print_json([_as_json(one) for one in known])
        return 0
    if not known:
        say("No job may call home.")
    for one in known:
        until = f"{one.ends.astimezone():%Y-%m-%d %H:%M}"
        print(f"{one.attempt}  {one.experiment} #{one.instance} on {one.host}, until {until}")
    return 0


def _as_json(grant: Grant) -> dict[str, object]:
    about = {"id": grant.attempt, "experiment": grant.experiment, "instance": grant.instance, "host": grant.host}
    return {**about, "until": grant.ends.isoformat(), "files": list(grant.files), "outputs": list(grant.outputs)}


def sweep(options: argparse.Namespace) -> int:
    """Run `zeligrid home sweep`."""
    import asyncio

    from zeligui.experiment.calling.sweeping import sweep_home

    count = asyncio.run(sweep_home(home(options), everything=options.all))
    if options.json:
        print_json({"taken_back": count})
    else:
        say(f"Taken back from {count} jobs." if count != 1 else "Taken back from 1 job.")
    return 0


def answer(options: argparse.Namespace) -> int:
    """Run `zeligrid home answer`: do what $SSH_ORIGINAL_COMMAND says for one job, or refuse it."""
    import os
    import sys

    from zeligui.experiment.calling.answering import answer as answered
    from zeligui.experiment.calling.grants import Grants
    from zeligui.experiment.calling.reports import Reports

    place = home(options)
    order = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    streams = sys.stdin.buffer, sys.stdout.buffer
    answered(Grants(place.folder), options.attempt, order, streams, Reports(place.journal_file))
    return 0
