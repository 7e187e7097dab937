"""`any://host`: which adaptor is taken, what falls through and what does not, and what is said when none is left."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from tests.jobs.places import WITHIN_S
from tests.servers import OpenSsh
from zeligui.errors import InDoubt, Refused, SubmissionRefused, UnknownHostKey, Unreachable, UsageError
from zeligui.jobs import anywhere, open_service
from zeligui.jobs.adaptors import Ability, Adaptor, Declared, NotMeant, Unfit, adaptors
from zeligui.jobs.anywhere import AnywhereService, url_of
from zeligui.jobs.job import JobDescription, JobState, JobStatus
from zeligui.links import Links, open_links
from zeligui.schemes import JOBS
from zeligui.testbed.grid import Grid

TRUE = JobDescription("/bin/true")
ECHO = JobDescription("/bin/echo", ("here",))


class Trial:
    """A service whose answers a test decides: `fails` is raised at the named call."""

    def __init__(self, url: str, **fails: Exception) -> None:
        self.url = url
        self.fails = fails
        self.called: list[str] = []
        self.jobs: dict[str, JobStatus] = {}

    def _call(self, name: str) -> None:
        self.called.append(name)
        if name in self.fails:
            raise self.fails[name]

    async def health(self) -> str:
        self._call("health")
        return "answers"

    async def prepare(self, attempt: str, job: JobDescription, *, tell: Any = None) -> str:
        self._call("prepare")
        self.jobs[attempt] = JobStatus(JobState.NEW)
        return "handle"

    async def commit(self, attempt: str) -> None:
        self._call("commit")

    async def find(self, attempts: Sequence[str]) -> Mapping[str, JobStatus]:
        self._call("find")
        return {attempt: self.jobs[attempt] for attempt in attempts if attempt in self.jobs}

    async def cancel(self, attempt: str, *, grace_s: float = 10.0) -> None:
        self._call("cancel")


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    opened = open_links()
    yield opened
    await opened.close()


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch, links: Links) -> Callable[..., AnywhereService]:
    """`any://host` over trial services, tried as they are given; an exception in a place is why it cannot be used."""

    def build(*given: Trial | Exception, can: frozenset[Ability] = frozenset(Ability)) -> AnywhereService:
        def adaptor(place: int, one: Trial | Exception) -> Adaptor:
            def reach(*_: object) -> str:
                if isinstance(one, Exception):
                    raise one
                return one.url

            scheme = one.url.partition(":")[0] if isinstance(one, Trial) else f"away{place}"
            return Adaptor(scheme, Declared(can=can, reach=reach, order=place))

        installed = [adaptor(place, one) for place, one in enumerate(given)]
        services = {one.url: one for one in given if isinstance(one, Trial)}
        monkeypatch.setattr(anywhere, "adaptors", lambda: installed)
        monkeypatch.setattr(anywhere, "open_other", lambda url, _: services[url])
        return anywhere.open_service("any://host", links)

    return build


def new() -> str:
    return secrets.token_hex(16)


async def test_the_next_is_tried_only_after_a_certain_refusal(over: Callable[..., AnywhereService]) -> None:
    first, second = Trial("a://h", prepare=SubmissionRefused("No room.")), Trial("b://h")
    service = over(first, second)
    attempt = new()
    assert await service.prepare(attempt, TRUE) == "handle"
    assert anywhere.holder(service, attempt) == "b://h"
    await service.commit(attempt)
    assert (first.called, second.called) == (["prepare"], ["prepare", "commit"])


async def test_a_machine_that_is_silent_before_anything_was_sent_is_passed_over(
    over: Callable[..., AnywhereService],
) -> None:
    service = over(Trial("a://h", prepare=Unreachable("It is silent.")), Trial("b://h"))
    attempt = new()
    await service.prepare(attempt, TRUE)
    assert service.holder(attempt) == "b://h"


async def test_in_doubt_it_stays_with_the_one_that_did_not_answer(over: Callable[..., AnywhereService]) -> None:
    first, second = Trial("a://h", prepare=InDoubt("No answer came.")), Trial("b://h")
    service = over(first, second)
    attempt = new()
    with pytest.raises(InDoubt):
        await service.prepare(attempt, TRUE)
    assert await service.find([attempt]) == {}
    await service.cancel(attempt)
    assert service.holder(attempt) == "a://h"
    assert second.called == []


async def test_what_failed_is_forgotten_at_the_next_call(over: Callable[..., AnywhereService]) -> None:
    first = Trial("a://h", prepare=SubmissionRefused("No room."))
    service = over(first, Trial("b://h"))
    await service.prepare(new(), TRUE)
    first.fails.clear()
    attempt = new()
    await service.prepare(attempt, TRUE)
    assert service.holder(attempt) == "a://h"


async def test_one_error_says_what_each_said_the_most_specific_first(over: Callable[..., AnywhereService]) -> None:
    service = over(
        NotMeant("it is not this machine."),
        Unfit("There is no proxy.", hint="zeligrid proxy init"),
        Trial("b://h", prepare=Unreachable("It is silent.")),
        Trial("c://h", prepare=Refused("It wants a password.", hint="Use a key.")),
    )
    with pytest.raises(Refused) as refused:
        await service.prepare(new(), TRUE)
    assert str(refused.value) == (
        "No adaptor works for any://host: c: It wants a password; b: It is silent; away1: There is no proxy."
    )
    assert refused.value.hint == "Use a key."


async def test_where_no_machine_was_asked_it_is_certainly_not_started(over: Callable[..., AnywhereService]) -> None:
    service = over(NotMeant("it is not this machine."), Unfit("There is no proxy.", hint="zeligrid proxy init"))
    with pytest.raises(SubmissionRefused, match="There is no proxy") as refused:
        await service.prepare(new(), TRUE)
    assert refused.value.hint == "zeligrid proxy init"
    with pytest.raises(Unreachable, match="There is no proxy"):
        await service.find([new()])


async def test_a_job_goes_by_none_that_cannot_do_what_it_needs(over: Callable[..., AnywhereService]) -> None:
    trial = Trial("a://h")
    service = over(trial, can=frozenset({Ability.SUBMIT}))
    with pytest.raises(SubmissionRefused, match=r"a: it cannot do what the job needs \(staging, stdin\)"):
        await service.prepare(new(), JobDescription("/bin/cat", input=("x",), interactive=True))
    assert trial.called == []
    await service.prepare(new(), TRUE)


async def test_it_is_well_by_the_first_that_is_well(over: Callable[..., AnywhereService]) -> None:
    first, second = Trial("a://h", health=Unreachable("It is silent.")), Trial("b://h")
    service = over(Unfit("There is no proxy."), first, second)
    assert await service.health() == "by b: answers"
    second.fails["health"] = SubmissionRefused("No room.")
    with pytest.raises(SubmissionRefused, match="b: No room; a: It is silent; away0: There is no proxy"):
        await service.health()


async def test_after_a_restart_an_attempt_is_found_where_it_is(over: Callable[..., AnywhereService]) -> None:
    first, second = Trial("a://h"), Trial("b://h")
    attempt = new()
    second.jobs[attempt] = JobStatus(JobState.RUNNING)
    service = over(first, second)
    assert (await service.find([attempt]))[attempt].state is JobState.RUNNING
    await service.cancel(attempt)
    assert "cancel" in second.called
    assert "cancel" not in first.called


async def test_an_attempt_is_unknown_only_where_all_have_answered(over: Callable[..., AnywhereService]) -> None:
    first, second = Trial("a://h", find=Unreachable("It is silent.")), Trial("b://h")
    service = over(first, second)
    with pytest.raises(Unreachable, match="It is silent"):
        await service.find([new()])
    first.fails.clear()
    assert await service.find([new()]) == {}


async def test_canceling_what_none_knows_tells_all(over: Callable[..., AnywhereService]) -> None:
    first, second = Trial("a://h"), Trial("b://h")
    await over(first, second).cancel(new())
    assert first.called == second.called == ["find", "cancel"]


async def test_this_machine_is_taken_by_itself(links: Links) -> None:
    assert await _run(open_service("any://localhost", links)) == (b"here\n", "local://")


async def test_another_machine_is_reached_over_ssh(openssh: Callable[..., OpenSsh]) -> None:
    server = openssh()
    links = open_links(known_hosts=[server.known_hosts], identities=[server.identity])
    try:
        service = open_service(f"any://127.0.0.1:{server.port}", links)
        assert await _run(service) == (b"here\n", server.url)
    finally:
        await links.close()


async def test_a_node_of_the_grid_runs_jobs_and_is_found_again(grid: Grid) -> None:
    links = open_links(known_hosts=[grid.known_hosts], identities=[grid.identity])
    try:
        url = grid.sources[0].replace("ssh://", "any://")
        service, attempt = open_service(url, links), new()
        await service.prepare(attempt, JobDescription("/bin/sleep", ("60",)))
        await service.commit(attempt)
        later = open_service(url, links)
        assert attempt in await later.find([attempt])
        await later.cancel(attempt, grace_s=0)
        await _ended(later, attempt)
        await later.discard(attempt)
    finally:
        await links.close()


async def test_an_unknown_host_key_stays_one_with_its_line(openssh: Callable[..., OpenSsh]) -> None:
    server = openssh()
    links = open_links(identities=[server.identity])
    try:
        with pytest.raises(UnknownHostKey) as unknown:
            await open_service(f"any://127.0.0.1:{server.port}", links).prepare(new(), TRUE)
        assert unknown.value.line.startswith(f"[127.0.0.1]:{server.port} ssh-ed25519 ")
    finally:
        await links.close()


async def test_without_a_key_nothing_is_dialled(links: Links) -> None:
    with pytest.raises(SubmissionRefused, match=r"ssh: there is no key to log in to lab1 with") as refused:
        await open_service("any://lab1", links).prepare(new(), TRUE)
    assert "ssh-keygen" in refused.value.hint


@pytest.mark.parametrize("url", ["any://", "any://-oProxyCommand=x", "any://a b", "any://user:secret@host"])
def test_what_is_no_address_is_refused(url: str, links: Any) -> None:
    with pytest.raises(UsageError):
        open_service(url, links)


def test_names_of_hosts_that_are_no_addresses_have_no_service() -> None:
    assert url_of("lab1.example.org") == "any://lab1.example.org"
    assert url_of("queue short") is None
    assert url_of("-x") is None


def test_all_that_is_installed_declares_what_it_can() -> None:
    found = {one.scheme: one for one in adaptors()}
    assert [*found][:5] == ["any", "local", "ssh", "slurm", "slurm+ssh"]
    lacking = {one.scheme: frozenset(Ability) - one.declared.can for one in found.values()}
    assert {scheme: lacks for scheme, lacks in lacking.items() if lacks} == {"gram": {Ability.SUSPEND, Ability.STDIN}}


def test_an_adaptor_that_cannot_be_loaded_says_so_and_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"condor": "no_such_package.jobs:open", "local": "zeligui.jobs.posix:open_service"}
    entries = [EntryPoint(name, value, JOBS) for name, value in given.items()]
    monkeypatch.setattr("zeligui.jobs.adaptors.installed", lambda _: entries)
    local, condor = adaptors()
    assert (local.scheme, local.trouble) == ("local", None)
    assert condor.trouble is not None
    assert condor.trouble.hint == "Install what it needs: pip install no_such_package"
    assert not condor.declared.can


async def _run(service: Any) -> tuple[bytes, str]:
    """A job to its end: what it printed, and by which service it went."""
    attempt = new()
    await service.prepare(attempt, ECHO)
    await service.commit(attempt)
    await _ended(service, attempt)
    printed, chosen = await service.read(attempt, "stdout", 0), anywhere.holder(service, attempt)
    await service.discard(attempt)
    return printed, chosen


async def _ended(service: Any, attempt: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not (await service.find([attempt]))[attempt].state.final:
            await asyncio.sleep(0.02)
