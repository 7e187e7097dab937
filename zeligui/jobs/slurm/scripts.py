"""The shell scripts that are sent to a machine with Slurm's commands: texts of `remote/`, with every word quoted."""

from __future__ import annotations

import hashlib
import math
import shlex
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from zeligui.jobs.job import JobDescription
from zeligui.jobs.scripts import RESTORE_LOCALE, text
from zeligui.jobs.slurm.rows import FIELDS
from zeligui.links.link import Library, Script
from zeligui.links.slurm import COMMANDS

_KILLER = ("common.sh", "processes.sh", "killer.sh")
_ON_NODES = {"batch": ("slurm/batch.sh",), "killer": _KILLER, "reaper.py": ("reaper.py",), "reaper.pl": ("reaper.pl",)}
_LOOK = ("common.sh", "slurm/base.sh", "slurm/probe.sh")
_STEER = ("common.sh", "steer.sh", "slurm/base.sh", "slurm/steer.sh")
_POLL = ("common.sh", "find.sh", "slurm/base.sh", "slurm/poll.sh")
_SUBMIT = ("common.sh", "slurm/base.sh", "slurm/submit.sh")

SBATCH = ("--parsable", "--no-requeue", "--job-name=zeligrid", "--open-mode=append", "--nodes=1", "--ntasks=1")
"""The options of sbatch for all jobs alike."""


class Offer(NamedTuple):
    """The words that claim an attempt; `fence` and `interactive` are empty where there is none, or it is not."""

    attempt: str
    nonce: str
    fence: str
    interactive: str
    order: str


@cache
def tools() -> str:
    """The name of what runs on the nodes, another one for another release."""
    whole = "\0".join(text(*parts) for parts in _ON_NODES.values())
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def look() -> Script:
    """Which cluster it is; prints what `sights.read` reads."""
    return Script(_library(*_LOOK), f"library\n{shlex.join(['look', tools()])}\n")


def install(cluster: str, nonce: str) -> Script:
    """Put what runs on the nodes in its place; prints `ok`."""
    files = [word for name, parts in _ON_NODES.items() for word in (name, text(*parts))]
    return _calls(_LOOK, cluster, ["tools", tools(), nonce, *files])


def steer(cluster: str, name: str, *words: str) -> Script:
    """Call a function of steer.sh."""
    return _calls(_STEER, cluster, [name, *words])


def poll(cluster: str, attempts: Sequence[str], *, doubt: bool) -> Script:
    """What `rows.read` reads. In `doubt` it is asked first whether the controller is up: that takes no 9 seconds."""
    ping = 'ready_or out && ! up && { printf "%s\\n" machine rows "$said" away; exit; }\n' if doubt else ""
    return _calls(_POLL, cluster, ["poll", FIELDS, *attempts], first=ping)


def confirm(cluster: str, jobs: Sequence[tuple[str, str]]) -> Script:
    """Ask again about jobs that Slurm did not name, by attempt and by Slurm's own id."""
    return _calls(_POLL, cluster, ["confirm", *(word for job in jobs for word in job)])


def tend(cluster: str, chores: Sequence[tuple[str, str, str, str]]) -> Script:
    """Do what a poll found to be due."""
    return _calls(_POLL, cluster, ["tend", *(word for chore in chores for word in chore)])


def make_offer(attempt: str, nonce: str, job: JobDescription, order: str) -> Offer:
    """What claims an attempt for a job."""
    return Offer(attempt, nonce, "1" if job.fence_s > 0 else "", "1" if job.interactive else "", order)


def claim(cluster: str, offer: Offer) -> Script:
    """Claim an attempt and make its directory; prints `claimed DIRECTORY`."""
    return _submit(cluster, ["claim", *offer], last='echo "claimed $J"\n')


def start(cluster: str, umask: str, offer: Offer, options: Sequence[str]) -> Script:
    """Claim an attempt and hand it to Slurm; `umask` is that of the job, `options` are of sbatch."""
    return _submit(cluster, ["submit", *offer, tools(), umask, *SBATCH, *options])


def command(folder: str, options: Sequence[str]) -> list[str]:
    """What hands an attempt to Slurm, as `start` does, where its directory is `folder`."""
    jobs, _, attempt = folder.rpartition("/")
    own = [f"--comment=zeligrid:{attempt}", f"--chdir={folder}", "--output=slurm.out"]
    there = f"{jobs}/tools/{tools()}"
    return ["sbatch", *own, *SBATCH, *options, f"{there}/batch", folder, there]


def handed(cluster: str, offer: Offer, native: str, said: str) -> Script:
    """Conclude what `command` began, of which sbatch said this; `start`'s answer."""
    return _submit(cluster, ["handed", *offer, native, said])


def together(cluster: str, umask: str, nonce: str, offers: Sequence[Offer], options: Sequence[str]) -> Script:
    """Claim several and hand them over as one array. Prints of each its id and `start`'s answer, or `alone`."""
    calls = (["offer", *offer] for offer in offers)
    return _submit(cluster, ["together", nonce, tools(), umask], *calls, ["hand_over_all", *SBATCH, *options])


def needs(job: JobDescription) -> list[str]:
    """What a job asks of a node, as options of sbatch: whole processors, MiB, and seconds."""
    options = [f"--cpus-per-task={max(1, math.ceil(job.cpus))}"]
    if job.memory_mb > 0:
        options.append(f"--mem={math.ceil(job.memory_mb * 1e6 / 2**20)}M")
    if job.limit_s > 0:
        minutes, seconds = divmod(math.ceil(job.limit_s), 60)
        options.append(f"--time={minutes}:{seconds:02}")
    return options


def _submit(cluster: str, *calls: Sequence[str], last: str = "") -> Script:
    return _calls(_SUBMIT, cluster, *calls, first=f"umask 077\nrestore() {{ {RESTORE_LOCALE}; }}\n", last=last)


def _calls(parts: Sequence[str], cluster: str, *calls: Sequence[str], first: str = "", last: str = "") -> Script:
    whose = f"zeligrid_cluster={shlex.quote(cluster)}\nlibrary\n"
    return Script(_library(*parts), whose + first + "".join(f"{shlex.join(words)}\n" for words in calls) + last)


@cache
def _library(*parts: str) -> Library:
    return Library(COMMANDS + text(*parts))
