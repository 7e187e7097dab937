"""The state of experiments: what their events add up to, by a pure fold that is idempotent by sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from zeligui.events import Event


class Phase(Enum):
    """How far an attempt has come. An attempt in INTENT or PREPARED was never started by its master."""

    INTENT = "intent"
    PREPARED = "prepared"
    PLACED = "placed"
    RUNNING = "running"
    SUSPENDED = "suspended"
    STOPPING = "stopping"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class AttemptState:
    """One start of one instance on one host.

    `outcome` is set with ENDED: `released refused` (never started), `stopped` (by the controller), `done failed
    canceled`, or `lost`. A lost attempt is a `debt` until its host was told to cancel it. `read` gives the bytes of
    each output stream that events have carried; `restart` counts the starts of the instance before this one.
    """

    id: str
    instance: int
    host: str
    service: str
    profile: str | None
    phase: Phase
    since: datetime
    restart: int = 0
    cpus: float = 1.0
    memory_mb: float = 0.0
    outcome: str = ""
    reason: str = ""
    exit_code: int | None = None
    signal: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    debt: bool = False
    discarded: bool = False
    interactive: bool | None = None
    """Whether it takes standard input; None where the journal of an older release does not say."""
    read: Mapping[str, int] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.phase is not Phase.ENDED

    @property
    def committed(self) -> bool:
        return self.phase in {Phase.PLACED, Phase.RUNNING, Phase.SUSPENDED, Phase.STOPPING}


@dataclass(frozen=True, slots=True)
class InstanceState:
    """One of the experiment's instances. `outcome` is `done failed canceled` once it has ended for good."""

    number: int
    outcome: str = ""
    held: bool = False
    moving_from: str = ""
    """The host it is leaving, until it runs on another."""
    starts: int = 0
    canceled: bool = False
    """A user asked for its end, so it is never started again."""
    checkpoint: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAside:
    """A host on which jobs failed at once, so often, and until when it gets no more."""

    failures: int
    until: datetime


@dataclass(frozen=True, slots=True)
class ExperimentState:
    """One experiment in its latest run. `finished` holds the counts once it has ended; `wishes` are not yet granted."""

    name: str
    run: int = 0
    digest: str = ""
    file: str = ""
    profile: str | None = None
    held: str = ""
    instances: Mapping[int, InstanceState] = field(default_factory=dict)
    attempts: Mapping[str, AttemptState] = field(default_factory=dict)
    wishes: Mapping[int, Event] = field(default_factory=dict)
    set_aside: Mapping[str, SetAside] = field(default_factory=dict)
    finished: Mapping[str, int] | None = None
    sequence: int = 0

    @property
    def running(self) -> bool:
        """Whether the run was begun and has not ended."""
        return self.run > 0 and self.finished is None

    @property
    def untouched(self) -> bool:
        """Whether no instance has run yet, and none is about to: whatever it says may still be edited."""
        return not self.live() and not any(one.starts or one.outcome for one in self.instances.values())

    def current(self, instance: int) -> AttemptState | None:
        """The instance's attempt that has not ended; of several (one being stopped), the newest."""
        live = [self.attempts[a] for a in self.instances[instance].attempts if self.attempts[a].live]
        return live[-1] if live else None

    def latest(self, instance: int) -> AttemptState | None:
        """The instance's newest attempt, ended or not."""
        attempts = self.instances[instance].attempts
        return self.attempts[attempts[-1]] if attempts else None

    def live(self) -> list[AttemptState]:
        return [attempt for attempt in self.attempts.values() if attempt.live]

    def debts(self) -> list[AttemptState]:
        """Attempts that were given up while their host did not answer, of all runs."""
        return [attempt for attempt in self.attempts.values() if attempt.debt]


def fold(events: Iterable[Event]) -> dict[str, ExperimentState]:
    """Add up events, in the order of their sequence, to one state per experiment."""
    states: dict[str, ExperimentState] = {}
    for event in events:
        states[event.experiment] = apply(states.get(event.experiment, ExperimentState(event.experiment)), event)
    return states


