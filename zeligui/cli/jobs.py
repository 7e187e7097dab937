"""`zeligrid jobs` and `zeligrid job …`: what runs, what it printed, and what a user wishes of it."""

from __future__ import annotations

import argparse
import sys

from zeligui.cli.common import add_command, add_key_options, clean, home, links_for, print_json, proved, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from zeligui.experiment.journal import Journal
    from zeligui.experiment.overview import Job, Overview
    from zeligui.jobs.service import JobService
    from zeligui.settings import Home

    Service = Callable[[str], JobService]
    Work = Callable[[Journal, Overview, Service], Coroutine[Any, Any, int]]

UNREACHED = 3
SHOWN_ID = 8

JOBS_EXAMPLES = """\
examples:
  zeligrid jobs                 what runs now
  zeligrid jobs --all --json    what has ended, too, as JSON
"""
JOB_EXAMPLES = """\
ID is a job's id, as much of its beginning as no other job has, or EXPERIMENT/INSTANCE.

examples:
  zeligrid job show 3f2a
  zeligrid job output pi/1 --follow
  zeligrid job cancel pi/1
"""
WISHES = {
    "cancel": "end it for good: the controller never starts it again",
    "suspend": "stop its processes until it is resumed",
    "resume": "let its processes go on",
}


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `jobs`, and `job` with `show`, `output`, `cancel`, `suspend` and `resume`."""
    jobs = _add(commands, "jobs", "list the jobs that run, from any process", JOBS_EXAMPLES)
    jobs.add_argument("--all", action="store_true", help="list those that have ended, too")
    jobs.set_defaults(run=list_jobs)
    job = add_command(commands, "job", "show a job, its output, cancel, suspend or resume it", JOB_EXAMPLES)
    deeds = job.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_one(deeds, "show", "say all that is known of it").set_defaults(run=show)
    output = _add_one(deeds, "output", "print what it printed")
    output.add_argument("--stderr", action="store_true", help="its standard error instead of its standard output")
    output.add_argument("--follow", action="store_true", help="go on until it has ended")
    output.set_defaults(run=print_output)
    for what, words in WISHES.items():
        _add_one(deeds, what, words).set_defaults(run=grant, what=what)


def list_jobs(options: argparse.Namespace) -> int:
    """Run `zeligrid jobs`; 3 where there are jobs and no service answered."""

    async def work(_: Journal, known: Overview, service: Service) -> int:
        from zeligui.experiment.overview import ask

        jobs = await ask([job for job in known.jobs if job.open or options.all], service)
        if options.json:
            print_json([job.as_json() for job in jobs])
        else:
            _print_table(jobs, everything=options.all)
        return UNREACHED if _nobody_answered(jobs) else 0

    return _with_journal(options, work)


def show(options: argparse.Namespace) -> int:
    """Run `zeligrid job show`."""

    async def work(_: Journal, known: Overview, service: Service) -> int:
        return await _show(options, known.find(options.id), service)

    return _with_journal(options, work)


def print_output(options: argparse.Namespace) -> int:
    """Run `zeligrid job output`; the bytes are passed on as they are."""

    async def work(journal: Journal, known: Overview, service: Service) -> int:
        from zeligui.experiment.outputs import read_output

        job, stream = known.find(options.id), "stderr" if options.stderr else "stdout"
        kept = []
        async for piece in read_output(journal, job, service(job.attempt.service), stream, follow=options.follow):
            if options.json:
                kept.append(piece)
            else:
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
        if options.json:
            text = b"".join(kept).decode("utf-8", "backslashreplace")
            print_json({"id": job.attempt.id, "stream": stream, "text": text})
        return 0

    return _with_journal(options, work)


def grant(options: argparse.Namespace) -> int:
    """Run `zeligrid job cancel`, `suspend` or `resume`."""

    async def work(journal: Journal, known: Overview, service: Service) -> int:
        from zeligui.experiment.overview import ask, look
        from zeligui.experiment.wishes import Wishing

        (job,) = await ask([known.find(options.id)], service)
        words = await Wishing(journal, home(options).leases_folder).grant(options.what, job, service)
        if options.json:
            return await _show(options, (await look(journal)).find(job.attempt.id), service)
        print(f"{job.experiment}/{job.attempt.instance} on {clean(job.attempt.host)}: {clean(words)}")
        return 0

    return _with_journal(options, work)


async def _show(options: argparse.Namespace, job: Job, service: Service) -> int:
    from zeligui.experiment.overview import ask

    (job,) = await ask([job], service)
    facts = job.as_json()
    if options.json:
        print_json(facts)
    else:
        told = {name: clean(str(value)) for name, value in facts.items() if value not in {None, ""}}
        print("\n".join(f"{name + ':':12} {value}" for name, value in told.items()))
    return UNREACHED if _nobody_answered([job]) else 0


def _with_journal(options: argparse.Namespace, work: Work) -> int:
    """Run `work` with the journal of the home, what it knows, and the job services of its machines."""
    import asyncio

    return asyncio.run(_run(options, home(options), work))


async def _run(options: argparse.Namespace, place: Home, work: Work) -> int:
    from pathlib import Path

    from zeligui.experiment.calling.grants import Grants
    from zeligui.experiment.calling.sweeping import sweep
    from zeligui.experiment.journal import Journal
    from zeligui.experiment.overview import look
    from zeligui.jobs import open_service
    from zeligui.settings import load

    settings = proved(load(place), options)
    grid = {name: place.testbed_folder / name for name in ("known_hosts", "identity")}  # of an embedded grid here
    identities = filter(Path.exists, [grid["identity"]])
    links = links_for(options, settings, known_hosts=[grid["known_hosts"]], identities=identities)
    journal = Journal.open(place.journal_file)
    try:
        try:
            return await work(journal, await look(journal), lambda url: open_service(url, links))
        finally:
            await sweep(Grants(place.folder), journal)  # what it canceled may call home no more
    finally:
        await links.close()
        journal.close()


def _nobody_answered(jobs: Sequence[Job]) -> bool:
    asked = [job for job in jobs if job.open]
    return bool(asked) and all(job.silence for job in asked)


def _print_table(jobs: Sequence[Job], *, everything: bool) -> None:
    if not jobs:
        say("There are no jobs." if everything else "No job runs. `zeligrid jobs --all` lists those that have ended.")
        return
    header = ["ID", "JOB", "HOST", "STATE", "PROFILE", "CPU", "MEMORY", "DETAIL"]
    rows = [[clean(cell) for cell in _row(job)] for job in jobs]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(job: Job) -> list[str]:
    facts = job.as_json()
    cpu_s, memory_mb = facts["cpu_s"], facts["memory_mb"]
    return [
        job.attempt.id[:SHOWN_ID],
        f"{job.experiment}/{job.attempt.instance}",
        job.attempt.host,
        facts["state"],
        job.attempt.profile or "-",
        "-" if cpu_s is None else f"{cpu_s:.1f} s",
        "-" if memory_mb is None else f"{memory_mb:.0f} MB",
        facts["detail"],
    ]


def _add_one(
    deeds: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str
) -> argparse.ArgumentParser:
    parser = _add(deeds, name, words, JOB_EXAMPLES)
    parser.add_argument("id", metavar="ID", help="the job's id, its beginning, or EXPERIMENT/INSTANCE")
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, examples: str
) -> argparse.ArgumentParser:
    parser = add_command(commands, name, words, examples)
    add_key_options(parser.add_argument_group("machines"))
    return parser
