"""`zeligrid copy`: files and trees between this machine, machines over ssh and GridFTP servers."""

from __future__ import annotations

import argparse
import sys

from zeligui.cli.common import add_command, add_key_options, clean, home, links_for, print_json, proved, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import ExitStack

    from zeligui.files.copying import Copied
    from zeligui.files.progress import Progress, Tell
    from zeligui.files.service import FileService
    from zeligui.links.link import Links

EXAMPLES = """\
A place is a path, file:///path, sftp://[user@]host[:port]/path or gsiftp://host[:port]/path. A folder goes into TARGET
under its own name; written with a slash at its end, what is in it goes there. A file goes into TARGET where that is a
folder or ends with a slash, else it gets that name. Stars may stand in SOURCE, ** for any number of folders; the
folders from the first star on are kept.

examples:
  zeligrid copy results.tar sftp://lab1/home/me/
  zeligrid copy 'sftp://lab1/home/me/runs/**/*.dat' results/
  zeligrid copy data gsiftp://site.example.org/scratch/me/
  zeligrid copy gsiftp://a.example.org/data/big gsiftp://b.example.org/data/big      the servers send it to each other

Each file is verified by its size and its SHA-256 digest before it gets its name, and keeps its mode. After a break it
goes on where it stopped; so does the same command when it is given again.
"""
UNITS = ("kB", "MB", "GB", "TB")


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `copy`."""
    parser = add_command(commands, "copy", "copy files and trees between machines", EXAMPLES)
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="a file or a tree, or a pattern with stars")
    parser.add_argument("target", metavar="TARGET", help="where to")
    add_key_options(parser.add_argument_group("machines"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run `zeligrid copy`; 0 when all is copied, 2 when there is nothing to copy, 3 when a machine is not reached."""
    import asyncio
    import time
    from contextlib import ExitStack

    began = time.monotonic()
    with ExitStack() as shown:
        try:
            copied = asyncio.run(_copy(options, _teller(options, shown)))
        except KeyboardInterrupt:
            shown.close()
            say("What is there by now is kept; the same command goes on with it.")
            raise
    seconds = time.monotonic() - began
    if options.json:
        figures = {"files": copied.files, "bytes": copied.size, "there": copied.there, "moved": copied.moved}
        print_json({**figures, "breaks": copied.breaks, "seconds": round(seconds, 3), "target": options.target})
    else:
        print(_words(copied, seconds))
    return 0


async def _copy(options: argparse.Namespace, tell: Tell | None) -> Copied:
    from zeligui.files.asking import asked
    from zeligui.files.copying import Copying
    from zeligui.files.locations import locate
    from zeligui.files.machines import here
    from zeligui.files.moving import Mover
    from zeligui.settings import load

    sources, target = [locate(text) for text in options.sources], locate(options.target)
    links = links_for(options, proved(load(home(options)), options))
    opened = _Opener(links)
    try:
        return await Copying(Mover(here(links)), await asked(sources, target, opened), tell).run()
    finally:
        for service in opened.services.values():
            await service.close()
        await links.close()


class _Opener:
    """Opens each service once."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self.services: dict[str, FileService] = {}

    def __call__(self, root: str) -> FileService:
        from zeligui.files import open_files

        if root not in self.services:
            self.services[root] = open_files(root, self._links)
        return self.services[root]


def _teller(options: argparse.Namespace, shown: ExitStack) -> Tell | None:
    """A bar at the foot of a terminal; nothing elsewhere."""
    if options.json or not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    words = TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True))
    columns = (words, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = shown.enter_context(Bar(*columns, console=Console(stderr=True), transient=True, expand=True))
    task = bar.add_task("", total=None)

    def tell(progress: Progress) -> None:
        count = f" ({progress.files_done + 1} of {progress.files})" if 1 < progress.files > progress.files_done else ""
        bar.update(task, description=clean(progress.name) + count, completed=progress.done, total=progress.total)

    return tell


def _words(copied: Copied, seconds: float) -> str:
    files = f"{copied.files} file{'s' * (copied.files != 1)}"
    there = f", {copied.there} of them there already" if copied.there else ""
    breaks = f", after {copied.breaks} break{'s' * (copied.breaks != 1)}" if copied.breaks else ""
    return f"{files}, {_size(copied.size)}, copied and verified in {seconds:.1f} s{there}{breaks}"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} byte{'s' * (count != 1)}"
    power = min(len(UNITS), (len(str(count)) - 1) // 3)
    return f"{count / 1000**power:.1f} {UNITS[power - 1]}"
