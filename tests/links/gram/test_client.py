"""The client against a real site: gatekeeper and job managers of the Grid Community Toolkit."""

from __future__ import annotations

import secrets
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.globus import Site
from tests.servers import wait_until
from zeligui.errors import Refused, Unreachable
from zeligui.links.gram.client import Client, Signal, State
from zeligui.links.gram.contacts import Contact, JobContact, contact
from zeligui.links.gram.peers import Identities, ManagerGone
from zeligui.links.gram.rsl import Value, request
from zeligui.links.gram.words import ACTIVE, CANCELED, DONE, FAILED, UNKNOWN_JOB, UNSUBMITTED, Denied, meaning
from zeligui.links.gsi.proxies import make_proxy, write_proxy

TEXTS = st.lists(
    st.binary(max_size=30).map(lambda raw: raw.replace(b"\0", b"").replace(b"\n", b"")), min_size=1, max_size=25
)


class Asking:
    """A client of the site, and the jobs that it started there."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.client = Client()
        self.contact = contact(site.contact)
        self.over = site.user_home / secrets.token_hex(8)

    def prepare(self, script: str, *words: bytes, **more: Value) -> JobContact:
        described = {"executable": "/bin/sh", "arguments": ["-c", script, "sh", *words], "two_phase": "120", **more}
        taken = self.client.submit(self.contact, request(described))
        assert taken.waits
        return taken.job

    def start(self, script: str, *words: bytes, **more: Value) -> JobContact:
        job = self.prepare(script, *words, **more)
        self.client.signal(job, Signal.COMMIT)
        return job

    def start_long(self) -> JobContact:
        """A job that runs until the test is over, or it is canceled."""
        job = self.start('while [ ! -e "$1" ]; do sleep 0.1; done', bytes(self.over))
        self.until(job, ACTIVE)
        return job

    def until(self, job: JobContact, *states: int) -> State:
        seen: list[State] = []

        def reached() -> bool:
            seen.append(self.client.status(job))
            return seen[-1].state in states

        wait_until(reached, f"{job.url} does not come there: {seen[-3:]}", limit_s=60)
        return seen[-1]


@pytest.fixture
def asking(site: Site) -> Iterator[Asking]:
    made = Asking(site)
    yield made
    made.over.touch()


def test_a_ping_is_answered(asking):
    asking.client.ping(asking.contact)
    asking.client.ping(contact(f"gram://{asking.site.contact}"))


def test_sites_that_talk_tls_1_2_only_are_understood(asking):
    asking.client.identities.now().context.maximum_version = ssl.TLSVersion.TLSv1_2
    asking.client.ping(asking.contact)
    assert asking.client.status(asking.prepare("exit 0")).state == UNSUBMITTED


def test_a_job_waits_for_its_commit_and_ends_with_its_exit_code(asking):
    job = asking.prepare("exit 11")
    assert asking.client.status(job).state == UNSUBMITTED
    asking.client.signal(job, Signal.COMMIT)
    assert asking.until(job, DONE, FAILED) == State(DONE, 0, 11)
    asking.client.signal(job, Signal.COMMIT)  # repeated, it does no harm
    assert asking.client.status(job) == State(DONE, 0, 11)
    asking.client.signal(job, Signal.COMMIT_END)
    with pytest.raises(Denied) as caught:
        asking.client.status(job)
    assert caught.value.number == UNKNOWN_JOB


def test_what_is_not_committed_in_time_never_runs(asking):
    mark = asking.site.user_home / secrets.token_hex(8)
    job = asking.prepare('touch "$1"', bytes(mark), two_phase="1")
    wait_until(lambda: not alive(asking, job), "it stays", limit_s=60)
    assert not mark.exists()


def alive(asking: Asking, job: JobContact) -> bool:
    try:
        return asking.client.status(job).state not in (DONE, FAILED)
    except Denied:
        return False


def test_a_job_that_is_canceled_failed_because_it_was_canceled(asking):
    job = asking.start_long()
    asking.client.cancel(job)
    assert asking.until(job, FAILED) == State(FAILED, CANCELED, None)


def test_a_job_that_a_signal_ends_failed_without_a_code(asking):
    job = asking.start("kill -s KILL $$")
    assert asking.until(job, DONE, FAILED) == State(FAILED, 0, None)


def test_what_the_scheduler_cannot_do_is_said_in_words(asking):
    job = asking.start_long()
    with pytest.raises(Denied, match="cannot do that"):
        asking.client.signal(job, Signal.SUSPEND, "now")


@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],  # to make an example smaller takes a job each time
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=TEXTS)
def test_arguments_come_to_the_program_as_they_were(asking, words):
    out = asking.site.user_home / secrets.token_hex(8)
    script = """for word; do printf '%s\\0' "$word"; done > "$0.part"; mv "$0.part" "$0\""""
    started = {"executable": "/bin/sh", "arguments": ["-c", script, str(out), *words], "two_phase": "60"}
    taken = asking.client.submit(asking.contact, request(started))
    asking.client.signal(taken.job, Signal.COMMIT)
    wait_until(out.exists, "the job did not run", limit_s=60)
    assert out.read_bytes() == b"".join(word + b"\0" for word in words)


