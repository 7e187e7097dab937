"""A job as a GRAM service takes it: the RSL that starts our wrapper, which starts the job."""

from __future__ import annotations

import math
from urllib.parse import quote

from zeligui.errors import SubmissionRefused
from zeligui.jobs import scripts
from zeligui.jobs.job import JobDescription
from zeligui.links.gram.contacts import Contact
from zeligui.links.gram.rsl import Value, Variable, request

PREPARED_S = 120
"""How long a preparation waits for its commit. The state of a job that has ended stays until it is discarded."""

MOST = 60_000
"""Bytes of a description: GRAM5 takes no message of more than 64,000."""

PERL = "/usr/bin/perl"
"""GRAM's own scripts are in Perl, so it is there."""


def order(attempt: str, job: JobDescription, contact: Contact, *, prepared_s: int = PREPARED_S) -> bytes:
    """The RSL of an attempt. SubmissionRefused where it holds what no process can get, or is too long.

    Program, arguments and environment are arguments of the wrapper, and percent-encoded: GRAM's fork service mangles
    the environment, and a line end makes its job managers lose the job.
    """
    if job.fence_s:
        raise SubmissionRefused("A job of a GRAM service cannot be ended by itself when its master falls silent.")
    scripts.check_words(job, job.environment)
    pairs = [f"{name}={value}" for name, value in job.environment.items()]
    order = map(_encoded, (*pairs, scripts.place(job), *job.arguments))
    words = ["-e", _wrapper(), "--", attempt, str(len(pairs)), *order]
    relations: dict[str, Value] = {
        "executable": PERL,
        "arguments": words,
        "directory": Variable("HOME"),
        "job_type": "single",
        "count": str(max(1, math.ceil(job.cpus))),
        "two_phase": str(prepared_s),
        **_limits(job),
        **contact.limits,
    }
    made = request(relations)
    if len(made) > MOST:
        raise SubmissionRefused(
            f"The job's arguments and environment have {len(made):,} bytes; a GRAM service takes {MOST:,}.",
            hint="Put them into a file among the job's input.",
        )
    return made


def again(job: str) -> bytes:
    """The RSL that takes a job up again whose manager has ended."""
    return request({"restart": job})


def _limits(job: JobDescription) -> dict[str, Value]:
    """What the description asks of a batch system, by the names of RSL: minutes, and MB."""
    asked = {"max_wall_time": math.ceil(job.limit_s / 60), "max_memory": math.ceil(job.memory_mb)}
    return {name: str(value) for name, value in asked.items() if value}


def _encoded(word: str) -> str:
    """A word as the wrapper decodes it: in one line of ASCII."""
    return quote(word.encode("utf-8", "surrogateescape"), safe=_PLAIN)


_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if code != ord("%"))


def _wrapper() -> str:
    """The wrapper in one line, without its comments."""
    lines = (line.strip() for line in scripts.text("gram.pl").splitlines())
    return " ".join(line for line in lines if line and not line.startswith("#"))
