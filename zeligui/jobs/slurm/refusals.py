"""Why a cluster does not take a job, in words that say what to do."""

from __future__ import annotations

from collections.abc import Sequence

from zeligui.errors import SubmissionRefused
from zeligui.jobs.job import JobDescription
from zeligui.jobs.slurm.sights import Partition, Sight
from zeligui.links.slurm import sentence

_HINTS = {
    "invalid partition": "Take one of: {partitions}.",
    "time limit": "Ask for less time, or take a partition that allows more.",
    "memory": "Ask for less memory, or take another partition.",
    "cpu count": "Ask for fewer processors, or take another partition.",
    "node configuration": "Ask for fewer processors or less memory, or take another partition.",
    "partition configuration": "Ask for less, or take another partition: {partitions}.",
    "account": "Name an account that may use the partition by SBATCH_ACCOUNT in the login's environment.",
    "qos": "Name a quality of service that is allowed by SBATCH_QOS in the login's environment.",
    "permission": "Ask the cluster's administrator whether you may submit jobs.",
    "denied": "Ask the cluster's administrator whether you may submit jobs.",
    "limit": "Wait until other jobs of yours have ended, or ask the cluster's administrator for more.",
    "credential": "munged must run there, with the key of the cluster.",
    "munge": "munged must run there, with the key of the cluster.",
}
"""By what Slurm's complaint holds, the first that fits."""


def check(url: str, partition: str, job: JobDescription, sight: Sight) -> None:
    """SubmissionRefused where the cluster would take a job and never start it, as Slurm does by default."""
    if not partition:
        return
    check_partition(url, partition, sight)
    nodes = sight.of(partition)
    if not any(one.up for one in nodes):
        raise SubmissionRefused(f"{url} is down.", hint=f"Take another partition: {_others(sight, partition)}.")
    too_much = _too_much(job, nodes)
    if too_much:
        raise SubmissionRefused(f"{url} {too_much}.", hint="Ask for less, or take another partition.")


def check_partition(url: str, partition: str, sight: Sight) -> None:
    """SubmissionRefused where the cluster has no such partition."""
    if not sight.of(partition):
        names = ", ".join(sight.names) or "none"
        raise SubmissionRefused(
            f"{url}: the cluster {sight.name} has no partition {partition}.", hint=f"It has: {names}."
        )


def _too_much(job: JobDescription, nodes: Sequence[Partition]) -> str:
    limits = [one.limit_s for one in nodes]
    longest = None if None in limits else max((limit for limit in limits if limit is not None), default=None)
    if longest is not None and job.limit_s > longest:
        return f"allows {longest:g} s, and the job asks for {job.limit_s:g} s"
    most = max(one.cpus for one in nodes)
    if job.cpus > most:
        return f"has nodes of at most {most} processors, and the job asks for {job.cpus:g}"
    memory = max(one.memory_mb for one in nodes)
    if job.memory_mb > memory:
        return f"has nodes of at most {memory:.0f} MB of memory, and the job asks for {job.memory_mb:.0f} MB"
    return ""


def refusal(url: str, said: str, sight: Sight | None) -> SubmissionRefused:
    """What sbatch said, with what to do about it."""
    words = sentence(said).removeprefix("Batch job submission failed: ") or "sbatch failed and did not say why"
    hint = next((hint for part, hint in _HINTS.items() if part in words.casefold()), "")
    partitions = ", ".join(sight.names) if sight else ""
    return SubmissionRefused(f"{url} refused the job: {words}.", hint=hint.format(partitions=partitions))


def _others(sight: Sight, partition: str) -> str:
    return ", ".join(sorted({one.name for one in sight.partitions if one.up} - {partition})) or "none is up"
