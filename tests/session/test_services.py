"""Job services: which there are, when they are asked how they are, and what is made of what they say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.globus import Site
from tests.grid.scripted import Handset
from tests.servers import OpenSsh
from zeligui.errors import Refused, SubmissionRefused, Unreachable, UsageError
from zeligui.experiment.state import AttemptState, ExperimentState, Phase
from zeligui.session import services
from zeligui.session.services import IN_USE_S, LOOKED_AT_S, Services, anywhere
from zeligui.session.session import Session
from zeligui.session.snapshot import OpenContract, OpenExperiment, ServiceHealth
from zeligui.settings import Home, Settings


class Desk:
    """What stands in for a session: services whose answers a test decides."""

    def __init__(self, *urls: str) -> None:
        self.clock = Handset()
        self.machines = SimpleNamespace(feeds=[SimpleNamespace(url=url) for url in urls])
        self.shelf = SimpleNamespace(shown=())
        self.ledger = SimpleNamespace(states={})
        self.core = SimpleNamespace(service=lambda url: SimpleNamespace(health=lambda: self.health(url)))
        self.answers: dict[str, str | Exception] = {}
        self.asked: list[str] = []
        self.changes = 0
        self.faults: list[BaseException] = []
        self.services = Services(self, changed=self._changed, report=lambda _, error: self.faults.append(error))  # type: ignore[arg-type]

    def _changed(self) -> None:
        self.changes += 1

    async def health(self, url: str) -> str:
        self.asked.append(url)
        answer = self.answers.get(url, "answers")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def look(self) -> ServiceHealth:
        """Look, and wait until all that is asked has answered; the first service."""
        await self.services.look()
        while any(state.asking for state in self.services.states) or self.services._tasks._running:
            await asyncio.sleep(0)
        return self.services.states[0]

    def runs(self, url: str, jobs: int) -> None:
        attempts = {str(n): AttemptState(str(n), n, "h", url, "p", Phase.RUNNING, None) for n in range(jobs)}
        self.ledger.states["e"] = ExperimentState("e", run=1, attempts=attempts)


async def test_what_is_looked_at_is_asked_at_most_twice_a_minute() -> None:
    desk = Desk("ssh://a")
    assert (await desk.look()).status == ""
    assert desk.asked == []
    desk.services.watched = True
    state = await desk.look()
    assert (state.status, state.says, state.away) == ("up", "answers", False)
    await desk.look()
    desk.clock.waited += LOOKED_AT_S - 1
    await desk.look()
    assert len(desk.asked) == 1
    desk.clock.waited += 1
    await desk.look()
    assert len(desk.asked) == 2


async def test_what_runs_jobs_is_asked_now_and_then_though_nobody_looks() -> None:
    desk = Desk("ssh://a", "ssh://b")
    desk.runs("ssh://b", 3)
    await desk.look()
    assert desk.asked == ["ssh://b"]
    assert [one.jobs for one in desk.services.states] == [0, 3]
    desk.clock.waited += LOOKED_AT_S
    await desk.look()
    assert len(desk.asked) == 1
    desk.clock.waited += IN_USE_S
    await desk.look()
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (Unreachable("It is silent.", hint="Wait."), "unreachable"),
        (Refused("It says no.", hint="Wait."), "refused"),
        (SubmissionRefused("Jobs could not stay.", hint="Wait."), "refused"),
        (UsageError("No such scheme.", hint="Wait."), "unusable"),
    ],
)
async def test_why_it_would_start_no_job_is_said(error: Exception, word: str) -> None:
    desk = Desk("ssh://a")
    desk.services.watched = True
    desk.answers["ssh://a"] = error
    state = await desk.look()
    assert (state.status, state.says, state.mend, state.away) == (word, str(error), "Wait.", True)


async def test_an_adaptor_that_fails_is_reported_and_the_others_are_asked() -> None:
    desk = Desk("ssh://a", "ssh://b")
    desk.services.watched = True
    desk.answers["ssh://a"] = ValueError("oops")
    await desk.look()
    assert [one.status for one in desk.services.states] == ["unusable", "up"]
    assert [str(one) for one in desk.faults] == ["oops"]


async def test_since_when_it_is_so_stays_until_it_is_otherwise() -> None:
    desk = Desk("ssh://a")
    desk.services.watched = True
    first = await desk.look()
    desk.clock.waited += LOOKED_AT_S
    second = await desk.look()
    assert second.since == first.since
    assert second.asked != first.asked
    desk.answers["ssh://a"] = Unreachable("It is silent.")
    desk.clock.waited += LOOKED_AT_S
    assert (await desk.look()).since != first.since


async def test_a_silent_one_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk("ssh://a")
    await desk.look()
    monkeypatch.setattr(services, "LIMIT_S", 0.01)
    desk.services.watched = True

    async def silent(_url: str) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    desk.health = silent  # type: ignore[method-assign]
    state = await desk.look()
    assert (state.status, state.says) == ("unreachable", "It did not answer within 0.01 s.")


async def test_one_is_asked_again_at_once_where_that_is_wished() -> None:
    desk = Desk("ssh://a")
    desk.services.watched = True
    await desk.look()
    changes = desk.changes
    desk.services.check("ssh://a")
    desk.services.check("ssh://a")
    desk.services.check("ssh://unknown")
    assert desk.services.states[0].asking
    await desk.look()
    assert (len(desk.asked), desk.changes > changes) == (2, True)


async def test_an_answer_to_an_older_question_is_not_told() -> None:
    desk = Desk("gram://a")
    late = asyncio.Event()

    async def health(url: str) -> str:
        desk.asked.append(url)
        if len(desk.asked) == 2:
            await late.wait()
            return "what was so before"
        return "answers"

    desk.health = health  # type: ignore[method-assign]
    desk.services.watched = True
    await desk.look()
    desk.clock.waited += LOOKED_AT_S
    await desk.services.look()  # unseen: it was well before
    while len(desk.asked) < 2:
        await asyncio.sleep(0)
    desk.services.check("gram://a")
    while desk.services.states[0].asking:
        await asyncio.sleep(0)
    late.set()
    assert (await desk.look()).says == "answers"
    assert len(desk.asked) == 3


async def test_what_a_new_proxy_mends_is_asked_again() -> None:
    desk = Desk("ssh://a", "gram://b")
    await desk.look()
    desk.services.check_all({"gram"})
    await desk.look()
    assert desk.asked == [], "nobody looks, and nothing runs there"
    desk.services.watched = True
    await desk.look()
    desk.services.check_all({"gram"})
    await desk.look()
    assert desk.asked == ["gram://b", "ssh://a", "gram://b"]


async def test_services_come_from_sources_open_experiments_and_running_jobs() -> None:
    desk = Desk("file:///hosts.json", "ssh://a")
    experiment = SimpleNamespace(on=("ssh://b", "ssh://c"))
    opened = OpenExperiment(Path("/e.toml"), "e", experiment)  # type: ignore[arg-type]
    broken = OpenExperiment(Path("/f.toml"), "f", None, "It has no job.")
    desk.shelf.shown = (OpenContract(Path("/c"), experiments=(opened, broken)),)
    desk.runs("ssh://c", 1)
    await desk.look()
    assert [(one.url, one.jobs, one.named_by) for one in desk.services.states] == [
        ("ssh://a", 0, ()),
        ("ssh://b", 0, ("e",)),
        ("ssh://c", 1, ("e",)),
    ]
    desk.shelf.shown, desk.ledger.states = (), {}
    await desk.look()
    assert [one.url for one in desk.services.states] == ["ssh://a"]


async def test_as_long_as_nothing_is_new_all_is_the_same_object() -> None:
    desk = Desk("ssh://a")
    desk.services.watched = True
    await desk.look()
    before = desk.services.states
    changes = desk.changes
    await desk.services.look()
    assert desk.services.states is before
    assert desk.changes == changes
    desk.runs("ssh://a", 2)
    await desk.services.look()
    assert desk.changes > changes
    assert desk.services.states[0] == replace(before[0], jobs=2)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("ssh://ana@lab1:2222", "any://ana@lab1:2222"),
        ("gram://site.example.org:2119/jobmanager-slurm", "any://site.example.org"),
        ("gram://[::1]:2119/jobmanager-fork", "any://[::1]"),
        ("local://", None),
        ("any://lab1", None),
        ("slurm:///short", None),
        ("ssh://-oProxyCommand=x", None),
    ],
)
def test_the_machine_of_a_service_may_be_reached_in_other_ways(url: str, other: str | None) -> None:
    assert anywhere(url) == other


@asynccontextmanager
async def opened(*sources: str) -> AsyncIterator[Session]:
    session = Session(Home.find(), Settings(sources=sources), report=lambda doing, error: None)
    await session.open()
    try:
        yield session
    finally:
        await session.close()


async def test_real_services_say_how_they_are_in_the_snapshot(openssh: Callable[..., OpenSsh]) -> None:
    stranger = openssh().url  # its host key is not known
    async with opened("local://", stranger) as session:
        session.services.watched = True
        async with asyncio.timeout(30):
            while not all(one.status for one in session.services.states) or len(session.services.states) < 2:
                await session.services.look()
                await asyncio.sleep(0.05)
        told: dict[str, Any] = {one.url: one for one in session.view.snapshot().services}
        assert told["local://"].says.startswith("jobs are watched over by ")
        assert told[stranger].status == "unknown-key"
        here = await session.services.ways("local://")
        assert [one.of for one in here] == ["local://"]
        assert here[0].exit_status == 0
        there = await session.services.ways(stranger)
        assert there[0].of == stranger
        assert there[0].exit_status == 1


async def test_a_grid_site_is_well_once_there_is_a_proxy(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X509_USER_CERT", str(site.folder / "usercert.pem"))
    monkeypatch.setenv("X509_USER_KEY", str(site.folder / "userkey.pem"))
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "proxy"))
    url = f"gram://{site.contact}"
    (tmp_path / "any.contract").write_text("[any]\ncpuAvail >= 0\n")
    (tmp_path / "e.toml").write_text(
        f'name = "e"\ncontract = "any.contract"\non = ["{url}"]\n[job]\nexecutable = "true"\n'
    )
    async with opened() as session, asyncio.timeout(60):
        await session.open_file(tmp_path / "e.toml")
        session.services.watched = True

        async def told(*, up: bool) -> ServiceHealth:
            while True:
                found = [one for one in session.services.states if one.url == url and not one.asking]
                if found and (found[0].status == "up") is up and found[0].status:
                    return found[0]
                await session.services.look()
                await asyncio.sleep(0.05)

        without = await told(up=False)
        assert "There is no proxy" in without.says
        assert without.named_by == ("e",)
        await session.wallet.renew("", valid_s=3600, limited=False)
        session.services.check_all({"gram"})
        assert (await told(up=True)).since != without.since
