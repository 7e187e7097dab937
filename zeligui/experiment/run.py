"""What all parts of the controller share: the experiment, its book, the machines, and who is busy with what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zeligui.clock import Clock
from zeligui.contract.model import Contract, Profile
from zeligui.experiment.attempts import Attempts
from zeligui.experiment.book import Book
from zeligui.experiment.choice import profile_of
from zeligui.experiment.company import Company
from zeligui.experiment.description import Experiment
from zeligui.experiment.seats import host_of, room, seat_of, seated
from zeligui.experiment.state import AttemptState, ExperimentState, InstanceState, Phase
from zeligui.jobs.anywhere import url_of
from zeligui.settings import Reconfiguration
from zeligui.tasks import Tasks

if TYPE_CHECKING:
    from zeligui.contract.columns import Columns
    from zeligui.grid.hosts import Host
    from zeligui.grid.machines import Machines
    from zeligui.grid.occupancy import Placement

AVERAGES_FORGET_S = 3600.0
"""Four times the longest window of a load average: what ended before shows nowhere."""


@dataclass(slots=True)
class Run:
    """One run of one experiment, as its parts see it. Only the event loop's thread touches it."""

    experiment: Experiment
    contract: Contract
    book: Book
    machines: Machines
    attempts: Attempts
    clock: Clock
    tasks: Tasks
    wake: Callable[[], None]
    busy: dict[int, str]
    """What is being done with an instance, so that nothing else is begun with it."""
    reserved: set[str]
    """Seats on which something is being prepared."""
    company: Company = field(default_factory=Company)
    """Which machines answer."""

    @property
    def state(self) -> ExperimentState:
        return self.book.state

    @property
    def rules(self) -> Reconfiguration:
        return self.experiment.reconfiguration

    @property
    def profile(self) -> Profile | None:
        """The profile in force."""
        return profile_of(self.contract, self.state.profile) if self.state.profile else None

    def active(self) -> list[InstanceState]:
        """The instances that have not ended for good."""
        return [instance for instance in self.state.instances.values() if not instance.outcome]

    def in_use(self) -> dict[str, AttemptState]:
        """The seats on which attempts of this experiment run or may run."""
        attempts = [attempt for attempt in self.state.live() if attempt.instance in self.state.instances]
        return dict(zip(seated(attempt.host for attempt in attempts), attempts, strict=True))

    def kept(self) -> dict[str, AttemptState]:
        """The seats in use by attempts that are to stay there: started, and not being stopped."""
        return {
            seat: attempt
            for seat, attempt in self.in_use().items()
            if attempt.phase in {Phase.PLACED, Phase.RUNNING, Phase.SUSPENDED}
        }

    def own(self, instance: int, doing: str, work: Coroutine[Any, Any, object]) -> None:
        """Do something with an instance in the background; it is busy until that has ended."""
        self.own_all([instance], doing, work)

    def own_all(self, instances: Collection[int], doing: str, work: Coroutine[Any, Any, object]) -> None:
        self.busy.update(dict.fromkeys(instances, doing))

        async def done() -> None:
            try:
                await work
            finally:
                for instance in instances:
                    self.busy.pop(instance, None)
                self.wake()

        self.tasks.start(doing, done())

    def columns(self) -> Columns:
        """The newest measurements, as this experiment may judge them (rules 4 and 5 of the language)."""
        from zeligui.grid.occupancy import adjust

        columns = self.machines.columns(self.rules.measurement_expiry_s)
        now = self.clock.age()
        return adjust(columns, self.machines, self._placements(now), experiment=self.experiment.name, now=now)

    def _placements(self, now: float) -> list[Placement]:
        return [
            self._placement(state.name, attempt, now)
            for state in (self.state, *self.book.others.values())
            for attempt in state.attempts.values()
            if attempt.live or self._shows_still(attempt)
        ]

    def _shows_still(self, attempt: AttemptState) -> bool:
        """Whether what has ended may still show in its host's load averages."""
        if attempt.ended is None or attempt.outcome in {"refused", "released"}:
            return False
        return (self.clock.now() - attempt.ended).total_seconds() < AVERAGES_FORGET_S

    def _placement(self, experiment: str, attempt: AttemptState, now: float) -> Placement:
        from zeligui.grid.occupancy import Placement

        today = self.clock.now()
        ended = None if attempt.ended is None else now - (today - attempt.ended).total_seconds()
        placed = now - (today - attempt.since).total_seconds()
        return Placement(attempt.id, attempt.host, experiment, attempt.cpus, attempt.memory_mb, placed, ended)

    def usable(self) -> dict[str, Host]:
        """The seats that a job of this experiment can go to now, besides those in use, with their hosts."""
        shut = self.set_aside() | {debt.host for debt in self.state.debts()}
        used = Counter(host_of(seat) for seat in self.in_use())
        placements = self._placements(self.clock.age())
        seats: dict[str, Host] = {}
        for host in self.machines.hosts():
            if host.status == "up" and self.service_of(host) and host.name not in shut:
                fit = room(host, used=used[host.name], cpus=self.experiment.job.cpus, placements=placements)
                seats.update((seat_of(host.name, number), host) for number in range(1, fit + 1))
        return {seat: host for seat, host in seats.items() if seat not in self.reserved}

    def set_aside(self) -> set[str]:
        """Hosts that get no jobs for a while, whichever experiment found them failing."""
        today = self.clock.now()
        return {
            host
            for state in (self.state, *self.book.others.values())
            for host, entry in state.set_aside.items()
            if entry.until > today
        }

    def service_of(self, host: Host) -> str | None:
        """The job service for a host: its source's own, else the one of `on` that names it, else what works there.

        None where its name is no address.
        """
        return host.service or _named(host.name, self.experiment.on) or url_of(host.name)


def _named(host: str, services: Iterable[str]) -> str | None:
    from urllib.parse import urlsplit

    return next((url for url in services if urlsplit(url).hostname == host.lower()), None)


def tally(counts: Mapping[str, int]) -> str:
    """`{"done": 2, "failed": 1}` as "2 done, 1 failed"."""
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"
