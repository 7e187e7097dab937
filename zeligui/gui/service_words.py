"""By which service a job runs, in few words, and how far its files are on their way."""

from __future__ import annotations

from functools import lru_cache

from zeligui.files.progress import Progress
from zeligui.gui.words import count_of, size, visible
from zeligui.session.snapshot import RemoteJob

MANAGER = "jobmanager-"
"""Before the name of the scheduler that a gatekeeper hands a job to."""


@lru_cache(maxsize=1024)
def service_words(url: str) -> str:
    """How it gets there, without the machine's own name: ssh, slurm/short, gram/slurm."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return visible(url)
    queue = rest.partition("/")[2].strip("/").removeprefix(MANAGER)
    return visible(f"{scheme}/{queue}" if queue else scheme)


def percent(progress: Progress) -> str:
    """How much is done; 100 % only where all is."""
    return f"{int(progress.share * 100)} %"


def staging_words(job: RemoteJob) -> str:
    """What is copied now, and how much of how much; empty where nothing is."""
    if job.staging is None:
        return ""
    way = "Files come home" if job.attempt and not job.attempt.live else "Files are copied there"
    return f"{way}: {progress_words(job.staging)}"


def progress_words(progress: Progress) -> str:
    """The file under way, and how much is done."""
    parts = [visible(progress.name, 100)] if progress.name else []
    if progress.total:
        parts.append(f"{size(progress.done)} of {size(progress.total)}")
    parts.append(f"{progress.files_done:,} of {count_of(progress.files, 'file')}")
    return ", ".join(parts)