def test_a_job_keeps_a_proxy_that_lasts_as_it_is_renewed(asking, tmp_path):
    short = tmp_path / "short"
    write_proxy(make_proxy(asking.site.user, valid_s=1200), short)
    asking.client = Client(Identities(lambda: short))
    job = asking.start_long()
    held = asking.site.user_home / ".globus/job/site" / ".".join(job.path.strip("/").split("/")) / "x509_user_proxy"
    before = ends(held)
    write_proxy(make_proxy(asking.site.user, valid_s=40000), short)
    asking.client.renew(job)
    wait_until(lambda: ends(held) > before + timedelta(hours=5), "the new proxy does not come there")
    assert asking.client.status(job).state == ACTIVE


def ends(proxy: Path) -> object:
    return x509.load_pem_x509_certificate(proxy.read_bytes()).not_valid_after_utc


def test_a_job_manager_that_died_is_gone_and_its_job_is_taken_up_again(asking):
    job = asking.start("sleep 4; exit 9")
    asking.until(job, ACTIVE)
    assert asking.site.kill_job_managers()
    with pytest.raises(ManagerGone):
        asking.client.status(job)
    again = asking.client.submit(asking.contact, request({"restart": job.url}))
    assert again.job.path == job.path
    if again.waits:  # without a commit its end would not be told
        asking.client.signal(again.job, Signal.COMMIT)
    assert asking.until(again.job, DONE, FAILED) == State(DONE, 0, 9)


def test_a_gatekeeper_that_is_down_refuses_and_running_jobs_are_still_told(asking):
    job = asking.start_long()
    asking.site.stop_gatekeeper()
    with pytest.raises(Refused, match="Nothing listens"):
        asking.client.ping(asking.contact)
    assert asking.client.status(job).state == ACTIVE


def test_a_link_that_is_cut_is_unreachable_within_the_limit(asking):
    job = asking.start_long()
    asking.site.cut()
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        asking.client.status(job, limit_s=2)
    assert time.monotonic() - begun < 60
    asking.site.heal()
    assert asking.client.status(job).state == ACTIVE


def test_an_unknown_service_is_refused_in_words(asking):
    unknown = Contact(asking.contact.host, service="jobmanager-nope")
    for ask in (asking.client.ping, lambda where: asking.client.submit(where, request({"executable": "/bin/true"}))):
        with pytest.raises(Denied, match="no such service") as caught:
            ask(unknown)
        assert "jobmanager-fork" in caught.value.hint


def test_what_the_site_cannot_run_is_refused_or_fails_by_a_number_with_words(asking):
    with pytest.raises(Denied, match="does not take an attribute"):
        asking.client.submit(asking.contact, request({"executable": "/bin/true", "nonsense": "1"}))
    missing = asking.start("", executable="/no/such")
    failure = asking.until(missing, FAILED).failure
    assert "program is not there" in meaning(failure)


def test_a_user_that_the_site_does_not_know_is_refused_in_words(asking):
    for ask in (asking.client.ping, lambda where: asking.client.submit(where, b"&(executable=/bin/true)")):
        with asking.site.knowing_nobody(), pytest.raises(Denied, match="does not authorize you") as caught:
            ask(asking.contact)
        assert "grid-mapfile" in caught.value.hint


def test_a_user_who_was_revoked_here_still_gets_the_sites_own_answer(asking, tmp_path):
    """What the site revokes is for the site to refuse: it says so in TLS or closes the connection."""
    with asking.site.revoking(), pytest.raises((Refused, Unreachable)):
        asking.client.submit(asking.contact, request({"executable": "/bin/true"}))


def test_globus_own_tools_tell_the_same_of_our_jobs(asking):
    job = asking.start("exit 3")
    asking.until(job, DONE)
    said = subprocess.run(["globusrun", "-status", job.url], capture_output=True, text=True, check=True, timeout=60)
    assert "DONE" in said.stdout
    assert "3" in said.stdout
