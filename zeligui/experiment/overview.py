"""All jobs of a home: what the journal knows of them, and what their machines say now."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from zeligui.errors import LinkError, UsageError, ZeliGridError
from zeligui.events import Event
from zeligui.experiment.journal import Journal
from zeligui.experiment.state import COUNTED, AttemptState, ExperimentState, Phase, apply
from zeligui.jobs.job import JobState, JobStatus
from zeligui.jobs.service import JobService

POLL_LIMIT_S = 8.0

_PHASES = {
    Phase.INTENT: (JobState.NEW, "being prepared"),
    Phase.PREPARED: (JobState.NEW, "being prepared"),
    Phase.PLACED: (JobState.RUNNING, "just started"),
    Phase.RUNNING: (JobState.RUNNING, ""),
    Phase.SUSPENDED: (JobState.SUSPENDED, ""),
    Phase.STOPPING: (JobState.RUNNING, "being stopped"),
}
_OUTCOMES = {
    "done": (JobState.DONE, ""),
    "failed": (JobState.FAILED, ""),
    "canceled": (JobState.CANCELED, ""),
    "stopped": (JobState.CANCELED, "stopped"),
    "released": (JobState.CANCELED, "never started"),
    "refused": (JobState.FAILED, "refused"),
    "lost": (JobState.FAILED, "lost"),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt of an experiment's latest run, or of an earlier one (`past`).

    `status` is what its machine said just now, None where it was not asked or did not answer; `silence` says why it
    did not.
    """

    experiment: str
    attempt: AttemptState
    past: bool = False
    status: JobStatus | None = None
    silence: str = ""

    @property
    def open(self) -> bool:
        """Whether something of it may still run, as far as the journal knows."""
        return self.attempt.live or self.attempt.debt

    @property
    def state(self) -> JobState:
        """What its machine says, else the last that was known."""
        return self.status.state if self.status and self.status.state else self._last_known[0]

    @property
    def detail(self) -> str:
        """What else there is to say: by its machine, by the journal, and why its machine says nothing."""
        if self.status and self.status.state:
            return self.status.detail or (self._last_known[1] if self.state is self._last_known[0] else "")
        doubt = self.silence or (self.status.detail if self.status else "")
        return "; ".join(filter(None, (self._last_known[1], f"last known: {doubt}" if doubt else "")))

    @property
    def _last_known(self) -> tuple[JobState, str]:
        attempt = self.attempt
        state, word = _PHASES[attempt.phase] if attempt.live else _OUTCOMES[attempt.outcome]
        reason = attempt.reason if not attempt.live or attempt.phase is Phase.STOPPING else ""
        return state, ": ".join(filter(None, (word, reason)))

    def as_json(self) -> dict[str, Any]:
        """The object that `zeligrid jobs --json` prints; times are ISO 8601."""
        attempt, status = self.attempt, self.status or JobStatus(None)
        return {
            "id": attempt.id,
            "experiment": self.experiment,
            "instance": attempt.instance,
            "host": attempt.host,
            "service": attempt.service,
            "state": self.state.value,
            "detail": self.detail,
            "profile": attempt.profile,
            "exit_code": attempt.exit_code if status.exit_code is None else status.exit_code,
            "signal": status.signal or attempt.signal,
            "started": _time(status.started, attempt.started),
            "ended": _time(status.ended, attempt.ended),
            "cpu_s": status.cpu_s,
            "memory_mb": status.memory_mb,
        }


@dataclass(frozen=True, slots=True)
class Overview:
    """The experiments and jobs of a journal, jobs in the order in which they were begun."""

    experiments: Mapping[str, ExperimentState]
    jobs: Sequence[Job]

    def find(self, text: str) -> Job:
        """The job with this id, or the only one whose id begins so, or the newest of EXPERIMENT/INSTANCE.

        ZeliGridError names the nearest where there is none; UsageError where there are several.
        """
        found = [job for job in self.jobs if job.attempt.id.startswith(text.lower())] if text else []
        if len(found) > 1:
            ids = ", ".join(job.attempt.id for job in found[:4])
            raise UsageError(f"Several jobs have an id that begins with {text}: {ids}.", hint="Write more of it.")
        if found:
            return found[0]
        name, _, number = text.rpartition("/")
        instances = [job for job in self.jobs if job.experiment == name and str(job.attempt.instance) == number]
        if not instances:
            raise self._unknown(text)
        return max(instances, key=lambda job: (not job.past, job.attempt.live, job.attempt.since))

    def _unknown(self, text: str) -> ZeliGridError:
        names = [f"{job.experiment}/{job.attempt.instance}" for job in self.jobs]
        near = difflib.get_close_matches(text, [*names, *(job.attempt.id for job in self.jobs)], n=1)
        nearest = f" The nearest is {near[0]}." if near else ""
        hint = "`zeligrid jobs --all` lists all jobs; write an id, its beginning, or EXPERIMENT/INSTANCE."
        return ZeliGridError(f"There is no job {text!r}.{nearest}", hint=hint)


async def look(journal: Journal, experiment: str | None = None) -> Overview:
    """What a journal says of one experiment or of all, now."""
    return await journal.add_up(overview, experiment, kinds=COUNTED - {"output"})


def overview(events: Iterable[Event]) -> Overview:
    """What events add up to, earlier runs included."""
    states: dict[str, ExperimentState] = {}
    jobs: dict[str, Job] = {}

    def keep(state: ExperimentState, *, past: bool) -> None:
        jobs.update(
            {a.id: Job(state.name, a, past=past or not _of_this_run(state, a)) for a in state.attempts.values()}
        )

    for event in events:
        state = states.get(event.experiment, ExperimentState(event.experiment))
        if event.event == "begun":
            keep(state, past=True)
        states[event.experiment] = apply(state, event)
    for state in states.values():
        keep(state, past=False)
    return Overview(states, sorted(jobs.values(), key=lambda job: job.attempt.since))


def _of_this_run(state: ExperimentState, attempt: AttemptState) -> bool:
    instance = state.instances.get(attempt.instance)
    return instance is not None and attempt.id in instance.attempts


async def ask(jobs: Sequence[Job], service: Callable[[str], JobService], *, limit_s: float = POLL_LIMIT_S) -> list[Job]:
    """The jobs with what their machines say now, all services asked at once; what is not open is left as it is."""
    urls = dict.fromkeys(job.attempt.service for job in jobs if job.open)
    asked = {url: [job.attempt.id for job in jobs if job.open and job.attempt.service == url] for url in urls}
    answers = await asyncio.gather(*(_ask(service, url, ids, limit_s) for url, ids in asked.items()))
    by_url = dict(zip(asked, answers, strict=True))
    return [_with_answer(job, by_url[job.attempt.service]) if job.open else job for job in jobs]


Answer = Mapping[str, JobStatus] | str


async def _ask(service: Callable[[str], JobService], url: str, ids: Sequence[str], limit_s: float) -> Answer:
    try:
        async with asyncio.timeout(limit_s):
            return await service(url).find(ids)
    except TimeoutError:
        return f"{url} did not answer within {limit_s:g} s"
    except (LinkError, UsageError) as error:
        return str(error).rstrip(".")


def _with_answer(job: Job, answer: Answer) -> Job:
    if isinstance(answer, str):
        return replace(job, silence=answer)
    unknown = JobStatus(None, f"{job.attempt.host} knows nothing of it")
    return replace(job, status=answer.get(job.attempt.id, unknown))


def _time(machine: float | None, journal: datetime | None) -> str | None:
    time = journal if machine is None else datetime.fromtimestamp(machine, UTC)
    return time.isoformat(timespec="milliseconds") if time else None
