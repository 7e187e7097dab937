"""The job services in use or named: how each is, asked while somebody looks or a job runs by it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zeligui.errors import LinkError, SubmissionRefused, ZeliGridError
from zeligui.experiment.state import ExperimentState
from zeligui.jobs.adaptors import ANYWHERE
from zeligui.jobs.anywhere import url_of
from zeligui.jobs.checkups import Checkup, of_url
from zeligui.links.calls import call
from zeligui.schemes import JOBS, schemes
from zeligui.session.snapshot import ServiceHealth
from zeligui.tasks import Tasks

if TYPE_CHECKING:
    from zeligui.session.session import Session

LOOKED_AT_S = 30.0
"""Between two questions to a service while somebody looks."""
IN_USE_S = 120.0
"""The same while nobody looks, and jobs run by it."""
LIMIT_S = 20.0
"""How long an answer is waited for."""
AT_ONCE = 16
"""So many are asked at a time."""

_WITHOUT_PORT = re.compile(r":[0-9]*$")


@dataclass(frozen=True, slots=True)
class Use:
    """What a service is there for: jobs that it runs now, and open experiments that name it."""

    jobs: int = 0
    named_by: tuple[str, ...] = ()


class Services:
    """Asks services how they are. `watched` says that somebody looks; `look` is called every few seconds."""

    def __init__(
        self, session: Session, *, changed: Callable[[], None], report: Callable[[str, BaseException], None]
    ) -> None:
        self.watched = False
        self._session = session
        self._changed = changed
        self._report = report
        self._tasks = Tasks(report)
        self._schemes: frozenset[str] | None = None
        self._states: dict[str, ServiceHealth] = {}
        self._questions: dict[str, asyncio.Task[None]] = {}
        """The last of each, so that an older answer never comes after it."""
        self._next: dict[str, float] = {}
        """On the patience clock, when each may be asked again."""
        self._counted: dict[str, tuple[ExperimentState, Counter[str]]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.states: tuple[ServiceHealth, ...] = ()
        """All, in the order of their addresses."""

    async def look(self) -> None:
        """Take in which there are, and ask those whose time has come."""
        if self._schemes is None:
            self._schemes = await call(schemes, JOBS)
        uses = self._uses(self._schemes)
        before = self._states
        self._states = {url: _used(before.get(url) or ServiceHealth(url), use) for url, use in sorted(uses.items())}
        for url in self._next.keys() - self._states.keys():
            del self._next[url]
            self._questions.pop(url).cancel()
        for state in tuple(self._states.values()):
            if self._due(state):
                self._ask_later(state.url)
        self._tell()

    def check(self, url: str) -> None:
        """Ask one now."""
        if url in self._states and not self._states[url].asking:
            self._states[url] = replace(self._states[url], asking=True)
            self._ask_later(url)
            self._tell()

    def check_all(self, schemes: Collection[str]) -> None:
        """Ask all of these schemes now that are looked at or in use: what they need has changed."""
        for state in self.states:
            if _scheme(state.url) in schemes and (self.watched or state.jobs):
                self.check(state.url)

    async def ways(self, url: str) -> Sequence[Checkup]:
        """What stands between here and a service, and what else would run jobs on its machine. UsageError."""
        found = [await of_url(url, self._session.links)]
        if other := anywhere(url):
            found += [way for way in (await of_url(other, self._session.links)).ways if way.of != url]
        return found

    async def close(self) -> None:
        """Ask no more."""
        await self._tasks.stop()

    # --- which there are ------------------------------------------------------------------------------------------

    def _uses(self, schemes: frozenset[str]) -> Mapping[str, Use]:
        session = self._session
        urls = [feed.url for feed in session.machines.feeds if _scheme(feed.url) in schemes]
        uses = dict.fromkeys(urls, Use())
        for contract in session.shelf.shown:
            for one in contract.experiments:
                for url in one.experiment.on if one.experiment else ():
                    named = uses.get(url, Use()).named_by
                    uses[url] = Use(named_by=(*named, one.name))
        for url, jobs in self._jobs().items():
            uses[url] = Use(jobs, uses.get(url, Use()).named_by)
        return uses

    def _jobs(self) -> Counter[str]:
        """How many jobs each service runs now. An experiment that is as it was is not counted anew."""
        running = {name: state for name, state in self._session.ledger.states.items() if state.running}
        before, self._counted = self._counted, {}
        for name, state in running.items():
            known = before.get(name)
            self._counted[name] = known if known and known[0] is state else (state, _counted(state))
        jobs: Counter[str] = Counter()
        for _, count in self._counted.values():
            jobs.update(count)
        return jobs

    # --- how they are ---------------------------------------------------------------------------------------------

    def _due(self, state: ServiceHealth) -> bool:
        if not (self.watched or state.jobs):
            return False
        wait_s = 0.0 if self.watched else IN_USE_S - LOOKED_AT_S
        return self._session.clock.patience() >= self._next.get(state.url, float("-inf")) + wait_s

    def _ask_later(self, url: str) -> None:
        self._next[url] = float("inf")
        if not self._states[url].status:
            self._states[url] = replace(self._states[url], asking=True)
        if (before := self._questions.get(url)) is not None:
            before.cancel()
        self._questions[url] = self._tasks.start(f"Ask {url} how it is", self._ask(url))

    async def _ask(self, url: str) -> None:
        async with self._turns:
            answer = await self._answer(url)
        now = self._session.clock.now()
        if url in self._states:  # else it is no longer in use, nor named
            state = self._states[url]
            since = state.since if state.status == answer.status else now
            self._states[url] = replace(answer, since=since, asked=now, jobs=state.jobs, named_by=state.named_by)
            self._next[url] = self._session.clock.patience() + LOOKED_AT_S
            self._tell()

    async def _answer(self, url: str) -> ServiceHealth:
        """What it says, or why it says nothing."""
        try:
            async with asyncio.timeout(LIMIT_S):
                return ServiceHealth(url, "up", await self._session.core.service(url).health())
        except TimeoutError:
            return ServiceHealth(url, "unreachable", f"It did not answer within {LIMIT_S:g} s.")
        except ZeliGridError as error:
            return ServiceHealth(url, _word(error), str(error), error.hint)
        except Exception as error:  # noqa: BLE001 - the edge of an adaptor, which may be of another package
            self._report(f"Ask {url} how it is", error)
            return ServiceHealth(url, "unusable", f"Its adaptor failed: {error}.")

    def _tell(self) -> None:
        states = tuple(self._states.values())
        if states != self.states:
            self.states = states
            self._changed()


def anywhere(url: str) -> str | None:
    """`any://` for the machine of a service; None where it is this machine, or names none.

    User and port are those of ssh; the port of another service says nothing of the machine.
    """
    scheme, _, rest = url.partition("://")
    place = rest.partition("/")[0]
    if scheme not in {"ssh", "slurm+ssh"}:
        place = _WITHOUT_PORT.sub("", place.rpartition("@")[2])
    if scheme in {ANYWHERE, "local"} or not place:
        return None
    return url_of(place)


def _scheme(url: str) -> str:
    return url.partition("://")[0]


def _counted(state: ExperimentState) -> Counter[str]:
    return Counter(attempt.service for attempt in state.live())


def _used(state: ServiceHealth, use: Use) -> ServiceHealth:
    """The same object where its use is as it was."""
    if (state.jobs, state.named_by) == (use.jobs, use.named_by):
        return state
    return replace(state, jobs=use.jobs, named_by=use.named_by)


def _word(error: ZeliGridError) -> str:
    if isinstance(error, LinkError):
        return error.status
    return "refused" if isinstance(error, SubmissionRefused) else "unusable"
