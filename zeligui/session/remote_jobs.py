"""Remote jobs as rows to show: made from the journal's states, the machines and the sensors, and kept while equal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import is_

from zeligui.experiment.state import AttemptState, ExperimentState, InstanceState, Phase
from zeligui.files.progress import Progress
from zeligui.grid.hosts import Host
from zeligui.grid.machines import Machines
from zeligui.session.ledger import Ledger
from zeligui.session.snapshot import RemoteJob, Standing

_OUTCOMES = {"done": Standing.DONE, "failed": Standing.FAILED, "canceled": Standing.CANCELED}
_PHASES = {
    Phase.INTENT: Standing.STARTING,
    Phase.PREPARED: Standing.STARTING,
    Phase.PLACED: Standing.STARTING,
    Phase.RUNNING: Standing.RUNNING,
    Phase.SUSPENDED: Standing.SUSPENDED,
    Phase.STOPPING: Standing.STOPPING,
}
_ON_HOST = {"stale", "unreachable", "refused", "unknown-key", "changed-key"}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row, and what it was made of: as long as all that is the same object, so is the row."""

    row: RemoteJob
    instance: InstanceState
    attempts: tuple[AttemptState | None, ...]
    attempt: str
    host: str
    violated: str | None
    line: str | None
    staging: Progress | None


class RemoteJobs:
    """The jobs of all experiments that a ledger knows. A row is the same object as long as nothing of it changes."""

    def __init__(self, ledger: Ledger, machines: Machines, staging: Callable[[str], Progress | None]) -> None:
        """`staging` tells how far the files of an attempt are on their way."""
        self._staging = staging
        self._ledger = ledger
        self._machines = machines
        self._kept: dict[str, dict[int, _Kept]] = {}
        self._whole: dict[str, tuple[str, bool]] = {}
        """Of each experiment, what all its rows depend on."""

    def rows(self) -> list[RemoteJob]:
        """All jobs as they were when they were renewed last, newest experiment first."""
        kept = [self._kept[name] for name in reversed(self._ledger.states) if name in self._kept]
        return [one.row for each in kept for one in each.values()]

    def renew(
        self, state: ExperimentState, hosts: Mapping[str, Host], touched: Collection[str], *, driven: bool
    ) -> None:
        """Look at an experiment's jobs anew; of `touched` hosts something was measured or has changed.

        Of 10,000 jobs nearly all are as they were: only identities are compared.
        """
        whole, shown = (state.held, driven), self._kept.get(state.name, {})
        before = shown if self._whole.get(state.name) == whole else {}
        now: dict[int, _Kept] = {}
        attempt_of, violated, line = state.attempts.get, self._ledger.violated.get, self._ledger.last_lines.get
        staging = self._staging
        for number, instance in state.instances.items():
            kept = before.get(number)
            if (
                kept is None
                or kept.instance is not instance
                or kept.host in touched
                or kept.line is not line(kept.attempt)
                or kept.violated is not violated(kept.attempt)
                or kept.staging is not staging(kept.attempt)
                or not all(map(is_, kept.attempts, map(attempt_of, instance.attempts[-3:])))
            ):
                kept = self._made_anew(state, instance, hosts, shown.get(number), driven=driven)
            now[number] = kept
        self._kept[state.name], self._whole[state.name] = now, whole

    def _made_anew(
        self,
        state: ExperimentState,
        instance: InstanceState,
        hosts: Mapping[str, Host],
        before: _Kept | None,
        *,
        driven: bool,
    ) -> _Kept:
        attempts = tuple(state.attempts.get(name) for name in instance.attempts[-3:])
        attempt = _shown(state, instance)
        row = self._made(state, instance, attempt, hosts, driven)
        if before and before.row == row:
            row = before.row
        id_, host = (attempt.id, attempt.host) if attempt else ("", "")
        lines, violated = self._ledger.last_lines, self._ledger.violated
        return _Kept(row, instance, attempts, id_, host, violated.get(id_), lines.get(id_), self._staging(id_))

    def _made(
        self,
        state: ExperimentState,
        instance: InstanceState,
        attempt: AttemptState | None,
        hosts: Mapping[str, Host],
        driven: bool,
    ) -> RemoteJob:
        host = hosts.get(attempt.host) if attempt else None
        standing, detail = self._standing(state, instance, attempt, host)
        job = RemoteJob(state.name, instance.number, standing, detail, driven=driven or standing.ended)
        if attempt is None:
            return job
        live = attempt.live
        usage = self._machines.usage(attempt.id) if live else None
        return RemoteJob(
            state.name,
            instance.number,
            standing,
            detail,
            attempt,
            host=attempt.host,
            host_status=host.status if host else "not watched",
            profile=attempt.profile or "",
            started=attempt.started,
            ended=attempt.ended,
            cpu=self._machines.processors(attempt.id) if live else None,
            cpu_s=usage.cpu_s if usage else None,
            memory_mb=usage.memory_mb if usage else None,
            last_line=self._ledger.last_lines.get(attempt.id, ""),
            driven=driven or standing.ended,
            staging=self._staging(attempt.id),
        )

    def _standing(
        self, state: ExperimentState, instance: InstanceState, attempt: AttemptState | None, host: Host | None
    ) -> tuple[Standing, str]:
        if instance.outcome:
            return _OUTCOMES[instance.outcome], "; ".join(_ends(attempt))
        if instance.held:
            return Standing.HELD, state.held
        if instance.moving_from and not (attempt and attempt.phase is Phase.RUNNING):
            return Standing.MOVING, f"It leaves {instance.moving_from}."
        if attempt is None or not attempt.live:
            return Standing.WAITING, state.held or (attempt.reason if attempt else "It waits for an apt host.")
        return (
            self._running(attempt, host) if attempt.phase is Phase.RUNNING else (_PHASES[attempt.phase], attempt.reason)
        )

    def _running(self, attempt: AttemptState, host: Host | None) -> tuple[Standing, str]:
        if reason := self._ledger.violated.get(attempt.id):
            return Standing.VIOLATED, reason
        if host and host.status in _ON_HOST:
            return Standing.UNVERIFIED, host.detail
        return Standing.RUNNING, ""


def _shown(state: ExperimentState, instance: InstanceState) -> AttemptState | None:
    """The attempt that stands for the instance: the newest that lives, else the newest."""
    if not instance.attempts:
        return None
    attempts = [state.attempts[name] for name in instance.attempts[-3:]]
    return next((one for one in reversed(attempts) if one.live), attempts[-1])


def _ends(attempt: AttemptState | None) -> Iterator[str]:
    if attempt is None:
        return
    if attempt.exit_code is not None:
        yield f"exit code {attempt.exit_code}"
    if attempt.signal:
        yield f"ended by {attempt.signal}"
    if attempt.reason:
        yield attempt.reason