def apply(state: ExperimentState, event: Event) -> ExperimentState:
    """The state after one more event; an event that was added before changes nothing."""
    if event.sequence and event.sequence <= state.sequence:
        return state
    change = _CHANGES.get(event.event)
    changed = change(state, event) if change else state
    return replace(changed, sequence=max(state.sequence, event.sequence))


def admit(state: ExperimentState, wish: Event) -> ExperimentState:
    """The state after another process's wish, which may be older in the journal than what was applied last."""
    return _wish(state, wish)


def _begun(state: ExperimentState, event: Event) -> ExperimentState:
    owed = {attempt.id: attempt for attempt in state.debts()}
    return ExperimentState(
        name=state.name,
        run=state.run + 1,
        digest=event.data["digest"],
        file=event.data.get("file", ""),
        instances={number: InstanceState(number) for number in range(1, event.data["instances"] + 1)},
        attempts=owed,
        set_aside=state.set_aside,
    )


def _intent(state: ExperimentState, event: Event) -> ExperimentState:
    instance = state.instances[event.instance or 0]
    attempt = AttemptState(
        id=event.job or "",
        instance=instance.number,
        host=event.host or "",
        service=event.data["service"],
        profile=event.profile,
        phase=Phase.INTENT,
        since=event.time,
        restart=instance.starts,
        cpus=event.data.get("cpus", 1.0),
        memory_mb=event.data.get("memory_mb", 0.0),
        interactive=event.data.get("interactive"),
    )
    known = replace(instance, attempts=(*instance.attempts, attempt.id))
    return replace(
        state,
        attempts={**state.attempts, attempt.id: attempt},
        instances={**state.instances, known.number: known},
    )


def _prepared(state: ExperimentState, event: Event) -> ExperimentState:
    """From now on the attempt is with the service that took it, where its intent was `any://`."""
    chosen = {"service": event.data["service"]} if "service" in event.data else {}
    return _goes_on(state, event, Phase.PREPARED, **chosen)


def _placed(state: ExperimentState, event: Event) -> ExperimentState:
    state = _instance(state, event, starts=state.instances[event.instance or 0].starts + 1, held=False)
    return _attempt(state, event, phase=Phase.PLACED, started=event.time)


def _held(state: ExperimentState, event: Event) -> ExperimentState:
    return replace(_hold(state, event, held=True), held=event.reason, profile=event.profile)


def _resumed(state: ExperimentState, event: Event) -> ExperimentState:
    state = _hold(state, event, held=False)
    still = any(instance.held for instance in state.instances.values())
    return replace(state, held=state.held if still else "", profile=event.profile or state.profile)


def _hold(state: ExperimentState, event: Event, *, held: bool) -> ExperimentState:
    """Hold or resume the event's instance, or all that have not ended where it names none."""
    chosen = {
        number: replace(instance, held=held)
        for number, instance in state.instances.items()
        if not instance.outcome and (event.instance is None or event.instance == number)
    }
    return replace(state, instances={**state.instances, **chosen})


def _goes_on(state: ExperimentState, event: Event, phase: Phase, **changes: Any) -> ExperimentState:
    """Another phase of an attempt that lives; what was ended by an event just before stays ended."""
    attempt = state.attempts.get(event.job or "")
    return _attempt(state, event, phase=phase, **changes) if attempt and attempt.live else state


def _output(state: ExperimentState, event: Event) -> ExperimentState:
    attempt = state.attempts.get(event.job or "")
    if not attempt:
        return state
    read = {**attempt.read, event.data["stream"]: event.data["offset"] + event.data["bytes"]}
    return _attempt(state, event, read=read)


def _lost(state: ExperimentState, event: Event) -> ExperimentState:
    state = _ended(state, event, debt=event.data.get("debt", True))
    return _instance(state, event, moving_from=event.host or "")


def _over(state: ExperimentState, event: Event) -> ExperimentState:
    attempt = state.attempts.get(event.job or "")
    if attempt and attempt.live:
        state = _ended(state, event)
    return _instance(state, event, outcome=event.event, held=False)


