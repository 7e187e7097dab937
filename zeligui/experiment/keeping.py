"""Keeps what runs in contract: violations are moved, degraded or held; hosts that fall silent are given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zeligui.contract.columns import Columns
from zeligui.contract.model import Profile
from zeligui.experiment.choice import choose, edges_down, fallbacks, order_of, profile_of, ranked
from zeligui.experiment.ending import Ending
from zeligui.experiment.placing import Placing
from zeligui.experiment.polling import Polling
from zeligui.experiment.reasons import because, nearest_words, value_words
from zeligui.experiment.run import Run
from zeligui.experiment.seats import host_of, hosts_of
from zeligui.experiment.state import AttemptState, Phase
from zeligui.experiment.watch import Violation, Watch


@dataclass(slots=True)
class _Trouble:
    """How long a host in use has not been verified, counted only while another host answers."""

    seen: float
    seconds: float = 0.0


class Keeping:
    """Judges the hosts in use by the profile in force, and decides what becomes of those that fail."""

    def __init__(self, run: Run, polling: Polling, placing: Placing, ending: Ending) -> None:
        self._run = run
        self._polling = polling
        self._placing = placing
        self._ending = ending
        self.watch = Watch(run.rules.tolerance_s)
        self._judged = ""
        """The profile that was in force when it was judged last."""
        self._told: dict[tuple[str, str], AttemptState] = {}
        self._troubles: dict[str, _Trouble] = {}
        self._next = 0.0
        """When (patience clock) what is held and was left running is looked at again."""

    def start_anew(self) -> None:
        """Patience begins anew everywhere: the master's machine was asleep."""
        self.watch.reset()
        self._troubles.clear()

    async def judge(self, columns: Columns) -> None:
        """Judge every host in use by what came of it last."""
        profile, kept = self._run.profile, self._run.kept()
        if profile is None or profile.name != self._judged:
            self._told.clear()  # what was said under another profile is not judged any more
        self._judged = profile.name if profile else ""
        if profile is None:
            self.watch.forget()
        else:
            self.watch.judge(profile, columns, self._run.machines, hosts_of(kept))
        await self._mind_troubles()
        await self._mind_recoveries()
        await self._mind_held()
        if profile is None:
            return
        for violation in self._confirmed(self.watch.violations()):
            for attempt in [one for one in self._run.kept().values() if one.host == violation.host]:
                if attempt.phase is not Phase.SUSPENDED and attempt.instance not in self._run.busy:
                    await self._mind_violation(violation, attempt, profile, columns)
                if self._run.state.profile != profile.name:
                    return  # another profile is in force now: what follows is judged by it

    def _confirmed(self, violations: Sequence[Violation]) -> list[Violation]:
        """Without those that one refresh of one source brought to most of its hosts at once, until another confirms."""
        kept = hosts_of(self._run.kept())
        sources = {name: host.source for name in kept if (host := self._run.machines.host(name))}
        confirmed = []
        for violation in violations:
            source = sources.get(violation.host)
            fellows = [name for name in kept if sources.get(name) == source]
            failing = {one.host for one in violations if sources.get(one.host) == source}
            if violation.readings > 1 or len(fellows) < 2 or 2 * len(failing) <= len(fellows):
                confirmed.append(violation)
        return confirmed

    async def _mind_violation(
        self, violation: Violation, attempt: AttemptState, profile: Profile, columns: Columns
    ) -> None:
        usage = self._run.machines.usage(attempt.id)
        if usage is not None and usage.memory_mb == 0:  # its last process has ended: its verdict is what counts now
            self._polling.nudge(attempt.service)
            return
        reason = value_words(violation.constraint, columns, violation.host)
        key = (attempt.id, violation.constraint.text)
        if key not in self._told:
            await self._run.book.record("violated", reason, attempt=attempt, profile=profile.name)
            self._told[key] = attempt
        if not self.may_move():
            return
        free = self.free(profile, columns)
        held = self._run.state.instances[attempt.instance].held
        if free:
            if held:
                words = f"{host_of(free[0])} is apt for {profile.name}"
                await self._run.book.record("resumed", words, attempt=attempt, profile=profile.name)
            self._placing.move(attempt, free, f"on {attempt.host} {reason}", urgent=True)
        elif not held or self._run.clock.patience() >= self._next:
            self._next = self._run.clock.patience() + self._run.rules.interval_s
            await self._step_down(violation, attempt, profile, columns, reason)

    def free(self, profile: Profile, columns: Columns) -> list[str]:
        """The seats on apt hosts that this experiment does not use, best first."""
        return ranked(profile, columns, self._run.usable().keys() - self._run.in_use().keys())

    def may_move(self) -> bool:
        """Whether one more instance may move now: at most a quarter of them (at least one) at once."""
        instances = self._run.state.instances
        arriving = {
            attempt.instance
            for attempt in self._run.kept().values()
            if attempt.phase is Phase.PLACED and instances[attempt.instance].moving_from
        }
        return len(arriving | self._run.busy.keys()) < max(1, len(instances) // 4)

    async def _step_down(
        self, violation: Violation, attempt: AttemptState, profile: Profile, columns: Columns, reason: str
    ) -> None:
        in_use = self._run.kept()
        everywhere = {*self._run.usable(), *in_use}
        count = len(in_use) if self._run.rules.start == "grow" else len(self._run.active())
        held = self._run.state.instances[attempt.instance].held
        below = fallbacks(self._run.contract, profile.name, violation.seconds)
        for name in [one.name for one in self._run.contract.profiles if one is not profile] if held else below:
            hosts = choose(ranked(profile_of(self._run.contract, name), columns, everywhere), in_use, count)
            if hosts:
                words = f"on {attempt.host} {reason}; no other machine is apt for {profile.name}"
                worse = order_of(self._run.contract, name) > order_of(self._run.contract, profile.name)
                await self.change_profile("degraded" if worse else "promoted", name, hosts, words)
                return
        waiting = [e for e in edges_down(self._run.contract, profile.name) if e.after_s > violation.seconds]
        if not waiting:
            nearest = nearest_words(self._run.contract, columns, count)
            await self._hold(attempt, f"on {attempt.host} {reason}; {nearest}")

    async def change_profile(self, kind: str, name: str, hosts: Sequence[str], reason: str) -> None:
        """Put another profile in force on `hosts`; instances on other hosts move to those of them that are free."""
        await self._run.book.record(kind, reason, profile=name)
        taken = self._run.in_use()
        free = [host for host in hosts if host not in taken]
        for host, attempt in self._run.kept().items():
            if host not in hosts and free and attempt.instance not in self._run.busy and self.may_move():
                goal = free.pop(0)
                self._placing.move(attempt, [goal, *free], f"{attempt.host} is not apt for {name}")

    async def _hold(self, attempt: AttemptState, reason: str) -> None:
        kept = list(self._run.kept().values())
        for one in kept if self._run.rules.gang else [attempt]:
            if one.instance in self._run.busy or self._run.state.instances[one.instance].held:
                continue
            others = [other for other in self._run.active() if other.number != one.instance and not other.held]
            profile = self._run.state.profile if others or self._run.rules.on_hold == "leave" else None
            await self._run.book.record("held", reason, instance=one.instance, host=one.host, profile=profile)
            if self._run.rules.on_hold == "stop":
                self._placing.hold(one, reason)

    async def _mind_recoveries(self) -> None:
        """Say which violations ended by themselves."""
        kept = {attempt.id: attempt.host for attempt in self._run.kept().values()}
        for (attempt_id, text), attempt in list(self._told.items()):
            host = kept.get(attempt_id)
            false = [constraint.text for constraint in self.watch.false_on(host)] if host else []
            if host is None or (text not in false and attempt.instance not in self._run.busy):
                del self._told[attempt_id, text]
            if host and text not in false and attempt.instance not in self._run.busy:
                await self._run.book.record("recovered", f"{text} holds again on {host}", attempt=attempt)

    async def _mind_held(self) -> None:
        """Stop what is held and still runs, or resume it where its host honours the contract again."""
        together = self._run.rules.gang and self._run.rules.start == "all"
        gang = together and any(instance.held for instance in self._run.active())
        for attempt in self._run.kept().values():
            host = attempt.host
            held, stays = self._run.state.instances[attempt.instance].held, self._run.rules.on_hold == "leave"
            if attempt.instance in self._run.busy:
                continue
            if gang and not held and not stays:
                words = f"another instance is held, and all go together (gang): {self._run.state.held}"
                await self._hold(attempt, words)
            elif held and not stays:
                self._placing.hold(attempt, self._run.state.held)
            elif held and not self.watch.false_on(host) and host not in self.watch.unknown:
                words = f"{host} honours the contract again"
                await self._run.book.record("resumed", words, attempt=attempt, profile=self._run.state.profile)

    async def _mind_troubles(self) -> None:
        now = self._run.clock.patience()
        ahead = self._run.clock.age() - now
        for directory, confirmed in self._run.machines.confirmed().items():
            self._run.company.answered(directory, confirmed - ahead)
        for attempt in self._run.in_use().values():
            host = attempt.host
            busy = attempt.phase is Phase.STOPPING or attempt.instance in self._run.busy
            if busy and not attempt.committed:
                continue  # whoever prepares it has limits of its own
            why = self._trouble_with(host, attempt)
            if why is not None:
                await self._mind_trouble(attempt, why, now)
            elif not busy and self._troubles.pop(attempt.id, None) is not None:
                await self._run.book.record("verified", f"{host} is verified again", attempt=attempt)
        live = {attempt.id for attempt in self._run.state.live()}
        self._troubles = {key: trouble for key, trouble in self._troubles.items() if key in live}

    def _trouble_with(self, host: str, attempt: AttemptState) -> str | None:
        """Why a host in use cannot be verified, None where it can."""
        if error := self._polling.silent.get(attempt.service):
            return because(error)
        status = self._polling.statuses.get(attempt.id)
        if status and status.state is None:
            return status.detail or f"{host} cannot tell how its job does"
        if attempt.phase is Phase.STOPPING or attempt.instance in self._run.busy:
            return None
        unknown = self.watch.unknown.get(host)
        if unknown is None:
            return None
        seen = self._run.machines.host(host)
        detail = f" ({seen.detail})" if seen and seen.detail else ""
        return f"{', '.join(constraint.text for constraint in unknown)} cannot be told on {host}{detail}"

    async def _mind_trouble(self, attempt: AttemptState, why: str, now: float) -> None:
        trouble = self._troubles.get(attempt.id)
        if trouble is None:
            self._troubles[attempt.id] = _Trouble(now)
            await self._run.book.record("unverified", why, attempt=attempt)
            return
        vouched = self._run.company.vouched(but={attempt.host, *self._run.machines.speaking_only_for(attempt.host)})
        if vouched:
            since, until = vouched
            trouble.seconds += max(0.0, until - max(since, trouble.seen))
            trouble.seen = max(until, trouble.seen)
        if trouble.seconds >= self._run.rules.grace_s:
            await self._give_up(attempt, f"{attempt.host} could not be verified for {trouble.seconds:.0f} s: {why}")

    async def _give_up(self, attempt: AttemptState, reason: str) -> None:
        if attempt.service in self._polling.silent or attempt.instance in self._run.busy:
            await self._ending.lose(attempt, reason)
        else:  # its job service still answers, so the job can be stopped in order, with its checkpoint
            self._run.own(attempt.instance, f"Leave {attempt.host}", self._leave(attempt, reason))

    async def _leave(self, attempt: AttemptState, reason: str) -> None:
        await self._run.book.record("relocating", reason, attempt=attempt)
        await self._ending.stop(attempt, reason)
