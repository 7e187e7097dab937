"""Seeks hosts for what waits or is held, and climbs back to better profiles."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from zeligui.contract.columns import Columns
from zeligui.experiment.choice import choose, edges_up, fallbacks, order_of, profile_of, ranked
from zeligui.experiment.keeping import Keeping
from zeligui.experiment.placing import Placing
from zeligui.experiment.reasons import apt_words, nearest_words
from zeligui.experiment.run import Run
from zeligui.experiment.seats import host_of, hosts_of
from zeligui.experiment.state import InstanceState
from zeligui.experiment.watch import AptSince

JITTER = 0.1
"""Intervals are lengthened or shortened by up to this share, so that many masters do not move in step."""


class Seeking:
    """Starts what waits, at once when it has just come to wait, at every interval when it is held."""

    def __init__(self, run: Run, keeping: Keeping, placing: Placing) -> None:
        self._run = run
        self._keeping = keeping
        self._placing = placing
        self._next = 0.0
        self.apt_since = AptSince(run.contract)

    async def seek(self, columns: Columns) -> None:
        """Find hosts for the instances that have none."""
        waiting = [instance for instance in self._run.active() if self._waits(instance)]
        held = [instance for instance in waiting if instance.held]
        due = self._run.clock.patience() >= self._next
        if held and not due:
            waiting = [instance for instance in waiting if not instance.held]
        if not waiting:
            return
        if not await self._place(waiting, columns):
            await self._hold(waiting, columns)

    def _waits(self, instance: InstanceState) -> bool:
        if instance.number in self._run.busy or instance.canceled:
            return False
        return self._run.state.current(instance.number) is None

    def _profiles(self, waiting: Sequence[InstanceState]) -> list[str]:
        """The profiles to try: all in order at the start and from hold, else the one in force and its fallbacks."""
        now = self._run.state.profile
        if now is None or any(instance.held for instance in waiting):
            return [profile.name for profile in self._run.contract.profiles]
        return [now, *fallbacks(self._run.contract, now)]

    async def _place(self, waiting: Sequence[InstanceState], columns: Columns) -> bool:
        in_use, taken = self._run.kept(), self._run.in_use()
        everywhere = {*self._run.usable(), *in_use}
        for name in self._profiles(waiting):
            apt_hosts = ranked(profile_of(self._run.contract, name), columns, everywhere)
            hosts = choose(apt_hosts, in_use, len(self._run.active())) or self._what_there_is(apt_hosts, in_use)
            free = [host for host in apt_hosts if host not in taken]
            if hosts and free:
                await self._enter(name, waiting, hosts, apt_hosts)
                together = not self._run.state.live() and self._run.rules.start == "all"
                numbers = [instance.number for instance in waiting][: len(free)]
                self._placing.start(numbers, free, together=together)
                return True
        return False

    def _what_there_is(self, apt_hosts: Sequence[str], in_use: Collection[str]) -> list[str] | None:
        """Enough for what runs and one more, where the experiment may grow."""
        enough = self._run.rules.start == "grow" and len(apt_hosts) > len(in_use)
        return choose(apt_hosts, in_use, len(apt_hosts)) if enough else None

    async def _enter(
        self, name: str, waiting: Sequence[InstanceState], hosts: Sequence[str], apt_hosts: Sequence[str]
    ) -> None:
        """Say under which profile it goes on."""
        book, before = self._run.book, self._run.state.profile
        words, hosts = apt_words(name, hosts_of(apt_hosts)), hosts_of(hosts)
        if before is None:
            held = self._run.state.held
            if held:
                await book.record("resumed", f"machines are apt again: {words}", profile=name)
            await book.record("matched", words, profile=name, hosts=[*hosts])
            return
        if name != before:
            worse = order_of(self._run.contract, name) > order_of(self._run.contract, before)
            await self._keeping.change_profile("degraded" if worse else "promoted", name, hosts, words)
        for instance in waiting:
            if instance.held:
                await book.record("resumed", words, instance=instance.number, profile=name)

    async def _hold(self, waiting: Sequence[InstanceState], columns: Columns) -> None:
        """Hold what has no host, saying why once, and look again after an interval."""
        self._next = self._run.clock.patience() + self._run.rules.interval_s * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        fresh = [instance for instance in waiting if not instance.held]
        if not fresh:
            return
        reason = self._why_none(columns)
        if len(fresh) == len(self._run.active()):
            await self._run.book.record("held", reason)
            return
        for instance in fresh:
            words = {"instance": instance.number, "profile": self._run.state.profile}
            await self._run.book.record("held", reason, **words)  # type: ignore[arg-type]

    def _why_none(self, columns: Columns) -> str:
        words = nearest_words(self._run.contract, columns, len(self._run.active()))
        aside = sorted(self._run.set_aside())
        if aside:
            words += f"; set aside for a while: {', '.join(aside)}"
        hosts = self._run.machines.hosts()
        silent = [f"{host.source} tells nothing: {host.detail.rstrip('.')}" for host in hosts if not host.values]
        unreached = [host.name for host in hosts if host.values and not self._run.service_of(host)]
        if silent:
            words += f"; {'; '.join(silent[:3])}"
        if unreached:
            words += f"; no job service reaches {', '.join(unreached[:8])}: name one in the experiment's `on`"
        return words

    async def climb(self, columns: Columns) -> None:
        """Take an edge to a better profile whose constraints have held long enough, or rise without a move."""
        now = self._run.clock.patience()
        self.apt_since.look(columns, now)
        profile, kept = self._run.state.profile, self._run.kept()
        settled = len(kept) == len(self._run.active()) and not self._run.busy
        if profile is None or not kept or not settled or self._keeping.watch.violations():
            return
        if not await self._climb_by_edge(profile, columns, now):
            await self._rise_in_place(profile, now)

    async def _climb_by_edge(self, profile: str, columns: Columns, now: float) -> bool:
        kept = self._run.kept()
        for edge in edges_up(self._run.contract, profile):
            steady = self.apt_since.steady(edge.target, edge.after_s, now)
            steady = {seat for seat in {*self._run.usable(), *kept} if host_of(seat) in steady}
            hosts = choose(ranked(profile_of(self._run.contract, edge.target), columns, steady), kept, len(kept))
            if hosts:
                words = f"{', '.join(hosts_of(hosts)[:8])} honoured {edge.target} for {edge.after_s:g} s"
                await self._keeping.change_profile("promoted", edge.target, hosts, words)
                return True
        return False

    async def _rise_in_place(self, profile: str, now: float) -> None:
        contract, kept = self._run.contract, self._run.kept()
        written = {edge.target for edge in edges_up(contract, profile)}
        for better in contract.profiles[: order_of(contract, profile)]:
            steady = self.apt_since.steady(better.name, self._run.rules.interval_s, now)
            if better.name not in written and {*hosts_of(kept)} <= steady:
                words = f"every machine in use honoured {better.name} for {self._run.rules.interval_s:g} s"
                await self._keeping.change_profile("promoted", better.name, list(kept), words)
                return