def _ended(state: ExperimentState, event: Event, *, debt: bool = False) -> ExperimentState:
    return _attempt(
        state,
        event,
        phase=Phase.ENDED,
        outcome=event.event,
        reason=event.reason,
        ended=event.time,
        exit_code=event.data.get("exit_code"),
        signal=event.data.get("signal"),
        debt=debt,
    )


def _restarted(state: ExperimentState, event: Event) -> ExperimentState:
    return _instance(state, event, outcome="", checkpoint=tuple(event.data.get("checkpoint", ())))


def _wish(state: ExperimentState, event: Event) -> ExperimentState:
    wishes = {**state.wishes, event.sequence: event}
    attempt = state.attempts.get(event.job or "")
    state = replace(state, wishes=wishes)
    instance = state.instances.get(event.instance or (attempt.instance if attempt else 0))
    if event.data["wish"] != "cancel" or not instance or (attempt and attempt.id not in instance.attempts):
        return state
    return replace(state, instances={**state.instances, instance.number: replace(instance, canceled=True)})


def _wish_done(state: ExperimentState, event: Event) -> ExperimentState:
    return replace(state, wishes={k: wish for k, wish in state.wishes.items() if k != event.data["wish"]})


def _set_aside(state: ExperimentState, event: Event) -> ExperimentState:
    entry = SetAside(event.data["failures"], datetime.fromisoformat(event.data["until"]))
    return replace(state, set_aside={**state.set_aside, event.host or "": entry})


def _finished(state: ExperimentState, event: Event) -> ExperimentState:
    return replace(state, finished=event.data["counts"], profile=None, held="")


def _attempt(state: ExperimentState, event: Event, **changes: Any) -> ExperimentState:
    attempt = state.attempts.get(event.job or "")
    if attempt is None:
        return state
    return replace(state, attempts={**state.attempts, attempt.id: replace(attempt, **changes)})


def _instance(state: ExperimentState, event: Event, **changes: Any) -> ExperimentState:
    instance = state.instances.get(event.instance or 0)
    if instance is None:
        return state
    return replace(state, instances={**state.instances, instance.number: replace(instance, **changes)})


_CHANGES: dict[str, Callable[[ExperimentState, Event], ExperimentState]] = {
    "begun": _begun,
    "relocating": lambda state, event: _instance(state, event, moving_from=event.host or ""),
    "relocated": lambda state, event: _instance(state, event, moving_from=""),
    "matched": lambda state, event: replace(state, profile=event.profile, held=""),
    "intent": _intent,
    "prepared": _prepared,
    "placed": _placed,
    "adopted": _placed,
    "running": lambda state, event: _goes_on(state, event, Phase.RUNNING),
    "suspended": lambda state, event: _goes_on(state, event, Phase.SUSPENDED),
    "continued": lambda state, event: _goes_on(state, event, Phase.RUNNING),
    "stopping": lambda state, event: _goes_on(state, event, Phase.STOPPING, reason=event.reason),
    "released": _ended,
    "refused": _ended,
    "stopped": _ended,
    "lost": _lost,
    "done": _over,
    "failed": _over,
    "canceled": _over,
    "restarted": _restarted,
    "checkpointed": lambda state, event: _instance(state, event, checkpoint=tuple(event.data["names"])),
    "owed": lambda state, event: _attempt(state, event, debt=True),
    "settled": lambda state, event: _attempt(state, event, debt=False),
    "discarded": lambda state, event: _attempt(state, event, discarded=True),
    "degraded": lambda state, event: replace(state, profile=event.profile),
    "promoted": lambda state, event: replace(state, profile=event.profile),
    "held": _held,
    "resumed": _resumed,
    "output": _output,
    "wish": _wish,
    "wish_done": _wish_done,
    "set_aside": _set_aside,
    "stumbled": _set_aside,
    "finished": _finished,
}

COUNTED = frozenset(_CHANGES)
"""The kinds of events that change a state."""
