"""Remote jobs as rows to show: made from the journal's states, the machines and the sensors, and kept while equal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from zeligui.experiment.state import AttemptState, ExperimentState, InstanceState, Phase
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


class RemoteJobs:
    """The jobs of all experiments that a ledger knows. A row is the same object as long as nothing of it changes."""

    def __init__(self, ledger: Ledger, machines: Machines) -> None:
        self._ledger = ledger
        self._machines = machines
        self._rows: dict[tuple[str, int], RemoteJob] = {}
        self._made_of: dict[tuple[str, int], tuple[InstanceState, AttemptState | None, str, bool]] = {}

    def rows(self, hosts: Mapping[str, Host], touched: Collection[str], driven: Collection[str]) -> list[RemoteJob]:
        """All jobs, newest experiment first; of `touched` hosts something was measured or has changed."""
        rows = [
            self._row(state, instance, hosts, touched, state.name in driven)
            for state in reversed(self._ledger.states.values())
            for instance in state.instances.values()
        ]
        if len(rows) < len(self._rows):
            kept = {row.key for row in rows}
            for key in self._rows.keys() - kept:
                del self._rows[key], self._made_of[key]
        return rows

    def _row(
        self,
        state: ExperimentState,
        instance: InstanceState,
        hosts: Mapping[str, Host],
        touched: Collection[str],
        driven: bool,
    ) -> RemoteJob:
        key = state.name, instance.number
        attempt = _shown(state, instance)
        made_of = instance, attempt, state.held, driven
        before, row = self._made_of.get(key), self._rows.get(key)
        same = before is not None and all(a is b or a == b for a, b in zip(before, made_of, strict=True))
        if row and same and row.host not in touched and not self._says_more(row):
            return row
        new = self._made(state, instance, attempt, hosts, driven)
        self._made_of[key] = made_of
        if row != new:
            self._rows[key] = new
        return self._rows[key]

    def _says_more(self, row: RemoteJob) -> bool:
        attempt = row.attempt.id if row.attempt else ""
        violated = attempt in self._ledger.violated
        line = self._ledger.last_lines.get(attempt, "")
        return (line is not row.last_line and line != row.last_line) or violated != (row.standing is Standing.VIOLATED)

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
