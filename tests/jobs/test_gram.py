"""Jobs of a real grid site: what only GRAM has, and what can be wrong with credentials, sites and jobs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.globus import Site
from tests.jobs.places import Place
from tests.links.gsi.authority import DAY, Authority, name, openssl_hash
from zeligui.errors import LinkError, Refused, SubmissionRefused, UsageError, ZeliGridError
from zeligui.jobs import open_service
from zeligui.jobs.gram import GramService
from zeligui.jobs.gram.orders import MOST, order
from zeligui.jobs.job import JobDescription, JobState
from zeligui.links import Links, open_links
from zeligui.links.gram.contacts import contact
from zeligui.links.gsi.credentials import Credential, read_pair
from zeligui.links.gsi.proxies import make_proxy, write_proxy

TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,10}", fullmatch=True)
ECHO = r'print "$_\0" for @ARGV, map { "$_=$ENV{$_}" } grep { /^ZG/ } sort keys %ENV'


@pytest.fixture
async def place(site: Site, tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(f"gram://{site.contact}", folder=tmp_path, within_s=80, pause_s=0.3)
    yield made
    await made.close()


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    opened = open_links()
    yield opened
    await opened.close()


@settings(
    max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.lists(TEXTS, max_size=20), values=st.dictionaries(NAMES, TEXTS, max_size=10))
def test_arguments_and_environment_come_as_they_were(site, words, values):
    environment = {f"ZG{key}": value for key, value in values.items()}
    said = asyncio.run(printed(site, words, environment)).split(b"\0")[:-1]
    assert said[: len(words)] == [word.encode() for word in words]
    assert sorted(said[len(words) :]) == sorted(f"{key}={value}".encode() for key, value in environment.items())


async def printed(site: Site, words: list[str], environment: dict[str, str]) -> bytes:
    place = Place(f"gram://{site.contact}", within_s=80, pause_s=0.3)
    try:
        status, said = await place.run("perl", "-e", ECHO, "--", *words, environment=environment)
        assert status.state is JobState.DONE
        return said
    finally:
        await place.close()


def test_what_cannot_be_sent_is_refused_in_words():
    where = contact("gram://site.test")
    for job, words in (
        (JobDescription("sh", ("a\0b",)), "NUL"),
        (JobDescription("sh", environment={"A=B": "1"}), "is not a name"),
        (JobDescription("sh", ("x" * MOST,)), "a GRAM service takes"),
        (JobDescription("sh", fence_s=5), "falls silent"),
        (JobDescription(""), "names no executable"),
    ):
        with pytest.raises(SubmissionRefused, match=words):
            order("0" * 32, job, where)


def test_a_description_is_one_line():
    made = order("0" * 32, JobDescription("sh", ("-c", "a\nb\r\n%0A")), contact("gram://site.test?queue=long"))
    assert b"\n" not in made
    assert b"a%0Ab%0D%0A%250A" in made
    assert b'(queue="long")' in made


async def test_limits_of_the_description_and_of_the_url_are_asked_for():
    job = JobDescription("sh", cpus=2.5, memory_mb=100.2, limit_s=61)
    made = order("0" * 32, job, contact("gram://site.test?max_wall_time=7"))
    assert b'(count="3")' in made
    assert b'(max_memory="101")' in made
    assert b'(max_wall_time="7")' in made


async def test_health_tells_how_long_the_proxy_lasts(place):
    assert "your proxy is valid for 1" in await place.service.health()


async def test_a_job_that_was_not_committed_ends_by_itself_and_never_ran(place, site):
    place.service = GramService(place.url, contact(place.url), open_links(), prepared_s=1)
    mark = site.user_home / secrets.token_hex(8)
    attempt = await place.prepare("touch", str(mark))
    await place.until(attempt, JobState.FAILED)
    assert "certainly not started" in (await place.status(attempt)).detail
    with pytest.raises(SubmissionRefused, match="did not start the job"):
        await place.service.commit(attempt)
    assert not mark.exists()


async def test_a_master_that_died_before_it_wrote_down_the_contact_started_nothing(place, site, monkeypatch):
    async def die(*_: object) -> None:
        raise ZeliGridError("it died here")

    mark, attempt = site.user_home / secrets.token_hex(8), secrets.token_hex(16)
    monkeypatch.setattr(place.service._folders, "point", die)
    with pytest.raises(ZeliGridError, match="it died here"):
        await place.service.prepare(attempt, JobDescription("touch", (str(mark),)))
    place.service = place.fresh()
    assert (await place.status(attempt)).state is JobState.NEW
    with pytest.raises(SubmissionRefused, match="its preparation is gone"):
        await place.service.commit(attempt)
    await place.service.cancel(attempt)
    assert (await place.status(attempt)).state is JobState.CANCELED
    await place.service.discard(attempt)
    assert await place.service.find([attempt]) == {}
    assert not mark.exists()


async def test_files_come_and_go_over_the_connection_that_output_was_read_by(place, tmp_path):
    (tmp_path / "word").write_text("open sesame\n")
    for _ in range(2):  # the second time, it has been told how files are to be moved
        _, said = await place.run("cat", "word", input=("word",), folder=tmp_path)
        assert said == b"open sesame\n"
    assert await place.service.fetch(place.last, ["word"], tmp_path / "results") == ["word"]
    assert await place.output(place.last) == said


async def test_a_killed_manager_is_started_again_and_keeps_all_its_jobs(place, site):
    gate = site.user_home / secrets.token_hex(8)
    waiting = f"until [ -e {gate} ]; do sleep 0.1; done"
    attempts = {code: await place.start("sh", "-c", f"{waiting}; exit {code}") for code in (5, 6, 7)}
    for attempt in attempts.values():
        await place.until(attempt, JobState.RUNNING)
    assert site.kill_job_managers()
    for attempt in attempts.values():
        assert (await place.status(attempt)).state is JobState.RUNNING
    gate.touch()
    for code, attempt in attempts.items():
        assert (await place.ended(attempt)).exit_code == code
        await place.service.discard(attempt)


async def test_a_proxy_is_renewed_before_it_ends(place, site, tmp_path, monkeypatch):
    short = tmp_path / "short"
    write_proxy(make_proxy(site.user, valid_s=900), short)
    monkeypatch.setenv("X509_USER_PROXY", str(short))
    attempt = await place.start("sleep", "1000")
    await place.until(attempt, JobState.RUNNING)
    kept = place.service._kept[attempt]
    first = kept.until
    write_proxy(make_proxy(site.user, valid_s=40000), short)
    await place.until(attempt, JobState.RUNNING)
    assert (kept.until - first).total_seconds() > 30000
    assert kept.trouble == ""


@pytest.mark.parametrize("kind", ["ended", "early", "short", "foreign", "open", "missing", "limited", "revoked"])
async def test_a_bad_credential_starts_nothing_and_says_what_to_do(site, links, tmp_path, monkeypatch, kind):
    proxy, words = bad_proxy(site, kind, tmp_path)
    monkeypatch.setenv("X509_USER_PROXY", str(proxy))
    revoking = site.revoking() if kind == "revoked" else nullcontext()
    with revoking, pytest.raises((LinkError, SubmissionRefused), match=words) as caught:
        await open_service(f"gram://{site.contact}", links).prepare(secrets.token_hex(16), JobDescription("true"))
    assert caught.value.hint


def bad_proxy(site: Site, kind: str, folder: Path) -> tuple[Path, str]:
    """A proxy that is not to be used, and words of what is said of it."""
    proxy = folder / "proxy"
    times: dict[str, Any] = {"ended": {"begins": -2 * DAY, "ends": -DAY}, "early": {"begins": DAY, "ends": 2 * DAY}}
    if kind in times:
        user = read_pair(*site.authority.user(folder, **times[kind]))
        write_proxy(Credential(user.chain, user.key), proxy)
    elif kind == "foreign":
        other = Authority(folder / "others", "Other CA", number=1, hashed=openssl_hash(name("Other CA")))
        write_proxy(make_proxy(read_pair(*other.user(folder))), proxy)
    elif kind != "missing":
        write_proxy(make_proxy(site.user, valid_s=590 if kind == "short" else 40000, limited=kind == "limited"), proxy)
    proxy.chmod(0o644 if kind == "open" else 0o600) if proxy.exists() else None
    return proxy, {
        "ended": "ended on",
        "early": "not valid before",
        "short": "a site wants ten minutes",
        "foreign": "(?i)certificate|credential|connection",
        "open": "can be read by other users",
        "missing": "There is no proxy",
        "limited": "limited",
        "revoked": "(?i)revoked|certificate|credential|connection",
    }[kind]


async def test_a_site_of_another_name_is_refused_with_what_to_write(site, links):
    wrong = f"gram://{site.island.address}:2119/jobmanager-fork?gridftp=site.test"
    with pytest.raises(Refused, match="of another name") as caught:
        await open_service(wrong, links).health()
    subject = caught.value.hint.partition(": ")[2]
    right = wrong.replace("jobmanager-fork", f"jobmanager-fork{subject}")
    assert "answers" in await open_service(right, links).health()


async def test_a_user_whom_the_site_does_not_know_is_refused_in_words(site, links):
    with site.knowing_nobody(), pytest.raises(LinkError, match=r"authorize|does not let you in") as caught:
        await open_service(f"gram://{site.contact}", links).prepare(secrets.token_hex(16), JobDescription("true"))
    assert "grid-mapfile" in caught.value.hint


async def test_an_unknown_service_is_refused_in_words(site, links):
    service = open_service(f"gram://{site.service('nope')}", links)
    with pytest.raises(SubmissionRefused, match="no such service") as caught:
        await service.prepare(secrets.token_hex(16), JobDescription("true"))
    assert "jobmanager-fork" in caught.value.hint


@pytest.mark.parametrize("asked", ["queue=nowhere", "max_memory=99999999"])
async def test_an_unknown_queue_and_a_job_over_the_limits_fail_in_words(slurm_contact, tmp_path, asked):
    place = Place(f"gram://{slurm_contact}?{asked}", folder=tmp_path, within_s=80, pause_s=0.3)
    try:
        attempt = await place.start("true")
        status = await place.until(attempt, JobState.FAILED)
        assert "scheduler refused the job" in status.detail  # at once, or when a node that was away has come back
    finally:
        await place.close()


async def test_an_account_without_a_home_is_refused_in_words(site, links):
    aside = site.user_home.rename(site.user_home.with_name("aside"))
    try:
        with pytest.raises((LinkError, SubmissionRefused), match="home") as caught:
            await open_service(f"gram://{site.contact}", links).prepare(secrets.token_hex(16), JobDescription("true"))
    finally:
        aside.rename(site.user_home)
    assert caught.value.hint


async def test_a_scheduler_that_cannot_suspend_says_so(place):
    attempt = await place.start("sleep", "1000")
    await place.until(attempt, JobState.RUNNING)
    with pytest.raises(ZeliGridError, match="cannot suspend a job: its scheduler does not do that"):
        await place.service.suspend(attempt)
    with pytest.raises(ZeliGridError, match="standard input"):
        await place.service.send(attempt, b"x")


def test_what_is_no_contact_is_refused_at_once(links):
    with pytest.raises(UsageError):
        open_service("gram://me@site.test/jobmanager", links)
    assert isinstance(open_service("gram://site.test", links), GramService)
